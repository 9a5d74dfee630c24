"""Where things stand and when values meet: the stream rule of the timing table.

A value that stands in the register of stop p in cycle c is on the inputs of a unit q >= 1 stops
further in c + q - 1. Values on one diagonal (cycle - stop eastward, cycle + stop westward) move
together, so a value occupies, on its stream and diagonal, the stops from its producer to the one
before its last reader.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from itertools import pairwise, product

from tsp.arch.config import Config, Hemisphere, Queue, QueueKind
from tsp.arch.timing import Timing, timing

__all__ = ["Direction", "Floor", "Plane", "Route", "VXM_STOPS"]

VXM_STOPS = 4
ALUS_PER_STOP = 4


class Direction(IntEnum):
    """Which way a stream flows; the value is bit 5 of a stream field."""

    EAST = 0
    WEST = 1

    @property
    def other(self) -> "Direction":
        """The opposite one."""
        return Direction(1 - self)


@dataclass(frozen=True)
class Plane:
    """One MXM plane: its three queues, its stop, and which way its inputs flow."""

    name: str
    hemisphere: Hemisphere
    stop: int
    weights: Queue
    activations: Queue
    results: Queue

    @property
    def inward(self) -> Direction:
        """Direction of its results."""
        return Direction.WEST if self.hemisphere is Hemisphere.E else Direction.EAST


@dataclass(frozen=True)
class Route:
    """Stops of a chain of vector operations, and the direction of the last result."""

    stops: tuple[int, ...]
    out: Direction

    def directions(self) -> tuple[Direction, ...]:
        """Direction of each operation's result."""
        between = [Direction.EAST if b > a else Direction.WEST for a, b in pairwise(self.stops)]
        return (*between, self.out)


class Floor:
    """Floor plan and timing of one configuration, as the scheduler asks for them."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.time: Timing = timing(config)
        self._upstream: dict[tuple[int, Direction], tuple[Queue, ...]] = {}

    @cached_property
    def memories(self) -> dict[int, Queue]:
        """MEM queues by number."""
        return {q.index: q for q in self.config.queues if q.kind is QueueKind.MEM}

    @cached_property
    def planes(self) -> dict[str, Plane]:
        """MXM planes by name: E0, W0, ... (east first)."""
        found = {}
        for unit, h in product(range(self.config.planes), (Hemisphere.E, Hemisphere.W)):
            name = f"{h.name}{unit}"
            w, a, r = (self.config.queue_by_name[f"MXM_{name}_{x}"] for x in "WAR")
            found[name] = Plane(name, h, w.stop, w, a, r)
        return found

    @cached_property
    def vxm_stops(self) -> tuple[int, ...]:
        """The four stops of the VXM, west to east."""
        return tuple(self.config.vxm_stop(ALUS_PER_STOP * i) for i in range(VXM_STOPS))

    def alus(self, stop: int) -> tuple[Queue, ...]:
        """The four ALUs of a VXM stop."""
        first = ALUS_PER_STOP * self.vxm_stops.index(stop)
        names = (f"VXM{first + i}" for i in range(ALUS_PER_STOP))
        return tuple(self.config.queue_by_name[n] for n in names)

    def upstream(self, stop: int, flow: Direction) -> tuple[Queue, ...]:
        """MEM slices whose data reach `stop` in direction `flow`, nearest first."""
        key = stop, flow
        if key not in self._upstream:
            sign = 1 if flow is Direction.EAST else -1
            found = [q for q in self.memories.values() if sign * (stop - q.stop) > 0]
            found.sort(key=lambda q: (abs(stop - q.stop), q.index))
            self._upstream[key] = tuple(found)
        return self._upstream[key]

    def routes(self, source: int | None, count: int) -> list[Route]:
        """Ways of `count` operations through the VXM, shortest first.

        `source` is the stop that the flow comes from; None: MEM of either side. Successive
        operations stand at neighbouring stops.
        """
        found = []
        for first, *steps in product(range(VXM_STOPS), *[(-1, 1)] * (count - 1)):
            at = [first]
            for step in steps:
                at.append(at[-1] + step)
            if all(0 <= p < VXM_STOPS and at.count(p) <= ALUS_PER_STOP for p in at):
                for out in Direction:
                    found.append(Route(tuple(self.vxm_stops[p] for p in at), out))
        return sorted(found, key=lambda r: self._length(r, source))

    def _length(self, route: Route, source: int | None) -> tuple[int, int]:
        before = 0 if source is None else abs(route.stops[0] - source)
        last = route.stops[-1]
        edge = self.vxm_stops[-1] + 1 if route.out is Direction.EAST else self.vxm_stops[0] - 1
        return before + abs(edge - last), len(set(route.stops))
