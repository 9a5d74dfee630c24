"""Runs of a program on the golden machine, from memory images to everything that is compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsp.arch.timing import Timing
from tsp.arch.timing import timing as timing_table
from tspc.golden.machine import Machine
from tspc.golden.vectors import Array
from tspc.program import Address, Program

__all__ = ["Run", "simulate"]


@dataclass(frozen=True, eq=False)
class Run:
    """What one run left.

    Attributes
    ----------
    events, writes, drives
        ``EVENT``, ``WRITE`` and ``DRIVE`` arrays, sorted; drives are None unless deep.
    memory
        uint8[V] by address, of every vector that was loaded or written.
    accumulators
        int32[V] by (number of the R queue, entry), of every entry that was written.
    done
        Cycle in which `done` rises, counted from the first NOTIFY.
    """

    events: NDArray[np.void]
    writes: NDArray[np.void]
    drives: NDArray[np.void] | None
    memory: dict[Address, NDArray[np.uint8]]
    accumulators: dict[tuple[int, int], NDArray[np.int32]]
    done: int


def simulate(
    program: Program,
    images: Sequence[Mapping[Address, NDArray[np.uint8]]],
    *,
    deep: bool = False,
    timing: Timing | None = None,
) -> list[Run]:
    """Run a program once for each memory image, every time from reset.

    No timing depends on data, so the images that fill the same addresses share one run of the
    machine, in which a vector has a row for each of them.

    Raises
    ------
    GoldenError
        If the program is illegal.
    """
    table = timing_table(program.config) if timing is None else timing
    groups: dict[frozenset[Address], list[int]] = {}
    for i, image in enumerate(images):
        groups.setdefault(frozenset(image), []).append(i)
    runs: dict[int, Run] = {}
    for members in groups.values():
        machine = Machine(program, _merge([images[i] for i in members]), table, deep)
        machine.run()
        events = machine.record.events()
        for sample, i in enumerate(members):
            runs[i] = _one(machine, events, sample)
    return [runs[i] for i in range(len(images))]


def _merge(images: list[Mapping[Address, NDArray[np.uint8]]]) -> dict[Address, Array]:
    """One image for all: shape (N, V) where they differ, else (V,)."""
    merged: dict[Address, Array] = {}
    for address, first in images[0].items():
        vectors = [image[address] for image in images]
        same = all(v is first or np.array_equal(v, first) for v in vectors[1:])
        merged[address] = np.array(first if same else np.stack(vectors), np.uint8)
    return merged


def _one(machine: Machine, events: NDArray[np.void], sample: int) -> Run:
    def pick(vector: Array) -> Array:
        return np.array(vector if vector.ndim == 1 else vector[sample])

    return Run(
        events,
        machine.record.writes(sample),
        machine.record.drives(sample),
        {address: pick(v) for address, v in machine.memory().items()},
        {key: pick(v) for key, v in machine.accumulators().items()},
        machine.done,
    )
