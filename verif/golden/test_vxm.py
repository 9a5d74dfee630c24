"""ALUs in their place: operands, immediates, groups, stops."""

import numpy as np
import pytest

from tsp.arch.isa import Compute, Type
from verif.golden.builder import Maker, read, repeat, vxm, write

TYPES = (Type.INT16, Type.FP32, Type.INT8)


def at_inputs(maker, issue, alu, slice_, stream, vector):
    """Queue items that put a vector on an ALU's inputs for its issue."""
    maker.put(slice_, 0, 0, vector)
    timing = maker.timing
    read_at = issue + timing.vxm_d_skew - maker.arrival(0, timing.mem_d_func, slice_, alu)
    return {slice_: [(read_at, read(0, 0, stream))]}


@pytest.mark.parametrize("alu", [0, 5, 15])
def test_groups_immediates_and_both_directions(alu):
    maker = Maker()
    name, issue = f"VXM{alu}", maker.start + 60
    rng = np.random.default_rng(alu)
    a = rng.integers(-1000, 1000, 32).astype("<i2")
    c = rng.integers(-100, 100, 32).astype("i1")
    low, high = a.view(np.uint8).reshape(-1, 2).T
    queues = at_inputs(maker, issue, name, "MEM_W2", "E6", low)
    queues |= at_inputs(maker, issue, name, "MEM_W3", "E7", high)
    queues |= at_inputs(maker, issue, name, "MEM_E5", "W3", c.view(np.uint8))
    half = int(np.float32(0.5).view(np.uint32))
    word = vxm("MADD", ["E6", half, "W3"], "W8", TYPES, Type.FP32, Compute.FP32)
    queues[name] = [(issue, word)]
    for k in range(4):
        sink = f"MEM_W{k + 4}"
        at = maker.arrival(issue, maker.timing.vxm_d_func, name, sink) - maker.timing.mem_d_skew
        queues[sink] = [(at, write(1, 9, f"W{8 + k}"))]
    run = maker.run(queues, deep=True)
    planes = [maker.vector(run, f"MEM_W{k + 4}", 1, 9) for k in range(4)]
    found = np.stack(planes, -1).copy().view("<f4")[:, 0]
    np.testing.assert_array_equal(found, a * np.float32(0.5) + c)
    drives = run.drives[run.drives["queue"] == maker.queue(name)]
    assert sorted(set(drives["stream"].tolist())) == [40, 41, 42, 43]
    d_func = maker.timing.vxm_d_func
    assert sorted(set(drives["cycle"].tolist())) == [issue + d_func, issue + d_func + 1]


def test_two_immediates_are_taken_in_order_of_their_operands():
    maker = Maker()
    issue = maker.start
    word = vxm("SUB", [0xFE, 3], "E1")
    arrive = maker.arrival(issue, maker.timing.vxm_d_func, "VXM2", "MEM_E0")
    queues = {
        "VXM2": [(issue, word), (issue, repeat(1))],
        "MEM_E0": [(arrive - 1, write(0, 0, "E1")), (arrive, write(0, 1, "E1"))],
    }
    run = maker.run(queues)
    assert (maker.vector(run, "MEM_E0", 0, 0) == 0xFB).all()
    assert (maker.vector(run, "MEM_E0", 0, 1) == 0xFB).all()


def test_chaining_over_the_four_stops():
    maker = Maker()
    issue, timing = maker.start + 60, maker.timing
    queues = at_inputs(maker, issue, "VXM3", "MEM_W0", "E0", range(32))
    for stop in range(4):
        name = f"VXM{4 * stop + 3}"
        queues[name] = [(issue, vxm("ADD", ["E0", 1], "E0"))]
        issue += timing.vxm_d_func - timing.vxm_d_skew
    write_at = issue + timing.vxm_d_skew - timing.mem_d_skew
    queues["MEM_E1"] = [(write_at, write(1, 0, "E0"))]
    run = maker.run(queues)
    np.testing.assert_array_equal(maker.vector(run, "MEM_E1", 1, 0), np.arange(32) + 4)
