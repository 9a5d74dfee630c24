"""The kernel table says what the scheduler does; bounds are bounds."""

import pytest

from tsp.arch.config import NAMED, NANO
from tsp.arch.timing import timing
from tspc import kernels
from verif.kernels.bound import bound
from verif.kernels.cases import CASES
from verif.kernels.table import CONFIGS, measure, recorded


def test_the_table_is_current_at_nano():
    table = recorded()
    assert set(table) == {(case.name, config) for case in CASES for config in CONFIGS}
    for case in CASES:
        assert table[case.name, "nano"] == measure(case, NANO), f"{case.name}: make kernels"


@pytest.mark.slow
@pytest.mark.parametrize("config", ["small", "full"])
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_the_table_is_current(case, config):
    assert recorded()[case.name, config] == measure(case, NAMED[config])


def test_no_schedule_beats_its_bound():
    for row in recorded().values():
        assert row[1] >= row[2]


def test_bound_by_hand():
    """16 ALUs take 128 vectors in 8 cycles; before them is a READ, after them the drain."""
    found = bound(kernels.residual_add(NANO, 128).graph)
    time = timing(NANO)
    fill = time.sync_release + time.mem_d_func + time.done_drain
    assert found.resources["vxm"] == fill + 8 - 1
    assert found.resources["streams"] == fill + 256 // 64 - 1
    assert found.resources["path"] == fill + time.vxm_d_func - time.vxm_d_skew - time.mem_d_skew
