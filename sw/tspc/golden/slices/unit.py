"""What the units of all slices share: their surroundings, and fields that step."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from tsp.arch.config import Config, Queue
from tsp.arch.isa import Instruction
from tsp.arch.timing import Timing
from tspc.golden.errors import Party
from tspc.golden.protection import Carried, Counters, first
from tspc.golden.record import Record
from tspc.golden.streams import Streams
from tspc.golden.vectors import Array, Part, join_bytes, only_first, overlay, split_bytes

__all__ = ["Chip", "Stepped", "Unit"]


@dataclass(frozen=True)
class Chip:
    """What every unit needs to know of the machine around it.

    Attributes
    ----------
    config, timing
        Sizes and delays.
    streams
        The streams of both directions.
    record
        The record of this run.
    bound
        The largest accumulator that the program's maker guarantees, or None.
    counters
        Errors found in words that were used.
    """

    config: Config
    timing: Timing
    streams: Streams
    record: Record
    bound: int | None
    counters: Counters = field(default_factory=Counters)


class Stepped(NamedTuple):
    """A word of which one field steps from copy to copy.

    Attributes
    ----------
    base
        The word with that field zero.
    low
        Lowest bit of the field.
    start, step, modulo
        Copy i has (start + i step) mod modulo.
    """

    base: int
    low: int
    start: int
    step: int
    modulo: int

    def value(self, copy: int) -> int:
        """The field in copy 0, 1, .."""
        return (self.start + copy * self.step) % self.modulo

    def word(self, copy: int) -> int:
        """The encoded word in copy 0, 1, .."""
        return self.base | self.value(copy) << self.low

    @classmethod
    def of(cls, i: Instruction, name: str, step: int, modulo: int) -> "Stepped":
        """Let field `name` of an instruction step."""
        low = i.format.by_name[name].low
        return cls(i.encode() & ~(i[name] << low), low, i[name], step, modulo)


class Unit:
    """A functional unit that one queue commands.

    Attributes
    ----------
    limit
        Superlanes in which operations that issue now act; CONFIG sets it.

    Members
    -------
    prepare(instruction)
        Turns a legal instruction of this queue into whatever :meth:`issue` wants; called once for
        each different word.
    issue(cycle, operation, copy, party)
        Executes copy 0, 1, .. of a word that issues in `cycle`, and records its events.
    """

    def __init__(self, queue: Queue, chip: Chip) -> None:
        self.queue = queue
        self.chip = chip
        self.timing = chip.timing
        self.limit = chip.config.superlanes

    def prepare(self, instruction: Instruction) -> Any:
        """Digest an instruction."""
        raise NotImplementedError

    def issue(self, cycle: int, operation: Any, copy: int, party: Party) -> None:
        """Execute one copy of a word."""
        raise NotImplementedError

    def event(self, cycle: int, word: int) -> None:
        """Record an issue of this queue."""
        self.chip.record.event(cycle, self.queue.index, word)

    @property
    def counted(self) -> int:
        """Queue under which errors that this unit finds are counted."""
        return self.queue.index

    def carry(self, stream: int, cycle: int, party: Party) -> Carried:
        """The vector on this stop's inputs in `cycle`, errors included."""
        return self.chip.streams.read(stream, self.queue.stop, cycle, party)

    def read(self, stream: int, cycle: int, party: Party) -> Array:
        """The same, corrected: for a unit that uses it."""
        carried = self.carry(stream, cycle, party)
        return self.chip.counters.correct(carried, self.counted, limit=self.limit)

    def merged(self, value: Array, old: Part | None) -> Part:
        """What stands where an operation that issues now writes `value`."""
        return overlay(value, old, self.limit, self.chip.config.superlanes)

    def acting(self, value: Array) -> Array:
        """Zero where an operation that issues now does not act."""
        return only_first(value, self.limit, self.chip.config.superlanes)

    def drive(self, stream: int, cycle: int, value: Carried, party: Party) -> None:
        """Let `value` stand in this stop's stream register from `cycle` on, zero where off."""
        value = first(value, self.limit, self.chip.config.superlanes)
        self.chip.streams.drive(stream, self.queue.stop, cycle, value, party)
        self.chip.record.drive(cycle, self.queue.index, stream, value)

    def read_elements(self, stream: int, kind: np.dtype[Any], cycle: int, party: Party) -> Array:
        """Elements whose byte k is on stream base + k."""
        read, size = self.read, kind.itemsize
        return join_bytes([read(stream + k, cycle, party) for k in range(size)], kind)

    def drive_elements(self, stream: int, cycle: int, values: Array, party: Party) -> None:
        """Drive byte k of every element on stream base + k."""
        for k, vector in enumerate(split_bytes(values)):
            self.drive(stream + k, cycle, vector, party)
