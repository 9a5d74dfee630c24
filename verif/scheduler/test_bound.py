"""The lower bound by hand: each resource's share for graphs where it can be counted."""

import numpy as np
import pytest

from tsp.arch.config import NANO
from tsp.arch.timing import timing
from tspc.scheduler import Graph, lower_bound, lower_bound_cycles

TIME = timing(NANO)
#: Cycles from the release of the queues to an LW: a READ, and three stops from MEM to MXM.
TO_LOAD = TIME.mem_d_func + 3 - 1 - TIME.mxm_d_skew
#: Cycles from an ABC to done, if its sums go to the nearest MEM slice.
FROM_COMPUTE = TIME.abc_to_acc + TIME.acc_d_func + 3 - 1 - TIME.mem_d_skew + TIME.done_drain


def matmul(rows, k, n):
    g = Graph(NANO, "g")
    g.output("y", g.matmul(g.input("x", "int8", (rows, k)), g.constant("w", np.ones((k, n), "i1"))))
    return g


def test_loading_64_tiles_into_one_plane():
    found = lower_bound(matmul(1, 256, 256), ("E0",))
    load = TIME.sync_release + TO_LOAD + 64 * NANO.superlanes - 1
    assert found.resources["load"] == load + TIME.lw_to_iw + TIME.iw_to_abc + FROM_COMPUTE
    assert found.limiting == "load"
    assert found.cycles == found.resources["load"]


@pytest.mark.parametrize(("planes", "units"), [(("E0",), 1), (None, 2)])
def test_many_rows_are_bound_by_passes(planes, units):
    found = lower_bound(matmul(1000, 64, 32), planes)
    first = TIME.sync_release + TO_LOAD + NANO.superlanes - 1 + TIME.lw_to_iw + TIME.iw_to_abc
    assert found.limiting == "compute"
    assert found.cycles == first + 2000 // units - 1 + FROM_COMPUTE


def test_one_vector_is_bound_by_its_way():
    g = Graph(NANO, "g")
    g.output("y", g.relu(g.input("x", "int8", (5,))))
    way = TIME.mem_d_func - TIME.vxm_d_skew + TIME.vxm_d_func - TIME.mem_d_skew
    assert lower_bound_cycles(g) == TIME.sync_release + way + TIME.done_drain


def test_what_no_output_needs_costs_nothing():
    g = matmul(3, 32, 32)
    before = lower_bound_cycles(g)
    g.relu(g.input("other", "int32", (5000, 32)))
    assert lower_bound_cycles(g) == before
