"""Values on streams: who drives them, how long they live, and who reads them.

A value that is driven at stop p in cycle c is at the next stop one cycle later, until a unit there
drives the same stream, or the chip ends. Counted along its direction every stop has a *position*,
and time - position never changes for one value: that number and the stream name its *course*.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import STREAMS, Config
from tsp.arch.isa import decode
from tsp.arch.timing import Timing
from tspc.program import Program
from tspc.verifier.issues import Issue
from tspc.verifier.tables import Use, drives_of, reads_of

__all__ = ["NOBODY", "Flow", "flow"]

Ints = NDArray[np.int64]

NOBODY = -1  #: the driver of what nobody drove

_PORTS = ("", "read", "write")


@dataclass(frozen=True, eq=False)
class Flow:
    """All values of a program.

    Attributes
    ----------
    event, stream, start, life
        Of each value: the event that drives it, its stream, the cycle in which the stream register
        of that event's stop takes it, and the number of cycles that it lives. By stream and start.
    reader, read_stream, read_time, source
        Of each operand: the event that reads it, its stream, the cycle in which it is on the
        inputs of that event's stop, and the value that it is (:data:`NOBODY`: none). By event.
    """

    event: Ints
    stream: Ints
    start: Ints
    life: Ints
    reader: Ints
    read_stream: Ints
    read_time: Ints
    source: Ints


def flow(
    program: Program, table: Timing, queue: Ints, time: Ints, origin: Ints, port: Ints
) -> Flow:
    """Follow the values of events, given by queue, cycle, word in the queue's text and MEM port.

    `port` is 0 for all but MEM events, 1 for a read, 2 for a write.
    """
    keys = np.stack([queue, origin, port])
    kinds, kind = np.unique(keys, axis=1, return_inverse=True)
    kind = kind.reshape(-1)  # NumPy 2.0 gives it the shape of the keys
    issues = [_issue(program, *(int(n) for n in column)) for column in kinds.T]
    driver, stream, delay = _spread(issues, drives_of, table, kind)
    start = time[driver] + delay
    values = _Placed(program.config, queue[driver], stream, start, back=0)
    life = _lives(values, program.config.stops)
    reader, read_stream, read_delay = _spread(issues, reads_of, table, kind)
    read_time = time[reader] + read_delay
    reads = _Placed(program.config, queue[reader], read_stream, read_time, back=1)
    order = np.lexsort((start, stream))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    source = _sources(values, reads)
    source = np.where(source == NOBODY, NOBODY, rank[source] if len(rank) else NOBODY)
    by = np.argsort(reader, kind="stable")
    return Flow(
        *(column[order] for column in (driver, stream, start, life)),
        *(column[by] for column in (reader, read_stream, read_time, source)),
    )


def _issue(program: Program, queue: int, origin: int, port: int) -> Issue | None:
    """What the verifier's tables want to know of a word; None for the loader's HALT."""
    if origin < 0:
        return None
    config, i = program.config, decode(program.text[queue][origin])
    # An IFETCH is one event that reads pair after pair; all else acts once an event.
    pairs = i["n"] if i.name == "IFETCH" else 1
    every = 2 * config.superlanes
    return Issue(config.queues[queue], origin, i, 0, pairs, every, port=_PORTS[port])


def _spread(
    issues: list[Issue | None],
    uses: Callable[[int, Issue, Timing], Iterable[Use]],
    table: Timing,
    kind: Ints,
) -> tuple[Ints, Ints, Ints]:
    """Event, stream and delay of every stream that the events use."""
    rows = [
        (n, first + k, issue.at(copy) + delay)
        for n, issue in enumerate(issues)
        if issue is not None
        for copy in range(issue.copies)
        for _, first, count, delay in uses(n, issue, table)
        for k in range(count)
    ]
    number, stream, delay = np.array(rows, np.int64).reshape(-1, 3).T
    begin = np.searchsorted(number, np.arange(len(issues) + 1))
    count = np.diff(begin)[kind]
    event = np.repeat(np.arange(len(kind)), count)
    inside = np.arange(len(event)) - np.repeat(np.cumsum(count) - count, count)
    row = begin[kind[event]] + inside
    return event, stream[row], delay[row]


class _Placed:
    """Uses of streams, each with its position and its key: stream and course, then position."""

    def __init__(self, config: Config, queue: Ints, stream: Ints, time: Ints, *, back: int) -> None:
        stop = np.array([q.stop for q in config.queues], np.int64)[queue]
        east = stream < STREAMS
        self.position = np.where(east, stop, config.stops - 1 - stop) - back
        self.course = (stream << 40) + time - self.position + config.stops
        self.key = self.course * config.stops + self.position


def _lives(values: _Placed, stops: int) -> Ints:
    """Cycles from being driven to being replaced, or falling off the chip's end."""
    order = np.argsort(values.key, kind="stable")
    position, course = values.position[order], values.course[order]
    end = np.full(len(order), stops, np.int64)
    same = course[1:] == course[:-1]
    end[:-1][same] = position[1:][same]
    life = np.empty(len(order), np.int64)
    life[order] = end - position
    return life


def _sources(values: _Placed, reads: _Placed) -> Ints:
    """For each read the value that is there: the last one driven upstream on its course."""
    order = np.argsort(values.key, kind="stable")
    below = np.searchsorted(values.key[order], reads.key, side="right") - 1
    found = np.full(len(below), NOBODY, np.int64)
    some = (below >= 0) & (reads.position >= 0)
    row = order[below[some]]
    fed = values.course[row] == reads.course[some]
    found[np.flatnonzero(some)[fed]] = row[fed]
    return found
