"""The record of a run: issues, words written, words driven.

While the machine runs, each entry is one tuple with its cycle counted from the first NOTIFY. The
arrays of :mod:`tspc.events` are made at the end, whole columns at a time: a time becomes (segment,
cycle) and a vector one row for each superlane.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import Config
from tsp.arch.isa import WORD_BYTES
from tspc.events import DRIVE, EVENT, WRITE, sort_events
from tspc.golden.protection import Carried, codewords
from tspc.golden.vectors import Array

__all__ = ["Record"]

_Table = NDArray[np.void]
_Heads = tuple[_Table, NDArray[np.intp]]


class Record:
    """Everything that a run leaves in time.

    Parameters
    ----------
    config
        Sizes of the chip.
    deep
        Keep every word that a unit drives on a stream, too.
    """

    def __init__(self, config: Config, deep: bool) -> None:
        self._superlanes = config.superlanes
        self.deep = deep
        self.notifies: list[int] = []
        self._bad_map: Array = np.zeros((), np.bool_)
        self._events: list[tuple[int, int, int]] = []
        self._writes: list[tuple[int, int, int, int]] = []
        self._limits: list[int] = []
        self._written: list[Carried] = []
        self._scattered: dict[int, Array] = {}  # number of the write -> offset of each superlane
        self._drives: list[tuple[int, int, int]] = []
        self._driven: list[Carried] = []
        self._write_heads: _Heads | None = None
        self._drive_heads: _Heads | None = None

    def event(self, cycle: int, queue: int, word: int) -> None:
        """One issue: `word` is the encoded instruction after stepping."""
        self._events.append((cycle, queue, word))

    def write(
        self,
        cycle: int,
        queue: int,
        bank: int,
        offset: int | Array,
        value: Carried,
        limit: int,
    ) -> None:
        """A vector written in the first `limit` superlanes; `cycle` is superlane 0's access.

        `offset` may be an array of shape (T,) or (N, T): SCATTER.
        """
        if not isinstance(offset, int):
            self._scattered[len(self._writes)] = offset
            offset = 0
        self._writes.append((cycle, queue, bank, offset))
        self._limits.append(limit)
        self._written.append(value)

    def drive(self, cycle: int, queue: int, stream: int, value: Carried) -> None:
        """One vector driven; `cycle` is the first in which superlane 0's register holds it."""
        if self.deep:
            self._drives.append((cycle, queue, stream))
            self._driven.append(value)

    def bad_map(self, runs: Array) -> None:
        """A map had an impossible entry: in every run, or an array says in which."""
        self._bad_map = self._bad_map | runs

    def critical(self, sample: int) -> bool:
        """True if something raised the chip's critical error in the run of one input."""
        return bool(self._bad_map if self._bad_map.ndim == 0 else self._bad_map[sample])

    # ---- arrays --------------------------------------------------------------------------

    def _clock(self, table: _Table, cycles: NDArray[np.int64]) -> None:
        starts = np.asarray(self.notifies, np.int64)
        segment = np.searchsorted(starts, cycles, side="right") - 1
        table["segment"] = segment
        table["cycle"] = cycles - starts[segment]

    def events(self) -> _Table:
        """All issues as an ``EVENT`` array, sorted."""
        table = np.zeros(len(self._events), EVENT)
        if len(table):
            cycles, queues, words = zip(*self._events)
            self._clock(table, np.asarray(cycles, np.int64))
            table["queue"] = queues
            raw = b"".join(word.to_bytes(WORD_BYTES, "little") for word in words)
            table["word"] = np.frombuffer(raw, np.uint8).reshape(-1, WORD_BYTES)
        return sort_events(table)

    def writes(self, sample: int) -> _Table:
        """All words written as a ``WRITE`` array, sorted; `sample` picks one input of many."""
        own = {n: o if o.ndim == 1 else o[sample] for n, o in self._scattered.items()}
        differ = any(o.ndim > 1 for o in self._scattered.values())
        if self._write_heads is None or differ:
            names = ("queue", "bank", "offset")
            heads, order = self._heads(WRITE, names, self._writes, own)
            limits = np.repeat(np.asarray(self._limits, np.int64), self._superlanes)[order]
            wrote = heads["superlane"] < limits
            self._write_heads = heads[wrote], order[wrote]
        return self._fill(*self._write_heads, self._written, sample)

    def drives(self, sample: int) -> _Table | None:
        """All words driven as a ``DRIVE`` array, sorted; None unless the run is deep."""
        if not self.deep:
            return None
        if self._drive_heads is None:
            self._drive_heads = self._heads(DRIVE, ("queue", "stream"), self._drives)
        return self._fill(*self._drive_heads, self._driven, sample)

    def _heads(
        self,
        kind: np.dtype[Any],
        names: tuple[str, ...],
        rows: list[Any],
        offsets: Mapping[int, Array] = MappingProxyType({}),
    ) -> _Heads:
        """The table without data, and its order: no two rows are equal in all but the data."""
        table = np.zeros((len(rows), self._superlanes), kind)
        if len(rows):
            columns = np.asarray(rows, np.int64)
            superlanes = np.arange(self._superlanes)
            self._clock(table, columns[:, :1] + superlanes)
            table["superlane"] = superlanes
            for i, name in enumerate(names, 1):
                table[name] = columns[:, i : i + 1]
            for row, each in offsets.items():
                table["offset"][row] = each
        flat = table.reshape(-1)
        keys = [flat[name] for name in reversed(("segment", "cycle", *names))]
        order = np.lexsort([flat["superlane"], *keys])
        return flat[order], order

    def _fill(
        self, heads: _Table, order: NDArray[np.intp], values: list[Carried], sample: int
    ) -> _Table:
        table = heads.copy()
        if values:
            table["data"] = codewords(values, sample)[order]
        return table
