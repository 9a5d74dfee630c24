"""GATHER and SCATTER in assembled programs: every slice, bursts, REPEAT; bad maps."""

import numpy as np
import pytest

from tsp.arch.config import LANES, NANO
from tsp.arch.errors import ErrorClass
from tsp.arch.timing import timing
from tspc.engines.rtl import Job, RtlEngine
from tspc.golden.errors import GoldenError
from tspc.golden.model import GoldenEngine
from tspc.verifier import verify
from verif.random_programs import hit
from verif.slices.assembled import STOP, Case, run, stream_between
from verif.slices.mem.test_mem import SLICES, consumer

D = timing(NANO)
START = 60
T, WORDS = NANO.superlanes, NANO.bank_words


def map_of(offsets):
    """A map vector: each superlane's offset in bytes 0 and 1 of its word."""
    words = np.zeros((T, LANES), np.uint8)
    words[:, :2] = np.array(offsets, "<u2").reshape(-1, 1).view(np.uint8)
    return words.tobytes()


def mixed(vectors):
    """Superlane y of vector y, for all y."""
    return b"".join(v[LANES * y : LANES * (y + 1)] for y, v in enumerate(vectors))


class Maps(Case):
    """A case that works out what GATHER and SCATTER leave."""

    def draw(self, below=WORDS):
        """Random offsets, one for each superlane."""
        return [int(o) for o in self.rng.integers(0, below, T)]

    def feed_maps(self, holder, first, sink, issue, index, maps, every=1):
        """Maps from bank 0 of `holder` on the inputs of `sink` for accesses from `issue` on."""
        for n, offsets in enumerate(maps):
            self.image[holder, 0, first + n] = map_of(offsets)
        stream = stream_between(holder, sink, index)
        at = issue + D.mem_d_skew - D.mem_d_func - abs(STOP[sink] - STOP[holder]) + 1
        self.add(holder, at, f"READ 0:{first} -> {stream} count={len(maps)} stride=1 every={every}")
        return stream

    def gathered(self, slice_, bank, offsets):
        """What a GATHER reads."""
        return mixed([self.data(slice_, bank, offset) for offset in offsets])

    def scatters(self, slice_, bank, offsets, vector):
        """Expect a vector superlane by superlane at its places; what was there stays."""
        for y, offset in enumerate(offsets):
            key = slice_, bank, offset
            old = self.expected.get(key, self.image.get(key, bytes(NANO.lanes)))
            self.expected[key] = mixed([vector if k == y else old for k in range(T)])


def exchange(turn):
    """Each slice of one hemisphere gathers from bank 0 for one of the other, which scatters."""
    case, half = Maps(turn), len(SLICES) // 2
    for i in range(half):
        pair = SLICES[i], SLICES[half + (i + 5 * turn) % half]
        source, sink = pair[:: -1 if turn else 1]
        every, at, options = 1 + i % 3, START + 24 * i, f"count=3 every={1 + i % 3}"
        # Maps stand from offset 100 on; no other slice's data may.
        offsets, places = ([case.draw(n) for _ in range(3)] for n in (100, WORDS))
        offsets[1][0], offsets[2][-1], places[0][0] = WORDS - 1, 0, WORDS - 1
        data = stream_between(source, sink, i % 8)
        then = consumer(source, sink, at)
        for slice_, issue, maps, word in (
            (source, at, offsets, f"GATHER 0 -> {data}"),
            (sink, then, places, f"SCATTER 1 <- {data}"),
        ):
            other = "E" if slice_.startswith("MEM_W") else "W"
            holder = f"MEM_{other}{2 if f'MEM_{other}8' in pair else 8}"
            map_ = case.feed_maps(holder, 100 + 6 * i, slice_, issue, 8 + i % 8, maps, every)
            case.add(slice_, issue, f"{word} map={map_} {options}")
        for each, where in zip(offsets, places, strict=True):
            case.scatters(sink, 1, where, case.gathered(source, 0, each))
    return case


def both_ports():
    """One word gathers and scatters by one map; a word scattered is gathered in the next cycle."""
    case = Maps(7)
    source, middle, sink = "MEM_W4", "MEM_E2", "MEM_E9"
    offsets, value = case.draw(), case.data(source, 1, 7)
    before = case.gathered(middle, 1, offsets)
    case.add(source, START, "READ 1:7 -> E3 count=2")
    at = consumer(source, middle, START)
    map_ = case.feed_maps("MEM_W9", 20, middle, at, 4, [offsets] * 3)
    case.add(middle, at, f"GATHER 1 -> E5 map={map_} | SCATTER 0 <- E3 map={map_}")
    case.add(middle, at + 1, f"GATHER 0 -> E5 map={map_} | SCATTER 1 <- E3 map={map_}")
    case.add(middle, at + 2, f"GATHER 1 -> E5 map={map_}")
    for n, vector in enumerate((before, value, value)):
        case.add(sink, consumer(middle, sink, at) + n, f"WRITE {n % 2}:{30 + n} <- E5")
        case.expected[sink, n % 2, 30 + n] = vector
    for bank in (0, 1):
        case.scatters(middle, bank, offsets, value)
    return case


def repeated():
    """REPEAT of GATHER and SCATTER takes a new map each time and steps nothing."""
    case = Maps(8)
    source, sink = "MEM_E11", "MEM_E3"
    repeat = "\n    REPEAT 4, 3"
    offsets, places = ([case.draw() for _ in range(5)] for _ in range(2))
    for slice_, issue, maps, word, holder in (
        (source, START, offsets, "GATHER 0 -> W9", "MEM_W5"),
        (sink, consumer(source, sink, START), places, "SCATTER 1 <- W9", "MEM_W7"),
    ):
        map_ = case.feed_maps(holder, 60, slice_, issue, 20, maps, 3)
        case.add(slice_, issue, f"{word} map={map_}{repeat}")
    for each, where in zip(offsets, places, strict=True):
        case.scatters(sink, 1, where, case.gathered(source, 0, each))
    return case


def computed():
    """A map made by an ALU: lane 0 of each superlane is the offset, the others are masked out."""
    case = Maps(9)
    alu, table, sink = "VXM4", "MEM_E4", "MEM_E12"
    x = case.data("MEM_W3", 0, 5)
    case.image["MEM_W4", 0, 6] = bytes([255, *[0] * 15]) * T
    for slice_, offset, index in (("MEM_W3", 5, 0), ("MEM_W4", 6, 1)):
        case.feed((slice_, 0, offset), alu, START + D.vxm_d_skew, index)
    case.add(alu, START, "AND.int32 E0:int8, E1:int8 -> E2:int8")
    at = START + D.vxm_d_func + STOP[table] - STOP[alu] - 1 - D.mem_d_skew
    case.add(table, at, "GATHER 1 -> E7 map=E2")
    case.take(table, at + D.mem_d_func, "E7", (sink, 0, 1))
    case.expected[sink, 0, 1] = case.gathered(table, 1, [x[LANES * y] for y in range(T)])
    return case


@pytest.mark.feature("slice", "GATHER", "SCATTER", measured=True)
def test_assembled_programs_of_every_slice():
    cases = [exchange(0), exchange(1), both_ports(), repeated(), computed()]
    results = run(cases, "verif.slices.mem.tb_mem")
    hits = set().union(*(hit(NANO, result.events) for result in results))
    for port in ("read", "write"):
        assert {("MEM slice", port, "INDIRECT", slice_) for slice_ in SLICES} <= hits


def one_map(port, word, value=0):
    """A program with one GATHER or SCATTER whose map has `value` in byte `word` of superlane 1."""
    case = Maps(3)
    vector = bytearray(map_of([5] * T))
    vector[LANES + word] = value or vector[LANES + word]
    map_ = case.feed_maps("MEM_E6", 30, "MEM_W3", START, 6, [[5] * T])
    case.image["MEM_E6", 0, 30] = bytes(vector)
    case.data("MEM_W3", 0, 5)
    case.feed(("MEM_E7", 1, 9), "MEM_W3", START + D.mem_d_skew, 8)
    case.data("MEM_E7", 1, 9)
    text = {"read": f"GATHER 0 -> W7 map={map_}", "write": f"SCATTER 0 <- W8 map={map_}"}
    case.add("MEM_W3", START, text[port])
    return case.program(f"{port}_{word}_{value}")


BAD = [(port, byte, 1) for port in ("read", "write") for byte in (1, 2, 9, 15)]


def test_a_bad_map_sets_the_critical_bit_and_the_program_runs_on():
    programs = [p for case in BAD for p in (one_map(*case[:2]), one_map(*case))]
    results = RtlEngine(test_module="verif.slices.mem.tb_maps").run_jobs(
        [Job(program, {}) for program in programs]
    )
    assert all(r.stopped is None and r.done for r in results)
    accesses = [np.count_nonzero(r.events["queue"] == NANO.queue_by_name["MEM_W3"].index)
                for r in results]  # fmt: skip
    assert set(accesses) == {2}, "the access itself takes place: GATHER or SCATTER, and HALT"


@pytest.mark.parametrize(("port", "byte", "value"), BAD)
def test_golden_model_and_verifier_refuse_a_bad_map(port, byte, value):
    assert verify(one_map(port, byte)).ok
    GoldenEngine().run(one_map(port, byte))
    program = one_map(port, byte, value)
    problems = verify(program).problems
    assert [p.error_class for p in problems] == [ErrorClass.BAD_MAP]
    assert (problems[0].party.queue, problems[0].cycle) == ("MEM_W3", START)
    with pytest.raises(GoldenError, match="for superlane 1") as caught:
        GoldenEngine().run(program)
    assert caught.value.error_class is ErrorClass.BAD_MAP
