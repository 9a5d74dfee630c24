"""The timing table is all that the golden model knows of delays: every entry changes a run."""

import numpy as np
import pytest

from tsp.arch.config import NANO
from tsp.arch.isa import make
from tsp.arch.timing import ENTRIES, timing
from tspc.golden.errors import GoldenError
from verif.golden.builder import NOTIFY, nop, read, repeat, sync, vxm, write
from verif.golden.test_mxm import Bench, acc, base, iw_abc

#: One queue issues both operations of these, so they are never less than a cycle apart.
UNSEEN = {("keep_to_buffer", -1), ("acc_to_acc", -1)}
#: Fetched text that is there earlier, or takes its place later, forbids no program that is legal.
UNSEEN |= {("ifetch_to_word", -1), ("ifetch_to_buffer", 1)}


def bench_at_the_limits():
    """Every delay exercised as closely as the table allows, from both sides where there are two."""
    bench = Bench("MXM_W0", seed=5)
    maker, d, t0 = bench.maker, bench.maker.timing, base(bench)
    one, two = bench.random(2, 32, 32)
    vectors = bench.random(4, 32)
    bench.load(t0, one)  # LW in t0, t0 + 1
    bench.load(t0 + 4, two)
    for install in (t0 + 2, t0 + 5):  # just after the last LW; with the last LW
        bench.issue("A", install, iw_abc(install=1, mode=0))
    at = t0 + 6
    bench.stream(at, vectors)
    bench.issue("A", at, iw_abc(install=1, mode=2, stream=16, entry=3))  # uses the weights before
    bench.issue("A", at + 1, iw_abc(mode=3, entry=3))
    bench.issue("A", at + 2, iw_abc(mode=1, stream=16), repeat(1))
    ready = at + d.abc_to_acc
    bench.preload(ready + 2, np.arange(32))
    bench.issue("R", ready, acc("write", 1))
    bench.issue("R", ready + 1, acc("add", 1))
    bench.issue("R", ready + 2, acc("preload", 2, stream=20))
    bench.issue("R", ready + 3, acc("emit-sum", 2))
    bench.issue("R", ready + 4, acc("emit-stored", 1))
    bench.collect(ready + 3, 2)
    add = vxm("ADD", ["E0", 1], "E0")
    alu = maker.arrival(ready + 3, d.acc_d_func, "MXM_W0_R", "VXM2") - d.vxm_d_skew
    sink = maker.arrival(alu, d.vxm_d_func, "VXM2", "MEM_E17") - d.mem_d_skew
    bench.queues["VXM2"] = [(alu, add)]
    bench.queues["MEM_E17"] = [(sink, write(1, 5, "E0"))]
    switches(bench, t0)
    notify = sink + 40
    bench.queues["VXM8"] = [(notify, NOTIFY), (notify + 1, sync(), notify + d.sync_release)]
    bench.queues["VXM8"].append((notify + d.sync_release, NOTIFY))
    fetch_at_the_limits(bench)
    return bench


def fetch_at_the_limits(bench):
    """A queue that issues fetched words as they come, and one whose buffer is just not full."""
    maker = bench.maker
    words, at = 2 * maker.config.superlanes, base(bench) + 20
    one, reads = maker.fetch("VXM12", at, "E27", "MEM_W0")
    bench.queues |= reads
    first = at + maker.timing.ifetch_to_word
    bench.queues["VXM12"] = [one, *((first + j, nop(1)) for j in range(words - 1))]
    # Word j comes in at + 2 + j. The NOP behind the IFETCH leaves in the cycle of word 2.
    two, reads = maker.fetch("VXM4", at, "E26", "MEM_W2")
    bench.queues |= reads
    after = at + maker.timing.ifetch_to_buffer + 3
    rest = maker.config.queue_words - 3 + words - 1
    bench.queues["VXM4"] = [two, *((after + j, nop(1)) for j in range(rest))]


def switches(bench, start):
    """Every unit of an SXM: operands from MEM in time, the result to MEM in time."""
    maker, d = bench.maker, bench.maker.timing
    words = {
        "SHIFT": ({"stream": 16, "n": 1}, 1),
        "PERMUTE": ({"stream": 16, "map": 18}, 4),
        "DISTRIBUTE": ({"stream": 16, "map": 17}, 2),
        "ROTATE": ({"stream": 16, "n": 3}, 1),
        "TRANSPOSE": ({"stream": 16}, 16),
    }
    for number, (name, (fields, count)) in enumerate(words.items()):
        queue = f"SXM_E_{name}" + "0" * (name == "TRANSPOSE")
        issue = start + 60 + 10 * number
        skew, function = (getattr(d, f"{name.lower()}_d_{x}") for x in ("skew", "func"))
        for k in range(count):
            slice_ = f"MEM_E{k}"
            data = np.arange(maker.config.lanes) + k + 1 if k == 0 or count == 16 else 0
            maker.put(slice_, 0, 100 + number, data)
            at = issue + skew + 1 - d.mem_d_func - maker.hops(slice_, queue)
            bench.queues.setdefault(slice_, []).append((at, read(0, 100 + number, f"E{16 + k}")))
        bench.queues[queue] = [(issue, make(name, result=32, **fields))]
        at = maker.arrival(issue, function, queue, "MEM_E16") - d.mem_d_skew
        bench.queues.setdefault("MEM_E16", []).append((at, write(1, 100 + number, "W0")))


def outcome(bench, table):
    """All that a run shows; what it is refused for, if it is."""
    try:
        _, run = bench.run(2, timing=table)
    except GoldenError as error:
        return str(error)
    memory = b"".join(run.memory[address].tobytes() for address in sorted(run.memory))
    return run.done, run.events.tobytes(), run.writes.tobytes(), memory


def test_the_program_is_legal_and_right():
    bench = bench_at_the_limits()
    found, run = bench.run(2)
    assert len(run.events) > 100 and found.any()
    assert make("HALT").encode() == int.from_bytes(run.events[-1]["word"].tobytes(), "little")


@pytest.mark.parametrize("by", [1, -1])
@pytest.mark.parametrize("entry", [e.name for e in ENTRIES])
def test_every_entry_matters(entry, by):
    bench = bench_at_the_limits()
    table = timing(NANO)
    same = outcome(bench, table) == outcome(bench, table.shifted(entry, by))
    assert same == ((entry, by) in UNSEEN)
