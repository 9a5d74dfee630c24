"""Reservation tables: who uses which queue, port, bank and stream in which cycle.

A claim that meets something taken raises :class:`BusyError`; whoever tried then goes back to an
earlier :meth:`Tables.mark`, and what was claimed since is free again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import STREAMS, Queue
from tsp.arch.isa import Instruction
from tspc.scheduler.geometry import Direction, Floor

__all__ = ["Access", "BusyError", "Burst", "Extent", "HorizonError", "Tables"]

READ, WRITE = 0, 1

Cells = NDArray[np.bool_]


class BusyError(Exception):
    """Something that an attempt needs is taken, or its time has not come yet.

    Parameters
    ----------
    wait
        The same attempt up to this many cycles later (exclusive) would fail, too.
    """

    def __init__(self, wait: int = 1) -> None:
        super().__init__(wait)
        self.wait = wait


class HorizonError(Exception):
    """The tables end before the schedule does."""


@dataclass(frozen=True)
class Burst:
    """`count` times at `start`, `start + interval`, ..."""

    start: int
    count: int
    interval: int

    @property
    def last(self) -> int:
        """Time of the last one."""
        return self.start + (self.count - 1) * self.interval

    def moved(self, by: int) -> "Burst":
        """The same, later."""
        return Burst(self.start + by, self.count, self.interval)

    @property
    def times(self) -> range:
        """All times."""
        return range(self.start, self.last + 1, self.interval)


@dataclass(frozen=True)
class Access:
    """One port of a MEM slice at work: offsets `offset`, `offset + stride`, ..."""

    queue: int
    port: int
    bank: int
    offset: int
    stride: int
    burst: Burst


@dataclass(frozen=True)
class Extent:
    """One byte plane of a value on its way: registers of the stops from `begin` to `end`.

    `begin` is the producer's stop, `end` that of the last reader, which is not occupied. Of the
    value's burst it is every `step`-th from number `phase` on.
    """

    begin: int
    end: int
    phase: int = 0
    step: int = 1


class Tables:
    """All reservations of one schedule, and what has been issued by them.

    Parameters
    ----------
    floor
        Floor plan and timing.
    horizon
        Cycles that the tables cover.
    """

    def __init__(self, floor: Floor, horizon: int) -> None:
        config = floor.config
        queues = len(config.queues)
        self.floor = floor
        self.begin = floor.time.sync_release
        self.horizon = horizon
        self._stops = config.stops
        self._queue: Cells = np.zeros((queues, horizon), bool)
        self._port: Cells = np.zeros((2, queues, horizon), bool)
        self._bank: Cells = np.zeros((2, queues, 2, horizon), bool)
        self._stream: Cells = np.zeros((2, STREAMS, horizon + 2 * self._stops, self._stops), bool)
        self.issued: dict[int, list[tuple[int, Instruction]]] = {}
        self.accesses: list[tuple[Access, int]] = []
        self.latest = self.begin
        self._undo: list[Callable[[], None]] = []

    # ---- attempts ------------------------------------------------------------------------

    def mark(self) -> int:
        """A point to :meth:`rewind` to."""
        return len(self._undo)

    def rewind(self, mark: int) -> None:
        """Take back everything since `mark`."""
        while len(self._undo) > mark:
            self._undo.pop()()

    def commit(self) -> None:
        """Keep everything."""
        self._undo.clear()
        issued = (words[-1][0] for words in self.issued.values() if words)
        accessed = (a.burst.last for a, _ in self.accesses)
        self.latest = max(self.latest, *issued, *accessed)

    def on_rewind(self, action: Callable[[], None]) -> None:
        """Do `action` if what happens now is taken back."""
        self._undo.append(action)

    # ---- claims --------------------------------------------------------------------------

    def issue(self, queue: Queue, words: list[tuple[int, Instruction]]) -> None:
        """Let a queue other than MEM's issue words; it issues nothing else in between."""
        first, last = words[0][0], words[-1][0]
        self._in_time(first, last)
        self._claim_span(self._queue[queue.index, first : last + 1])
        text = self.issued.setdefault(queue.index, [])
        text.extend(words)
        count = len(words)
        self.on_rewind(lambda: text.__delitem__(slice(len(text) - count, None)))

    def port_wait(self, port: int, queue: Queue, burst: Burst) -> int:
        """Cycles until a port of a MEM slice may be idle all through a burst; 0: it is."""
        if burst.start < self.begin:
            return self.begin - burst.start
        return _last(self._port[port, queue.index, burst.start : burst.last + 1])

    def queue_wait(self, queue: Queue, burst: Burst) -> int:
        """Cycles until a queue may be idle all through a burst; 0: it is."""
        self._in_time(burst.start, burst.last)
        return _last(self._queue[queue.index, burst.start : burst.last + 1])

    def check_idle(self, queue: Queue, first: int, last: int) -> None:
        """Raise :class:`BusyError` if a queue issues something in cycles `first` to `last`."""
        self._in_time(first, last)
        if wait := _last(self._queue[queue.index, first : last + 1]):
            raise BusyError(wait)

    def idle_ports(
        self, port: int, lags: dict[int, int], starts: range, length: int
    ) -> NDArray[np.intp]:
        """Those of `starts` (step 1) with all ports idle.

        The port of slice q has to be idle for `length` cycles from `lags[q]` after the start on.
        """
        busy = np.zeros(len(starts), bool)
        for queue, lag in lags.items():
            row = self._port[port, queue]
            for i in range(length):
                first = starts.start + lag + i
                if first < self.begin:
                    busy[: self.begin - first] = True
                low = max(first, 0)
                part = row[low : max(first + len(starts), 0)]
                busy[low - first : low - first + len(part)] |= part
        return np.flatnonzero(~busy) + starts.start

    def access(self, access: Access) -> None:
        """Let a MEM port read or write a burst; :meth:`record` then names its stream."""
        burst = access.burst
        self._in_time(burst.start, burst.last)
        span = slice(burst.start, burst.last + 1)
        at = slice(burst.start, burst.last + 1, burst.interval)
        other = self._bank[1 - access.port, access.queue, access.bank, at]
        if other.any():
            raise BusyError(_last(other) if burst.interval == 1 else 1)
        self._claim_span(self._port[access.port, access.queue, span])
        self._claim(self._bank[access.port, access.queue, access.bank, at])

    def record(self, access: Access, stream: int) -> None:
        """Note the stream (6-bit number) of an access that was claimed."""
        self.accesses.append((access, stream))
        self.on_rewind(lambda: self.accesses.__delitem__(-1))

    def streams(
        self,
        flow: Direction,
        extents: Sequence[Sequence[Extent]],
        burst: Burst,
        align: int,
        top: bool = False,
    ) -> int:
        """Find a stream group for a value, claim it and return its base index.

        Parameters
        ----------
        flow
            Direction.
        extents
            Byte planes of the value, each with the ways that its elements take.
        burst
            Cycles in which the value is in the register of the first extent's begin.
        align
            The base is a multiple of it.
        top
            Search from the highest base down.
        """
        begin = extents[0][0].begin
        bases = range(0, STREAMS - len(extents) + 1, align)
        tried: list[list[Cells]] = []
        for base in reversed(bases) if top else bases:
            views = [
                self._registers(flow, base + i, extent, begin, burst)
                for i, plane in enumerate(extents)
                for extent in plane
            ]
            if not any(v.any() for v in views):
                for v in views:
                    self._claim(v)
                return base
            tried.append(views)
        if burst.interval > 1:
            raise BusyError
        ways = len(extents[0])
        last = min(max(_last(np.asarray(v.any(axis=1))) for v in views) for views in tried)
        raise BusyError((last - 1) * ways + 1)

    def extend(
        self, flow: Direction, stream: int, extent: Extent, begin: int, burst: Burst
    ) -> None:
        """Let a value go on: claim the registers of `extent` on its stream.

        `burst` has the cycles in which it is in the register of stop `begin`.
        """
        self._claim(self._registers(flow, stream, extent, begin, burst))

    # ---- inside --------------------------------------------------------------------------

    def _registers(
        self, flow: Direction, stream: int, extent: Extent, begin: int, burst: Burst
    ) -> Cells:
        """Part of the stream table that a value occupies: diagonals x stops.

        `burst` has the cycles in which the value is in the register of stop `begin`.
        """
        diagonal = burst.start - begin * (1 if flow is Direction.EAST else -1) + self._stops
        first = diagonal + extent.phase * burst.interval
        last = diagonal + burst.last - burst.start
        if diagonal < 0 or last >= self._stream.shape[2]:
            raise HorizonError
        at = slice(first, last + 1, burst.interval * extent.step)
        return self._stream[flow, stream, at, self._range(flow, extent)]

    @staticmethod
    def _range(flow: Direction, extent: Extent) -> slice:
        if flow is Direction.EAST:
            return slice(extent.begin, extent.end)
        return slice(extent.end + 1, extent.begin + 1)

    def _in_time(self, first: int, last: int) -> None:
        if first < self.begin:
            raise BusyError(self.begin - first)
        if last >= self.horizon:
            raise HorizonError

    def _claim_span(self, view: Cells) -> None:
        """Claim consecutive cycles; if one is taken, the span has to move beyond it."""
        if wait := _last(view):
            raise BusyError(wait)
        self._claim(view)

    def _claim(self, view: Cells) -> None:
        if view.any():
            raise BusyError
        view[...] = True

        def undo() -> None:
            view[...] = False

        self._undo.append(undo)


def _last(cells: Cells) -> int:
    """Cells up to the last one taken: so far a span has to move to be free of them."""
    return len(cells) - int(cells[::-1].argmax()) if cells.any() else 0
