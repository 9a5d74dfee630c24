"""Stream conflict and empty stream."""

import pytest

from tsp.arch.config import NANO
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import AbcMode, AccMode, make
from tsp.arch.timing import timing
from tspc.program import Program
from tspc.verifier import verify
from verif.support_programs import build, read, write
from verif.verifier.cases import Case, D, T, acc, at, check, image, mem, plane


def two_slices_of_a_stop(x: int) -> Program:
    """Two slices of one stop drive the same stream; the twin's second one a cycle later."""
    words = {
        "MEM_W4": [(40, mem(**read(0, 0, 3)))],
        "MEM_W5": [(41 - x, mem(**read(0, 0, 3)))],
    }
    return build(NANO, words, memory=image(("MEM_W4", 0, 0), ("MEM_W5", 0, 0)))


def two_alus(x: int) -> Program:
    """Two ALUs of a stop, the second with four streams, of which one is the first's."""
    one = make("VXM", op=8, result_stream=32 + 8 - x, a_immediate=1)
    four = make("VXM", op=8, result_type=2, result_stream=32 + 4, a_immediate=1)
    return build(NANO, {"VXM4": [(50, four)], "VXM5": [(50, one)]})


def repeated_and_burst(x: int) -> Program:
    """Copies 2 of a REPEAT meet access 3 of a burst; the twin's burst ends before."""
    words = {
        "MEM_E4": [(40, mem(**read(0, 0, 3, stride=1))), (0, make("REPEAT", n=2, d=5))],
        "MEM_E5": [(44, mem(**read(0, 0, 3, count=3 + x, interval=2)))],
    }
    places = [("MEM_E4", 0, n) for n in range(3)] + [("MEM_E5", 0, 0)]
    return build(NANO, words, memory=image(*places))


def _copy(shift: int, source: str, stream: int = 4) -> Program:
    words = {
        source: [(40, mem(**read(0, 0, stream)))],
        "MEM_W0": [(at(source, "MEM_W0", 40) + shift, mem(**write(0, 0, 4)))],
    }
    return build(NANO, words, memory=image((source, 0, 0)))


def a_cycle_late(x: int) -> Program:
    return _copy(x, "MEM_W3")


def a_cycle_early(x: int) -> Program:
    return _copy(-x, "MEM_W3")


def another_stream(x: int) -> Program:
    return _copy(0, "MEM_W3", 4 + x)


def flows_away(x: int) -> Program:
    """The source is east of the reader and drives an eastward stream."""
    return _copy(0, "MEM_E3" if x else "MEM_W3")


def own_stop(x: int) -> Program:
    """Units of one stop never see each other's results; the twin's source is a stop before."""
    source = "MEM_W1" if x else "MEM_W3"
    words = {
        source: [(40, mem(**read(0, 0, 4)))],
        "MEM_W0": [(at("MEM_W3", "MEM_W0", 40), mem(**write(0, 0, 4)))],
    }
    return build(NANO, words, memory=image((source, 0, 0)))


def half_an_operand(x: int) -> Program:
    """An int16 operand of which one byte comes a cycle late."""
    words = {
        "MEM_W3": [(40, mem(**read(0, 0, 4)))],
        "MEM_W2": [(40 + x, mem(**read(0, 0, 5)))],
        "VXM0": [(at("MEM_W3", "VXM0", 40), make("VXM", op=8, a_type=1, a_stream=4))],
    }
    return build(NANO, words, memory=image(("MEM_W3", 0, 0), ("MEM_W2", 0, 0)))


def _tile():
    """LW, IW and one ABC in cycle 161."""
    return (
        [(150, make("LW")), (0, make("REPEAT", n=NANO.superlanes - 1, d=1))],
        [(160, make("MXM", install=1)), (161, make("MXM", mode=AbcMode.STREAM))],
    )


def result_without_abc(x: int) -> Program:
    """ACC that uses r a cycle after the published delay."""
    emit = acc(AccMode.EMIT, stream=4)
    return build(NANO, plane(*_tile(), [(161 + T.abc_to_acc + x, emit)]))


def preload_of_nothing(x: int) -> Program:
    """ACC preload of four streams that only VXM ALUs 0 .. 15 feed: W16 is not among them."""
    words = dict(plane(*_tile(), [(170, acc(AccMode.PRELOAD, stream=12 + 4 * x))]))
    words["MXM_W0_A"] = words["MXM_W0_A"][:1]
    return build(NANO, words)


CONFLICT, EMPTY = ErrorClass.STREAM_CONFLICT, ErrorClass.EMPTY_STREAM
READER = at("MEM_W3", "MEM_W0", 40)
CASES = (
    Case(CONFLICT, two_slices_of_a_stop, 40 + T.mem_d_func, ("MEM_W4", 40), ("MEM_W5", 40)),
    Case(CONFLICT, two_alus, 50 + T.vxm_d_func, ("VXM5", 50), ("VXM4", 50)),
    Case(CONFLICT, repeated_and_burst, 50 + T.mem_d_func, ("MEM_E5", 50), ("MEM_E4", 50)),
    Case(EMPTY, a_cycle_late, READER + 2, ("MEM_W0", READER + 1), ("MEM_W3", 40)),
    Case(EMPTY, a_cycle_early, READER, ("MEM_W0", READER - 1), ("MEM_W3", 40)),
    Case(EMPTY, another_stream, READER + 1, ("MEM_W0", READER), None),
    Case(
        EMPTY,
        flows_away,
        at("MEM_E3", "MEM_W0", 40) + 1,
        ("MEM_W0", at("MEM_E3", "MEM_W0", 40)),
        ("MEM_E3", 40),
    ),
    Case(EMPTY, own_stop, READER + 1, ("MEM_W0", READER), ("MEM_W1", 40)),
    Case(
        EMPTY,
        half_an_operand,
        at("MEM_W3", "VXM0", 40) + 1,
        ("VXM0", at("MEM_W3", "VXM0", 40)),
        ("MEM_W2", 41),
    ),
    Case(
        EMPTY,
        result_without_abc,
        162 + T.abc_to_acc,
        ("MXM_W0_R", 162 + T.abc_to_acc),
        ("MXM_W0_A", 161),
    ),
    Case(EMPTY, preload_of_nothing, 171, ("MXM_W0_R", 170), None),
)


@pytest.mark.feature("fault", "error {case.error_class.value}")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_class(case: Case) -> None:
    check(case)


def test_several_streams_missing_are_one_problem_with_a_count() -> None:
    report = verify(preload_of_nothing(1))
    assert [p.count for p in report.problems] == [4]


def test_the_last_writer_upstream_is_replaced_downstream() -> None:
    """A stop may read and replace a stream; a further reader sees the new value."""
    t = at("MEM_W7", "VXM0", 40)
    relu = make("VXM", op=8, a_stream=4, result_stream=4)
    words = {
        "MEM_W7": [(40, mem(**read(0, 0, 4)))],
        "VXM0": [(t, relu)],
        "MEM_E0": [(at("VXM0", "MEM_E0", t, T.vxm_d_func), mem(**write(0, 0, 4)))],
    }
    assert verify(build(NANO, words, memory=image(("MEM_W7", 0, 0)))).ok


def test_nothing_enters_at_the_edges() -> None:
    """The westernmost stop has no eastward inputs: nothing can ever be there."""
    report = verify(build(NANO, plane([(150, make("LW", stream=16))], [], [])))
    assert report.classes == {EMPTY}


def test_an_abc_without_acc_is_legal_with_a_warning() -> None:
    report = verify(build(NANO, plane(*_tile(), [])))
    assert report.ok
    assert [(w.cycle, w.party.queue) for w in report.warnings] == [(161, "MXM_W0_A")]


@pytest.mark.parametrize("entry", ["mem_d_skew", "mem_d_func"])
@pytest.mark.parametrize("by", [-1, 1])
def test_the_timing_table_decides(entry: str, by: int) -> None:
    """What is legal by one table is not by another: no delay stands in the verifier."""
    program = a_cycle_late(0)
    assert verify(program, timing(NANO)).ok
    assert verify(program, timing(NANO).shifted(entry, by)).classes == {EMPTY}


def test_times_of_another_table() -> None:
    program = result_without_abc(0)
    for by in (-1, 1):
        assert EMPTY in verify(program, T.shifted("abc_to_acc", by)).classes
    assert verify(program).ok and program.plan and D == T.sync_release
