"""What no schedule exists for is refused with the reason."""

import numpy as np
import pytest

from tsp.arch.config import NANO, Config
from tspc.scheduler import Graph, GraphError, ScheduleError, schedule
from verif.scheduler.graphs import TINY


def graph():
    return Graph(NANO, "g")


def weights(k=4, n=4):
    return np.ones((k, n), np.int8)


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda g: g.input("x", "uint8", (2, 2)), "'uint8' is no type of the chip"),
        (lambda g: g.input("x", "int8", (2, 0)), "no elements"),
        (lambda g: (g.input("x", "int8", (2,)), g.input("x", "int8", (2,))), "empty or taken"),
        (lambda g: g.matmul(g.input("x", "int8", (2, 5)), g.constant("w", weights())),
         "5 columns meet 4 rows"),
        (lambda g: g.matmul(g.input("x", "int32", (2, 4)), g.constant("w", weights())),
         "takes int8"),
        (lambda g: g.matmul(g.input("x", "int8", (2, 4)), g.input("w", "int8", (4, 4))),
         "not a constant"),
        (lambda g: g.matmul(g.input("x", "int8", (1, 1 << 17)),
                            g.constant("w", weights(1 << 17, 1))), "may overflow int32"),
        (lambda g: g.add(g.input("x", "int8", (2, 4)), g.input("y", "int8", (2, 5))), "differ"),
        (lambda g: g.add(g.input("x", "int8", (2, 4)), g.input("y", "int8", (3, 4))), "differ"),
        (lambda g: g.vxm("FOO", g.input("x", "int8", (2, 4))), "no operation"),
        (lambda g: g.vxm("TANH", g.input("x", "int32", (2, 4)), compute="int32"), "not built"),
        (lambda g: g.vxm("ADD", g.input("x", "int8", (2, 4))), "has 2 operands, not 1"),
        (lambda g: g.vxm("ADD", 1, 2), "compute it beforehand"),
        (lambda g: g.add(g.input("x", "int8", (2, 4)), 1 << 31), "does not fit int32"),
        (lambda g: g.add(g.input("x", "int8", (2, 4)), 0.5, compute="int32"), "no integer"),
        (lambda g: g.vxm("ADD", g.input("x", "int8", (2, 4)), 1, compute="fp8"), "neither"),
        (lambda g: g.relu(graph().input("x", "int8", (2, 4))), "another graph"),
    ],
)  # fmt: skip
def test_graphs_that_mean_nothing(build, reason):
    with pytest.raises(GraphError, match=reason):
        build(graph())


def test_a_queue_that_overflows_is_named_with_its_count():
    g = Graph(TINY, "g")
    x = g.input("x", "int8", (8 * 12, 48))
    g.output("y", g.matmul(x, g.constant("w", weights(48, 16))))
    with pytest.raises(ScheduleError, match=r"MXM_\w+ needs \d+ words; its buffer holds 64"):
        schedule(g, planes=("E0",))


def test_more_data_than_memory():
    g = Graph(TINY, "g")
    g.output("y", g.relu(g.input("x", "int32", (1600, 16))))
    with pytest.raises(ScheduleError, match="MEM"):
        schedule(g)


def test_unread_inputs_need_room_too():
    g = Graph(TINY, "g")
    g.input("spare", "int32", (1600, 16))
    g.output("y", g.relu(g.input("x", "int32", (4, 16))))
    with pytest.raises(ScheduleError, match="no room for input spare"):
        schedule(g)


def test_nothing_to_compute():
    with pytest.raises(ScheduleError, match="no output"):
        schedule(graph())


def test_unknown_plane_and_impossible_block():
    g = graph()
    g.output("y", g.relu(g.input("x", "int8", (2, 4))))
    with pytest.raises(ScheduleError, match="E0, W0"):
        schedule(g, planes=("E7",))
    with pytest.raises(ScheduleError, match="block_rows = 0"):
        schedule(g, block_rows=0)


def test_too_few_slices_for_weights():
    config = Config("narrow", 1, 0, 4, 64, 1, 8, 4, 1)
    g = Graph(config, "g")
    g.output("y", g.matmul(g.input("x", "int8", (2, 4)), g.constant("w", weights())))
    with pytest.raises(ScheduleError, match="reads 16 at a time"):
        schedule(g)


def test_a_row_longer_than_a_bank():
    config = Config("short", 1, 0, 20, 16, 1, 8, 4, 1)
    g = Graph(config, "g")
    g.output("y", g.relu(g.input("x", "int8", (16 * 9,))))
    with pytest.raises(ScheduleError, match="longer than 128"):
        schedule(g)
