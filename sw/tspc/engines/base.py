"""What every engine offers: the same program in, the same report out.

An engine runs a :class:`~tspc.program.Program` on a chip of its own: the golden model
(:mod:`tspc.golden`) or the RTL (:mod:`tspc.engines.rtl`). Each run begins at reset, with the
program's memory image and its inputs and nothing else in memory.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tspc.program import Address, Program

__all__ = ["Engine", "Inputs", "Progress", "ProgressCallback", "Result"]

#: Values of a program's input tensors by name.
Inputs = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Progress:
    """How far a job has come; the last cycle is known, so the rest is exact.

    Attributes
    ----------
    runs, total_runs
        Runs done and asked for.
    cycles, total_cycles
        Chip cycles simulated and planned.
    seconds
        Seconds since the first simulated cycle.
    """

    runs: int
    total_runs: int
    cycles: int
    total_cycles: int
    seconds: float

    @property
    def remaining(self) -> float | None:
        """Seconds to go at the rate so far; None before there is a rate."""
        if not self.cycles or not self.seconds:
            return None
        return (self.total_cycles - self.cycles) * self.seconds / self.cycles


ProgressCallback = Callable[[Progress], None]


@dataclass(frozen=True, eq=False)
class Result:
    """What one run left.

    Attributes
    ----------
    outputs
        The program's output tensors by name.
    events, writes, drives
        ``EVENT``, ``WRITE`` and ``DRIVE`` arrays (:mod:`tspc.events`), sorted; ``drives`` is None
        unless the run was deep.
    memory
        uint8[V] by address, at the end, of every vector that was loaded or written.
    accumulators
        int32[V] by (number of the R queue, entry). The golden model lists the entries that were
        written; the RTL lists all of a plane that was used.
    done
        Cycle in which ``done`` rises, counted from the first NOTIFY; None if it never rose.
    stopped
        Why the chip stopped or the run was given up, None if neither.
    seconds
        Wall-clock seconds of this run from start to done.
    critical
        Something raised the chip's critical error, and the chip ran on: a bad map, a double
        error.
    counters
        (corrected, double) errors by (queue, superlane), of those tiles that found any. The planes'
        stand under their queue R.
    """

    outputs: Mapping[str, NDArray[np.generic]]
    events: NDArray[np.void]
    writes: NDArray[np.void]
    drives: NDArray[np.void] | None
    memory: Mapping[Address, NDArray[np.uint8]]
    accumulators: Mapping[tuple[int, int], NDArray[np.int32]]
    done: int | None
    stopped: str | None
    seconds: float
    critical: bool = False
    counters: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)


class Engine(Protocol):
    """Something that runs programs."""

    @property
    def name(self) -> str:
        """``golden`` or ``rtl``."""
        ...

    def run(self, program: Program, inputs: Inputs | None = None, *, deep: bool = False) -> Result:
        """Run a program once; `deep` records every word that a unit drives on a stream."""
        ...

    def run_many(
        self,
        program: Program,
        many: Sequence[Inputs],
        *,
        deep: bool = False,
        progress: ProgressCallback | None = None,
    ) -> list[Result]:
        """Run a program once for each set of inputs, every time from reset."""
        ...
