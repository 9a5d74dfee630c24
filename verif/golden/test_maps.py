"""GATHER and SCATTER on the golden model against NumPy; every input has maps of its own."""

import numpy as np
import pytest

from tsp.arch.config import LANES, NANO
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import make, stream_number
from tspc.golden.errors import GoldenError
from tspc.golden.simulate import simulate
from verif.golden.builder import Maker, both, read, write

T, V = NANO.superlanes, NANO.lanes
SOURCE, MAPS, TABLE, SINK = "MEM_W3", "MEM_W5", "MEM_E1", "MEM_E6"
START = Maker().start + 40


def by_map(port, bank, stream, map_, count=1, interval=1):
    """GATHER or SCATTER."""
    fields = {"kind": 2, "bank": bank, "stream": stream_number(stream), "count": count}
    fields |= {"map": stream_number(map_), "interval": interval}
    return make("MEM", **{f"{port}_{name}": value for name, value in fields.items()})


def map_of(offsets):
    """A map vector from an offset for each superlane."""
    words = np.zeros((T, LANES), np.uint8)
    words[:, 0], words[:, 1] = np.array(offsets) % 256, np.array(offsets) // 256
    return words.reshape(-1)


def program():
    """Scatter two vectors into bank 0 of TABLE, gather two from its bank 1 into SINK."""
    maker, d = Maker(), Maker().timing
    at = maker.arrival(START, d.mem_d_func, SOURCE, TABLE) - d.mem_d_skew
    fetch = maker.arrival(0, d.mem_d_func, MAPS, TABLE) - d.mem_d_skew
    word = both(by_map("read", 1, "E9", "E4", 2), by_map("write", 0, "E3", "E5", 2))
    then = maker.arrival(at, d.mem_d_func, TABLE, SINK) - d.mem_d_skew
    queues = {
        SOURCE: [(START, read(0, 0, "E3", count=2, stride=1))],
        MAPS: [(at - fetch, read(0, 0, "E4", count=2, stride=1))],
        "MEM_W7": [],
        TABLE: [(at, word)],
        SINK: [(then, write(0, 0, "E9", count=2, stride=1))],
    }
    other = maker.arrival(0, d.mem_d_func, "MEM_W7", TABLE) - d.mem_d_skew
    queues["MEM_W7"] = [(at - other, read(0, 0, "E5", count=2, stride=1))]
    return maker, maker.program(queues)


def inputs(rng, maker):
    """Image of one run, and its gather and scatter offsets (2, T)."""
    image, words = {}, NANO.bank_words
    gathers, scatters = rng.integers(0, words, (2, 2, T))
    for slice_, values in ((MAPS, gathers), ("MEM_W7", scatters)):
        for n in (0, 1):
            image[maker.queue(slice_), 0, n] = map_of(values[n])
    for n in (0, 1):
        image[maker.queue(SOURCE), 0, n] = rng.integers(0, 256, V, np.uint8)
    for n in range(words):
        image[maker.queue(TABLE), 1, n] = rng.integers(0, 256, V, np.uint8)
    return image, gathers, scatters


def lanes(y):
    return slice(LANES * y, LANES * (y + 1))


@pytest.mark.parametrize("count", [1, 5])
def test_every_input_has_its_own_offsets(count):
    maker, made = program()
    rng = np.random.default_rng(count)
    cases = [inputs(rng, maker) for _ in range(count)]
    table, sink = maker.queue(TABLE), maker.queue(SINK)
    for (image, gathers, scatters), run in zip(cases, simulate(made, [c[0] for c in cases])):
        written = {}
        for n in (0, 1):
            data = image[maker.queue(SOURCE), 0, n]
            for y in range(T):
                found = run.memory[sink, 0, n][lanes(y)]
                np.testing.assert_array_equal(found, image[table, 1, gathers[n][y]][lanes(y)])
                written.setdefault(int(scatters[n][y]), np.zeros(V, np.uint8))[lanes(y)] = data[
                    lanes(y)
                ]
        held = {o for q, b, o in run.memory if (q, b) == (table, 0)}
        assert held == set(written), "only what this input's maps name"
        for offset, vector in written.items():
            np.testing.assert_array_equal(run.memory[table, 0, offset], vector)
        rows = run.writes[(run.writes["queue"] == table)]
        assert sorted(zip(rows["superlane"], rows["offset"])) == sorted(
            (y, scatters[n][y]) for n in (0, 1) for y in range(T)
        )
        assert len(run.memory) == len(list(run.memory))
        alone = simulate(made, [image])[0]
        assert np.array_equal(alone.writes, run.writes)
        assert np.array_equal(alone.events, run.events)


def refused(change):
    """The error of a program of which one thing is changed."""
    maker, made = program()
    image, gathers, scatters = inputs(np.random.default_rng(3), maker)
    change(maker, image, gathers, scatters)
    with pytest.raises(GoldenError) as caught:
        simulate(made, [image])
    return caught.value


@pytest.mark.feature("unit", "error bad map")
@pytest.mark.parametrize("lane", [1, 2, LANES - 1])
def test_other_bits_of_a_map_are_zero(lane):
    def change(maker, image, gathers, scatters):
        image[maker.queue(MAPS), 0, 1][LANES + lane] = 1

    error = refused(change)
    assert error.error_class is ErrorClass.BAD_MAP
    assert "for superlane 1" in error.message and error.parties[0].queue == TABLE


def test_a_gather_needs_its_own_superlanes_alone():
    def all_of_it(maker, image, gathers, scatters):
        del image[maker.queue(TABLE), 1, int(gathers[1][1])]

    error = refused(all_of_it)
    assert error.error_class is ErrorClass.UNINITIALISED
    assert f"offset {error.message.split('offset ')[1].split()[0]} in superlane" in error.message


def test_a_vector_of_which_a_part_was_scattered_is_not_whole():
    """GATHER may read the part, READ may not; a whole WRITE makes it whole."""
    maker, d = Maker(), Maker().timing
    for n, slice_ in enumerate((SOURCE, MAPS)):
        maker.put(slice_, 0, 0, 7 if n == 0 else 0)
    maker.memory[maker.queue(MAPS), 0, 0] = map_of([5, *[9] * (T - 1)])
    at = maker.arrival(START, d.mem_d_func, SOURCE, TABLE) - d.mem_d_skew
    fetch = maker.arrival(0, d.mem_d_func, MAPS, TABLE) - d.mem_d_skew
    base = {
        SOURCE: [(START, read(0, 0, "E3", count=4))],
        MAPS: [(at - fetch, read(0, 0, "E5", count=4))],
    }
    scatter = (at, by_map("write", 0, "E3", "E5"))
    maker.run({**base, TABLE: [scatter, (at + 1, by_map("read", 0, "E9", "E5"))]})
    maker.run({**base, TABLE: [scatter, (at + 1, write(0, 5, "E3")), (at + 2, read(0, 5, "E9"))]})
    with pytest.raises(GoldenError) as caught:
        maker.run({**base, TABLE: [scatter, (at + 1, read(0, 5, "E9"))]})
    assert caught.value.error_class is ErrorClass.UNINITIALISED
