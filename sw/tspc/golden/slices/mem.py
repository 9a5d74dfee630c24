"""MEM slices: two banks, a read port and a write port, bursts, and offsets from maps."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tsp.arch.config import LANES, Queue
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import Instruction, PortKind, make
from tspc.faults import MemoryFault
from tspc.golden.errors import GoldenError, Party
from tspc.golden.slices.store import Store
from tspc.golden.slices.unit import Chip, Stepped, Unit
from tspc.golden.vectors import Array

__all__ = ["MemSlice"]


class _Port(NamedTuple):
    """One port of a MEM word."""

    number: int  #: 0 read, 1 write
    name: str
    bank: int
    stream: int
    offset: Stepped
    map: int | None  #: stream of the map; None: the access is direct
    accesses: int
    interval: int


class _Burst(NamedTuple):
    """A burst in progress: what its next access is, and when its last one issues."""

    port: _Port
    copy: int
    end: int
    party: Party
    limit: int


@functools.lru_cache(maxsize=1 << 16)
def _event_base(port: str, kind: int, bank: int, stream: int, map_: int) -> Instruction:
    """The word of an event: one port alone, at offset 0."""
    fields = {"kind": kind, "bank": bank, "stream": stream, "map": map_, "count": 1, "interval": 1}
    return make("MEM", **{f"{port}_{name}": value for name, value in fields.items()})


class MemSlice(Unit):
    """One MEM slice.

    Parameters
    ----------
    queue, chip
        Which slice, and its surroundings.
    later
        Called with (cycle, port) for each access of a burst after the first: :meth:`go_on` is to
        be called with the same in that cycle.

    Attributes
    ----------
    store
        What the slice holds.
    last_access
        Issue cycle of the last access; -1 if there was none.
    """

    def __init__(self, queue: Queue, chip: Chip, later: Callable[[int, int], None]) -> None:
        super().__init__(queue, chip)
        self.store = Store(chip.config.superlanes)
        self.last_access = -1
        self._later = later
        self._bursts: dict[int, _Burst] = {}
        self._banks: list[tuple[int, Party] | None] = [None, None]

    def prepare(self, instruction: Instruction) -> Any:
        """The ports that the word uses."""
        ports = []
        for number, name in enumerate(("read", "write")):
            kind = instruction[f"{name}_kind"]
            if kind == PortKind.NONE:
                continue
            bank, stream = instruction[f"{name}_bank"], instruction[f"{name}_stream"]
            map_ = instruction[f"{name}_map"]
            base = _event_base(name, kind, bank, stream, map_)
            offset = Stepped(
                base.encode(),
                base.format.by_name[f"{name}_offset"].low,
                instruction[f"{name}_offset"],
                instruction[f"{name}_stride"],
                self.chip.config.bank_words,
            )
            count, interval = instruction[f"{name}_count"], instruction[f"{name}_interval"]
            indirect = map_ if kind == PortKind.INDIRECT else None
            ports.append(_Port(number, name, bank, stream, offset, indirect, count, interval))
        return tuple(ports)

    def issue(self, cycle: int, operation: Any, copy: int, party: Party) -> None:
        """First access of each port; the rest of a burst follows through :meth:`go_on`."""
        ports: tuple[_Port, ...] = operation
        for port in ports:
            burst = self._bursts.get(port.number)
            if burst is not None and cycle <= burst.end:
                raise GoldenError(
                    ErrorClass.PORT_BUSY,
                    f"{party} names the {port.name} port in cycle {cycle}, but the burst of "
                    f"{burst.party} has its last access in cycle {burst.end}",
                    f"issue it in cycle {burst.end + 1} or later",
                    (party, burst.party),
                )
        for port in ports:
            self._access(cycle, port, copy, party)
            if port.accesses > 1:
                end = cycle + (port.accesses - 1) * port.interval
                self._bursts[port.number] = _Burst(port, 1, end, party, self.limit)
                self._later(cycle + port.interval, port.number)

    def upset(self, fault: MemoryFault) -> None:
        """Flip bits of a word."""
        if not self.store.upset(fault.bank, fault.offset, fault.superlane, fault.flips):
            raise ValueError(f"{fault} strikes a word of {self.queue.name} that holds nothing")

    def go_on(self, cycle: int, number: int) -> None:
        """The next access of the burst of port `number`."""
        burst = self._bursts[number]
        port, copy, end, party, limit = burst
        # A CONFIG in between is for later words.
        self.limit, now = limit, self.limit
        self._access(cycle, port, copy, party._replace(cycle=cycle))
        self.limit = now
        if cycle < end:
            self._bursts[number] = burst._replace(copy=copy + 1)
            self._later(cycle + port.interval, number)

    def _access(self, cycle: int, port: _Port, copy: int, party: Party) -> None:
        other = self._banks[port.bank]
        if other is not None and other[0] == cycle:
            raise GoldenError(
                ErrorClass.BANK_CONFLICT,
                f"{party} and {other[1]} both access bank {port.bank} of {self.queue.name} in "
                f"cycle {cycle}",
                "use the other bank, or another cycle",
                (party, other[1]),
            )
        self._banks[port.bank] = (cycle, party)
        self.last_access = cycle
        self.event(cycle, port.offset.word(copy))
        offset = port.offset.value(copy) if port.map is None else self._offsets(cycle, port, party)
        if port.number == 0:
            self._read(cycle, port, offset, party)
        else:
            self._write(cycle, port, offset, party)

    def _offsets(self, cycle: int, port: _Port, party: Party) -> Array:
        """Each superlane's offset: bytes 0 and 1 of its own word of the map."""
        assert port.map is not None
        vector = self.read(port.map, cycle + self.timing.mem_d_skew, party)
        words = vector.reshape(*vector.shape[:-1], -1, LANES)
        offsets = words[..., 0].astype(np.int64) | words[..., 1].astype(np.int64) << 8
        bad = words[..., 2:].any(axis=-1) | (offsets >= self.chip.config.bank_words)
        bad[..., self.limit :] = False
        if bad.any():
            place = tuple(np.argwhere(bad)[0])
            raise GoldenError(
                ErrorClass.BAD_MAP,
                f"the map of {party} has {words[place].tobytes()[::-1].hex()} for superlane "
                f"{place[-1]}, which is no offset of a bank of {self.queue.name}",
                "let bytes 0 and 1 of each superlane's map word be the offset, and the others zero",
                (party,),
            )
        return offsets

    def _read(self, cycle: int, port: _Port, offset: int | Array, party: Party) -> None:
        if isinstance(offset, int):
            value = self.store.read(port.bank, offset, self.limit)
            if value is None:
                raise self._nothing(port, f"offset {offset}", party)
        else:
            found = self.store.gather(port.bank, offset, self.limit)
            if isinstance(found, tuple):
                raise self._nothing(port, f"offset {found[1]} in superlane {found[0]}", party)
            value = found
        self.drive(port.stream, cycle + self.timing.mem_d_func, value, party)

    def _nothing(self, port: _Port, where: str, party: Party) -> GoldenError:
        return GoldenError(
            ErrorClass.UNINITIALISED,
            f"{party} reads bank {port.bank} {where} of {self.queue.name}, which "
            "holds nothing: no image, input or write came before",
            "write it first, or give it in the program's memory image",
            (party,),
        )

    def _write(self, cycle: int, port: _Port, offset: int | Array, party: Party) -> None:
        value = self.carry(port.stream, cycle + self.timing.mem_d_skew, party)
        if isinstance(offset, int):
            self.store.write(port.bank, offset, value, self.limit)
        else:
            self.store.scatter(port.bank, offset, value, self.limit)
        due = cycle + self.timing.mem_access
        self.chip.record.write(due, self.queue.index, port.bank, offset, value, self.limit)
