"""``make bench``: the nano chip's simulation rate in RTL, and the golden model's.

Rates are chip cycles a second between start and done, under cocotb, without build, boot and dump;
the median of three. Three loads: ``idle`` waits, ``stream`` adds a constant in four ALUs, ``busy``
keeps all sixteen ALUs, 32 MEM slices and a plane of the MXM at work in every cycle. The figures go
to ``sim_build/bench.json``.
"""

import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from tsp.arch.config import NANO, Config, Hemisphere
from tsp.arch.isa import VXM_OPS, AbcMode, AccMode, Instruction, Type, make
from tsp.arch.timing import Timing
from tsp.arch.timing import timing as timing_table
from tspc.compare import compare
from tspc.engines.rtl import Job, RtlEngine
from tspc.engines.verilator import BUILD_ROOT
from tspc.golden.model import GoldenEngine
from tspc.plan import expand
from tspc.program import Address, Program

__all__ = ["LOADS", "load", "main", "measure"]

#: Cycles that a load lasts, about; a burst has at most 4095 accesses.
_LENGTH = 4000
_RUNS = 3

#: ALU chains of each load, and whether the MXM works, too.
LOADS = {"idle": (0, False), "stream": (4, False), "busy": (16, True)}


@dataclass
class _Builder:
    """Text and plan of a program whose words issue where they are put."""

    config: Config
    table: Timing
    words: dict[str, list[tuple[int, Instruction]]] = field(default_factory=dict)
    memory: dict[Address, NDArray[np.uint8]] = field(default_factory=dict)

    def put(self, queue: str, cycle: int, *instructions: Instruction) -> None:
        """Instructions of one cycle: a word, and a REPEAT of it if wanted."""
        self.words.setdefault(queue, []).extend((cycle, i) for i in instructions)

    def fill(self, queue: str, bank: int, rng: np.random.Generator) -> None:
        """Random vectors in a whole bank."""
        index = self.config.queue_by_name[queue].index
        for offset in range(self.config.bank_words):
            vector = rng.integers(0, 256, self.config.lanes, np.uint8)
            self.memory[index, bank, offset] = vector

    def program(self, name: str) -> Program:
        """Gaps become NOPs; HALT ends each queue."""
        text, plan = {}, {}
        for queue, words in self.words.items():
            now = 0 if queue == "VXM0" else self.table.sync_release
            found: list[tuple[int, Instruction]] = []
            for cycle, i in words:
                if cycle > now:
                    found.append((now, make("NOP", n=cycle - now)))
                found.append((cycle, i))
                now = cycle + (i["n"] * i["d"] if i.name == "REPEAT" else 0) + 1
            found.append((now, make("HALT")))
            index = self.config.queue_by_name[queue].index
            text[index] = tuple(i.encode() for _, i in found)
            plan[index] = tuple(t for t, _ in found)
        return Program(name, self.config, text, plan, self.memory)


def load(name: str, config: Config = NANO) -> Program:
    """The program of a load; legal, so the golden model runs it, too."""
    chains, with_mxm = LOADS[name]
    b = _Builder(config, timing_table(config))
    rng = np.random.default_rng(0)
    b.put("VXM0", 0, make("NOTIFY"))
    start = b.table.sync_release + 8
    # The plane first: chains read for a long time, and each slice has one read port.
    if with_mxm:
        start = _plane(b, start, rng)
    for chain in range(chains):
        _chain(b, chain, start, rng)
    if not chains:
        b.put("MEM_W0", start + _LENGTH, make("MEM", **_port("write", 0, 0, 0, 1)))
        b.words["MEM_W0"][-1] = (start + _LENGTH, make("HALT"))
        b.words["MEM_W0"] = [(start + _LENGTH - 1, make("NOP", n=1))]
    return b.program(name)


def _port(port: str, bank: int, offset: int, stream: int, count: int) -> dict[str, int]:
    fields = {"kind": 1, "bank": bank, "offset": offset, "stream": stream, "count": count}
    return {f"{port}_{key}": v for key, v in {**fields, "stride": 1, "interval": 1}.items()}


def _chain(b: _Builder, n: int, start: int, rng: np.random.Generator) -> None:
    """MEM_Wn -> ALU n adds a constant -> MEM_En, a vector a cycle on stream E n."""
    c, t = b.config, b.table
    b.fill(f"MEM_W{n}", 0, rng)
    stop = c.vxm_stop(n)
    b.put(f"MEM_W{n}", start, make("MEM", **_port("read", 0, 0, n, _LENGTH)))
    alu = start + t.mem_d_func + stop - c.mem_stop(Hemisphere.W, n) - 1 - t.vxm_d_skew
    add = make("VXM", op=VXM_OPS["ADD"].code, saturate=1, result_type=Type.INT8, result_stream=n,
               a_type=Type.INT8, a_stream=n, b_type=Type.INT8, b_immediate=1,
               immediate0=n + 1)  # fmt: skip
    b.put(f"VXM{n}", alu, add, make("REPEAT", n=_LENGTH - 1, d=1))
    write = alu + t.vxm_d_func + c.mem_stop(Hemisphere.E, n) - stop - 1 - t.mem_d_skew
    b.put(f"MEM_E{n}", write, make("MEM", **_port("write", 1, 0, n, _LENGTH)))


def _plane(b: _Builder, start: int, rng: np.random.Generator) -> int:
    """Weights from sixteen slices, then a vector of activations in every cycle."""
    c, t = b.config, b.table
    stop = c.mxm_stop(Hemisphere.W)
    load_at = start + 40
    for lane in range(16):
        slice_ = f"MEM_W{lane}"
        b.fill(slice_, 1, rng)
        hops = c.mem_stop(Hemisphere.W, lane) - stop
        read = load_at + t.mxm_d_skew - t.mem_d_func - hops + 1
        b.put(slice_, read, make("MEM", **_port("read", 1, 0, 32 + lane, c.superlanes)))
    lw = make("LW", stream=0, column=0)
    repeat = [make("REPEAT", n=c.superlanes - 1, d=1)] if c.superlanes > 1 else []
    b.put("MXM_W0_W", load_at, lw, *repeat)
    install = load_at + c.superlanes - 1 + t.lw_to_iw
    first = install + t.iw_to_abc
    b.put("MXM_W0_A", install, make("MXM", install=1))
    b.put("MXM_W0_A", first, make("MXM", mode=AbcMode.STREAM, stream=20),
          make("REPEAT", n=_LENGTH - 1, d=1))  # fmt: skip
    b.fill("MEM_W16", 0, rng)
    hops = c.mem_stop(Hemisphere.W, 16) - stop
    read = first + t.mxm_d_skew - t.mem_d_func - hops + 1
    b.put("MEM_W16", read, make("MEM", **_port("read", 0, 0, 32 + 20, _LENGTH)))
    acc = make("ACC", mode=AccMode.WRITE, type=Type.INT32)
    b.put("MXM_W0_R", first + t.abc_to_acc, acc, make("REPEAT", n=_LENGTH - 1, d=1))
    return load_at


def measure(name: str) -> dict[str, float | int]:
    """Rates of one load, and that RTL, golden model and schedule agree on it."""
    program = load(name)
    schedule = expand(program)
    results = RtlEngine().run_jobs([Job(program, {})] * _RUNS)
    rates = [(r.done or 0) / r.seconds for r in results]

    def timed(run: Callable[[], object]) -> float:
        started = time.perf_counter()
        run()
        return time.perf_counter() - started

    golden = GoldenEngine()
    result = golden.run(program)
    verdict = compare(NANO, schedule.events, schedule.done, result, results[0])
    if not verdict.equal:
        raise SystemExit(f"{name}: {verdict.first}")
    seconds = statistics.median(timed(lambda: golden.run(program)) for _ in range(_RUNS))
    return {
        "cycles": schedule.done,
        "events": verdict.events.compared,
        "rtl_cycles_per_second": round(statistics.median(rates)),
        "golden_cycles_per_second": round(schedule.done / seconds),
    }


def main() -> int:
    """Measure every load, print a table and write ``sim_build/bench.json``."""
    rows = {name: measure(name) for name in LOADS}
    report = {"config": "nano", "machine": platform.processor() or platform.machine(),
              "runs": _RUNS, "loads": rows}  # fmt: skip
    path = BUILD_ROOT / "bench.json"
    path.write_text(json.dumps(report, indent=2) + "\n")
    table = Table(title="nano, median of three")
    for column in ("load", *next(iter(rows.values()))):
        table.add_column(column.replace("_", " "), justify="right")
    for name, row in rows.items():
        table.add_row(name, *(f"{value:,}" for value in row.values()))
    Console().print(table)
    print(f"written to {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
