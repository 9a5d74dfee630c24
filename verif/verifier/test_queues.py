"""Queues and barriers: dry, overflow, late, spacing, bad word, unfinished."""

import pytest

from tsp.arch.config import NANO
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import VXM_OPS, Type, make
from tspc.program import Program, Source
from tspc.verifier import verify
from verif.support_programs import build, read
from verif.verifier.cases import Case, D, T, at, check, image, mem

NOTIFY, SYNC, HALT = make("NOTIFY"), make("SYNC", n=1), make("HALT")
READ = mem(**read(0, 0, 4))
PLACE = image(("MEM_W3", 0, 0))


def text_without_end(x: int) -> Program:
    words = {"MEM_W3": [(40, READ)] + [(41, HALT)] * (1 - x), "VXM0": [(1, HALT)]}
    return build(NANO, words, memory=PLACE, halt=False)


def a_word_too_many(x: int) -> Program:
    words = [(40 + k, READ) for k in range(NANO.queue_words - 2 + x)]
    return build(NANO, {"MEM_W3": words}, memory=PLACE)


def _barrier(sync: int, second: int = 100) -> Program:
    words = {"VXM1": [(second, NOTIFY)], "MEM_W3": [(sync, SYNC), (second + D, READ)]}
    if sync > second + 1 + D:  # takes no part, and waits for another
        words["VXM1"] += [(second + 3 * D, NOTIFY)]
        words["MEM_W3"] = [(sync, SYNC), (second + 4 * D, READ)]
    return build(NANO, words, memory=PLACE)


def parked_too_late(x: int) -> Program:
    """Parked by t + 1 is in time, t + 2 is not."""
    return _barrier(101 + x)


def parked_at_the_release(x: int) -> Program:
    """t + D is the last late cycle; t + D + 1 waits for the next NOTIFY."""
    words = {
        "VXM1": [(100, NOTIFY), (100 + 3 * D, NOTIFY)],
        "MEM_W3": [(100 + D + 1 - x, SYNC), (100 + 4 * D, READ)],
    }
    return build(NANO, words, memory=PLACE)


def first_word_is_sync(x: int) -> Program:
    """Released by the first NOTIFY in D, and D is late to it."""
    words = {"VXM1": [(100, NOTIFY)], "MEM_W3": [(D + 1 - x, SYNC), (100 + D, READ)]}
    return build(NANO, words, memory=PLACE)


def notify_too_soon(x: int) -> Program:
    words = {"VXM1": [(100, NOTIFY)], "MEM_E3": [(100 + D - x, NOTIFY)]}
    return build(NANO, words)


def never_released(x: int) -> Program:
    words = {"VXM1": [(100, NOTIFY)], "MEM_W3": [(60, make("SYNC", n=1 + x)), (100 + D, READ)]}
    return build(NANO, words, memory=PLACE)


def text_after_halt(x: int) -> Program:
    words = [(40, READ), (41, HALT)] + [(42, HALT)] * x
    return build(NANO, {"MEM_W3": words}, memory=PLACE)


def no_notify(x: int) -> Program:
    return build(NANO, {"VXM0": [(0, SYNC if x else NOTIFY)]}, boot=False)


def _words(*words: int) -> Program:
    number = NANO.queue_by_name["MEM_W3"].index
    base = build(NANO, {"MEM_W3": [(D, READ)]}, memory=PLACE)
    text = dict(base.text) | {number: (*words, HALT.encode())}
    return Program("words", NANO, text, {}, PLACE)


def a_reserved_bit(x: int) -> Program:
    return _words(READ.encode(), HALT.encode() | x << 100) if x else _words(READ.encode())


def no_opcode(x: int) -> Program:
    return _words(make("NOP", n=1).encode() * (1 - x))


def another_queues_word(x: int) -> Program:
    word = make("VXM", op=8, a_immediate=1) if x else READ
    return _words(word.encode())


def special_function_in_another_alu(x: int) -> Program:
    fp32 = {"compute": 1, "a_type": Type.FP32, "result_type": Type.FP32}
    tanh = make("VXM", op=VXM_OPS["TANH"].code, a_immediate=1, **fp32)
    return build(NANO, {f"VXM{8 + x}": [(D, tanh)]})


def not_built(x: int) -> Program:
    return _words(make("DESKEW").encode() if x else make("NOP", n=1).encode())


def offset_outside(x: int) -> Program:
    word = mem(**read(0, NANO.bank_words, 4)) if x else READ
    return _words(word.encode())


REPEAT = make("REPEAT", n=2, d=2).encode()


def repeat_of_a_nop(x: int) -> Program:
    first = make("NOP", n=1).encode() if x else READ.encode()
    return _words(first, REPEAT)


def repeat_of_a_burst(x: int) -> Program:
    return _words(mem(**read(0, 0, 4, count=1 + x)).encode(), REPEAT)


def repeat_of_a_repeat(x: int) -> Program:
    return _words(READ.encode(), REPEAT, *[REPEAT] * x)


def repeat_of_nothing(x: int) -> Program:
    return _words(*([] if x else [READ.encode()]), REPEAT)


def first_word_of_vxm0(x: int) -> Program:
    words = {"VXM0": [(0, NOTIFY)] if not x else [(0, make("NOP", n=4)), (4, NOTIFY)]}
    return build(NANO, words, boot=False)


BAD, UNFINISHED = ErrorClass.BAD_WORD, ErrorClass.UNFINISHED
LATE, NEXT = ErrorClass.LATE_TO_BARRIER, D + 1
W3 = "MEM_W3"
CASES = (
    Case(ErrorClass.QUEUE_DRY, text_without_end, 41, (W3, None), None),
    Case(ErrorClass.QUEUE_OVERFLOW, a_word_too_many, 0, (W3, None), None),
    Case(LATE, parked_too_late, 102, (W3, 102), ("VXM1", 100)),
    Case(LATE, parked_at_the_release, 100 + D, (W3, 100 + D), ("VXM1", 100)),
    Case(LATE, first_word_is_sync, D, (W3, D), ("VXM0", 0)),
    Case(ErrorClass.BARRIER_SPACING, notify_too_soon, 99 + D, ("MEM_E3", 99 + D), ("VXM1", 100)),
    Case(UNFINISHED, never_released, 60, (W3, 60), ("VXM1", 100)),
    Case(UNFINISHED, text_after_halt, 41, (W3, 41), (W3, None)),
    Case(BAD, a_reserved_bit, D + 1, (W3, D + 1), None),
    Case(BAD, no_opcode, D, (W3, D), None),
    Case(BAD, another_queues_word, D, (W3, D), None),
    Case(BAD, not_built, D, (W3, D), None),
    Case(BAD, special_function_in_another_alu, D, ("VXM9", D), None),
    Case(BAD, offset_outside, D, (W3, D), None),
    Case(BAD, repeat_of_a_nop, NEXT, (W3, NEXT), (W3, None)),
    Case(BAD, repeat_of_a_burst, NEXT, (W3, NEXT), (W3, None)),
    Case(BAD, repeat_of_a_repeat, D + 5, (W3, D + 5), (W3, None)),
    Case(BAD, repeat_of_nothing, D, (W3, D), None),
)


@pytest.mark.feature("fault", "error {case.error_class.value}")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_class(case: Case) -> None:
    check(case)


def test_without_a_notify_everything_is_unfinished() -> None:
    assert verify(no_notify(0)).ok
    report = verify(no_notify(1))
    assert report.classes == {UNFINISHED}
    assert {p.party.queue for p in report.problems} == {q.name for q in NANO.queues}


def test_the_first_word_of_vxm0_is_notify() -> None:
    assert verify(first_word_of_vxm0(0)).ok
    report = verify(first_word_of_vxm0(1))
    assert report.classes == {BAD} and report.problems[0].party.queue == "VXM0"


def test_a_queue_that_the_configuration_has_not() -> None:
    program = build(NANO, {})
    text = dict(program.text) | {len(NANO.queues): (HALT.encode(),)}
    assert verify(Program("stray", NANO, text, {})).classes == {BAD}


@pytest.mark.parametrize("n", [1, 2, 3])
def test_sync_stays_parked_through_n_notifies(n: int) -> None:
    """A READ after SYNC n meets a WRITE at a fixed time only if the n-th NOTIFY releases it."""
    notifies = [(100 + 40 * k, NOTIFY) for k in range(n)]
    release = notifies[-1][0] + D
    write = mem(write_kind=1, write_stream=4, write_count=1, write_interval=1)
    words = {
        "SXM_E_SHIFT": notifies,
        W3: [(50, make("SYNC", n=n)), (release, READ)],
        "MEM_W0": [(at(W3, "MEM_W0", release), write)],
    }
    report = verify(build(NANO, words, memory=PLACE))
    assert report.ok and report.notifies == (0, *(t for t, _ in notifies))
    assert report.segment(release) == (n, D)


def test_done_is_a_drain_after_the_last_halt_or_access() -> None:
    assert verify(build(NANO, {})).done == D + T.done_drain
    burst = {W3: [(40, mem(**read(0, 0, 4, count=9, interval=5)))]}
    assert verify(build(NANO, burst, memory=PLACE)).done == 40 + 40 + T.done_drain
    late = {W3: [(40, READ), (99, make("NOP", n=1))]}
    assert verify(build(NANO, late, memory=PLACE)).done == 100 + T.done_drain


def test_a_plan_that_the_text_does_not_keep_is_a_warning() -> None:
    program = text_without_end(0)
    plan = {n: tuple(c + (c == 40) for c in cycles) for n, cycles in program.plan.items()}
    report = verify(Program("p", NANO, program.text, plan, PLACE))
    assert report.ok and "planned for cycle 41, issues in cycle 40" in report.warnings[0].message


def test_the_source_line_is_named() -> None:
    program = _words(no_opcode(1).text[NANO.queue_by_name[W3].index][0])
    source = Source("x.tsp", "", {NANO.queue_by_name[W3].index: (7, 8)})
    report = verify(Program("p", NANO, program.text, {}, PLACE, source=source))
    assert report.problems[0].party.line == 7 and "(line 7)" in str(report)
