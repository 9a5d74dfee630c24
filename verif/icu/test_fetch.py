"""IFETCH in one queue: a bench plays the text chain, ``reference`` says what must happen."""

import random

import pytest

from tsp.arch.config import Config, QueueKind
from verif.icu.programs import TextMaker
from verif.icu.reference import word_of
from verif.icu.test_queue import HALT, NOP1, NOTIFY, check, unit_words

BY_SUPERLANES = {
    t: Config(f"fetch{t}", t, 0, 2, 64, 1, 16 if t < 4 else 32, 8, 1) for t in (1, 2, 3, 4)
}
WORDS = 64  #: of the buffer, in all of these
VXM = QueueKind.VXM

superlanes = pytest.mark.parametrize("config", BY_SUPERLANES.values(), ids=lambda c: c.name)


def fetch(n, stream=5):
    return word_of("IFETCH", stream=stream, n=n)


def nop(n):
    return word_of("NOP", n=n)


@superlanes
@pytest.mark.parametrize("late", [0, 1])
def test_the_first_word_can_issue_seven_cycles_after_its_ifetch(config, late):
    """IFETCH in 0 and a NOP in 1: the first fetched word is wanted in 1 + n."""
    words = 2 * config.superlanes
    text = [fetch(1, 37), nop(6 - late), *[NOP1] * (words - 1), HALT]
    run = check(VXM, text, config=config, boot=2)
    assert run.cause.name == ("QUEUE_DRY" if late else "NONE")
    assert run.cause_cycle == (6 if late else None)
    assert run.idle == (None if late else 7 + words - 1)
    assert run.taken == [(0, 37), (1, 37)]


@pytest.mark.feature("unit", "IFETCH")
@superlanes
def test_one_word_a_cycle_follows(config):
    """Three pairs and more, issued without a gap as they come."""
    pairs = 3
    words = 2 * config.superlanes * pairs
    text = [fetch(pairs), nop(6), *unit_words(VXM, words - 1), HALT]
    run = check(VXM, text, config=config, boot=2)
    assert [cycle for cycle, _ in run.events[1:]] == list(range(7, 7 + words))


@superlanes
def test_a_repeat_must_be_there_in_the_cycle_after_its_word(config):
    """However late its first copy is due."""
    words = 2 * config.superlanes
    repeat = word_of("REPEAT", n=2, d=30)
    for wait, dry in ((6, False), (5, True)):
        loaded = [fetch(1), nop(wait - 1), *unit_words(VXM, 1)]  # in cycle `wait`
        text = [*loaded, repeat, *[NOP1] * (words - 2), HALT]
        run = check(VXM, text, config=config, boot=3)
        assert run.cause.name == ("QUEUE_DRY" if dry else "NONE")
        assert run.cause_cycle == (6 if dry else None)


@pytest.mark.feature("unit", "error queue overflow")
@superlanes
@pytest.mark.parametrize("late", [0, 1])
def test_a_full_buffer_overflows_with_the_next_word(config, late):
    """The IFETCH leaves in 0, a NOP in n: words arrive in 2 and 3, and n <= 3 makes room."""
    words = 2 * config.superlanes
    text = [fetch(1), nop(3 + late), *[NOP1] * (WORDS - 2 + words - 1), HALT]
    run = check(VXM, text, config=config, boot=WORDS)
    assert run.cause.name == ("QUEUE_OVERFLOW" if late else "NONE")
    assert run.cause_cycle == (4 if late else None)


def test_a_halted_queue_does_not_overflow():
    text = [fetch(40), HALT]
    assert check(VXM, text, config=BY_SUPERLANES[2], boot=2, cycles=200).cause.name == "NONE"


@superlanes
@pytest.mark.parametrize("kind", [VXM, QueueKind.MEM, QueueKind.C2C])
def test_a_text_of_twelve_buffers(config, kind):
    """Fetches of one pair, as close as the chain allows, in front of one that is never dry."""
    pair = 2 * config.superlanes
    length = 12 * WORDS
    length += -(length - WORDS) % pair
    text, given = [], WORDS
    while len(text) < length:
        # The pair arrives within pair + 2 cycles: in the same time that many words have left.
        if given < length and given - len(text) <= WORDS - 2 and len(text) % pair == 0:
            text.append(fetch(1))
            given += pair
        else:
            text.append(NOTIFY if len(text) % 7 else NOP1)
    text[-1] = HALT
    run = check(kind, text, config=config, boot=WORDS, cycles=length + 20)
    assert run.idle == length - 1


@pytest.mark.parametrize("seed", range(40))
def test_random_text_with_random_fetches(seed):
    """Most run to their end; some are dry, some overflow, some are stopped."""
    rng = random.Random(f"fetch {seed}")
    config = BY_SUPERLANES[rng.choice(list(BY_SUPERLANES))]
    kind = rng.choice(list(QueueKind))
    maker = TextMaker(kind, config, rng)
    pair = 2 * config.superlanes
    boot = rng.randint(12, WORDS)
    given, over, low = boot, 0, rng.choice([6, 12, 20])
    while len(maker.text) < 250:
        if given - len(maker.text) <= low:
            maker.wait_until(over)
            n = rng.randint(1, max(1, (WORDS - low) // pair))
            maker.text.append(fetch(n, rng.randrange(64)))
            over, given = maker.now + n * pair, given + n * pair
            maker.now += 1
        else:
            maker.draw()
    maker.text += [NOP1] * (max(given, len(maker.text)) - len(maker.text)) + [HALT]
    text = maker.text
    boot += len(text) - given  # the last words are the last that are fetched
    if boot > WORDS:
        text, boot = text[boot - WORDS :], WORDS
    stop = rng.randint(20, 200) if seed % 4 == 1 else None
    releases = list(range(0, 3000, 37))
    check(kind, text, config=config, cycles=1500, releases=releases, stop=stop, boot=boot)
