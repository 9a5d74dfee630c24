"""The list scheduler: a graph in, a program out.

Jobs become ready when what they read has been placed; of the ready ones the one with the longest
way to the end goes first and takes the earliest place it finds. Tensors are spread over MEM, so
that their pieces move at once; if a job then finds no place, all is scheduled anew, and closer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import LANES, Config, QueueKind
from tsp.arch.isa import make
from tspc.program import Address, Program, Tensor
from tspc.scheduler.compress import Text, compress, compress_memory
from tspc.scheduler.geometry import Floor
from tspc.scheduler.graph import Graph, Kind, Node
from tspc.scheduler.jobs import Job, cut
from tspc.scheduler.layout import Layout, Piece
from tspc.scheduler.place import PlacementError, Placer
from tspc.scheduler.stages import Move, Stage, build_stages
from tspc.scheduler.tables import Access, BusyError, HorizonError, Tables

__all__ = ["ScheduleError", "schedule"]

#: Longest schedule that is tried, in cycles.
LONGEST = 1 << 18


class ScheduleError(Exception):
    """A graph that has no schedule on this chip; the message says what does not fit."""


def schedule(
    graph: Graph, *, planes: tuple[str, ...] | None = None, block_rows: int | None = None
) -> Program:
    """Schedule a graph.

    Parameters
    ----------
    graph
        What to compute.
    planes
        Names of the MXM planes that may be used (``E0``, ``W0``, ...); all if not given.
    block_rows
        Rows of a burst, at most the words of a bank (which is taken if it is not given).

    Raises
    ------
    ScheduleError
        If the program fits neither MEM nor the queues, or a name of a plane is unknown.
    """
    floor = Floor(graph.config)
    if not graph.output_nodes:
        raise ScheduleError(f"{graph.name}: the graph has no output")
    allowed = tuple(floor.planes) if planes is None else planes
    if unknown := sorted(set(allowed) - set(floor.planes)) or not allowed:
        raise ScheduleError(f"planes {unknown or '()'}: there are {', '.join(floor.planes)}")
    rows = graph.config.bank_words if block_rows is None else block_rows
    if not 1 <= rows <= graph.config.bank_words:
        raise ScheduleError(f"block_rows = {rows} is not in 1 .. {graph.config.bank_words}")
    reason: PlacementError | None = None
    for compact in (False, True):
        try:
            return _within_horizon(graph, floor, allowed, rows, compact)
        except PlacementError as error:
            reason = reason or error
    raise ScheduleError(f"{graph.name}: {reason}")


def _within_horizon(
    graph: Graph, floor: Floor, planes: tuple[str, ...], rows: int, compact: bool
) -> Program:
    horizon = 2048
    while horizon <= LONGEST:
        try:
            return _Scheduler(graph, floor, planes, rows, horizon, compact).run()
        except HorizonError:
            horizon *= 4
    raise ScheduleError(f"{graph.name}: the schedule is longer than {LONGEST} cycles")


@dataclass(eq=False)
class _Entry:
    """A job, what it waits for, and how long the way from it to the end is."""

    job: Job
    order: int
    after: list["_Entry"]
    way: int = 0


class _Scheduler:
    def __init__(
        self,
        graph: Graph,
        floor: Floor,
        planes: tuple[str, ...],
        rows: int,
        horizon: int,
        compact: bool,
    ) -> None:
        self._graph = graph
        self._floor = floor
        self._planes = planes
        self._rows = rows
        self._stages = build_stages(graph)
        self._tables = Tables(floor, horizon)
        apart = _together([s for s in self._stages if isinstance(s, Stage) and s.matmul])
        beside = _together([s for s in self._stages if isinstance(s, Stage) and not s.matmul])
        level = _among([s for s in self._stages if isinstance(s, Move)])
        whole = {n.stored for n in graph.nodes if n.kind is Kind.WINDOW}
        self._layout = Layout(
            floor, self._tables, rows, apart, beside, level, whole, graph.copies, compact=compact
        )

    def run(self) -> Program:
        """Place all jobs and write the program."""
        config = self._floor.config
        self._check_sizes()
        placer = Placer(self._floor, self._tables, self._layout, self._planes)
        waiting = self._entries()
        placed: set[int] = set()
        while waiting:
            ready = [e for e in waiting if all(a.order in placed for a in e.after)]
            entry = min(ready, key=lambda e: (-e.way, e.order))
            placer.place(entry.job)
            placed.add(entry.order)
            waiting.remove(entry)
        self._place_unread()
        text = self._text()
        _check_room(config, text)
        return Program(
            name=self._graph.name,
            config=config,
            text={q: tuple(w.encode() for w in t.words) for q, t in text.items()},
            plan={q: t.plan for q, t in text.items()},
            memory=self._image(),
            tensors=tuple(self._tensors()),
        )

    # ---- jobs ----------------------------------------------------------------------------

    def _entries(self) -> list[_Entry]:
        """All jobs with their order, dependences and ways to the end."""
        found: list[_Entry] = []
        by_target: dict[Node, list[_Entry]] = {}
        for stage in self._stages:
            mine: list[_Entry] = []
            for job in cut(stage, self._floor, self._planes, self._rows):
                after = [
                    e
                    for node in stage.reads
                    for e in by_target.get(node.stored, ())
                    if job.by_chunk or node.rows == 1 or _overlap(job, node.offset, e.job)
                ]
                mine.append(_Entry(job, len(found) + len(mine), after))
            by_target.update(dict.fromkeys(stage.targets, mine))
            found += mine
        time = self._floor.time
        for entry in reversed(found):
            hops = self._floor.config.stops
            operations = 1 if isinstance(entry.job.stage, Move) else len(entry.job.stage.operations)
            entry.way += operations * time.vxm_d_func + hops
            if entry.job.stage.matmul is not None:
                entry.way += time.abc_to_acc + time.acc_d_func + hops
            for a in entry.after:
                a.way = max(a.way, entry.way)
        return found

    def _check_sizes(self) -> None:
        config = self._floor.config
        for stage in self._stages:
            for node in (*stage.reads, *stage.targets):
                if node.rows == 1 and node.chunks(config) > config.bank_words:
                    most = config.bank_words * config.lanes
                    raise ScheduleError(
                        f"{node.name}: a row of {node.shape[1]} is longer than {most}, a bank"
                    )
        if any(stage.matmul is not None for stage in self._stages):
            for name in self._planes:
                try:
                    slices = self._layout.weight_slices(self._floor.planes[name])
                except ValueError as error:
                    raise ScheduleError(f"{config.name}: {error}") from None
                self._layout.feeding.update(q.index for q in slices)

    def _place_unread(self) -> None:
        """Room for inputs that nothing reads, so that they can be given all the same."""
        for node in self._graph.nodes:
            if node.kind is Kind.INPUT and node not in self._layout.loaded:
                for piece in self._pieces(node):
                    if piece not in self._layout.regions:
                        self._place_anywhere(piece)

    def _place_anywhere(self, piece: Piece) -> None:
        placed = 0
        for queue in self._layout.candidates(piece, 0, self._floor.memories.values()):
            try:
                self._layout.allocate(queue, piece, placed, 0)
            except BusyError:
                continue
            placed += 1
            if placed == piece.node.type.bytes:
                return
        raise ScheduleError(f"{self._graph.name}: MEM is full: no room for input {piece.node.name}")

    # ---- text ----------------------------------------------------------------------------

    def _text(self) -> dict[int, Text]:
        config, begin = self._floor.config, self._tables.begin
        found: dict[int, Text] = {}
        accesses: dict[int, list[tuple[Access, int]]] = {}
        for access, stream in self._tables.accesses:
            accesses.setdefault(access.queue, []).append((access, stream))
        for queue in config.queues:
            if queue.kind is QueueKind.MEM and queue.index in accesses:
                mine = accesses[queue.index]
                found[queue.index] = compress_memory(config, queue, mine, begin)
            elif self._tables.issued.get(queue.index):
                issues = self._tables.issued[queue.index]
                found[queue.index] = compress(config, queue, issues, begin)
        first = config.queue_by_name["VXM0"].index
        rest = found.get(first, Text((make("HALT"),), (begin,)))
        words = (make("NOTIFY"), make("SYNC", n=1), *rest.words)
        found[first] = Text(words, (0, 1, *rest.plan))
        return found

    # ---- data ----------------------------------------------------------------------------

    def _pieces(self, node: Node) -> list[Piece]:
        if node.rows == 1:
            return [Piece(node, 0, 0)]
        blocks = range(-(-node.rows // self._layout.rows(node)))
        return [Piece(node, b, c) for b in blocks for c in range(node.chunks(self._floor.config))]

    def _tensors(self) -> list[Tensor]:
        spread = {n for s in self._graph.spreads for n in s.nodes}
        found = [
            Tensor(node.name, node.dtype, node.given_shape, "input", self._places(node))
            for node in self._graph.nodes
            if node.kind is Kind.INPUT and node not in spread
        ]
        for name, node in self._graph.outputs.items():
            places = self._places(node)
            found.append(Tensor(name, node.dtype, node.given_shape, "output", places))
        for s in self._graph.spreads:
            parts = [self._places(node) for node in s.nodes]
            places = np.stack([parts[n][row] for n, row in s.place])
            found.append(Tensor(s.name, s.dtype, s.shape, s.role, places))
        return sorted(found, key=lambda t: t.role)

    def _places(self, node: Node) -> NDArray[np.int32]:
        """Addresses of a node: (rows, chunks, bytes, 3)."""
        shape = (node.rows, node.chunks(self._floor.config), node.type.bytes, 3)
        places = np.empty(shape, np.int32)
        if node in self._layout.loaded:
            for row in range(shape[0]):
                r = self._layout.loaded[node][row % LANES]
                places[row, 0, 0] = (r.queue, r.bank, r.base + row // LANES)
            return places
        for row in range(shape[0]):
            for chunk in range(shape[1]):
                piece, element = self._layout.piece(node, row, chunk)
                for byte in range(shape[2]):
                    places[row, chunk, byte] = self._layout.address(piece, byte, element)
        return places

    def _image(self) -> Mapping[Address, NDArray[np.uint8]]:
        """Constants and weights that were placed."""
        image: dict[Address, NDArray[np.uint8]] = {}
        lanes = self._floor.config.lanes
        for piece, regions in self._layout.regions.items():
            if piece.node.kind is not Kind.CONSTANT:
                continue
            assert piece.node.value is not None
            planes = byte_planes(piece.node.value.reshape(piece.node.shape), lanes)
            if piece.node.rows == 1:
                elements = planes[0]
            else:
                rows = self._layout.rows(piece.node)
                elements = planes[piece.block * rows : (piece.block + 1) * rows, piece.chunk]
            for byte in regions:
                for i in range(self._layout.length(piece)):
                    image[self._layout.address(piece, byte, i)] = elements[i, byte]
        image.update(self._filled())
        for (_, node, k, n), tiles in self._layout.weights.items():
            if node.value is None:
                continue
            tile = np.zeros((lanes, lanes), np.int8)
            part = node.value[k * lanes : (k + 1) * lanes, n * lanes : (n + 1) * lanes]
            tile[: part.shape[0], : part.shape[1]] = part
            for i, region in enumerate(tiles):
                for column in range(region.length):
                    address = (region.queue, region.bank, region.base + column)
                    image[address] = tile[:, LANES * column + i].view(np.uint8).copy()
        return image

    def _filled(self) -> Mapping[Address, NDArray[np.uint8]]:
        """What stands around the rows of inputs that have a frame."""
        image: dict[Address, NDArray[np.uint8]] = {}
        lanes = self._floor.config.lanes
        for s in self._graph.spreads:
            for number, node in enumerate(s.nodes if s.role == "input" else ()):
                inside = s.place[s.place[:, 0] == number, 1]
                filled = np.full((1, node.shape[1]), s.fill, node.dtype)
                frame = byte_planes(filled, lanes).reshape(-1, lanes)
                places = self._places(node)
                for row in set(range(node.rows)) - set(inside.tolist()):
                    addresses = places[row].reshape(-1, 3).tolist()
                    image.update(zip(map(tuple, addresses), frame, strict=True))
        return image


def byte_planes(value: NDArray[np.generic], lanes: int) -> NDArray[np.uint8]:
    """Vectors of a (rows, columns) tensor: uint8 of shape (rows, chunks, bytes, lanes)."""
    rows, columns = value.shape
    chunks = -(-columns // lanes)
    padded = np.zeros((rows, chunks * lanes), value.dtype)
    padded[:, :columns] = value
    raw = padded.view(np.uint8).reshape(rows, chunks, lanes, value.dtype.itemsize)
    return np.ascontiguousarray(raw.transpose(0, 1, 3, 2))


def _together(stages: list[Stage]) -> dict[Node, set[Node]]:
    """For each tensor those that some stage reads or writes together with it."""
    return _met([(*s.reads, s.target) for s in stages])


def _among(moves: list[Move]) -> dict[Node, set[Node]]:
    """For each tensor those that a move reads together with it, or writes together with it."""
    return _met([nodes for m in moves for nodes in (m.sources, m.targets)])


def _met(groups: Iterable[Sequence[Node]]) -> dict[Node, set[Node]]:
    found: dict[Node, set[Node]] = {}
    for group in groups:
        stored = {n.stored for n in group}
        for node in stored:
            found.setdefault(node, set()).update(stored - {node})
    return found


def _overlap(a: Job, offset: int, b: Job) -> bool:
    """True if job a reads, `offset` rows further, what job b writes."""
    row = a.row + offset
    return row < b.row + b.count and b.row < row + a.count


def _check_room(config: Config, text: Mapping[int, Text]) -> None:
    for queue, t in sorted(text.items()):
        if len(t.words) > config.queue_words:
            raise ScheduleError(
                f"{config.queues[queue].name} needs {len(t.words)} words; its buffer holds "
                f"{config.queue_words} (fewer rows or layers, or fetch_text for the queue)"
            )
