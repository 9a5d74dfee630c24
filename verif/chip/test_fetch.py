"""Programs longer than the queue's buffer, on the chip: text streams from MEM while it runs."""

import functools

import pytest

from tsp.arch.config import NANO
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import FORMATS
from tsp.arch.timing import timing
from tspc.asm import assemble, disassemble
from tspc.compare import compare
from tspc.engines.rtl import Job, RtlEngine
from tspc.golden.errors import GoldenError
from tspc.golden.model import GoldenEngine
from tspc.plan import expand
from tspc.verifier import verify
from verif.support_fetch import QUEUE, dry, full, long_program

LONG = long_program(NANO, 11 * NANO.queue_words)
PROGRAMS = {
    "long": LONG,
    "dry": dry(NANO),
    "full": full(NANO),
    "dry late": dry(NANO, 1),
    "full late": full(NANO, 1),
}


@functools.cache
def _rtl():
    """All programs in one simulation, verified or not."""
    jobs = [Job(program, {}, True) for program in PROGRAMS.values()]
    return dict(zip(PROGRAMS, RtlEngine().run_jobs(jobs)))


def exact(name):
    program, rtl = PROGRAMS[name], _rtl()[name]
    assert verify(program).ok
    schedule, golden = expand(program), GoldenEngine().run(program, deep=True)
    found = compare(NANO, schedule.events, schedule.done, golden, rtl)
    assert found.first is None, found.first
    return rtl


@pytest.mark.feature("chip", "IFETCH")
def test_a_text_of_ten_buffers_is_three_way_exact():
    queue = NANO.queue_by_name[QUEUE].index
    text = LONG.text[queue]
    assert len(text) > 10 * NANO.queue_words
    assert len(LONG.loaded(queue)) <= NANO.queue_words
    rtl = exact("long")
    sink = NANO.queue_by_name["MEM_E1"].index
    words = sum(word % 64 == FORMATS["VXM"].opcode for word in text)
    for n in range(words - NANO.bank_words, words):  # what the last words say, read back from MEM
        assert (rtl.memory[sink, 1, n % NANO.bank_words] == n % 251 + n // 251).all(), n
    assert assemble(disassemble(LONG)).text == LONG.text


@pytest.mark.parametrize("name", ["dry", "full"])
def test_at_the_limit(name):
    exact(name)


@pytest.mark.feature("chip", "error {error.value}")
@pytest.mark.parametrize(
    ("name", "error", "entry", "by"),
    [
        ("dry late", ErrorClass.QUEUE_DRY, "ifetch_to_word", -1),
        ("full late", ErrorClass.QUEUE_OVERFLOW, "ifetch_to_buffer", 1),
    ],
)
def test_a_cycle_beyond_is_refused_and_stops_the_chip(name, error, entry, by):
    """The verifier and golden refuse it; forced, the RTL stops with the same cause.

    Who believes an entry of the table that is one off takes the program for legal.
    """
    program = PROGRAMS[name]
    assert verify(program).classes == {error}
    with pytest.raises(GoldenError) as caught:
        GoldenEngine().run(program)
    assert caught.value.error_class is error
    assert _rtl()[name].stopped == error.value
    altered = timing(NANO).shifted(entry, by)
    assert verify(program, altered).ok
    assert GoldenEngine().run(program, timing=altered).done
