"""The map tool: maps move bytes as asked, every permutation has one, every mapping has two."""

import numpy as np
import pytest

from tsp.arch.config import LANES
from tspc.permute import Unreachable, permute_maps, permute_passes
from verif.slices.sxm.oracle import results

HEIGHTS = [1, 2, 3, 4, 20]


class Word:
    """As much of a PERMUTE as the oracle wants."""

    name = "PERMUTE"

    def __getitem__(self, name):
        return {"stream": 0, "map": 2}[name]


def moved(vector, maps):
    """What the oracle of the RTL makes of a vector."""
    streams = {0: vector, 2: maps[0], 3: maps[1]}
    return results(Word(), streams.__getitem__, len(vector) // LANES)[0]


def check(sources, passes):
    """Two vectors tell every lane of 320 from every other."""
    size = len(sources)
    for vector in (np.arange(size) % 251, np.arange(size) // 251 + 1):
        out = vector.astype(np.uint8)
        for maps in passes:
            assert maps[1].max() < size // LANES
            out = moved(out, maps)
        assert np.array_equal(out, vector.astype(np.uint8)[sources])


@pytest.mark.parametrize("superlanes", HEIGHTS)
@pytest.mark.parametrize("seed", range(10))
def test_every_permutation_takes_one(superlanes, seed):
    rng = np.random.default_rng(seed)
    size = LANES * superlanes
    corner = [np.arange(size), np.arange(size)[::-1], np.roll(np.arange(size), 1)]
    corner += [np.arange(size).reshape(LANES, superlanes).T.ravel()]
    sources = corner[seed] if seed < len(corner) else rng.permutation(size)
    check(sources, [permute_maps(sources)])


@pytest.mark.parametrize("superlanes", HEIGHTS)
@pytest.mark.parametrize("seed", range(10))
def test_every_mapping_takes_two_at_most(superlanes, seed):
    rng = np.random.default_rng(seed)
    size = LANES * superlanes
    distinct = rng.integers(1, size + 1)
    sources = rng.choice(rng.permutation(size)[:distinct], size)
    passes = permute_passes(sources)
    assert 1 <= len(passes) <= 2
    check(sources, passes)


@pytest.mark.parametrize("superlanes", HEIGHTS)
@pytest.mark.parametrize("lane", [0, 5, -1])
def test_a_broadcast_takes_one(superlanes, lane):
    size = LANES * superlanes
    check(np.full(size, lane % size), [permute_maps(np.full(size, lane % size))])
    every = np.tile(np.arange(LANES)[::-1], superlanes)  # one superlane to all
    check(every, [permute_maps(every)])


def test_a_multicast_that_no_map_can_do_takes_two():
    """Superlane 0's lanes 0 .. 7 join both halves of superlane 1, and its other half is wanted."""
    half = np.arange(8)
    sources = np.concatenate([half, 16 + half, half, 24 + half, 8 + half, 32 + half])
    with pytest.raises(Unreachable):
        permute_maps(sources)
    passes = permute_passes(sources)
    assert len(passes) == 2
    check(sources, passes)


@pytest.mark.parametrize("sources", [[], [0] * 15, [0] * 15 + [16], [-1] + [0] * 15])
def test_what_is_no_mapping_is_refused(sources):
    with pytest.raises(ValueError, match="lane"):
        permute_maps(sources)
