"""Where tensors stand in MEM: regions of slices and banks, given out as the schedule needs them.

A tensor of one row has all its chunks in one region for each byte plane; one of more rows has a
region for each block of rows and each chunk. Within a region successive elements have successive
offsets, so a burst walks through it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import Queue
from tspc.scheduler.geometry import Floor, Plane
from tspc.scheduler.graph import Kind, Node
from tspc.scheduler.tables import BusyError, Tables

__all__ = ["Layout", "Piece", "Region", "WEIGHT_SLICES"]

WEIGHT_SLICES = 16  #: LW reads an SG16: one stream from each of 16 slices

#: What makes a slice less welcome, in cycles of distance: each piece that it holds already, one of
#: the same tensor, and being one of those that feed a plane with weights. LW needs 16 ports at once
#: and a long burst in one of them stops it: far away, if the chip has slices enough for that.
_PIECE, _SAME, _WEIGHTS, _AWAY = 40, 16, 8, 400
#: Elements of a piece that is worth two slices.
_LONG = 96
#: What an operation writes: it may be read while it is being written.
_COMPUTED = (Kind.MATMUL, Kind.SXM, Kind.VXM)


@dataclass(frozen=True)
class Region:
    """Consecutive words of one bank: `length` from `base`."""

    queue: int
    bank: int
    base: int
    length: int


@dataclass(frozen=True)
class Piece:
    """The part of a tensor that one region for each byte plane holds.

    A piece of a tensor of one row has all chunks (``chunk`` is 0), its elements are chunks;
    otherwise it has one chunk of a block of rows, its elements are rows. Constants may stand in MEM
    several times; ``copy`` tells the copies apart.
    """

    node: Node
    block: int
    chunk: int
    copy: int = 0


@dataclass
class Layout:
    """Regions of all tensors and weights of one schedule.

    Attributes
    ----------
    block_rows
        Rows of a block.
    whole
        Nodes that stand in one region however many rows they have: windows of them are read.
    apart
        For each node the nodes that must not share a slice with it: a job of the MXM touches any of
        their pieces.
    beside
        The same of nodes that jobs without the MXM touch: such a job touches of each the piece of
        its own rows and chunk only.
    level
        The same of nodes of which a job of an SXM touches one byte plane each.
    copies
        Of computed nodes that stand in MEM several times.
    feeding
        Numbers of the slices that hold weights.
    compact
        Give room to what must stand apart: pieces of a tensor share slices where they can, though
        they wait for each other's port, and only pieces that one job touches stand apart.
    """

    floor: Floor
    tables: Tables
    block_rows: int
    apart: dict[Node, set[Node]]
    beside: dict[Node, set[Node]]
    level: dict[Node, set[Node]] = field(default_factory=dict)
    whole: set[Node] = field(default_factory=set)
    copies: dict[Node, int] = field(default_factory=dict)
    feeding: set[int] = field(default_factory=set)
    compact: bool = False
    regions: dict[Piece, dict[int, list[Region]]] = field(default_factory=dict)
    ready: dict[Piece, NDArray[np.int64]] = field(default_factory=dict)
    weights: dict[tuple[Plane, Node, int, int], list[Region]] = field(default_factory=dict)
    _free: dict[tuple[int, int], int] = field(default_factory=dict)
    _slices: dict[tuple[Node, bool], set[int]] = field(default_factory=dict)
    _used: dict[int, int] = field(default_factory=dict)
    _pieces: dict[Node, list[Piece]] = field(default_factory=dict)

    # ---- tensors -------------------------------------------------------------------------

    def piece(self, node: Node, row: int, chunk: int, copy: int = 0) -> tuple[Piece, int]:
        """The piece that holds a row's chunk, and the number of the element in it."""
        node, row = node.stored, row + (node.offset if node.kind is Kind.WINDOW else 0)
        if node.rows == 1:
            return Piece(node, 0, 0, copy), chunk
        rows = self.rows(node)
        return Piece(node, row // rows, chunk, copy), row % rows

    def rows(self, node: Node) -> int:
        """Rows of a block of a tensor."""
        return node.rows if node in self.whole else self.block_rows

    def length(self, piece: Piece) -> int:
        """Elements of a piece."""
        node = piece.node
        if node.rows == 1:
            return node.chunks(self.floor.config)
        rows = self.rows(node)
        return min(rows, node.rows - piece.block * rows)

    def ways(self, piece: Piece) -> int:
        """Slices that a byte plane of a piece takes turns in, element by element.

        A bank cannot be read and written in one cycle, so who reads a long burst while it is still
        being written needs two: the even elements stand in one, the odd ones in the other.
        """
        computed = piece.node.kind in _COMPUTED and piece.node not in self.whole
        return 2 if computed and self.length(piece) >= _LONG else 1

    def address(self, piece: Piece, byte: int, element: int) -> tuple[int, int, int]:
        """Queue, bank and offset of an element."""
        ways = self.regions[piece][byte]
        region = ways[element % len(ways)]
        return region.queue, region.bank, region.base + element // len(ways)

    def candidates(self, piece: Piece, byte: int, queues: Iterable[Queue]) -> list[Queue]:
        """The slices among `queues` that may hold a byte plane of the piece, best (first) first."""
        taken = self._taken(piece, byte)
        mine = self._slices.get((piece.node, self._later(piece)), set())

        most = _AWAY if 2 * len(self.feeding) <= len(self.floor.memories) else _WEIGHTS

        def cost(distance: int, queue: int) -> int:
            """A port serves one burst at a time: pieces that may move at once stand apart."""
            if self.compact and queue in mine:
                return distance - self.floor.config.stops
            busy = _PIECE * self._used.get(queue, 0)
            return distance + busy + _SAME * (queue in mine) + most * (queue in self.feeding)

        ranked = [(cost(i, q.index), q) for i, q in enumerate(queues) if q.index not in taken]
        return [q for _, q in sorted(ranked, key=lambda r: r[0])]

    def allocate(
        self, queue: Queue, piece: Piece, byte: int, ready: int, banks: tuple[int, int] = (0, 1)
    ) -> Region:
        """Room for one byte plane of a piece in a slice; :class:`BusyError` if it has none.

        `ready` is the cycle from which on it may be read.
        """
        region = self._take(queue.index, -(-self.length(piece) // self.ways(piece)), banks)
        slices = self._slices.setdefault((piece.node, self._later(piece)), set())
        if queue.index not in slices:
            slices.add(queue.index)
            self.tables.on_rewind(lambda: slices.discard(queue.index))
        self._used[queue.index] = self._used.get(queue.index, 0) + 1
        if piece not in self.regions:
            self.regions[piece] = {}
            shape = (piece.node.type.bytes, self.length(piece))
            self.ready[piece] = np.full(shape, ready, np.int64)
            self._pieces.setdefault(piece.node, []).append(piece)
        planes = self.regions[piece]
        ways = planes.setdefault(byte, [])
        ways.append(region)
        self.ready[piece][byte] = ready

        def undo() -> None:
            self._used[queue.index] -= 1
            ways.pop()
            if not ways:
                del planes[byte]
            if not planes:
                del self.regions[piece], self.ready[piece]
                self._pieces[piece.node].remove(piece)

        self.tables.on_rewind(undo)
        return region

    def room(self) -> int:
        """Words of the longest region that can still be given out."""
        words = self.floor.config.bank_words
        queues = self.floor.memories
        return max(words - self._free.get((q, b), 0) for q in queues for b in (0, 1))

    # ---- weights -------------------------------------------------------------------------

    def weight_slices(self, plane: Plane) -> tuple[Queue, ...]:
        """The 16 slices that feed a plane: of its hemisphere first, the nearest ones."""
        found = self.floor.upstream(plane.stop, plane.inward.other)
        if len(found) < WEIGHT_SLICES:
            raise ValueError(f"{len(found)} MEM slices feed {plane.name}; LW reads 16 at a time")
        return found[:WEIGHT_SLICES]

    @property
    def loaded(self) -> dict[Node, list[Region]]:
        """Inputs that are weights, and the one place of each."""
        return {key[1]: r for key, r in self.weights.items() if key[1].kind is Kind.INPUT}

    def weight_tile(self, plane: Plane, node: Node, k: int, n: int) -> list[Region]:
        """Regions of T words in 16 slices with one tile of weights for a plane."""
        key = (plane, node, k, n)
        if node.kind is Kind.INPUT and any(
            p is not plane for p, m, *_ in self.weights if m is node
        ):
            raise BusyError  # an input stands in one place, so it feeds one plane
        if key not in self.weights:
            t = self.floor.config.superlanes
            regions = [self._take(q.index, t, (1, 0)) for q in self.weight_slices(plane)]
            self.weights[key] = regions

            def undo() -> None:
                del self.weights[key]

            self.tables.on_rewind(undo)
        return self.weights[key]

    # ---- inside --------------------------------------------------------------------------

    def _taken(self, piece: Piece, byte: int) -> set[int]:
        """Slices that a byte plane of the piece may not use."""
        node = piece.node
        whole = set(self.apart.get(node, ()))
        keys = [(node, not self._later(piece))] if whole or not self.compact else []
        if not self.compact:
            whole |= self.beside.get(node, set())
        keys += [(n, later) for n in whole for later in (False, True)]
        found = set().union(*(self._slices.get(key, ()) for key in keys))
        found |= {r.queue for ways in self.regions.get(piece, {}).values() for r in ways}
        for other in self._met(piece, self.beside):
            found |= {r.queue for ways in self.regions[other].values() for r in ways}
        for other in self._met(piece, self.level):
            found |= {r.queue for r in self.regions[other].get(byte, ())}
        return found

    def _met(self, piece: Piece, by: dict[Node, set[Node]]) -> Iterable[Piece]:
        """Placed pieces of other nodes that a job may touch together with this one."""
        for node in by.get(piece.node, ()):
            for other in self._pieces.get(node, ()):
                if _together(piece, other):
                    yield other

    def _later(self, piece: Piece) -> bool:
        """True in the second half of the chunks: the planes of a matmul read one half each."""
        return piece.chunk >= (piece.node.chunks(self.floor.config) + 1) // 2

    def _take(self, queue: int, length: int, banks: tuple[int, ...]) -> Region:
        for bank in banks:
            base = self._free.get((queue, bank), 0)
            if base + length <= self.floor.config.bank_words:
                self._free[queue, bank] = base + length

                def undo(key: tuple[int, int] = (queue, bank), base: int = base) -> None:
                    self._free[key] = base

                self.tables.on_rewind(undo)
                return Region(queue, bank, base, length)
        raise BusyError


def _together(a: Piece, b: Piece) -> bool:
    """True if a job without the MXM may touch both: a row has all its chunks in one piece."""
    return 1 in (a.node.rows, b.node.rows) or (a.block, a.chunk) == (b.block, b.chunk)
