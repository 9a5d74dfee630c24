"""IFETCH: illegal programs and their legal twins; golden judges alike what happens in a run."""

from dataclasses import replace

import numpy as np
import pytest

from tsp.arch.config import NANO
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import VXM_OPS, make
from tsp.arch.timing import timing
from tspc.golden.errors import GoldenError
from tspc.golden.model import GoldenEngine
from tspc.program import Tensor, text_vectors
from tspc.scheduler.fetching import FetchError, fetch_text
from tspc.verifier import verify
from verif.support_fetch import (
    AT,
    HALT,
    NOP,
    QUEUE,
    SOURCE,
    dry,
    feed,
    fetching,
    full,
    ifetch,
    long_program,
)
from verif.support_programs import read, write
from verif.verifier.cases import Case, check

T = timing(NANO)
WANTED = AT + T.ifetch_to_word
PLACES = {QUEUE: [(SOURCE, 0), (SOURCE, 1)]}
READ_AT = feed(NANO, AT)[SOURCE][0][0]
ADDRESS = (NANO.queue_by_name[SOURCE].index, 0, 0)
TEXT = [(WANTED + j, NOP) for j in range(3)] + [(WANTED + 3, HALT)]


def program(words=TEXT, more=None, places=PLACES, **rest):
    """VXM6 fetches four words in AT."""
    queues = {QUEUE: [(AT, ifetch()), *words], **feed(NANO, AT), **(more or {})}
    return fetching(NANO, queues, places, **rest)


def wanted_too_early(x):
    return dry(NANO, x)


def no_room(x):
    return full(NANO, x)


def text_arrives_a_cycle_late(x):
    return program(more=feed(NANO, AT + x))


def fetched_again_too_soon(x):
    """Another queue of the same stop."""
    at = AT + 4 - x
    words = [(at, ifetch(stream="E29")), (at + 7, HALT)]
    words[1:1] = [(at + 7 + j, NOP) for j in range(3)]
    words[-1] = (at + 10, HALT)
    more = {"VXM7": words, **feed(NANO, at, queue="VXM7", source="MEM_W2", stream="E29")}
    return program(more=more, places={**PLACES, "VXM7": [("MEM_W2", 0), ("MEM_W2", 1)]})


def vectors_in_another_order(x):
    places = [(SOURCE, 1), (SOURCE, 0)] if x else [(SOURCE, 0), (SOURCE, 1)]
    return program([(WANTED, NOP), *TEXT[1:]], places={QUEUE: places})


def written_before_it_is_read(x):
    """The slice overwrites its text, behind the READs or before them."""
    at = READ_AT - 1 if x else READ_AT + 2
    own = sorted(
        [feed(NANO, AT)[SOURCE][0], (at, make("MEM", **write(0, 0, 5)))], key=lambda item: item[0]
    )
    zero = {(NANO.queue_by_name["MEM_W2"].index, 1, 0): np.zeros(NANO.lanes, np.uint8)}
    start = at + T.mem_d_skew - T.mem_d_func
    source = [(start, make("MEM", **read(1, 0, 5))), (start + 1, HALT)]
    more = {SOURCE: [*own, (own[-1][0] + 1, HALT)], "MEM_W2": source}
    return program(more=more, memory=zero)


def computed(x):
    """An ALU at the stop before the queue's hands the text on as it is."""
    if not x:
        return program()
    at = AT + T.ifetch_d_skew - T.vxm_d_func
    fields = {"op": VXM_OPS["ADD"].code, "a_stream": 30, "b_immediate": 1, "result_stream": 30}
    alu = [(at, make("VXM", **fields)), (at, make("REPEAT", n=1, d=1)), (at + 2, HALT)]
    start = at + T.vxm_d_skew - T.mem_d_func
    source = [(start, feed(NANO, AT)[SOURCE][0][1]), (start + 1, HALT)]
    return program(more={"VXM0": alu, SOURCE: source})


def given_as_an_input(x):
    places = np.array([ADDRESS], np.int32).reshape(1, 1, 1, 3)
    tensor = Tensor("text", "uint8", (NANO.lanes,), "input", places)
    found = program()
    return replace(found, tensors=(tensor,)) if x else found


def also_in_the_image(x):
    return program(memory={ADDRESS: np.zeros(NANO.lanes, np.uint8)} if x else {})


def more_than_the_text(x):
    """Two pairs are fetched, and the second holds nothing but what stands there."""
    pairs = 1 + x
    queues = {QUEUE: [(AT, ifetch(pairs)), *TEXT], **feed(NANO, AT)}
    if x:
        burst = make("MEM", **read(0, 0, 30, count=2, stride=1))
        again = make("MEM", **read(0, 0, 30, count=2, stride=1))
        queues[SOURCE] = [(READ_AT, burst), (READ_AT + 4, again), (READ_AT + 5, HALT)]
    return fetching(NANO, queues, PLACES)


BAD, EMPTY = ErrorClass.BAD_WORD, ErrorClass.EMPTY_STREAM
WHILE_RUNNING = [
    Case(ErrorClass.QUEUE_DRY, wanted_too_early, WANTED - 1, (QUEUE, None), (QUEUE, AT)),
    Case(ErrorClass.QUEUE_OVERFLOW, no_room, AT + 4, (QUEUE, AT), None),
    Case(
        ErrorClass.EMPTY_STREAM,
        text_arrives_a_cycle_late,
        AT + 1,
        (QUEUE, AT),
        (SOURCE, READ_AT + 1),
    ),
    Case(ErrorClass.FETCH_SPACING, fetched_again_too_soon, AT + 3, ("VXM7", AT + 3), (QUEUE, AT)),
    Case(ErrorClass.UNFINISHED, more_than_the_text, WANTED + 3, (QUEUE, WANTED + 3), None),
]
BEFORE = [
    Case(BAD, vectors_in_another_order, AT, (QUEUE, AT), (SOURCE, READ_AT)),
    Case(BAD, written_before_it_is_read, AT, (QUEUE, AT), (SOURCE, READ_AT)),
    Case(BAD, computed, AT, (QUEUE, AT), ("VXM0", AT - 9)),
    Case(BAD, given_as_an_input, 0, ("text of VXM6", None), None),
    Case(BAD, also_in_the_image, 0, ("text of VXM6", None), None),
]


@pytest.mark.feature("fault", "error {case.error_class.value}")
@pytest.mark.parametrize("case", [*WHILE_RUNNING, *BEFORE], ids=str)
def test_refused(case):
    check(case)


@pytest.mark.feature("unit", "error {case.error_class.value}")
@pytest.mark.parametrize("case", WHILE_RUNNING, ids=str)
def test_golden_judges_alike(case):
    assert GoldenEngine().run(case.make(0)).done
    with pytest.raises(GoldenError) as caught:
        GoldenEngine().run(case.make(1))
    assert caught.value.error_class is case.error_class


def test_golden_executes_what_arrives_and_not_what_the_object_says():
    """The object says NOPs; the slice is made to hold words that NOTIFY."""
    found = program()
    words = (make("NOTIFY").encode(), *(w.encode() for _, w in TEXT[1:]))
    image = dict(zip([ADDRESS, (*ADDRESS[:2], 1)], text_vectors(words, NANO)))
    other = replace(found, fetched={}, text={**found.text}, memory=image)
    queue = NANO.queue_by_name[QUEUE].index
    other = replace(other, text={**found.text, queue: found.loaded(queue)})
    events = GoldenEngine().run(other).events
    assert len(events) == len(GoldenEngine().run(found).events) + 1
    assert events["segment"].max() == 1
    assert not verify(other).ok


def test_text_layout():
    """Word 2k of a pair stands in superlane k of the first vector, 2k + 1 in the second's."""
    words = [n | n << 120 for n in range(1, 7)]
    vectors = text_vectors(words, NANO)
    assert len(vectors) == 4
    for n, word in enumerate([*words, 0, 0]):
        pair, y, odd = n // 4, n % 4 // 2, n % 2
        row = vectors[2 * pair + odd].reshape(2, 16)[y]
        assert int.from_bytes(row.tobytes(), "little") == word


@pytest.mark.parametrize("gap", [3, 5])
def test_the_helper_fetches_long_text(gap):
    report = verify(long_program(NANO, 400, gap))
    assert report.ok, str(report)


def test_the_helper_refuses_text_without_gaps():
    with pytest.raises(FetchError, match=r"no free cycle|too late"):
        long_program(NANO, 400, 1)


def test_the_helper_wants_two_free_slices_upstream():
    short = dry(NANO)
    assert fetch_text(short, QUEUE, ("MEM_W2", "MEM_W4"), "E30") is short
    queue = NANO.queue_by_name[QUEUE].index
    text = (*[NOP.encode()] * 70, HALT.encode())
    plan = (*range(T.sync_release, T.sync_release + 70), T.sync_release + 70)
    long = replace(
        short, text={**short.text, queue: text}, plan={**short.plan, queue: plan}, fetched={}
    )
    for slices in (("MEM_W0", "MEM_W2"), ("MEM_W2", "MEM_W2"), ("MEM_E2", "MEM_W4")):
        with pytest.raises(FetchError, match=r"without text|upstream"):
            fetch_text(long, QUEUE, slices, "E30")
