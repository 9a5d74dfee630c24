"""Compressed text issues exactly what was asked for, in as few words as the pattern allows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsp.arch.config import NANO
from tsp.arch.isa import AbcMode, AccMode, make
from tspc.scheduler.compress import TextError, compress, compress_memory
from tspc.scheduler.tables import READ, WRITE, Access, Burst

BEGIN = 30


def play(text, config=NANO):
    """Issues of a text: (cycle, instruction) or (cycle, port, bank, offset, stream)."""
    now, found, last = BEGIN, [], None
    for word, plan in zip(text.words, text.plan, strict=True):
        if word.name == "NOP":
            assert plan == now
            now += word["n"]
        elif word.name == "REPEAT":
            at, repeated = last
            assert plan == at
            for _ in range(word["n"]):
                at += word["d"]
                repeated = step(repeated, config)
                found.append((at, repeated))
            now = at + 1
        elif word.name == "MEM":
            assert plan == now
            found += list(accesses(word, now, config))
            now += 1
        else:
            assert plan == now
            found.append((now, word))
            last = (now, word)
            now += 1
    return found


def step(word, config):
    if word.name == "LW":
        return word.replace(column=(word["column"] + 1) % config.superlanes)
    if word.name == "ACC" and word["mode"] != AccMode.EMIT:
        return word.replace(entry=(word["entry"] + 1) % config.accumulators)
    if word.name == "MXM" and word["mode"] in (AbcMode.KEEP, AbcMode.BUFFER):
        return word.replace(entry=(word["entry"] + 1) % config.activations)
    return word


def accesses(word, now, config):
    for number, port in enumerate(("read", "write")):
        for i in range(word[f"{port}_count"]):
            offset = (word[f"{port}_offset"] + i * word[f"{port}_stride"]) % config.bank_words
            at = now + i * word[f"{port}_interval"]
            yield at, number, word[f"{port}_bank"], offset, word[f"{port}_stream"]


gaps = st.lists(st.sampled_from([1, 1, 1, 2, 2, 3, 7, 70000]), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(gaps, st.data())
def test_text_issues_what_went_in(steps, data):
    words = data.draw(
        st.lists(
            st.sampled_from(
                [make("ACC", mode=AccMode.ADD, entry=e, type=2) for e in (0, 1, 2, 31)]
                + [make("ACC", mode=AccMode.EMIT, stream=4, type=2)]
            ),
            min_size=len(steps), max_size=len(steps),
        )
    )  # fmt: skip
    at, issues = BEGIN - 1, []
    for gap, word in zip(steps, words, strict=True):
        at += gap
        issues.append((at, word))
    text = compress(NANO, NANO.queue_by_name["MXM_E0_R"], issues, BEGIN)
    *played, (_, end) = play(text)
    assert end.name == "HALT"
    assert played == issues


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 255), st.integers(0, 2),
                          st.integers(1, 6), st.integers(1, 3), st.booleans()),
                min_size=1, max_size=12))  # fmt: skip
def test_memory_text_accesses_what_went_in(bursts):
    queue = NANO.queue_by_name["MEM_E3"]
    ends, found = [BEGIN - 1, BEGIN - 1], []
    for gap, offset, stride, count, interval, write in bursts:
        port = WRITE if write else READ
        burst = Burst(ends[port] + gap, count, interval)
        ends[port] = burst.last
        # Reads use bank 0 and writes bank 1, so any two may meet.
        found.append((Access(queue.index, port, port, offset, stride, burst), 3 + port))
    text = compress_memory(NANO, queue, found, BEGIN)
    expected = [
        (t, a.port, a.bank, (a.offset + i * a.stride) % NANO.bank_words, stream)
        for a, stream in found
        for i, t in enumerate(a.burst.times)
    ]
    assert sorted(play(text)[:-1]) == sorted(expected)
    assert text.words[-1].name == "HALT"


def test_regular_issues_take_one_word_and_a_repeat():
    queue = NANO.queue_by_name["MXM_E0_A"]
    word = make("MXM", install=1, mode=AbcMode.STREAM, stream=3)
    text = compress(NANO, queue, [(BEGIN + 2 * i, word) for i in range(500)], BEGIN)
    assert [w.name for w in text.words] == ["MXM", "REPEAT", "HALT"]
    queue = NANO.queue_by_name["MEM_E3"]
    access = Access(queue.index, READ, 0, 250, 3, Burst(40, 200, 5))
    text = compress_memory(NANO, queue, [(access, 7)], BEGIN)
    assert [w.name for w in text.words] == ["NOP", "MEM", "HALT"]


def test_read_and_write_of_one_cycle_share_a_word():
    queue = NANO.queue_by_name["MEM_E3"]
    both = [(Access(queue.index, port, port, 0, 1, Burst(40, 3, 1)), 7) for port in (READ, WRITE)]
    text = compress_memory(NANO, queue, both, BEGIN)
    assert [w.name for w in text.words] == ["NOP", "MEM", "HALT"]


def test_two_words_in_a_cycle_are_refused():
    queue = NANO.queue_by_name["VXM3"]
    word = make("VXM", op=1, compute=0, result_type=0)
    with pytest.raises(TextError, match="two words issue in cycle 40"):
        compress(NANO, queue, [(40, word), (40, word)], BEGIN)
    with pytest.raises(TextError, match="comes before"):
        compress(NANO, queue, [(BEGIN - 1, word)], BEGIN)
