"""Cuts stages into jobs: bursts that flow through the chip as a whole.

A job is `count` elements, `interval` cycles apart. Elements are rows of one chunk; of a tensor of
one row they are its chunks instead, because then a matmul streams weights, a tile every T cycles,
past one vector of activations.
"""

from dataclasses import dataclass, replace

from tsp.arch.config import Config, Hemisphere
from tsp.arch.isa import Compute
from tspc.scheduler.geometry import Floor, Plane
from tspc.scheduler.graph import Node
from tspc.scheduler.stages import Move, Operation, Spine, Stage

__all__ = ["Job", "Share", "alternatives", "cut"]


@dataclass(frozen=True)
class Share:
    """What one plane computes of a job: the tiles of K that it adds up."""

    plane: Plane
    tiles: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Job:
    """One burst through the chip.

    Attributes
    ----------
    stage
        What is computed.
    row, chunk
        Of the first element.
    count, interval
        Elements and cycles from one to the next.
    byte
        Of a move the byte plane; None: all.
    """

    stage: Stage | Move
    row: int
    chunk: int
    count: int
    interval: int
    byte: int | None = None

    @property
    def by_chunk(self) -> bool:
        """True if its elements are the chunks of one row."""
        return self.stage.target.rows == 1

    def element(self, node: Node) -> tuple[int, int, int]:
        """Row and chunk of the job's first element in a tensor, and the step to the next."""
        if self.by_chunk:
            return 0, self.chunk, 1
        if node.rows == 1:
            return 0, self.chunk, 0
        return self.row, self.chunk, 1

    def __str__(self) -> str:
        what = "chunks" if self.by_chunk else "rows"
        first = self.chunk if self.by_chunk else self.row
        return f"{self.stage.target.name} {what} {first} .. {first + self.count - 1}"


@dataclass(frozen=True)
class Choice:
    """A way to do a job: which planes take which part of K, and the chain that follows."""

    shares: tuple[Share, ...]
    operations: tuple[Operation, ...]

    @property
    def copy(self) -> int:
        """Which copy of constants it reads, so that planes do not wait for each other."""
        return self.shares[0].plane.weights.index if self.shares else 0

    @property
    def source(self) -> int | None:
        """Stop that the flow comes from, if it is one."""
        return self.shares[0].plane.stop if len(self.shares) == 1 else None


def _planes(floor: Floor, allowed: tuple[str, ...]) -> list[Plane]:
    return [floor.planes[name] for name in allowed]


def _pairs(planes: list[Plane]) -> list[tuple[Plane, Plane]]:
    east = [p for p in planes if p.hemisphere is Hemisphere.E]
    west = [p for p in planes if p.hemisphere is Hemisphere.W]
    return list(zip(east, west, strict=False))


def _k_tiles(stage: Stage | Move, config: Config) -> int:
    assert stage.matmul is not None
    *parts, _ = stage.matmul.operands
    return sum(x.chunks(config) for x in parts if isinstance(x, Node))


def alternatives(job: Job, floor: Floor, allowed: tuple[str, ...]) -> list[Choice]:
    """All ways to do a job on the allowed planes."""
    operations = tuple(job.stage.operations)
    if job.stage.matmul is None:
        return [Choice((), operations)]
    planes = _planes(floor, allowed)
    tiles = tuple(range(_k_tiles(job.stage, floor.config)))
    pairs = _pairs(planes)
    if job.by_chunk or len(tiles) == 1 or not pairs:
        return [Choice((Share(p, tiles),), operations) for p in planes]
    half = (len(tiles) + 1) // 2
    join = Operation("ADD", Compute.INT32, False, "int32", (Spine.SELF, Spine.OTHER), "int32")
    return [
        Choice((Share(a, tiles[:half]), Share(b, tiles[half:])), (join, *operations))
        for a, b in pairs
    ]


def cut(stage: Stage | Move, floor: Floor, allowed: tuple[str, ...], block_rows: int) -> list[Job]:
    """Jobs of a stage, in the order in which its weights are best used."""
    if isinstance(stage, Move):
        planes = range(stage.target.type.bytes)
        return [replace(j, byte=b) for j in _cut(stage, floor, allowed, block_rows) for b in planes]
    return _cut(stage, floor, allowed, block_rows)


def _cut(stage: Stage | Move, floor: Floor, allowed: tuple[str, ...], block_rows: int) -> list[Job]:
    config = floor.config
    chunks = stage.target.chunks(config)
    if stage.target.rows == 1:
        matmul = stage.matmul is not None
        most = config.accumulators if matmul else config.bank_words
        first = Job(stage, 0, 0, 1, config.superlanes if matmul else 1)
        return [
            replace(first, chunk=c, count=min(most, chunks - c)) for c in range(0, chunks, most)
        ]
    rows = block_rows
    if stage.matmul is not None:
        shared = 2 if _pairs(_planes(floor, allowed)) else 1
        if _k_tiles(stage, config) > shared:
            rows = min(rows, config.accumulators)
    return [
        Job(stage, row, chunk, min(rows, stage.target.rows - row), 1)
        for chunk in range(chunks)
        for row in _starts(stage.target.rows, rows, block_rows)
    ]


def _starts(total: int, step: int, block: int) -> list[int]:
    """First rows of jobs; no job crosses the end of a block."""
    return [r for b in range(0, total, block) for r in range(b, min(b + block, total), step)]
