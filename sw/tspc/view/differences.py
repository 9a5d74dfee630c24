"""Plan against record: which events differ, and how.

Two events are the same if segment, cycle, queue and word are. What is left of either side is paired
again: the same word at another time has *moved*, another word at the same time has *changed*; the
rest is *missing* or *extra*.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["Difference", "Kind", "differences"]

#: The side of a difference that has no event.
NONE = -1


class Kind(IntEnum):
    """How an event of the plan and one of the record differ."""

    MOVED = 0
    CHANGED = 1
    MISSING = 2
    EXTRA = 3


@dataclass(frozen=True)
class Difference:
    """One difference: events by their row in plan and record, :data:`NONE` where there is none."""

    kind: Kind
    plan: int
    actual: int


def differences(plan: NDArray[np.void], actual: NDArray[np.void]) -> list[Difference]:
    """All differences between two ``EVENT`` arrays, by time."""
    missing, extra = _left(plan, actual)
    found = []
    lonely = {"plan": missing, "actual": extra}
    for kind in (Kind.MOVED, Kind.CHANGED):
        pairs, lonely["plan"], lonely["actual"] = _pair(
            _keys(plan, lonely["plan"], kind), _keys(actual, lonely["actual"], kind)
        )
        found += [Difference(kind, p, a) for p, a in pairs]
    found += [Difference(Kind.MISSING, p, NONE) for p in lonely["plan"]]
    found += [Difference(Kind.EXTRA, NONE, a) for a in lonely["actual"]]

    def time(d: Difference) -> tuple[tuple[int, int, int], ...]:
        sides = [(plan, d.plan), (actual, d.actual)]
        events = [side[row] for side, row in sides if row != NONE]
        return tuple(sorted((int(e["segment"]), int(e["cycle"]), int(e["queue"])) for e in events))

    return sorted(found, key=time)


def _left(plan: NDArray[np.void], actual: NDArray[np.void]) -> tuple[list[int], list[int]]:
    """Rows of each side that have no equal on the other, counted one for one."""
    both = np.concatenate([plan, actual])
    words = np.ascontiguousarray(both["word"]).view("<u8").reshape(-1, 2)
    columns = [both["segment"], both["cycle"], both["queue"], words[:, 0], words[:, 1]]
    columns = [np.ascontiguousarray(c).astype(np.uint64) for c in columns]
    side = np.arange(len(both)) >= len(plan)
    order = np.lexsort((side, *columns))
    table = np.stack([c[order] for c in columns])
    new = np.ones(len(order), bool)
    new[1:] = (table[:, 1:] != table[:, :-1]).any(0)
    group = np.cumsum(new) - 1
    sides = side[order]
    groups = int(group[-1]) + 1 if len(group) else 0
    counts = [np.bincount(group[sides == s], minlength=groups) for s in (False, True)]
    first = np.flatnonzero(new)[group] if len(group) else group
    rank = np.arange(len(order)) - first - np.where(sides, counts[0][group], 0)
    left = rank >= np.where(sides, counts[0][group], counts[1][group])
    return (
        sorted(order[left & ~sides].tolist()),
        sorted((order[left & sides] - len(plan)).tolist()),
    )


def _keys(
    events: NDArray[np.void], rows: Sequence[int], kind: Kind
) -> Iterator[tuple[Hashable, int]]:
    """What has to be equal for a pair of this kind, for each row."""
    for row in rows:
        e = events[row]
        queue = int(e["queue"])
        if kind is Kind.MOVED:
            yield (queue, e["word"].tobytes()), row
        else:
            yield (queue, int(e["segment"]), int(e["cycle"])), row


def _pair(
    plan: Iterable[tuple[Hashable, int]], actual: Iterable[tuple[Hashable, int]]
) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Pair rows of equal keys in their order; returns the pairs and what is left of both."""
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    for key, row in actual:
        waiting[key].append(row)
    for rows in waiting.values():
        rows.reverse()
    pairs, alone = [], []
    for key, row in plan:
        if waiting.get(key):
            pairs.append((row, waiting[key].pop()))
        else:
            alone.append(row)
    return pairs, alone, sorted(row for rows in waiting.values() for row in rows)
