"""A MEM tile at full rate: every kind of access in both ports, offsets of all their bits."""

import random

import cocotb
from cocotb.triggers import RisingEdge

from tsp.arch.config import DATA_BITS, STREAMS, WORD_BITS, Config
from tsp.arch.secded import SECDED
from tsp.arch.timing import timing
from tsp.words import mem_control_layout
from verif.support import tb

P = tb.parameters()
CONFIG = Config.from_dict(P["config"])
D = timing(CONFIG)
CONTROL = mem_control_layout(CONFIG)
ROW = 5  #: superlane of the tile
LIMITS = (0, 0, ROW + 1, CONFIG.superlanes, ROW, 1)  #: what CONFIG has set; the last two: off

ONLY = (ROW, ROW, 0, ROW - 1, ROW + 1)  #: superlanes of the host's accesses; the last three: off


class Driver:
    """Issues random accesses, cycle by cycle, and knows what they must do."""

    def __init__(self, rng, places):
        self.rng, self.places, self.memory = rng, places, {}

    def issue(self):
        """One cycle: control, words by stream a cycle later, and the expected drive."""
        rng, control, words, drives = self.rng, {}, {}, None
        free = rng.sample(range(2 * STREAMS), 3)
        bank, found = rng.randrange(2), []
        for port, kind in (("read", rng.randrange(3)), ("write", rng.randrange(3))):
            access = dict.fromkeys(CONTROL[port].shape.members, 0)
            if kind:
                offset = rng.choice(self.places)
                access |= {"valid": 1, "indirect": kind == 2, "bank": bank, "where": offset}
                access["only"] = int(rng.random() < 0.2)
                access["superlanes"] = rng.choice(ONLY if access["only"] else LIMITS)
                access["stream"] = rng.randrange(64) if port == "read" else free[1]
                if kind == 2:
                    stream = free[0] if port == "read" else free[2]
                    access["where"], words[stream] = stream, offset
                found.append((port, bank, offset))
                bank = 1 - bank
            control[port] = access
        for port, where, offset in found:
            limit, only = control[port]["superlanes"], control[port]["only"]
            acts = limit == ROW if only else not 0 < limit <= ROW
            if port == "read":
                drives = control[port]["stream"], self.memory.get((where, offset), 0) * acts
            else:
                words[free[1]] = rng.getrandbits(DATA_BITS)
                if acts:
                    self.memory[where, offset] = words[free[1]]
        return control, words, drives


async def _cycle(dut, control, words):
    dut.south.value = CONTROL.const(control).as_value().value
    for west, name in enumerate("ew"):
        own = {s % STREAMS: w for s, w in words.items() if s // STREAMS == west}
        bus = sum(SECDED.encode(word) << (WORD_BITS * s) for s, word in own.items())
        getattr(dut, f"{name}_in__words").value = bus
    await RisingEdge(dut.clk)


@cocotb.test
async def every_access(dut):
    """READ, WRITE, GATHER and SCATTER in every cycle, at few places, so that they meet.

    Some do not act in the tile's superlane: they write nothing and drive zero.
    """
    await tb.begin(dut, row=ROW)
    await tb.backdoor(dut, 1, 2)
    rng = random.Random(P["seed"])
    ends = [0, CONFIG.bank_words - 1]
    driver = Driver(rng, ends + rng.sample(range(CONFIG.bank_words), 14))
    quiet = {"read": {}, "write": {}}, {}, None
    issued = [driver.issue() for _ in range(P["cycles"])] + [quiet] * 8
    drives, words = 0, {}
    for n, (control, later, _) in enumerate(issued):
        await _cycle(dut, control, words)
        words = later
        before = n - (D.mem_d_func - 1)
        wanted = issued[before][2] if before >= 0 else None
        assert int(dut.drive__enable.value) == (wanted is not None), f"cycle {n}"
        if wanted is not None:
            drives += 1
            assert int(dut.drive__stream.value) == wanted[0], f"cycle {n}"
            assert dut.drive__data.value.to_unsigned() == SECDED.encode(wanted[1]), f"cycle {n}"
        assert int(dut.critical.value) == 0, f"cycle {n}"
    assert drives > P["cycles"] // 2


@cocotb.test
async def bad_maps(dut):
    """Any other bit of a map is flagged, in either port, from the access on and until reset."""
    await tb.begin(dut, row=ROW)
    await tb.backdoor(dut, 1, 2)
    quiet = {"read": {}, "write": {}}
    for bit in range(CONFIG.bank_words.bit_length() - 1, DATA_BITS):
        for port in ("read", "write"):
            dut.rst.value = 1
            await _cycle(dut, quiet, {})
            dut.rst.value = 0
            # One in eight does not act here, and does not flag.
            off = bit % 8 == 0
            access = {"valid": 1, "indirect": 1, "where": 40, "stream": 3}
            access["superlanes"] = ROW if off else ROW + 1
            for n in range(D.mem_access + 4):
                await _cycle(
                    dut,
                    {**quiet, port: access} if n == 0 else quiet,
                    {40: 5 | 1 << bit} if n == 1 else {},
                )
                flagged = int(dut.critical.value)
                assert flagged == (n >= D.mem_access and not off), f"bit {bit}, {port}, cycle {n}"
