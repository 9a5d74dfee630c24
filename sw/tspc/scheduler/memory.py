"""Takes tensors from MEM and puts them there: slices, ports, banks and streams of a burst.

Any number of units may read a stream as it passes, so what is on its way already is not read again:
a reader that wants the same elements in the cycles in which they pass takes them from there.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import STREAMS, Hemisphere, Queue
from tspc.scheduler.geometry import Direction, Floor
from tspc.scheduler.layout import Layout, Piece, Region
from tspc.scheduler.tables import READ, WRITE, Access, Burst, BusyError, Extent, Tables

__all__ = ["Elements", "Memory"]

_NEVER = 1 << 40  #: later than every cycle


@dataclass(frozen=True)
class Elements:
    """Elements of a piece that a burst touches: `first`, `first + stride`, ...

    Of all its byte planes, or of one, if ``byte`` is given.
    """

    piece: Piece
    first: int
    stride: int
    byte: int | None = None

    @property
    def bytes(self) -> Iterable[int]:
        """Byte planes."""
        return range(self.piece.node.type.bytes) if self.byte is None else (self.byte,)


@dataclass(frozen=True)
class _Plane:
    """One byte plane of elements: what a stream carries."""

    piece: Piece
    first: int
    stride: int
    byte: int


@dataclass
class _Flow:
    """A burst on its way: `burst` is when its first plane is in the register of stop `begin`."""

    direction: Direction
    base: int
    extents: list[list[Extent]]
    burst: Burst

    @property
    def begin(self) -> int:
        """Stop that ``burst`` is about."""
        return self.extents[0][0].begin


#: What two readers must have in common to share a flow: planes, elements, interval, direction.
_Key = tuple[tuple[_Plane, ...], int, int, Direction]


#: Accesses of one byte plane: the number of the first element that each is about, and the access.
_Ways = list[tuple[int, Access]]


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
        self._flows: dict[_Key, list[_Flow]] = {}

    def fetch(
        self,
        what: Elements | Sequence[Elements],
        stop: int,
        inputs: Burst,
        flows: list[Direction],
    ) -> int:
        """Bring elements to a unit.

        Parameters
        ----------
        what
            Elements to read; several ones come side by side on streams of one group.
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
        planes = _planes(what)
        wait = _NEVER
        ways = [partial(self._join, planes)]
        ways += [partial(self._fetch, copy) for copy in self._copies(planes)]
        for flow, way in product(flows, ways):
            mark = self._tables.mark()
            try:
                return way(stop, inputs, flow)
            except BusyError as busy:
                wait = min(wait, busy.wait)
                self._tables.rewind(mark)
        raise BusyError(wait)

    def store(
        self, what: Elements | Sequence[Elements], stop: int, driven: Burst, flow: Direction
    ) -> tuple[int, int]:
        """Take what a unit drives from cycles `driven` on to MEM downstream.

        Returns
        -------
        Number of the first stream, and the cycle of the last WRITE.
        """
        planes = _planes(what)
        queues = self._floor.upstream(stop, flow.other)
        delays = {q.index: abs(q.stop - stop) - 1 - self._floor.time.mem_d_skew for q in queues}
        copies = self._copies(planes)
        stored = [self._accesses(WRITE, copy, queues, driven, delays) for copy in copies]
        sign = 1 if flow is Direction.EAST else -1
        extents = [
            [
                Extent(stop, max(ends, key=lambda end: sign * end), phase, len(ways[0]))
                for phase, *ends in (
                    (same[0][0], *(self._stop(a) for _, a in same))
                    for same in zip(*ways, strict=True)
                )
            ]
            for ways in zip(*stored, strict=True)
        ]
        base = self._tables.streams(flow, extents, driven, len(extents))
        finish = 0
        for copy, accesses in zip(copies, stored, strict=True):
            for plane, ways in zip(copy, accesses, strict=True):
                for phase, access in ways:
                    self._written(plane, phase, len(ways), access.burst)
                    finish = max(finish, access.burst.last)
            self._record(copy, flow, base, extents, driven, accesses)
        return flow * STREAMS + base, finish

    def _copies(self, planes: tuple[_Plane, ...]) -> list[tuple[_Plane, ...]]:
        """The same planes of each copy that there is."""
        number = self._layout.copies.get(planes[0].piece.node, 1)
        return [
            tuple(replace(p, piece=replace(p.piece, copy=p.piece.copy + n)) for p in planes)
            for n in range(number)
        ]

    def ready(self, what: Elements, count: int, interval: int) -> int:
        """Cycle before which a burst of so many elements cannot be read."""
        if what.piece not in self._layout.ready:
            return 0
        i = np.arange(count)
        ready = self._layout.ready[what.piece][list(what.bytes)].max(axis=0)
        return int((ready[what.first + i * what.stride] - i * interval).max())

    # ---- flows ---------------------------------------------------------------------------

    def _join(
        self, planes: tuple[_Plane, ...], stop: int, inputs: Burst, direction: Direction
    ) -> int:
        """Read a burst that passes the stop just then; it goes on to there if it did not."""
        sign = 1 if direction is Direction.EAST else -1
        wait = _NEVER
        for flow in self._flows.get((planes, inputs.count, inputs.interval, direction), ()):
            if min(sign * (stop - e.begin) for ways in flow.extents for e in ways) < 1:
                continue
            late = flow.burst.start + abs(stop - flow.begin) - 1 - inputs.start
            if late > 0:
                wait = min(wait, late)
            elif late == 0:
                self._extend(flow, stop, sign)
                return direction * STREAMS + flow.base
        raise BusyError(wait)

    def _extend(self, flow: _Flow, stop: int, sign: int) -> None:
        before = [list(ways) for ways in flow.extents]
        for i, ways in enumerate(before):
            for j, extent in enumerate(ways):
                if sign * (stop - extent.end) > 0:
                    more = replace(extent, begin=extent.end, end=stop)
                    stream = flow.base + i
                    self._tables.extend(flow.direction, stream, more, flow.begin, flow.burst)
                    flow.extents[i][j] = replace(extent, end=stop)

        def undo() -> None:
            flow.extents[:] = before

        self._tables.on_rewind(undo)

    def _record(
        self,
        planes: tuple[_Plane, ...],
        direction: Direction,
        base: int,
        extents: list[list[Extent]],
        burst: Burst,
        accesses: Sequence[_Ways],
    ) -> None:
        """Name the accesses' streams, and let others read them."""
        for i, ways in enumerate(accesses):
            for _, access in ways:
                self._tables.record(access, direction * STREAMS + base + i)
        flow = _Flow(direction, base, extents, burst)
        flows = self._flows.setdefault((planes, burst.count, burst.interval, direction), [])
        flows.append(flow)
        self._tables.on_rewind(lambda: flows.remove(flow))

    # ---- inside --------------------------------------------------------------------------

    def _fetch(self, planes: tuple[_Plane, ...], stop: int, inputs: Burst, flow: Direction) -> int:
        queues = self._floor.upstream(stop, flow)
        func = self._floor.time.mem_d_func
        delays = {q.index: 1 - abs(q.stop - stop) - func for q in queues}
        accesses = self._accesses(READ, planes, queues, inputs, delays)
        extents = [
            [Extent(self._stop(a), stop, phase, len(ways)) for phase, a in ways]
            for ways in accesses
        ]
        driven = inputs.moved(1 - abs(extents[0][0].begin - stop))
        base = self._tables.streams(flow, extents, driven, len(extents))
        self._record(planes, flow, base, extents, driven, accesses)
        return flow * STREAMS + base

    def _stop(self, access: Access) -> int:
        return self._floor.memories[access.queue].stop

    def _accesses(
        self,
        port: int,
        planes: tuple[_Plane, ...],
        queues: Sequence[Queue],
        at: Burst,
        delays: dict[int, int],
    ) -> list[_Ways]:
        """Claim a port for each byte plane; regions are given out if there are none yet."""
        found: list[_Ways] = []
        sides = {p.piece: self._side(p.piece) for p in planes if p.piece in self._layout.regions}
        for plane in planes:
            regions = self._layout.regions.get(plane.piece, {}).get(plane.byte)
            number = len(regions) if regions else self._layout.ways(plane.piece)
            ways: _Ways = []
            for phase, way, burst in _turns(plane, at, number):
                if regions:
                    access = self._again(port, plane, phase, number, regions[way], burst, delays)
                else:
                    candidates = self._layout.candidates(plane.piece, plane.byte, queues)
                    if plane.piece in sides:  # the VXM, in the middle, reads all planes together
                        side = sides[plane.piece]
                        candidates = [q for q in candidates if q.hemisphere is side]
                    access = self._allocate(port, plane, phase, number, candidates, burst, delays)
                    sides[plane.piece] = self._floor.memories[access.queue].hemisphere
                ways.append((phase, access))
            found.append(ways)
        return found

    def _side(self, piece: Piece) -> Hemisphere | None:
        """Hemisphere of a piece of which some planes stand in MEM."""
        (first, *_), *_ = self._layout.regions[piece].values()
        return self._floor.memories[first.queue].hemisphere

    def _again(
        self,
        port: int,
        plane: _Plane,
        phase: int,
        ways: int,
        region: Region,
        at: Burst,
        delays: dict[int, int],
    ) -> Access:
        """Access a region that there is."""
        if region.queue not in delays:
            raise BusyError(_NEVER)
        access = _access(port, plane, phase, ways, region, at.moved(delays[region.queue]))
        if port == READ:
            self._check_ready(plane, phase, ways, access.burst)
        self._tables.access(access)
        return access

    def _allocate(
        self,
        port: int,
        plane: _Plane,
        phase: int,
        ways: int,
        candidates: Sequence[Queue],
        at: Burst,
        delays: dict[int, int],
    ) -> Access:
        """Give a plane a region where the access is possible."""
        ready = self._tables.begin if port == READ else _NEVER
        soonest = _NEVER
        for queue in candidates:
            burst = at.moved(delays[queue.index])
            if wait := self._tables.port_wait(port, queue, burst):
                soonest = min(soonest, wait)
                continue
            for banks in ((0, 1), (1, 0)):
                mark = self._tables.mark()
                try:
                    region = self._layout.allocate(queue, plane.piece, plane.byte, ready, banks)
                    access = _access(port, plane, phase, ways, region, burst)
                    self._tables.access(access)
                    return access
                except BusyError as busy:
                    soonest = min(soonest, busy.wait)
                    self._tables.rewind(mark)
        raise BusyError(soonest)

    def _check_ready(self, plane: _Plane, phase: int, ways: int, burst: Burst) -> None:
        i = np.arange(burst.count)
        ready = self._layout.ready[plane.piece][plane.byte]
        late = ready[_indices(plane, phase, ways, burst)] - (burst.start + i * burst.interval)
        if late.max() > 0:
            raise BusyError(int(late.max()))

    def _written(self, plane: _Plane, phase: int, ways: int, burst: Burst) -> None:
        """Readable from the cycle after the WRITE issued."""
        ready: NDArray[np.int64] = self._layout.ready[plane.piece][plane.byte]
        i = _indices(plane, phase, ways, burst)
        before = ready[i].copy()
        ready[i] = burst.start + np.arange(burst.count) * burst.interval + 1

        def undo() -> None:
            ready[i] = before

        self._tables.on_rewind(undo)


def _turns(plane: _Plane, at: Burst, ways: int) -> Iterator[tuple[int, int, Burst]]:
    """How a burst meets a plane of so many ways: number of the first element, way, cycles."""
    if not plane.stride:
        yield 0, plane.first % ways, at
        return
    for phase in range(min(ways, at.count)):
        count = -(-(at.count - phase) // ways)
        way = (plane.first + phase) % ways
        yield phase, way, Burst(at.start + phase * at.interval, count, at.interval * ways)


def _indices(plane: _Plane, phase: int, ways: int, burst: Burst) -> NDArray[np.int64]:
    """Numbers of the elements that one way brings."""
    return plane.first + plane.stride * (phase + ways * np.arange(burst.count))


def _planes(what: Elements | Sequence[Elements]) -> tuple[_Plane, ...]:
    several = [what] if isinstance(what, Elements) else what
    pairs = [(e, b) for e, bs in ((e, e.bytes) for e in several) for b in bs]
    return tuple(_Plane(e.piece, e.first, e.stride, b) for e, b in pairs)


def _access(
    port: int, plane: _Plane, phase: int, ways: int, region: Region, burst: Burst
) -> Access:
    offset = region.base + (plane.first + plane.stride * phase) // ways
    return Access(region.queue, port, region.bank, offset, plane.stride, burst)
