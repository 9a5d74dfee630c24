"""What experiments are made of: a consumer that is moved, and the MEM slices that feed it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tsp.arch.config import Config
from tsp.arch.isa import Instruction, make
from tspc.engines.base import Result
from tspc.program import Program
from verif.support_programs import read

__all__ = ["PATTERN", "REACH", "SINK", "SOURCE", "START", "STREAM"]
__all__ += ["Experiment", "first", "hops", "memory_image", "moved", "reading"]

#: All queues are released long before; the table is not asked when.
START = 150
#: How far a consumer is moved to each side of a guess.
REACH = range(-3, 4)
STREAM = 4
#: The VXM computes with operands that come to it; MEM to its west feeds it on east streams.
SOURCE, SINK = "MEM_W0", "MEM_E0"
PATTERN = 0x5B


@dataclass(frozen=True)
class Experiment:
    """Programs that differ in one number, and how to read the delay from their results."""

    name: str
    programs: Sequence[Program]
    read: Callable[[Sequence[Result]], int | set[int]]


def moved(results: Sequence[Result], good: Callable[[Result], bool]) -> int:
    """The only position of :data:`REACH` at which the data is right; wrong on both sides of it."""
    right = [by for by, result in zip(REACH, results, strict=True) if good(result)]
    if len(right) != 1 or right[0] in (REACH[0], REACH[-1]):
        raise AssertionError(f"data is right at {right}, not at one place inside {REACH}")
    return right[0]


def first(results: Sequence[Result], good: Callable[[Result], bool]) -> int:
    """The smallest position of :data:`REACH` from which on the data is right."""
    right = [by for by, result in zip(REACH, results, strict=True) if good(result)]
    if not right or right != list(range(right[0], REACH[-1] + 1)) or right[0] == REACH[0]:
        raise AssertionError(f"data is right at {right}, which is no threshold inside {REACH}")
    return right[0]


def memory_image(config: Config, queue: str, values: Mapping[int, int]) -> dict:
    """Image: vectors of one repeated byte in bank 0 of a slice, by offset."""
    number = config.queue_by_name[queue].index
    return {(number, 0, at): np.full(config.lanes, v, np.uint8) for at, v in values.items()}


def hops(config: Config, source: str, sink: str) -> int:
    """Stops from one queue's unit to another's."""
    return abs(config.queue_by_name[sink].stop - config.queue_by_name[source].stop)


def reading(config: Config, offset: int = 0, stream: int = STREAM) -> Instruction:
    """A READ of bank 0."""
    return make("MEM", **read(0, offset, stream))
