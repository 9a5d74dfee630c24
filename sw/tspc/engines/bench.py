"""The cocotb side of the RTL engine: runs the jobs of ``job.json``, one after another.

Python touches nothing per cycle: it starts a run and waits for an edge of ``done`` or ``stopped``,
waking now and then only to say how far it is. Everything that happens is recorded by C++.
:mod:`tspc.engines.rtl` writes the jobs and reads ``progress.jsonl`` and the records.
"""

import json
import time
from pathlib import Path
from typing import Any, TextIO

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, First, RisingEdge, Timer
from cocotb.utils import get_sim_time

_PERIOD = 10  # ns
_OPEN, _LOAD, _DUMP, _CLOSE = 1, 2, 3, 4

#: What the simulator writes and the engine reads, for each run.
_RECORDS = ("events", "words", "dump")


@cocotb.test()
async def jobs(dut: Any) -> None:
    """Each run: reset, load, start, wait, dump."""
    job = json.loads(Path("job.json").read_text())
    for name in ("rst", "start", "backdoor", "deep"):
        getattr(dut, name).value = 0
    dut.rst.value = 1
    await Timer(1, "ns")  # an edge at time 0 races
    Clock(dut.clk, _PERIOD, unit="ns", impl="gpi").start()
    with Path("progress.jsonl").open("w", buffering=1) as progress:
        for number, run in enumerate(job["runs"]):
            await _run(dut, job, number, run, progress)


async def _run(
    dut: Any, job: dict[str, Any], number: int, run: dict[str, Any], progress: TextIO
) -> None:
    image = Path("image.bin")
    image.write_bytes(b"".join(Path(part).read_bytes() for part in run["image"]))
    dut.rst.value = 1
    await ClockCycles(dut.clk, 4)
    dut.rst.value = 0
    dut.deep.value = int(run["deep"])
    await _backdoor(dut, job, _OPEN, _LOAD)

    started, begin = time.perf_counter(), get_sim_time("ns")

    def report(state: str) -> None:
        cycles = round((get_sim_time("ns") - begin) / _PERIOD)
        seconds = time.perf_counter() - started
        line = {"run": number, "state": state, "cycles": cycles, "seconds": seconds}
        progress.write(json.dumps(line | {"cause": int(dut.cause.value)}) + "\n")

    dut.start.value = 1
    await RisingEdge(dut.clk)
    dut.start.value = 0
    state = "hang"
    left = run["limit"]
    while left > 0 and state == "hang":
        step = min(left, job["chunk"])
        left -= step
        done, stopped, pause = (
            RisingEdge(dut.done),
            RisingEdge(dut.stopped),
            Timer(step * _PERIOD, "ns"),
        )
        fired = await First(done, stopped, pause)
        if fired is pause:
            report("running")
        else:
            state = "done" if fired is done else "stopped"
    seconds = time.perf_counter() - started
    await ClockCycles(dut.clk, job["settle"])
    await _backdoor(dut, job, _DUMP, _CLOSE)
    for name in _RECORDS:
        Path(f"{name}.bin").rename(f"{name}-{number}.bin")
    started = time.perf_counter() - seconds
    report(state)


async def _backdoor(dut: Any, job: dict[str, Any], *codes: int) -> None:
    """Pulse each code, with time for it to reach every memory and for the memories to settle."""
    for code in codes:
        dut.backdoor.value = code
        await RisingEdge(dut.clk)
        dut.backdoor.value = 0
        await ClockCycles(dut.clk, job["settle"])
