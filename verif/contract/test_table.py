"""An altered timing table is caught: golden model and RTL part, and the first event is named.

The program exercises every delay as closely as the table allows (:mod:`verif.golden.test_timing`).
The RTL runs it once; the golden model runs it with each entry one off.
"""

import functools

import pytest

from tsp.arch.config import NANO
from tsp.arch.timing import ENTRIES, timing
from tspc.compare import compare
from tspc.engines.base import Result
from tspc.engines.rtl import RtlEngine
from tspc.golden.errors import GoldenError
from tspc.golden.model import GoldenEngine
from tspc.plan import expand
from verif.contract.programs import limits
from verif.golden.test_timing import UNSEEN

_PROGRAM = limits()


@functools.cache
def _rtl() -> Result:
    return RtlEngine().run(_PROGRAM)


def _verdict(table):
    """What is said of the program if the golden model believes `table`; None if all agree."""
    try:
        golden = GoldenEngine().run(_PROGRAM, timing=table)
    except GoldenError as error:
        return str(error)
    # The schedule is not asked here: what golden model and RTL do is compared with each other.
    return compare(NANO, _rtl().events, _rtl().done, golden, _rtl()).first


def test_the_true_table_agrees():
    schedule = expand(_PROGRAM)
    golden = GoldenEngine().run(_PROGRAM)
    assert compare(NANO, schedule.events, schedule.done, golden, _rtl()).first is None
    assert _verdict(timing(NANO)) is None


#: keep_to_buffer - 1 and acc_to_acc - 1 join two operations of one queue, never less than a cycle
#: apart: no program can tell. The measurement of test_delays refuses these two.
_ALTERED = [(e.name, by) for e in ENTRIES for by in (-1, 1) if (e.name, by) not in UNSEEN]


@pytest.mark.feature("fault", "delay {entry}")
@pytest.mark.parametrize(("entry", "by"), _ALTERED)
def test_an_altered_entry_is_caught_and_named(entry, by):
    verdict = _verdict(timing(NANO).shifted(entry, by))
    assert verdict is not None, f"nobody noticed {entry} {by:+d}"
    print(f"\n{entry} {by:+d}: {verdict.splitlines()[0]}")
    assert "cycle" in verdict or verdict.startswith("done")
