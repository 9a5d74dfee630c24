"""A text chain: what is taken in superlane y arrives 2y cycles after superlane 0's, and alone."""

import random

import cocotb
from cocotb.triggers import RisingEdge

from verif.support import tb

P = tb.parameters()
SUPERLANES = P["superlanes"]
CYCLES = 2000 * SUPERLANES


def plan(rng):
    """Fetches of one to three pairs, often as close as they may be: stream by cycle.

    Streams are dealt like a deck of cards, so that each comes before one comes again.
    """
    taken, now, deck = {}, 5, []
    while now < CYCLES - 20 * SUPERLANES:
        deck = deck or rng.sample(range(64), 64)
        stream = deck.pop()
        for _ in range(rng.randint(1, 3)):
            taken |= {now: stream, now + 1: stream}
            now += 2 * SUPERLANES
        now += rng.choice([0, 0, 0, 1, 2, 9])
    return taken


@cocotb.test
async def every_word_arrives_in_its_cycle(dut):
    rng = random.Random(SUPERLANES)
    await tb.begin(dut)
    taken = plan(rng)
    assert len(set(taken.values())) == 64
    due = {}
    for cycle in range(CYCLES):
        dut.valid.value = int(cycle in taken)
        dut.stream.value = taken.get(cycle, rng.randrange(64))
        for y in range(SUPERLANES):
            word = rng.getrandbits(137)
            getattr(dut, f"word{y}").value = word
            at = cycle - 1 - y
            if at in taken:
                assert at + 2 + 2 * y not in due, "two words in one cycle"
                due[at + 2 + 2 * y] = word ^ taken[at]
        await RisingEdge(dut.clk)
        assert int(dut.text_valid.value) == int(cycle in due), cycle
        if cycle in due:
            assert dut.text.value.to_unsigned() == due[cycle], cycle
    assert len(due) == len(taken) * SUPERLANES
