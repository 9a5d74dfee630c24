"""The RTL engine on the nano chip: runs, what goes wrong in a run, and what is refused before."""

import numpy as np
import pytest

from tsp.arch.config import NANO, NODE, Hemisphere
from tsp.arch.isa import make
from tsp.arch.timing import timing
from tspc.compare import compare, explain
from tspc.engines.rtl import Job, RtlEngine
from tspc.golden.model import GoldenEngine
from tspc.plan import expand
from tspc.program import Program, Tensor

T = timing(NANO)
D = T.sync_release
BOOT = {"VXM0": [(0, make("NOTIFY")), (1, make("HALT"))]}


def _program(queues, **rest):
    index = {name: NANO.queue_by_name[name].index for name in queues}
    text = {index[n]: tuple(i.encode() for _, i in words) for n, words in queues.items()}
    plan = {index[n]: tuple(t for t, _ in words) for n, words in queues.items()}
    return Program("by hand", NANO, text, plan, **rest)


def _copy(vectors=3):
    """Reads `vectors` vectors in the west and writes them in the east."""
    source, target = (NANO.queue_by_name[n].index for n in ("MEM_W0", "MEM_E1"))
    burst = {"kind": 1, "stride": 1, "count": vectors, "interval": 1, "stream": 2}
    read = make("MEM", **{f"read_{k}": v for k, v in burst.items()}, read_offset=4)
    write = make("MEM", **{f"write_{k}": v for k, v in burst.items()}, write_bank=1)
    hops = NANO.mem_stop(Hemisphere.E, 1) - NANO.mem_stop(Hemisphere.W, 0)
    due = D + T.mem_d_func + hops - 1 - T.mem_d_skew
    shape = (vectors, NANO.lanes)
    places = {
        "x": [(source, 0, 4 + i) for i in range(vectors)],
        "y": [(target, 1, i) for i in range(vectors)],
    }
    tensors = tuple(
        Tensor(name, "int8", shape, role, np.array(places[name], np.int32).reshape(-1, 1, 1, 3))
        for name, role in (("x", "input"), ("y", "output"))
    )
    queues = {
        "MEM_W0": [(D, read), (D + 1, make("HALT"))],
        "MEM_E1": [(D, make("NOP", n=due - D)), (due, write), (due + 1, make("HALT"))],
    }
    return _program(BOOT | queues, tensors=tensors)


def _values(seed, vectors=3):
    return np.random.default_rng(seed).integers(-128, 128, (vectors, NANO.lanes), np.int8)


def test_runs_share_a_simulation_and_nothing_else():
    program, many = _copy(), [{"x": _values(seed)} for seed in range(3)]
    seen = []
    results = RtlEngine().run_many(program, many, progress=seen.append)
    schedule = expand(program)
    for inputs, rtl in zip(many, results, strict=True):
        assert np.array_equal(rtl.outputs["y"], inputs["x"])
        golden = GoldenEngine().run(program, inputs)
        verdict = compare(NANO, schedule.events, schedule.done, golden, rtl)
        assert verdict.equal, verdict.first
        assert verdict.events.compared == len(NANO.queues) + 1 + 6
        assert verdict.bits.compared == 3 * 2 * 137 + 6 * 8 * NANO.lanes
        assert rtl.drives is None and rtl.stopped is None
    assert [p.runs for p in seen if p.runs] == [1, 2, 3]
    assert [p.cycles for p in seen] == sorted(p.cycles for p in seen)
    assert seen[-1].cycles == seen[-1].total_cycles == 3 * schedule.done
    assert seen[-1].remaining == 0


def test_deep_runs_and_different_programs_in_one_simulation():
    one, two = _copy(3), _copy(1)
    jobs = [Job(one, {"x": _values(1)}, True), Job(two, {"x": _values(2, 1)}, True)]
    for job, rtl in zip(jobs, RtlEngine().run_jobs(jobs), strict=True):
        golden = GoldenEngine().run(job.program, job.inputs, deep=True)
        assert rtl.drives is not None and len(rtl.drives) == 2 * job.inputs["x"].shape[0]
        assert explain(NANO, golden, rtl) is None
        # Memory of the first run does not survive into the second.
        assert set(rtl.memory) == set(golden.memory)


@pytest.mark.feature("chip", "error bad word", "error queue dry")
def test_a_run_that_hangs_or_stops_says_so_and_keeps_its_record():
    parked = [(D, make("SYNC", n=1)), (D + 1, make("HALT"))]
    bad = _program(BOOT | {"MEM_W0": [(D, make("HALT"))]})
    queue = NANO.queue_by_name["MEM_W0"].index
    bad = Program("bad", NANO, {**bad.text, queue: (0x3F,)}, bad.plan)
    dry = _program(BOOT | {"MEM_W0": [(D, make("NOP", n=1))]})
    jobs = [_program(BOOT | {"MEM_W0": parked}), bad, dry, _program(BOOT)]
    hang, stop, empty, fine = RtlEngine().run_jobs([Job(p, {}) for p in jobs])
    assert hang.stopped is not None and hang.stopped.startswith("hang: neither done nor stopped")
    assert hang.done is None and len(hang.events) == len(NANO.queues) + 1
    assert stop.stopped == "bad word" and stop.done is None
    assert empty.stopped == "queue dry" and empty.done is None
    assert fine.stopped is None and fine.done == expand(jobs[3]).done


def test_refused_before_anything_is_built():
    engine = RtlEngine(hdl=None)
    with pytest.raises(ValueError, match=r"'x' has shape \(3, 32\)"):
        engine.run(_copy(), {"x": _values(0, 2)})
    with pytest.raises(ValueError, match="input tensor 'x' is not given"):
        engine.run(_copy())
    node = Program("node", NODE, {}, {})
    with pytest.raises(ValueError, match="'node' is for configuration node"):
        engine.run_jobs([Job(_copy(), {"x": _values(0)}), Job(node, {})])
    long = _program({"VXM0": [(i, make("NOP", n=1)) for i in range(65)]})
    with pytest.raises(ValueError, match="VXM0 has 65 words to load, but its buffer holds 64"):
        engine.run(long)
