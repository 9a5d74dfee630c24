"""MXM: uninitialised weights, activations and accumulators; accumulator range."""

import pytest

from tsp.arch.config import NANO, Config
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import AbcMode, AccMode, make
from tsp.arch.timing import timing
from tspc.program import Program
from tspc.verifier import verify
from verif.support_programs import build
from verif.verifier.cases import Case, T, acc, check, plane

COLUMNS = NANO.superlanes
LAST_LW = 150 + COLUMNS - 1
IW = make("MXM", install=1)
STREAM = make("MXM", mode=AbcMode.STREAM)
KEEP = make("MXM", mode=AbcMode.KEEP, entry=1)
BUFFER = make("MXM", mode=AbcMode.BUFFER, entry=1)


def _load(columns: int = COLUMNS):
    more = [(0, make("REPEAT", n=columns - 1, d=1))] if columns > 1 else []
    return [(150, make("LW")), *more]


def a_column_never_loaded(x: int) -> Program:
    return build(NANO, plane(_load(COLUMNS - x), [(160, IW)], []))


def installed_too_early(x: int) -> Program:
    return build(NANO, plane(_load(), [(LAST_LW + T.lw_to_iw - x, IW)], []))


def no_weights_yet(x: int) -> Program:
    """IW and ABC in one word: ABC uses the weights before. The twin has no ABC in it."""
    first = make("MXM", install=1, mode=AbcMode.STREAM) if x else IW
    return build(NANO, plane(_load(), [(160, first), (160 + T.iw_to_abc, STREAM)], []))


def kept_too_late(x: int) -> Program:
    words = [(162 + x, KEEP), (163 - x, BUFFER)]
    return build(NANO, plane(_load(), [(160, IW), *sorted(words, key=lambda w: w[0])], []))


def another_buffer_entry(x: int) -> Program:
    use = BUFFER.replace(entry=1 + x)
    return build(NANO, plane(_load(), [(160, IW), (162, KEEP), (163, use)], []))


def nothing_to_add_to(x: int) -> Program:
    results = [
        (162 + T.abc_to_acc, acc(AccMode.WRITE, entry=3)),
        (163 + T.abc_to_acc, acc(AccMode.ADD, entry=3 + x)),
    ]
    return build(NANO, plane(_load(), [(160, IW), (162, KEEP), (163, BUFFER)], results))


def stored_too_early(x: int) -> Program:
    stored = acc(AccMode.EMIT_STORED, entry=3, stream=8)
    results = [
        (162 + T.abc_to_acc, acc(AccMode.WRITE, entry=3)),
        (163 + T.abc_to_acc - 2 * x, stored),
    ]
    return build(
        NANO, plane(_load(), [(160, IW), (162, KEEP)], sorted(results, key=lambda w: w[0]))
    )


#: 512 lanes: 256 vectors reach 2^31.
BIG = Config("big", 32, 0, 2, 16, 1, 128, 2, 1)
BIG_DELAY, BIG_D = timing(BIG).abc_to_acc, timing(BIG).sync_release
ENOUGH = (1 << 31) // (BIG.lanes << 14)


def too_many_vectors(x: int, bound: int | None = None) -> Program:
    """REPEAT steps through all entries, `ENOUGH` times in the illegal program."""
    entries, start = BIG.accumulators, BIG_D + 200
    adds = entries * (ENOUGH - 2) + x
    first = start + BIG_DELAY
    loaded = [(BIG_D + 20, make("LW")), (0, make("REPEAT", n=BIG.superlanes - 1, d=1))]
    activations = [
        (BIG_D + 120, IW),
        (BIG_D + 121, KEEP.replace(entry=0)),
        (0, make("REPEAT", n=BIG.activations - 1, d=1)),
        (start, BUFFER.replace(entry=0)),
        (0, make("REPEAT", n=entries + adds - 1, d=1)),
    ]
    results = [
        (first, acc(AccMode.WRITE)),
        (0, make("REPEAT", n=entries - 1, d=1)),
        (first + entries, acc(AccMode.ADD)),
        (0, make("REPEAT", n=adds - 1, d=1)),
    ]
    return build(BIG, plane(loaded, activations, results, BIG), bound=bound)


EMPTY = ErrorClass.UNINITIALISED
ACC = 162 + T.abc_to_acc
FIRST = BIG_D + 200 + BIG_DELAY
OVER = FIRST + BIG.accumulators * (ENOUGH - 1)
CASES = (
    Case(EMPTY, a_column_never_loaded, 160, ("MXM_W0_A", 160), None),
    Case(EMPTY, installed_too_early, LAST_LW, ("MXM_W0_A", LAST_LW), ("MXM_W0_W", LAST_LW)),
    Case(EMPTY, no_weights_yet, 160, ("MXM_W0_A", 160), ("MXM_W0_A", 160)),
    Case(EMPTY, kept_too_late, 162, ("MXM_W0_A", 162), ("MXM_W0_A", 163)),
    Case(EMPTY, another_buffer_entry, 163, ("MXM_W0_A", 163), None),
    Case(EMPTY, nothing_to_add_to, ACC + 1, ("MXM_W0_R", ACC + 1), None),
    Case(EMPTY, stored_too_early, ACC - 1, ("MXM_W0_R", ACC - 1), ("MXM_W0_R", ACC)),
    Case(
        ErrorClass.ACCUMULATOR_RANGE,
        too_many_vectors,
        OVER,
        ("MXM_W0_R", OVER),
        ("MXM_W0_R", FIRST),
    ),
)


@pytest.mark.feature("fault", "error {case.error_class.value}")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_class(case: Case) -> None:
    check(case)


def test_a_bound_takes_the_place_of_the_count() -> None:
    assert verify(too_many_vectors(1, (1 << 31) - 1)).ok
    assert verify(too_many_vectors(1, 1 << 31)).classes == {ErrorClass.ACCUMULATOR_RANGE}


@pytest.mark.parametrize(
    ("entry", "program"),
    [
        ("lw_to_iw", installed_too_early),
        ("iw_to_abc", no_weights_yet),
        ("keep_to_buffer", another_buffer_entry),
        ("acc_to_acc", nothing_to_add_to),
    ],
)
def test_the_timing_table_decides(entry: str, program) -> None:
    assert verify(program(0), T).ok
    assert verify(program(0), T.shifted(entry, 1)).classes == {EMPTY}
