"""MXM planes: weights, activations, results; three units that share a plane's state.

The delays of the timing table are *visibility*: what an operation leaves is seen by those that
issue the published number of cycles later, and older contents by those that issue before.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import LANES, STREAMS, Hemisphere, Queue, QueueKind
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import AbcMode, AccMode, Instruction
from tspc.golden.errors import GoldenError, Party
from tspc.golden.slices.unit import Chip, Stepped, Unit
from tspc.golden.vectors import Array, Part, alike

__all__ = ["Activations", "Plane", "Results", "Weights"]

_INT8 = np.dtype("<i1")
_INT32 = np.dtype("<i4")

T = TypeVar("T")


class _Delayed(Generic[T]):
    """A register whose new contents are seen a fixed delay after the operation that wrote it."""

    def __init__(self) -> None:
        self._states: deque[tuple[int, T]] = deque()

    def put(self, cycle: int, value: T, delay: int) -> None:
        """Write by an operation that issues in `cycle`; the times of writes rise."""
        states = self._states
        states.append((cycle, value))
        while len(states) > 1 and states[1][0] <= cycle - delay:
            states.popleft()

    def get(self, cycle: int, delay: int) -> T | None:
        """What an operation that issues in `cycle` sees; None before the first write."""
        for written, value in reversed(self._states):
            if written <= cycle - delay:
                return value
        return None

    def last(self) -> T | None:
        """The contents in the end."""
        return self._states[-1][1] if self._states else None


class _Tile:
    """Installed weights: T column groups of shape (.., 16, V); the matrix is made when used.

    Attributes
    ----------
    parts
        The groups, by column.
    superlanes
        Superlanes, i.e. inputs / 16, for which every group has weights.
    """

    def __init__(self, parts: list[Part]) -> None:
        self.parts = parts
        self.superlanes = min(part.superlanes for part in parts)
        self._matrix: NDArray[np.float32] | None = None

    def product(self, activations: Array) -> NDArray[np.int32]:
        """Outputs of activations (.., V), int8.

        fp32 is exact here: no sum of V <= 512 products of int8 exceeds 2^24.
        """
        if self._matrix is None:
            groups = alike([part.value for part in self.parts])
            self._matrix = np.concatenate(groups, axis=-2).astype(np.float32)
        x = activations.view(_INT8).astype(np.float32)
        if self._matrix.ndim == 2:
            return (x @ self._matrix.T).astype(np.int32)
        product = self._matrix @ np.broadcast_to(x, (len(self._matrix), x.shape[-1]))[..., None]
        return product[..., 0].astype(np.int32)


class _Sum(NamedTuple):
    """An accumulator entry, and how many vectors were added since it was written."""

    part: Part
    terms: int


@dataclass
class Plane:
    """State of one plane.

    Attributes
    ----------
    load, weights
        The load buffer's column groups, and what the last IWs installed.
    activations, accumulators
        Buffer entries that were ever written.
    results
        Result of the ABC that issued in each cycle, as long as an ACC may want it.
    """

    load: dict[int, _Delayed[Part]] = field(default_factory=dict)
    weights: _Delayed[_Tile] = field(default_factory=_Delayed)
    activations: dict[int, _Delayed[Part]] = field(default_factory=dict)
    accumulators: dict[int, _Delayed[_Sum]] = field(default_factory=dict)
    results: dict[int, Array] = field(default_factory=dict)

    def sums(self) -> dict[int, Array]:
        """Contents of the accumulator entries in the end."""
        found = {entry: state.last() for entry, state in self.accumulators.items()}
        return {entry: total.part.value for entry, total in found.items() if total is not None}


class _PlaneUnit(Unit):
    """A unit of a plane; inputs flow outward, results inward."""

    def __init__(self, queue: Queue, chip: Chip, plane: Plane) -> None:
        super().__init__(queue, chip)
        self.plane = plane
        west = queue.hemisphere is Hemisphere.W
        self.inputs, self.outputs = (STREAMS, 0) if west else (0, STREAMS)

    @property
    def counted(self) -> int:
        """Errors of a plane are counted under its queue R."""
        order = (QueueKind.MXM_W, QueueKind.MXM_A, QueueKind.MXM_R)
        return self.queue.index + len(order) - 1 - order.index(self.queue.kind)

    def uninitialised(self, party: Party, what: str, remedy: str) -> GoldenError:
        """An operation that reads what nothing wrote."""
        return GoldenError(
            ErrorClass.UNINITIALISED,
            f"{party} uses {what}, but no operation that it can see has written it",
            remedy,
            (party,),
        )


class Weights(_PlaneUnit):
    """Queue W: LW."""

    def prepare(self, instruction: Instruction) -> Any:
        """Stream, and the column group that steps."""
        column = Stepped.of(instruction, "column", 1, self.chip.config.superlanes)
        return instruction["stream"], column

    def issue(self, cycle: int, operation: Any, copy: int, party: Party) -> None:
        """Stream i, lane k: the weight of input k for output 16 c + i."""
        stream, column = operation
        self.event(cycle, column.word(copy))
        capture, first = cycle + self.timing.mxm_d_skew, self.inputs + stream
        rows = [self.read(first + i, capture, party) for i in range(LANES)]
        group = np.stack(alike(rows), axis=-2).view(_INT8)
        state = self.plane.load.setdefault(column.value(copy), _Delayed())
        state.put(cycle, self.merged(group, state.last()), self.timing.lw_to_iw)


class _Abc(NamedTuple):
    """A word of queue A, digested."""

    install: bool
    mode: AbcMode
    stream: int
    entry: Stepped


class Activations(_PlaneUnit):
    """Queue A: IW and ABC."""

    def prepare(self, instruction: Instruction) -> Any:
        """The entry steps in the modes that have one."""
        mode = AbcMode(instruction["mode"])
        step = int(mode in (AbcMode.KEEP, AbcMode.BUFFER))
        entry = Stepped.of(instruction, "entry", step, self.chip.config.activations)
        return _Abc(bool(instruction["install"]), mode, instruction["stream"], entry)

    def issue(self, cycle: int, operation: Any, copy: int, party: Party) -> None:
        """Install, then compute with whatever weights are visible by now."""
        op: _Abc = operation
        self.event(cycle, op.entry.word(copy))
        if op.install:
            self._install(cycle, party)
        if op.mode is not AbcMode.NONE:
            self._compute(cycle, op, op.entry.value(copy), party)

    def _install(self, cycle: int, party: Party) -> None:
        groups, before = [], self.plane.weights.last()
        for column in range(self.chip.config.superlanes):
            state = self.plane.load.get(column)
            group = state.get(cycle, self.timing.lw_to_iw) if state else None
            if group is None or group.superlanes < self.limit:
                raise self.uninitialised(
                    party,
                    f"column group {column} of the load buffer",
                    f"let an LW of every group issue {self.timing.lw_to_iw} or more cycles before",
                )
            old = before.parts[column] if before else None
            groups.append(self.merged(group.value, old))
        self.plane.weights.put(cycle, _Tile(groups), self.timing.iw_to_abc)

    def _compute(self, cycle: int, op: _Abc, entry: int, party: Party) -> None:
        tile = self.plane.weights.get(cycle, self.timing.iw_to_abc)
        if tile is None or tile.superlanes < self.limit:
            raise self.uninitialised(
                party,
                "the weights",
                f"let an IW issue {self.timing.iw_to_abc} or more cycles before",
            )
        delay = self.timing.keep_to_buffer
        if op.mode is AbcMode.BUFFER:
            state = self.plane.activations.get(entry)
            kept = state.get(cycle, delay) if state else None
            if kept is None or kept.superlanes < self.limit:
                raise self.uninitialised(
                    party,
                    f"activation buffer entry {entry}",
                    f"let an ABC keep it {delay} or more cycles before",
                )
            vector = kept.value
        else:
            capture = cycle + self.timing.mxm_d_skew
            vector = self.read(self.inputs + op.stream, capture, party)
            if op.mode is AbcMode.KEEP:
                state = self.plane.activations.setdefault(entry, _Delayed())
                state.put(cycle, self.merged(vector, state.last()), delay)
        self._leave(cycle, tile.product(self.acting(vector)))

    def _leave(self, cycle: int, result: Array) -> None:
        results = self.plane.results
        results[cycle] = result
        oldest = cycle - self.timing.abc_to_acc
        while (first := next(iter(results))) < oldest:
            del results[first]


class _Acc(NamedTuple):
    """An ACC word, digested."""

    mode: AccMode
    stream: int
    entry: Stepped


_RANGE = 1 << 31  #: int32 holds less

_USES_RESULT = (AccMode.WRITE, AccMode.ADD, AccMode.EMIT, AccMode.EMIT_SUM)
_USES_ENTRY = (AccMode.ADD, AccMode.EMIT_SUM, AccMode.EMIT_STORED)
_WRITES = (AccMode.WRITE, AccMode.ADD, AccMode.PRELOAD)


class Results(_PlaneUnit):
    """Queue R: ACC.

    *Accumulator range*: where the program gives no bound, (vectors added since the write, the
    written one included) * V * 2^14 must stay below 2^31; a preload counts none. Where it gives
    one, that must be below 2^31, and no entry may exceed it.
    """

    def prepare(self, instruction: Instruction) -> Any:
        """The entry steps in the modes that have one."""
        mode = AccMode(instruction["mode"])
        step = int(mode is not AccMode.EMIT)
        entry = Stepped.of(instruction, "entry", step, self.chip.config.accumulators)
        return _Acc(mode, instruction["stream"], entry)

    def issue(self, cycle: int, operation: Any, copy: int, party: Party) -> None:
        """Combine the plane's result and the entry as the mode says; int32 wraps."""
        op: _Acc = operation
        self.event(cycle, op.entry.word(copy))
        entry = op.entry.value(copy)
        if op.mode is AccMode.PRELOAD:
            capture = cycle + self.timing.acc_d_skew
            preload = self.read_elements(self.inputs + op.stream, _INT32, capture, party)
            total = _Sum(Part(preload, self.limit), 0)
        else:
            total = self._sum(cycle, op.mode, entry, party)
        if op.mode in (AccMode.WRITE, AccMode.PRELOAD) and self.limit < self.chip.config.superlanes:
            # Other superlanes keep their sums, and so the entry its count.
            last = self.plane.accumulators.get(entry, _Delayed()).last()
            total = _Sum(total.part, total.terms + (last.terms if last else 0))
        if op.mode is not AccMode.EMIT:
            self._check(total, entry, party)
        if op.mode in _WRITES:
            state = self.plane.accumulators.setdefault(entry, _Delayed())
            last = state.last()
            part = self.merged(total.part.value, last.part if last else None)
            state.put(cycle, _Sum(part, total.terms), self.timing.acc_to_acc)
        else:
            ready = cycle + self.timing.acc_d_func
            self.drive_elements(self.outputs + op.stream, ready, total.part.value, party)

    def _sum(self, cycle: int, mode: AccMode, entry: int, party: Party) -> _Sum:
        total: _Sum | None = None
        if mode in _USES_ENTRY:
            state = self.plane.accumulators.get(entry)
            total = state.get(cycle, self.timing.acc_to_acc) if state else None
            if total is None or total.part.superlanes < self.limit:
                raise self.uninitialised(
                    party,
                    f"accumulator entry {entry}",
                    "write or preload it first",
                )
        if mode in _USES_RESULT:
            result = self._result(cycle, party)
            if total is None:
                return _Sum(Part(result, self.limit), 1)
            return _Sum(Part(total.part.value + result, self.limit), total.terms + 1)
        assert total is not None
        return total

    def _result(self, cycle: int, party: Party) -> Array:
        wanted = cycle - self.timing.abc_to_acc
        result = self.plane.results.get(wanted)
        if result is None:
            raise GoldenError(
                ErrorClass.EMPTY_STREAM,
                f"{party} takes the result of an ABC that issued in cycle {wanted} "
                f"({self.timing.abc_to_acc} before), and none did",
                f"issue it {self.timing.abc_to_acc} cycles after its ABC",
                (party,),
            )
        return result

    def _check(self, total: _Sum, entry: int, party: Party) -> None:
        config, bound = self.chip.config, self.chip.bound
        if bound is None:
            if total.terms * config.lanes << 14 >= _RANGE:
                raise self._range(
                    party,
                    f"adds vector {total.terms} to entry {entry}: {total.terms} * "
                    f"{config.lanes} * 2^14 >= 2^31",
                )
        elif bound >= _RANGE:
            raise self._range(party, f"may wrap entry {entry}: the bound {bound} is not below 2^31")
        elif np.abs(self.acting(total.part.value).astype(np.int64)).max() > bound:
            raise self._range(party, f"makes entry {entry} exceed the program's bound, {bound}")

    def _range(self, party: Party, what: str) -> GoldenError:
        return GoldenError(
            ErrorClass.ACCUMULATOR_RANGE,
            f"{party} {what}",
            "add fewer vectors between writes, or give the program a bound that holds",
            (party,),
        )
