"""Maps for PERMUTE: which bytes let output lane l be input lane ``sources[l]``.

A PERMUTE gathers three times: within the superlanes of the input, between superlanes at the same
lane, within the superlanes of the output. So a byte on its way from superlane Y to superlane y
needs a *middle lane*, its own among the bytes that leave Y and among those that enter y. For a
permutation that is to colour the edges of a bipartite graph, superlanes of the input and output,
of degree 16, with 16 colours: König's theorem says that it can be done.

A multicast may take a byte from Y to several superlanes by one middle lane, or by several. Most
can be done, not all: 8 bytes of a superlane cannot join 8 bytes of another one here and the other
8 of it there, if the first superlane's other bytes are wanted, too. But any mapping is a monotone
one, in which rank modulo 16 serves as middle lane, and a permutation of what it leaves: two
PERMUTEs always do.
"""

from collections.abc import Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import LANES

__all__ = ["Unreachable", "permute", "permute_maps", "permute_passes"]

Bytes = NDArray[np.uint8]

#: Orders in which a multicast's bytes are given their lanes before it is given up.
_TRIES = 200

#: (superlane of the input, lane, superlane of the output) -> middle lane.
_Lanes = dict[tuple[int, int, int], int]


class Unreachable(ValueError):
    """A multicast for which no single PERMUTE was found; :func:`permute_passes` does it in two."""


def permute_maps(sources: Sequence[int]) -> tuple[Bytes, Bytes]:
    """The two vectors of a PERMUTE's map, for its first and its second stream.

    Parameters
    ----------
    sources
        For each output lane 0 .. V-1 the input lane that it shows. Any permutation will do, and
        nearly any multicast.

    Raises
    ------
    ValueError
        If the length is no multiple of 16 or a source is not a lane.
    Unreachable
        If no map was found. That can happen for multicasts only.
    """
    lanes = _checked(sources)
    demands = sorted({(s // LANES, s % LANES, n // LANES) for n, s in enumerate(lanes)})
    degree = np.bincount([y for y, _, _ in demands])
    middle = _coloured(demands) if degree.max() <= LANES else _shared(demands)
    return _maps_of(lanes, middle)


def permute_passes(sources: Sequence[int]) -> list[tuple[Bytes, Bytes]]:
    """Maps of one PERMUTE, or of two to be executed one after the other, for any mapping."""
    try:
        return [permute_maps(sources)]
    except Unreachable:
        lanes = np.array(_checked(sources))
    order = np.argsort(lanes, kind="stable")
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return [_monotone(lanes[order].tolist()), permute_maps(back.tolist())]


def permute(vector: Bytes, maps: tuple[Bytes, Bytes]) -> Bytes:
    """What a PERMUTE makes of a vector."""
    x, low, high = (np.asarray(v).reshape(-1, LANES).astype(np.intp) for v in (vector, *maps))
    gathered = np.take_along_axis(x, low & 15, 1)
    crossed = np.take_along_axis(gathered, high, 0)
    return np.take_along_axis(crossed, low >> 4, 1).astype(np.uint8).ravel()


def _checked(sources: Sequence[int]) -> list[int]:
    lanes = [int(s) for s in sources]
    if not lanes or len(lanes) % LANES:
        raise ValueError(f"{len(lanes)} lanes are no whole number of superlanes of {LANES}")
    for n, source in enumerate(lanes):
        if not 0 <= source < len(lanes):
            raise ValueError(f"lane {n} shows lane {source}, which is not in 0 .. {len(lanes) - 1}")
    return lanes


def _maps_of(lanes: list[int], middle: _Lanes) -> tuple[Bytes, Bytes]:
    superlanes = len(lanes) // LANES
    first: Bytes = np.zeros((superlanes, LANES), np.uint8)
    second, third = first.copy(), first.copy()
    for n, source in enumerate(lanes):
        (y, lane), (to, at) = divmod(source, LANES), divmod(n, LANES)
        through = middle[y, lane, to]
        first[y, through], second[to, through], third[to, at] = lane, y, through
    third <<= 4
    return (first | third).ravel(), second.ravel()


def _monotone(lanes: list[int]) -> tuple[Bytes, Bytes]:
    """Maps of sources that never fall: neighbours in rank differ modulo 16."""
    rank = {source: n for n, source in enumerate(sorted(set(lanes)))}
    middle = {
        (source // LANES, source % LANES, n // LANES): rank[source] % LANES
        for n, source in enumerate(lanes)
    }
    return _maps_of(lanes, middle)


def _coloured(demands: Sequence[tuple[int, int, int]]) -> _Lanes:
    """Middle lanes if no superlane has more than 16 demands: each demand its own.

    Edge by edge; where the ends have no free lane in common, the lanes along the path that
    alternates between a free one of each end are exchanged.
    """
    found: _Lanes = {}
    at: dict[tuple[str, int], dict[int, tuple[int, int, int]]] = {}
    for demand in demands:
        source, sink = ("in", demand[0]), ("out", demand[2])
        here, there = at.setdefault(source, {}), at.setdefault(sink, {})
        a = next(lane for lane in range(LANES) if lane not in here)
        b = next(lane for lane in range(LANES) if lane not in there)
        if a in there:
            _exchange(at, found, sink, a, b)
        found[demand] = a
        here[a] = there[a] = demand
    return found


def _exchange(
    at: dict[tuple[str, int], dict[int, tuple[int, int, int]]],
    found: _Lanes,
    node: tuple[str, int],
    a: int,
    b: int,
) -> None:
    """Free lane `a` at `node`, where `b` is free, along the path of alternating lanes."""
    path, lane = [], a
    while lane in at[node]:
        demand = at[node][lane]
        path.append(demand)
        node = ("in", demand[0]) if node[0] == "out" else ("out", demand[2])
        lane = b if lane == a else a
    for demand in path:
        for end in (("in", demand[0]), ("out", demand[2])):
            if at[end].get(found[demand]) == demand:
                del at[end][found[demand]]
    for demand in path:
        found[demand] = b if found[demand] == a else a
        for end in (("in", demand[0]), ("out", demand[2])):
            at[end][found[demand]] = demand


def _shared(demands: Sequence[tuple[int, int, int]]) -> _Lanes:
    """Middle lanes of a multicast: first come, first served, in several orders."""
    sinks: dict[tuple[int, int], list[int]] = {}
    for y, lane, to in demands:
        sinks.setdefault((y, lane), []).append(to)
    rng = Random(len(demands))
    order = sorted(sinks, key=lambda one: -len(sinks[one]))
    for _ in range(_TRIES):
        found = _served(order, sinks)
        if isinstance(found, dict):
            return found
        # What found no lane goes first the next time, and a little chance avoids circles.
        order.remove(found)
        order.insert(0, found)
        i, j = rng.randrange(len(order)), rng.randrange(len(order))
        order[i], order[j] = order[j], order[i]
    raise Unreachable("no single PERMUTE was found for this multicast")


def _served(
    order: Sequence[tuple[int, int]], sinks: dict[tuple[int, int], list[int]]
) -> _Lanes | tuple[int, int]:
    """Middle lanes in this order of sources, or the first source that has none."""
    found: _Lanes = {}
    leaving: dict[int, set[int]] = {}
    entering: dict[int, set[int]] = {}
    for y, lane in order:
        rest = set(sinks[y, lane])
        while rest:
            free = [m for m in range(LANES) if m not in leaving.setdefault(y, set())]
            able = {m: [t for t in rest if m not in entering.setdefault(t, set())] for m in free}
            best = max(free, key=lambda m: len(able[m]), default=-1)
            if best < 0 or not able[best]:
                return y, lane
            leaving[y].add(best)
            for to in able[best]:
                entering[to].add(best)
                found[y, lane, to] = best
            rest.difference_update(able[best])
    return found
