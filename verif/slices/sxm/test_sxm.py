"""Both SXMs run assembled programs on the nano chip: every operation, alone and at full rate."""

import numpy as np
import pytest

from tsp.arch.config import LANES, NANO, STREAMS
from tsp.arch.isa import make
from tsp.arch.timing import timing
from tspc.asm.disassembler import format_word
from verif.slices.assembled import Case, run
from verif.slices.sxm.oracle import maps_of, results
from verif.slices.sxm.transpose import transpose_matrix

D = timing(NANO)
START = 80
UNITS = {"SELECT": "SHIFT", "TRANSPOSE": "TRANSPOSE0"}


def sources_of(i):
    """Streams that an instruction takes."""
    count = LANES if i.name == "TRANSPOSE" else 1
    return [*range(i["stream"], i["stream"] + count), *maps_of(i)]


def legal_map(rng, i):
    """Bytes of a map without impossible entries, by stream."""
    size = NANO.lanes
    tops = {"SELECT": (4,), "DISTRIBUTE": (16,), "PERMUTE": (256, NANO.superlanes)}
    found = [rng.integers(0, top, size).astype(np.uint8) for top in tops.get(i.name, ())]
    if i.name == "DISTRIBUTE":
        found[0] |= rng.choice([0, 128], size).astype(np.uint8)
    return dict(zip(maps_of(i), found, strict=True))


class Sxm(Case):
    """A case of one hemisphere's SXM: operands from MEM bank 0, results to bank 1."""

    def __init__(self, side, seed):
        super().__init__(seed)
        self.inward, self.outward = (0, STREAMS) if side == "W" else (STREAMS, 0)
        self.side, self.offset = side, 0
        self.slices = [f"MEM_{side}{n}" for n in range(NANO.mem_slices)]

    def perform(self, cycle, name, unit="", spoil=None, **fields):
        """One operation on random streams and data; what it must leave is noted.

        `spoil`: (byte of the map, lane, value) to be put into a map that is legal otherwise.
        """
        group = LANES if name in ("TRANSPOSE", "ROTATE") else 1
        first = int(self.rng.integers(STREAMS // LANES)) * LANES
        other = (first + LANES) % STREAMS  # where maps go: not over the data
        drawn = {
            "stream": self.outward + first + (0 if group > 1 else int(self.rng.integers(LANES))),
            "result": self.inward + int(self.rng.integers(STREAMS // group)) * group,
        }
        if name in ("PERMUTE", "DISTRIBUTE"):
            drawn["map"] = self.outward + other + 2 * int(self.rng.integers(LANES // 2))
        if name == "SELECT":
            drawn["mask"] = self.outward + other + int(self.rng.integers(LANES))
        i = make(name, **drawn, **fields)
        maps = legal_map(self.rng, i)
        if spoil is not None:
            maps[maps_of(i)[spoil[0]]][spoil[1]] = spoil[2]
        queue = f"SXM_{self.side}_{unit or UNITS.get(name, name)}"
        kind = UNITS.get(name, name).removesuffix("0").lower()
        operands = {}
        for slice_, stream in zip(self.slices, sources_of(i)):
            place = slice_, 0, self.offset
            if stream in maps:
                self.image[place] = maps[stream].tobytes()
            operands[stream] = np.frombuffer(self.data(*place), np.uint8)
            self.feed(place, queue, cycle + getattr(D, f"{kind}_d_skew"), stream % STREAMS)
        self.add(queue, cycle, format_word(i))
        arrives = cycle + getattr(D, f"{kind}_d_func")
        for k, vector in enumerate(results(i, operands.__getitem__, NANO.superlanes)):
            place = self.slices[k], 1, self.offset
            stream = i["result"] + k
            self.take(queue, arrives, f"{'EW'[stream // STREAMS]}{stream % STREAMS}", place)
            self.expected[place] = vector.tobytes()
        self.offset += 1


def every_operation(side, seed):
    """One of each, every distance of SHIFT and SELECT's corners, one after the other."""
    case = Sxm(side, seed)
    words = [("SHIFT", {"n": n}) for n in (1, 7, 15, 16, -1, -8, -16)]
    words += [("SELECT", {"n": n}) for n in (1, 9, 16)]
    words += [("PERMUTE", {})] * 4 + [("DISTRIBUTE", {})] * 4
    words += [("ROTATE", {"n": n}) for n in (3, 4, 3)]
    words += [("TRANSPOSE", {"unit": unit}) for unit in ("TRANSPOSE0", "TRANSPOSE1", "TRANSPOSE0")]
    for number in case.rng.permutation(len(words)):
        name, fields = words[number]
        case.rng.shuffle(case.slices)
        case.perform(START + 5 * case.offset, name, **fields)
    return case


def every_cycle(side, name, seed, **fields):
    """One operation in many cycles without a gap."""
    case = Sxm(side, seed)
    for n in range(20):
        case.perform(START + n, name, **fields)
    return case


@pytest.fixture(scope="module")
def programs():
    """All cases, run in one simulation; the three-way comparison is part of it."""
    cases = [every_operation(side, seed) for seed, side in enumerate("WEWE")]
    for seed, side in enumerate("WE", 10):
        cases += [
            every_cycle(side, "SHIFT", seed, n=-3),
            every_cycle(side, "SELECT", seed, n=5),
            every_cycle(side, "PERMUTE", seed),
            every_cycle(side, "DISTRIBUTE", seed),
            every_cycle(side, "ROTATE", seed, n=4),
            every_cycle(side, "TRANSPOSE", seed, unit="TRANSPOSE1"),
        ]
    return cases


@pytest.mark.feature("slice", "SHIFT", "SELECT", "PERMUTE", "DISTRIBUTE", "ROTATE", "TRANSPOSE")
def test_programs_leave_what_numpy_says(programs):
    """Every operation of both SXMs, schedule = golden = RTL = NumPy."""
    ran = run(programs, "verif.slices.sxm.tb_sxm")
    assert not any(each.critical for each in ran)


def test_a_bad_map_is_zero_and_critical_and_the_chip_runs_on():
    """Impossible entries give zero and the sticky bit, in golden model and RTL alike."""
    cases = []
    for seed, (side, name, byte, value) in enumerate(
        (side, *bad)
        for side in "WE"
        for bad in (
            ("SELECT", 0, 4),
            ("DISTRIBUTE", 0, 0x90),
            ("PERMUTE", 1, NANO.superlanes),
            ("PERMUTE", 1, 0x20),
        )
    ):
        case = Sxm(side, seed)
        fields = {"n": 3} if name == "SELECT" else {}
        case.perform(START, name, spoil=(byte, 3 * seed, value), **fields)
        cases.append(case)
    ran = run(cases, "verif.slices.sxm.tb_sxm")
    assert all(each.critical and each.stopped is None for each in ran)


def test_a_matrix_is_transposed():
    """V x V bytes through TRANSPOSE, PERMUTE and SELECT equal NumPy's transpose."""
    run([transpose_matrix(seed) for seed in range(2)], "verif.slices.sxm.tb_sxm")
