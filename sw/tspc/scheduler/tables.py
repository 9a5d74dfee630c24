"""Reservation tables: who uses which queue, port, bank and stream in which cycle.

A claim that meets something taken raises :class:`BusyError`; whoever tried then goes back to an
earlier :meth:`Tables.mark`, and what was claimed since is free again.
"""

from collections.abc import Callable
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

    `begin` is the producer's stop, `end` that of the last reader, which is not occupied.
    """

    begin: int
    end: int


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

    def idle(self, queue: Queue, burst: Burst) -> bool:
        """True if a queue issues nothing from the burst's first to its last cycle."""
        self._in_time(burst.start, burst.last)
        return not self._queue[queue.index, burst.start : burst.last + 1].any()

    def idle_port(self, port: int, queue: Queue, burst: Burst) -> bool:
        """True if a port of a MEM slice is idle from the burst's first to its last cycle."""
        if burst.start < self.begin:
            return False
        return not self._port[port, queue.index, burst.start : burst.last + 1].any()

    def check_idle(self, queue: Queue, first: int, last: int) -> None:
        """Raise :class:`BusyError` if a queue issues something in cycles `first` to `last`."""
        self._in_time(first, last)
        taken = np.flatnonzero(self._queue[queue.index, first : last + 1])
        if len(taken):
            raise BusyError(int(taken[-1]) + 1)

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
        if self._bank[1 - access.port, access.queue, access.bank, at].any():
            raise BusyError
        self._claim_span(self._port[access.port, access.queue, span])
        self._claim(self._bank[access.port, access.queue, access.bank, at])

    def record(self, access: Access, stream: int) -> None:
        """Note the stream (6-bit number) of an access that was claimed."""
        self.accesses.append((access, stream))
        self.on_rewind(lambda: self.accesses.__delitem__(-1))

    def streams(
        self, flow: Direction, extents: list[Extent], burst: Burst, align: int, top: bool = False
    ) -> int:
        """Find a stream group for a value, claim it and return its base index.

        Parameters
        ----------
        flow
            Direction.
        extents
            Byte planes of the value.
        burst
            Cycles in which the value (the first byte plane) is in the register of its begin.
        align
            The base is a multiple of it.
        top
            Search from the highest base down.
        """
        diagonal = burst.start - extents[0].begin * (1 if flow is Direction.EAST else -1)
        first = diagonal + self._stops
        at = slice(first, first + burst.last - burst.start + 1, burst.interval)
        if first < 0 or at.stop > self._stream.shape[2]:
            raise HorizonError
        bases = range(0, STREAMS - len(extents) + 1, align)
        for base in reversed(bases) if top else bases:
            views = [
                self._stream[flow, base + i, at, self._range(flow, e)]
                for i, e in enumerate(extents)
            ]
            if not any(v.any() for v in views):
                for v in views:
                    self._claim(v)
                return base
        raise BusyError

    # ---- inside --------------------------------------------------------------------------

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
        taken = np.flatnonzero(view)
        if len(taken):
            raise BusyError(int(taken[-1]) + 1)
        self._claim(view)

    def _claim(self, view: Cells) -> None:
        if view.any():
            raise BusyError
        view[...] = True

        def undo() -> None:
            view[...] = False

        self._undo.append(undo)
