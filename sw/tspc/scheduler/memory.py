"""Takes tensors from MEM and puts them there: slices, ports, banks and streams of a burst."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tsp.arch.config import STREAMS, Queue
from tspc.scheduler.geometry import Direction, Floor
from tspc.scheduler.layout import Layout, Piece, Region
from tspc.scheduler.tables import READ, WRITE, Access, Burst, BusyError, Extent, Tables

__all__ = ["Elements", "Memory"]

_NEVER = 1 << 40  #: later than every cycle


@dataclass(frozen=True)
class Elements:
    """Elements of a piece that a burst touches: `first`, `first + stride`, ..."""

    piece: Piece
    first: int
    stride: int


class Memory:
    """Reads and writes of MEM.

    Parameters
    ----------
    floor, tables, layout
        Of the schedule.
    """

    def __init__(self, floor: Floor, tables: Tables, layout: Layout) -> None:
        self._floor = floor
        self._tables = tables
        self._layout = layout

    def fetch(self, what: Elements, stop: int, inputs: Burst, flows: list[Direction]) -> int:
        """Bring elements to a unit.

        Parameters
        ----------
        what
            Elements to read.
        stop
            Stop of the reader.
        inputs
            Cycles in which they have to be on its inputs.
        flows
            Directions in which they may come, the best first.

        Returns
        -------
        Number of the first stream.
        """
        wait = _NEVER
        for flow in flows:
            mark = self._tables.mark()
            try:
                return self._fetch(what, stop, inputs, flow)
            except BusyError as busy:
                wait = min(wait, busy.wait)
                self._tables.rewind(mark)
        raise BusyError(wait)

    def store(self, what: Elements, stop: int, driven: Burst, flow: Direction) -> tuple[int, int]:
        """Take what a unit drives from cycles `driven` on to MEM downstream.

        Returns
        -------
        Number of the first stream, and the cycle of the last WRITE.
        """
        queues = self._floor.upstream(stop, flow.other)
        delays = {q.index: abs(q.stop - stop) - 1 - self._floor.time.mem_d_skew for q in queues}
        accesses = self._accesses(WRITE, what, queues, driven, delays)
        stops = self._floor.memories
        extents = [Extent(stop, stops[a.queue].stop) for a in accesses]
        base = self._tables.streams(flow, extents, driven, len(extents))
        first = flow * STREAMS + base
        for i, access in enumerate(accesses):
            self._tables.record(access, first + i)
        self._written(what, max((a.burst for a in accesses), key=lambda b: b.start))
        return first, max(a.burst.last for a in accesses)

    # ---- inside --------------------------------------------------------------------------

    def _fetch(self, what: Elements, stop: int, inputs: Burst, flow: Direction) -> int:
        queues = self._floor.upstream(stop, flow)
        func = self._floor.time.mem_d_func
        delays = {q.index: 1 - abs(q.stop - stop) - func for q in queues}
        accesses = self._accesses(READ, what, queues, inputs, delays)
        stops = self._floor.memories
        extents = [Extent(stops[a.queue].stop, stop) for a in accesses]
        driven = accesses[0].burst.moved(func)
        base = self._tables.streams(flow, extents, driven, len(extents))
        first = flow * STREAMS + base
        for i, access in enumerate(accesses):
            self._tables.record(access, first + i)
        return first

    def _accesses(
        self, port: int, what: Elements, queues: Sequence[Queue], at: Burst, delays: dict[int, int]
    ) -> list[Access]:
        """Claim a port for each byte plane; regions are given out if there are none yet."""
        found: list[Access] = []
        regions = self._layout.regions.get(what.piece)
        if regions is not None:
            for region in regions:
                if region.queue not in delays:
                    raise BusyError(_NEVER)
                access = self._access(port, what, region, at.moved(delays[region.queue]))
                if port == READ:
                    self._check_ready(what, access.burst)
                self._tables.access(access)
                found.append(access)
            return found
        new: list[Region] = []
        candidates = iter(self._layout.candidates(what.piece, queues))
        for _ in range(what.piece.node.type.bytes):
            region, access = self._allocate(port, what, candidates, at, delays)
            new.append(region)
            found.append(access)
        self._layout.place(what.piece, new, self._tables.begin if port == READ else _NEVER)
        return found

    def _allocate(
        self,
        port: int,
        what: Elements,
        candidates: Iterator[Queue],
        at: Burst,
        delays: dict[int, int],
    ) -> tuple[Region, Access]:
        for queue in candidates:
            if not self._tables.idle_port(port, queue, at.moved(delays[queue.index])):
                continue
            mark = self._tables.mark()
            try:
                region = self._layout.allocate(queue, what.piece)
                access = self._access(port, what, region, at.moved(delays[queue.index]))
                self._tables.access(access)
                return region, access
            except BusyError:
                self._tables.rewind(mark)
        raise BusyError

    @staticmethod
    def _access(port: int, what: Elements, region: Region, burst: Burst) -> Access:
        offset = region.base + what.first
        return Access(region.queue, port, region.bank, offset, what.stride, burst)

    def _check_ready(self, what: Elements, burst: Burst) -> None:
        ready = self._layout.ready[what.piece]
        i = np.arange(burst.count)
        late = ready[what.first + i * what.stride] - (burst.start + i * burst.interval)
        if late.max() > 0:
            raise BusyError(int(late.max()))

    def _written(self, what: Elements, burst: Burst) -> None:
        """Readable from the cycle after the WRITE issued."""
        ready = self._layout.ready[what.piece]
        i = what.first + np.arange(burst.count) * what.stride
        before = ready[i].copy()
        ready[i] = burst.start + np.arange(burst.count) * burst.interval + 1

        def undo() -> None:
            ready[i] = before

        self._tables.on_rewind(undo)
