"""A chain of stops against a model of a few lines: every cycle, every word of every register."""

import random

import cocotb
import numpy as np
from cocotb.triggers import RisingEdge

from tsp.arch.config import STREAMS, WORD_BITS
from verif.support import tb

P = tb.parameters()
STOPS, SIZES = P["stops"], P["sizes"]
IDLE = np.zeros(STREAMS, object)


class Model:
    """E and W: object arrays (stops, streams) of words."""

    def __init__(self):
        self.e = np.zeros((STOPS, STREAMS), object)
        self.w = np.zeros((STOPS, STREAMS), object)

    def step(self, e_in, w_in, drives):
        """One cycle: hop, then the drives (stop, first stream, words) in the order of ports."""
        self.e = np.vstack([e_in, self.e[:-1]])
        self.w = np.vstack([self.w[1:], w_in])
        for stop, first, words in drives:
            target, base = (self.w, first - STREAMS) if first >= STREAMS else (self.e, first)
            target[stop, base : base + len(words)] = words


def _bus(words):
    return sum(int(word) << (WORD_BITS * n) for n, word in enumerate(words))


def _word(rng):
    return rng.getrandbits(WORD_BITS)


async def _cycle(dut, model, e_in=IDLE, w_in=IDLE, drives=()):
    """One cycle of the chain and of the model; `drives`: (port, stop, first stream, words)."""
    for name, words in (("e", e_in), ("w", w_in)):
        getattr(dut, f"{name}_in__words").value = _bus(words)
        getattr(dut, f"{name}_in__active").value = int(any(words))
    for p in range(STOPS):
        for i in range(len(SIZES)):
            getattr(dut, f"drive{p}_{i}__enable").value = 0
    for port, stop, first, words in drives:
        drive = f"drive{stop}_{port}__"
        getattr(dut, f"{drive}enable").value = 1
        getattr(dut, f"{drive}stream").value = first
        getattr(dut, f"{drive}words").value = len(words)
        # What lies above the words driven must not matter.
        rest = random.getrandbits(WORD_BITS * (SIZES[port] - len(words)) or 1)
        room = (1 << (WORD_BITS * SIZES[port])) - 1
        getattr(dut, f"{drive}data").value = (_bus(words) | rest << (WORD_BITS * len(words))) & room
    await RisingEdge(dut.clk)
    model.step(e_in, w_in, [d[1:] for d in sorted(drives, key=lambda d: d[:2])])


async def _settle(dut):
    """Outputs stand a while after the edge; look just before the next one changes them."""
    await cocotb.triggers.Timer(1, "ns")


async def _check(dut, model, what):
    await _settle(dut)
    for name, registers in (("e", model.e), ("w", model.w)):
        for p in range(STOPS):
            found = getattr(dut, f"{name}{p}__words").value.to_unsigned()
            assert found == _bus(registers[p]), f"{what}: {name.upper()}[{p}]"


@cocotb.test
async def two_hops_take_two_cycles(dut):
    """A word at each end stands in stop p's register p + 1 cycles later, and nowhere else."""
    await tb.begin(dut)
    model, one = Model(), IDLE.copy()
    one[5] = _word(random)
    await _cycle(dut, model, one, one)
    for cycle in range(STOPS):
        await _settle(dut)
        for p in range(STOPS):
            for name, distance in (("e", p), ("w", STOPS - 1 - p)):
                found = getattr(dut, f"{name}{p}__words").value.to_unsigned()
                wanted = _bus(one) if distance == cycle else 0
                assert found == wanted, f"{name.upper()}[{p}] after {cycle + 1} cycles"
        await _cycle(dut, model)


@cocotb.test
async def random_traffic(dut):
    """Both directions, single words and groups, replacement, busy and idle times."""
    await tb.begin(dut)
    rng, model = random.Random(P["seed"]), Model()
    replaced = 0
    for n in range(P["cycles"]):
        busy = (0.0, 0.3, 1.0)[n // 24 % 3]
        ends = [
            np.array([_word(rng) * (rng.random() < busy) for _ in range(STREAMS)], object)
            for _ in range(2)
        ]
        drives = []
        for stop in range(STOPS):
            for port, size in enumerate(SIZES):
                if rng.random() < 0.4 * (busy > 0 or rng.random() < 0.1):
                    count = rng.choice([c for c in (1, 2, 4, 16) if c <= size])
                    first = rng.randrange(0, 2 * STREAMS, count)
                    drives.append((port, stop, first, [_word(rng) for _ in range(count)]))
        replaced += len(drives)
        await _cycle(dut, model, *ends, drives)
        await _check(dut, model, f"cycle {n}")
    assert replaced > P["cycles"] // 2


@cocotb.test
async def reset_is_zero(dut):
    """Registers full of words hold zero codewords after reset, and nothing comes out later."""
    await tb.begin(dut)
    model, full = Model(), np.array([_word(random) for _ in range(STREAMS)], object)
    for _ in range(STOPS):
        await _cycle(dut, model, full, full)
    await _check(dut, model, "full")
    dut.rst.value = 1
    await _cycle(dut, model, full, full, [(0, 1, 3, [_word(random)])])
    dut.rst.value = 0
    model = Model()
    await _check(dut, model, "in reset")
    for n in range(STOPS):
        await _cycle(dut, model)
        await _check(dut, model, f"{n + 1} cycles after reset")
