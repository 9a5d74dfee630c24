"""Runs of a program on the golden machine, from memory images to everything that is compared."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tsp.arch.timing import Timing
from tsp.arch.timing import timing as timing_table
from tspc.faults import Fault
from tspc.golden.machine import Machine
from tspc.golden.vectors import Array
from tspc.program import Address, Program

__all__ = ["Run", "simulate"]

_K = TypeVar("_K")


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
    critical
        Something raised the chip's critical error.
    counters
        (corrected, double) errors by (queue, superlane).
    """

    events: NDArray[np.void]
    writes: NDArray[np.void]
    drives: NDArray[np.void] | None
    memory: Mapping[Address, NDArray[np.uint8]]
    accumulators: Mapping[tuple[int, int], NDArray[np.int32]]
    done: int
    critical: bool
    counters: Mapping[tuple[int, int], tuple[int, int]]


class _Sample(Mapping[_K, Array]):
    """Vectors of one of many inputs, without a copy for each input of what all of them share.

    `partial`: of vectors that are not whole which parts hold something; if none does for this
    input, it has no such vector.
    """

    def __init__(
        self,
        vectors: dict[_K, Array],
        sample: int,
        partial: Mapping[_K, Array] = MappingProxyType({}),
    ) -> None:
        self._vectors = vectors
        self._sample = sample
        self._absent = {k for k, known in partial.items() if not self._own(known).any()}

    def _own(self, vector: Array) -> Array:
        return vector if vector.ndim == 1 else vector[self._sample]

    def __getitem__(self, key: _K) -> Array:
        if key in self._absent:
            raise KeyError(key)
        return self._own(self._vectors[key])

    def __iter__(self) -> Iterator[_K]:
        return (key for key in self._vectors if key not in self._absent)

    def __len__(self) -> int:
        return len(self._vectors) - len(self._absent)


def simulate(
    program: Program,
    images: Sequence[Mapping[Address, NDArray[np.uint8]]],
    *,
    deep: bool = False,
    timing: Timing | None = None,
    faults: Sequence[Fault] = (),
) -> list[Run]:
    """Run a program once for each image, every time from reset.

    No timing depends on data, so the images that fill the same addresses share one run of the
    machine, in which a vector has a row for each of them.

    Parameters
    ----------
    program
        What to run, its own memory image included.
    images
        What each run finds in MEM besides, and in place of, the program's image.
    deep
        Record drives, too.
    timing
        Another timing table than the configuration's.
    faults
        Upsets, the same in every run.

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
        contents = {**program.image, **_merge([images[i] for i in members])}
        machine = Machine(program, contents, table, deep, tuple(faults))
        machine.run()
        runs.update(zip(members, _runs(machine, len(members))))
    return [runs[i] for i in range(len(images))]


def _merge(images: list[Mapping[Address, NDArray[np.uint8]]]) -> dict[Address, Array]:
    """One image for all: shape (N, V) where they differ, else (V,)."""
    merged: dict[Address, Array] = {}
    for address, first in images[0].items():
        vectors = [image[address] for image in images]
        same = all(np.array_equal(v, first) for v in vectors[1:])
        merged[address] = np.array(first if same else np.stack(vectors), np.uint8)
    return merged


def _runs(machine: Machine, count: int) -> list[Run]:
    events = machine.record.events()
    memory = {key: np.ascontiguousarray(v) for key, v in machine.memory().items()}
    partial = machine.partial()
    accumulators = {key: np.ascontiguousarray(v) for key, v in machine.accumulators().items()}
    return [
        Run(
            events,
            machine.record.writes(sample),
            machine.record.drives(sample),
            _Sample(memory, sample, partial),
            _Sample(accumulators, sample),
            machine.done,
            machine.record.critical(sample) or machine.counters.critical,
            machine.counters.found,
        )
        for sample in range(count)
    ]
