"""Places what an SXM does: from MEM outward to a unit, from there inward to MEM."""

from dataclasses import dataclass

from tsp.arch.config import SXM_UNITS, Hemisphere, Queue
from tsp.arch.isa import make
from tspc.scheduler.geometry import Direction, Floor
from tspc.scheduler.graph import Node
from tspc.scheduler.jobs import Job
from tspc.scheduler.layout import Layout
from tspc.scheduler.memory import Elements, Memory
from tspc.scheduler.stages import Move
from tspc.scheduler.tables import Burst, Tables

__all__ = ["Lanes"]


@dataclass(frozen=True)
class Lanes:
    """The units of both SXMs.

    Parameters
    ----------
    floor, tables, layout, memory
        Of the schedule.
    """

    floor: Floor
    tables: Tables
    layout: Layout
    memory: Memory

    def units(self, job: Job) -> list[Queue]:
        """Queues that can do a job."""
        assert isinstance(job.stage, Move)
        names = [name for name, _ in SXM_UNITS if name.rstrip("01") == job.stage.op]
        sides = (Hemisphere.E, Hemisphere.W)
        queues = self.floor.config.queue_by_name
        return [queues[f"SXM_{h.name}_{name}"] for name in names for h in sides]

    def attempt(self, job: Job, queue: Queue, at: int) -> int:
        """Claim everything for a job whose first operation issues in cycle `at`.

        Returns
        -------
        The cycle of the last WRITE.
        """
        move = job.stage
        assert isinstance(move, Move)
        outward = Direction.EAST if queue.hemisphere is Hemisphere.E else Direction.WEST
        unit = move.op.lower()
        skew, func = (getattr(self.floor.time, f"{unit}_d_{x}") for x in ("skew", "func"))
        issue = Burst(at, job.count, job.interval)
        self.tables.check_idle(queue, issue.start, issue.last)
        inputs, driven = issue.moved(skew), issue.moved(func)
        data = [self._elements(job, node, job.byte) for node in move.sources]
        fields = {"stream": self.memory.fetch(data, queue.stop, inputs, [outward])}
        if move.table is not None:
            table = self._elements(job, move.table, None, 2 * (queue.hemisphere is Hemisphere.W))
            fields["map"] = self.memory.fetch(table, queue.stop, inputs, [outward])
        if move.op == "SHIFT":
            fields["n"] = move.target.offset
        targets = [self._elements(job, node, job.byte) for node in move.targets]
        fields["result"], finish = self.memory.store(targets, queue.stop, driven, outward.other)
        word = make(move.op, **fields)
        self.tables.issue(queue, [(t, word) for t in issue.times])
        return finish

    def begin(self, job: Job) -> int:
        """A cycle before which the job cannot begin."""
        assert isinstance(job.stage, Move)
        found = [self.tables.begin]
        for node in job.stage.sources:
            what = self._elements(job, node, job.byte)
            found.append(self.memory.ready(what, job.count, job.interval))
        return max(found)

    def _elements(self, job: Job, node: Node, byte: int | None, copy: int = 0) -> Elements:
        row, chunk, stride = job.element(node)
        piece, first = self.layout.piece(node, row, chunk, copy)
        return Elements(piece, first, stride, byte)
