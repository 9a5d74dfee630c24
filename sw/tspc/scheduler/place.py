"""Places one job in time and space: the first cycle in which everything it needs is free."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from tsp.arch.config import STREAMS, Queue
from tsp.arch.isa import VXM_OPS, Instruction, Type, has_operation, make
from tspc.scheduler.geometry import Direction, Floor, Plane, Route
from tspc.scheduler.graph import DTYPES, Immediate, Kind, Node
from tspc.scheduler.jobs import Choice, Job, alternatives
from tspc.scheduler.layout import Layout
from tspc.scheduler.memory import Elements, Memory
from tspc.scheduler.mxm import Matrix
from tspc.scheduler.stages import Move, Operation, Spine, Stage
from tspc.scheduler.sxm import Lanes
from tspc.scheduler.tables import Burst, BusyError, Extent, Tables

__all__ = ["PlacementError", "Placer"]

#: Routes through the VXM that are tried for each job, the shortest ones.
ROUTES = 12
#: Cycles beyond the last reservation, and its own passes, in which a job must find its place.
PATIENCE = 160


class PlacementError(Exception):
    """A job that fits nowhere, however long it waits."""


#: Claims everything for a job from an anchor cycle on; returns the cycle of its last WRITE.
Attempt = Callable[[int], int]


@dataclass(frozen=True)
class _Found:
    finish: int
    attempt: Attempt
    anchor: int


class Placer:
    """Places jobs one after the other.

    Parameters
    ----------
    floor, tables, layout
        Of the schedule.
    planes
        Names of the planes that may be used.
    """

    def __init__(
        self, floor: Floor, tables: Tables, layout: Layout, planes: tuple[str, ...]
    ) -> None:
        self._floor = floor
        self._time = floor.time
        self._tables = tables
        self._layout = layout
        self._planes = planes
        self._memory = Memory(floor, tables, layout)
        self._matrix = Matrix(floor, tables, layout, self._memory)
        self._lanes = Lanes(floor, tables, layout, self._memory)

    def place(self, job: Job) -> int:
        """Place a job where it finishes first; returns the cycle of its last WRITE."""
        best: _Found | None = None
        matmul = job.stage.matmul
        passes = len(matmul.operands) * job.count if matmul is not None else 0
        for begin, attempt in self._ways(job):
            found = self._earliest(begin, attempt, best, passes)
            if found is not None and (best is None or found.finish < best.finish):
                best = found
        if best is None:
            raise PlacementError(self._reason(job))
        best.attempt(best.anchor)
        self._tables.commit()
        return best.finish

    def _ways(self, job: Job) -> Iterator[tuple[int, Attempt]]:
        """All ways to do a job, each with a cycle before which it cannot begin."""
        if isinstance(job.stage, Move):
            for queue in self._lanes.units(job):
                yield self._lanes.begin(job), partial(self._lanes.attempt, job, queue)
            return
        for choice in alternatives(job, self._floor, self._planes):
            for route in self._routes(choice):
                yield self._bound(job, choice), partial(self._attempt, job, choice, route)

    def _reason(self, job: Job) -> str:
        node = job.stage.target
        piece, _ = self._layout.piece(node, job.row, job.chunk)
        length, room = self._layout.length(piece), self._layout.room()
        if room < length:
            return f"MEM is full: {job} writes {length} vectors in a row, {room} have room"
        return (
            f"{job} finds no place: what it reads and writes together, {node.type.bytes} byte "
            f"planes of {length} vectors included, meets in the same MEM slices or fills them"
        )

    # ---- search --------------------------------------------------------------------------

    def _routes(self, choice: Choice) -> list[Route | None]:
        count = len(choice.operations)
        if not count:
            return [None]
        return list(self._floor.routes(choice.source, count)[:ROUTES])

    def _earliest(
        self, begin: int, attempt: Attempt, best: _Found | None, passes: int
    ) -> _Found | None:
        end = max(begin, self._tables.latest) + PATIENCE + passes
        if best is not None:
            end = min(end, best.anchor + PATIENCE // 4)
        anchor = begin
        while anchor < end:
            mark = self._tables.mark()
            try:
                finish = attempt(anchor)
            except BusyError as busy:
                self._tables.rewind(mark)
                anchor += busy.wait
            else:
                self._tables.rewind(mark)
                return _Found(finish, attempt, anchor)
        return None

    def _bound(self, job: Job, choice: Choice) -> int:
        """A cycle before which the job's first operation cannot issue."""
        begin = self._tables.begin
        for share in choice.shares:
            begin = max(begin, self._matrix.earliest(job, share))
        for node in job.stage.reads:
            row, chunk, stride = job.element(node)
            if isinstance(job.stage, Stage) and node in job.stage.activations:
                chunk, stride = 0, stride * (not job.by_chunk)
            piece, first = self._layout.piece(node, row, chunk)
            what = Elements(piece, first, stride)
            begin = max(begin, self._memory.ready(what, job.count, job.interval))
        return begin

    # ---- one attempt ---------------------------------------------------------------------

    def _attempt(self, job: Job, choice: Choice, route: Route | None, anchor: int) -> int:
        """Claim everything for a job; returns the cycle of its last WRITE.

        `anchor` is the issue cycle of the first operation for the first element; without
        operations that of ACC.
        """
        if route is None:
            return self._store_sums(job, choice, Burst(anchor, job.count, job.interval))
        issue = Burst(anchor, job.count, job.interval)
        bursts = [issue]
        for a, b in zip(route.stops, route.stops[1:], strict=False):
            hop = self._time.vxm_d_func + abs(b - a) - 1 - self._time.vxm_d_skew
            bursts.append(bursts[-1].moved(hop))
        sums = self._sources(job, choice, route.stops[0], bursts[0])
        spine, other = sums[0][1], sums[-1][1]
        last = len(bursts) - 1
        finish = 0
        for i, operation in enumerate(choice.operations):
            stop, burst, flow = route.stops[i], bursts[i], route.directions()[i]
            driven = burst.moved(self._time.vxm_d_func)
            if i < last:
                width = DTYPES[operation.dtype].bytes
                extents = [[Extent(stop, route.stops[i + 1])]] * width
                result = flow * STREAMS + self._tables.streams(flow, extents, driven, width)
            else:
                result, finish = self._memory.store(self._target(job, choice), stop, driven, flow)
            word = self._word(job, choice, operation, stop, burst, (spine, other), result)
            self._tables.issue(self._alu(operation, stop, burst), [(t, word) for t in burst.times])
            spine = result
        if choice.shares:
            pairs = zip(choice.shares, sums, strict=True)
            self._matrix.place(job, [(s, emit, n % STREAMS) for s, (emit, n) in pairs])
        return finish

    def _store_sums(self, job: Job, choice: Choice, emit: Burst) -> int:
        (share,) = choice.shares
        driven = emit.moved(self._time.acc_d_func)
        target = self._target(job, choice)
        stream, finish = self._memory.store(target, share.plane.stop, driven, share.plane.inward)
        self._matrix.place(job, [(share, emit, stream % STREAMS)])
        return finish

    def _sources(
        self, job: Job, choice: Choice, stop: int, burst: Burst
    ) -> list[tuple[Burst, int]]:
        """Bring the job's flow to its first operation: for each source (cycles of ACC, stream)."""
        inputs = burst.moved(self._time.vxm_d_skew)
        if not choice.shares:
            assert isinstance(job.stage, Stage)
            what = self._leaf(job, choice, job.stage.source)
            flows = [Direction.EAST, Direction.WEST]
            return [(inputs, self._memory.fetch(what, stop, inputs, flows))]
        return [self._sum(share.plane, stop, inputs) for share in choice.shares]

    def _sum(self, plane: Plane, stop: int, inputs: Burst) -> tuple[Burst, int]:
        """The stream of a plane's sums to a stop: cycles of ACC, and the stream."""
        driven = inputs.moved(1 - abs(plane.stop - stop))
        width = Type.INT32.bytes
        extents = [[Extent(plane.stop, stop)]] * width
        base = self._tables.streams(plane.inward, extents, driven, width)
        return driven.moved(-self._time.acc_d_func), plane.inward * STREAMS + base

    def _alu(self, operation: Operation, stop: int, burst: Burst) -> Queue:
        """An idle ALU of a stop; those that have the special functions come last."""
        op = VXM_OPS[operation.op]
        able = [q for q in reversed(self._floor.alus(stop)) if has_operation(q, op)]
        waits = [self._tables.queue_wait(queue, burst) for queue in able]
        if 0 not in waits:
            raise BusyError(min(waits))
        return able[waits.index(0)]

    def _leaf(self, job: Job, choice: Choice, node: Node) -> Elements:
        """The job's elements of a tensor; a constant has a copy for each plane."""
        row, chunk, stride = job.element(node)
        copy = choice.copy if node.kind is Kind.CONSTANT else 0
        piece, first = self._layout.piece(node, row, chunk, copy)
        return Elements(piece, first, stride)

    def _target(self, job: Job, choice: Choice) -> Elements:
        return self._leaf(job, choice, job.stage.target)

    def _word(
        self,
        job: Job,
        choice: Choice,
        operation: Operation,
        stop: int,
        burst: Burst,
        flow: tuple[int, int],
        result: int,
    ) -> Instruction:
        """The instruction of an operation, after bringing its tensors from MEM to its stop."""
        inputs = burst.moved(self._time.vxm_d_skew)
        streams = {
            node: self._memory.fetch(
                self._leaf(job, choice, node), stop, inputs, [Direction.WEST, Direction.EAST]
            )
            for node in operation.leaves
        }
        fields = {
            "op": VXM_OPS[operation.op].code,
            "compute": int(operation.compute),
            "saturate": int(operation.saturate),
            "result_type": int(DTYPES[operation.dtype]),
            "result_stream": result,
        }
        immediates = 0
        for name, slot in zip("abc", operation.slots, strict=False):
            if isinstance(slot, Immediate):
                fields[f"{name}_type"] = int(DTYPES[slot.dtype])
                fields[f"{name}_immediate"] = 1
                fields[f"immediate{immediates}"] = slot.pattern
                immediates += 1
            elif isinstance(slot, Spine):
                fields[f"{name}_type"] = int(DTYPES[operation.spine_dtype])
                fields[f"{name}_stream"] = flow[slot.value]
            else:
                fields[f"{name}_type"] = int(slot.type)
                fields[f"{name}_stream"] = streams[slot]
        return make("VXM", **fields)
