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
from tspc.scheduler.graph import Node
from tspc.scheduler.tables import BusyError, Tables

__all__ = ["Layout", "Piece", "Region", "WEIGHT_SLICES"]

WEIGHT_SLICES = 16  #: LW reads an SG16: one stream from each of 16 slices

#: What makes a slice less welcome, in cycles of distance: each piece that it holds already, one of
#: the same tensor, and being one of those that feed a plane with weights.
_PIECE, _SAME, _WEIGHTS = 4, 16, 8


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
    apart
        For each node the nodes that must not share a slice with it: a job of the MXM touches any of
        their pieces.
    beside
        The same of nodes that jobs without the MXM touch: such a job touches of each the piece of
        its own rows and chunk only.
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
    feeding: set[int] = field(default_factory=set)
    compact: bool = False
    regions: dict[Piece, list[Region]] = field(default_factory=dict)
    ready: dict[Piece, NDArray[np.int64]] = field(default_factory=dict)
    weights: dict[tuple[Plane, Node, int, int], list[Region]] = field(default_factory=dict)
    _free: dict[tuple[int, int], int] = field(default_factory=dict)
    _slices: dict[tuple[Node, bool], set[int]] = field(default_factory=dict)
    _used: dict[int, int] = field(default_factory=dict)

    # ---- tensors -------------------------------------------------------------------------

    def piece(self, node: Node, row: int, chunk: int, copy: int = 0) -> tuple[Piece, int]:
        """The piece that holds a row's chunk, and the number of the element in it."""
        if node.rows == 1:
            return Piece(node, 0, 0, copy), chunk
        return Piece(node, row // self.block_rows, chunk, copy), row % self.block_rows

    def length(self, piece: Piece) -> int:
        """Elements of a piece."""
        node = piece.node
        if node.rows == 1:
            return node.chunks(self.floor.config)
        return min(self.block_rows, node.rows - piece.block * self.block_rows)

    def candidates(self, piece: Piece, queues: Iterable[Queue]) -> list[Queue]:
        """The slices among `queues` that may hold a plane of the piece, best (first) first."""
        taken = self._taken(piece)
        mine = self._slices.get((piece.node, self._later(piece)), set())

        def cost(distance: int, queue: int) -> int:
            """A port serves one burst at a time: pieces that may move at once stand apart."""
            if self.compact and queue in mine:
                return distance - self.floor.config.stops
            busy = _PIECE * self._used.get(queue, 0)
            return distance + busy + _SAME * (queue in mine) + _WEIGHTS * (queue in self.feeding)

        ranked = [(cost(i, q.index), q) for i, q in enumerate(queues) if q.index not in taken]
        return [q for _, q in sorted(ranked, key=lambda r: r[0])]

    def allocate(self, queue: Queue, piece: Piece) -> Region:
        """Room for one byte plane of a piece in a slice; :class:`BusyError` if it has none."""
        region = self._take(queue.index, self.length(piece), (0, 1))
        slices = self._slices.setdefault((piece.node, self._later(piece)), set())
        if queue.index not in slices:
            slices.add(queue.index)
            self.tables.on_rewind(lambda: slices.discard(queue.index))
        self._used[queue.index] = self._used.get(queue.index, 0) + 1

        def undo() -> None:
            self._used[queue.index] -= 1

        self.tables.on_rewind(undo)
        return region

    def place(self, piece: Piece, regions: list[Region], ready: int) -> None:
        """Note where a piece stands and from when on it may be read."""
        self.regions[piece] = regions
        self.ready[piece] = np.full(self.length(piece), ready, np.int64)

        def undo() -> None:
            del self.regions[piece], self.ready[piece]

        self.tables.on_rewind(undo)

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

    def weight_tile(self, plane: Plane, node: Node, k: int, n: int) -> list[Region]:
        """Regions of T words in 16 slices with one tile of weights for a plane."""
        key = (plane, node, k, n)
        if key not in self.weights:
            t = self.floor.config.superlanes
            regions = [self._take(q.index, t, (1, 0)) for q in self.weight_slices(plane)]
            self.weights[key] = regions

            def undo() -> None:
                del self.weights[key]

            self.tables.on_rewind(undo)
        return self.weights[key]

    # ---- inside --------------------------------------------------------------------------

    def _taken(self, piece: Piece) -> set[int]:
        """Slices that a plane of the piece may not use."""
        node = piece.node
        whole = set(self.apart.get(node, ()))
        keys = [(node, not self._later(piece))] if whole or not self.compact else []
        if not self.compact:
            whole |= self.beside.get(node, set())
        keys += [(n, later) for n in whole for later in (False, True)]
        found = set().union(*(self._slices.get(key, ()) for key in keys))
        for other, regions in self.regions.items():
            if other.node in self.beside.get(node, ()) and _together(piece, other):
                found |= {region.queue for region in regions}
        return found

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
