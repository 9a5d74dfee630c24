"""Stream conflicts and empty streams.

A value driven at stop p stays on its diagonal: c - p for E, c + p for W. Counted along the
direction of flow a stop has a *position*, and both diagonals become time - position. One key holds
(stream, diagonal, position): equal keys are a conflict, and the last writer strictly upstream of a
reader is the neighbour below its key.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import STREAMS
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import stream_name
from tsp.arch.timing import Timing
from tspc.verifier.issues import Issue
from tspc.verifier.report import Problem
from tspc.verifier.tables import Ints, Table, drives_of, first_of_pairs, party_of, reads_of, spread

__all__ = ["check_streams", "drivers", "feeders", "sources"]


@dataclass(frozen=True)
class _Placed:
    """A table with positions, groups (stream and diagonal) and keys, sorted by key."""

    table: Table
    position: Ints
    group: Ints
    key: Ints


def check_streams(issues: Sequence[Issue], stops: int, timing: Timing) -> list[Problem]:
    """Find every stream conflict and every read of a stream that carries nothing."""
    drives, reads = _tables(issues, stops, timing)
    return _conflicts(drives, issues) + _empties(drives, reads, issues)


def feeders(issues: Sequence[Issue], stops: int, timing: Timing) -> tuple[int, int]:
    """How many of the driven words some reader takes, and how many are driven."""
    drives, reads = _tables(issues, stops, timing)
    below, fed = _last_writer(drives, reads)
    return len(np.unique(below[fed])), len(drives.key)


def drivers(
    issues: Sequence[Issue], readers: Sequence[Issue], stops: int, timing: Timing
) -> list[list[tuple[int, int] | None]]:
    """Who drives what each reader takes.

    Returns
    -------
    list
        For each of `readers`, in the order of its reads, the number of the issue and the copy that
        is the last to drive the word; None for an empty stream.
    """
    drives, reads = _tables([*issues, *readers], stops, timing)
    below, fed = _last_writer(drives, reads)
    found: list[list[tuple[int, int] | None]] = [[] for _ in readers]
    d, r = drives.table, reads.table
    for row in np.lexsort((r.stream, r.time, r.issue)).tolist():
        number = int(r.issue[row]) - len(issues)
        if number >= 0:
            at = int(below[row])
            found[number].append((int(d.issue[at]), int(d.copy[at])) if fed[row] else None)
    return found


def sources(
    issues: Sequence[Issue], readers: Collection[int], stops: int, timing: Timing
) -> list[tuple[int, int, int, int, int]]:
    """Who feeds what some issues read: (issue, copy, stream, driver's issue, driver's copy)."""
    drives, reads = _tables(issues, stops, timing)
    below, fed = _last_writer(drives, reads)
    rows = np.flatnonzero(fed & np.isin(reads.table.issue, list(readers)))
    r, d, of = reads.table, drives.table, below[rows]
    columns = (r.issue[rows], r.copy[rows], r.stream[rows], d.issue[of], d.copy[of])
    return list(zip(*(c.tolist() for c in columns), strict=True))


def _tables(issues: Sequence[Issue], stops: int, timing: Timing) -> tuple[_Placed, _Placed]:
    """Everything that is driven, and everything that is read."""
    numbered = list(enumerate(issues))
    drives = spread([u for n, i in numbered for u in drives_of(n, i, timing)], issues)
    reads = spread([u for n, i in numbered for u in reads_of(n, i, timing)], issues)
    latest = max([int(t.time.max()) for t in (drives, reads) if len(t.time)], default=0)
    span = latest + 2 * stops
    return _place(drives, issues, stops, span, 0), _place(reads, issues, stops, span, 1)


def _last_writer(drives: _Placed, reads: _Placed) -> tuple[Ints, NDArray[np.bool_]]:
    """For each read the row of its last writer upstream, and whether there is one."""
    below = np.searchsorted(drives.key, reads.key, side="right") - 1
    fed = (below >= 0) & (reads.position >= 0)
    if len(drives.group):
        fed &= drives.group[below] == reads.group
    return below, fed


def _place(table: Table, issues: Sequence[Issue], stops: int, span: int, back: int) -> _Placed:
    """Sort `table`; `back` is 1 for reads, which see the register of the stop before."""
    stop = np.array([i.queue.stop for i in issues], np.int64)[table.issue]
    position = np.where(table.stream < STREAMS, stop, stops - 1 - stop) - back
    group = table.stream * span + table.time - position + stops
    key = group * stops + position
    order = np.argsort(key, kind="stable")
    ordered = Table(table.issue[order], table.copy[order], table.time[order], table.stream[order])
    return _Placed(ordered, position[order], group[order], key[order])


def _conflicts(drives: _Placed, issues: Sequence[Issue]) -> list[Problem]:
    t = drives.table
    rows = np.flatnonzero(drives.key[1:] == drives.key[:-1])

    def make(n: int, count: int) -> Problem:
        row = int(rows[n])
        a, b = (party_of(issues, int(t.issue[r]), int(t.copy[r])) for r in (row, row + 1))
        stream, stop = stream_name(int(t.stream[row])), issues[int(t.issue[row])].queue.stop
        cycle = int(t.time[row])
        return Problem(
            ErrorClass.STREAM_CONFLICT,
            f"{a.queue} and {b.queue} both drive {stream} at stop {stop} in cycle {cycle}",
            cycle,
            b,
            a,
            "move one of them to another stream or another cycle",
            count,
        )

    cases = [(int(t.issue[r]), int(t.issue[r + 1])) for r in rows]
    return first_of_pairs(cases, [int(t.time[r]) for r in rows], make)


def _empties(drives: _Placed, reads: _Placed, issues: Sequence[Issue]) -> list[Problem]:
    rows = np.flatnonzero(~_last_writer(drives, reads)[1])
    t = reads.table

    def make(n: int, count: int) -> Problem:
        row = int(rows[n])
        reader = party_of(issues, int(t.issue[row]), int(t.copy[row]))
        cycle, name = int(t.time[row]), stream_name(int(t.stream[row]))
        other, help_ = None, f"drive {name} upstream of {reader.queue}"
        nearest = _nearest(drives, reads, row)
        if nearest is not None:
            driver, upstream, late = nearest
            d = drives.table
            other = party_of(issues, int(d.issue[driver]), int(d.copy[driver]))
            if not upstream:
                help_ = f"{other.queue} drives {name} where it flows away from {reader.queue}"
            elif late:
                earlier = "later" if late > 0 else "earlier"
                help_ = f"its value is there in cycle {cycle + late}: issue {abs(late)} {earlier}"
        return Problem(
            ErrorClass.EMPTY_STREAM,
            f"{reader.queue} reads {name} in cycle {cycle}, when it carries nothing",
            cycle,
            reader,
            other,
            help_,
            count,
        )

    cases = [(int(t.issue[r]),) for r in rows]
    return first_of_pairs(cases, [int(t.time[r]) for r in rows], make)


def _nearest(drives: _Placed, reads: _Placed, row: int) -> tuple[int, bool, int] | None:
    """The drive that a reader probably meant: (row, is it upstream, cycles it comes late)."""
    same = np.flatnonzero(drives.table.stream == reads.table.stream[row])
    if not len(same):
        return None
    late = drives.group[same] - reads.group[row]
    away = drives.position[same] > reads.position[row]
    best = int(np.lexsort((np.abs(late), away))[0])
    return int(same[best]), not bool(away[best]), int(late[best])
