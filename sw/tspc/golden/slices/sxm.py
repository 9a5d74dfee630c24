"""Switching units: lanes move within a vector, streams within a group; maps come with the data."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tsp.arch.config import LANES, Queue, QueueKind
from tsp.arch.isa import Instruction
from tspc.golden.errors import Party
from tspc.golden.slices.unit import Chip, Unit
from tspc.golden.vectors import Array, alike

__all__ = ["Switch"]

#: From the vectors that an operation takes to those that it drives, and where its map is
#: impossible (None: it has no map).
_Compute = Callable[[list[Array]], tuple[list[Array], Array | None]]


class _Operation(NamedTuple):
    """An SXM word, digested."""

    word: int
    sources: tuple[int, ...]  #: streams that it takes, data first, then the map
    result: int
    compute: _Compute


def _moved(x: Array, n: int) -> Array:
    """out[l] = x[l - n], zero outside; n of any sign."""
    out = np.zeros_like(x)
    if n >= 0:
        out[..., n:] = x[..., : x.shape[-1] - n]
    else:
        out[..., :n] = x[..., -n:]
    return out


def _rows(x: Array) -> Array:
    """A vector as (.., T, 16)."""
    return x.reshape(*x.shape[:-1], -1, LANES)


def _flat(x: Array) -> Array:
    """The inverse of :func:`_rows`."""
    return x.reshape(*x.shape[:-2], -1)


def _take(rows: Array, lanes: Array) -> Array:
    """out[.., y, l] = rows[.., y, lanes[.., y, l]]."""
    return np.take_along_axis(rows, lanes.astype(np.intp), axis=-1)


def _shift(n: int) -> _Compute:
    return lambda given: ([_moved(given[0], n)], None)


def _select(n: int) -> _Compute:
    def compute(given: list[Array]) -> tuple[list[Array], Array | None]:
        x, mask = alike(given)
        out = np.zeros_like(x)
        for code, values in enumerate((x, _moved(x, n), _moved(x, -n))):
            out = np.where(mask == code, values, out)
        return [out], mask > 3

    return compute


def _permute(given: list[Array]) -> tuple[list[Array], Array | None]:
    x, low, high = (_rows(v) for v in alike(given))
    bad = high >= x.shape[-2]
    a = _take(x, low & 15)
    b = np.take_along_axis(a, np.where(bad, 0, high).astype(np.intp), axis=-2)
    b[bad] = 0
    return [_flat(_take(b, low >> 4))], _flat(bad)


def _distribute(given: list[Array]) -> tuple[list[Array], Array | None]:
    x, lanes = (_rows(v) for v in alike(given))
    out = _take(x, lanes & 15)
    out[lanes > 15] = 0
    return [_flat(out)], _flat((lanes & 0x70) != 0)


def _rotate(n: int) -> _Compute:
    place = np.arange(n)

    def compute(given: list[Array]) -> tuple[list[Array], Array | None]:
        rows = _rows(given[0])
        results = []
        for r in range(n):
            for c in range(n):
                source = (place[:, None] + r) % n * n + (place + c) % n
                out = np.zeros_like(rows)
                out[..., : n * n] = rows[..., source.ravel()]
                results.append(_flat(out))
        return results, None

    return compute


def _transpose(given: list[Array]) -> tuple[list[Array], Array | None]:
    block = np.stack([_rows(v) for v in alike(given)], axis=-1)  # (.., T, lane, stream)
    return [_flat(np.ascontiguousarray(block[..., k, :])) for k in range(LANES)], None


_COMPUTE: dict[str, Callable[[Instruction], _Compute]] = {
    "SHIFT": lambda i: _shift(i["n"]),
    "SELECT": lambda i: _select(i["n"]),
    "PERMUTE": lambda i: _permute,
    "DISTRIBUTE": lambda i: _distribute,
    "ROTATE": lambda i: _rotate(i["n"]),
    "TRANSPOSE": lambda i: _transpose,
}


class Switch(Unit):
    """One of the six units of an SXM."""

    def __init__(self, queue: Queue, chip: Chip) -> None:
        super().__init__(queue, chip)
        table = self.timing
        self._skew, self._function = {
            QueueKind.SXM_SHIFT: (table.shift_d_skew, table.shift_d_func),
            QueueKind.SXM_PERMUTE: (table.permute_d_skew, table.permute_d_func),
            QueueKind.SXM_DISTRIBUTE: (table.distribute_d_skew, table.distribute_d_func),
            QueueKind.SXM_ROTATE: (table.rotate_d_skew, table.rotate_d_func),
            QueueKind.SXM_TRANSPOSE: (table.transpose_d_skew, table.transpose_d_func),
        }[queue.kind]

    def prepare(self, instruction: Instruction) -> Any:
        """Streams in the order in which the operation wants their vectors."""
        i = instruction
        first = i["stream"]
        sources: tuple[int, ...] = (first,)
        if i.name == "SELECT":
            sources += (i["mask"],)
        elif i.name == "DISTRIBUTE":
            sources += (i["map"],)
        elif i.name == "PERMUTE":
            sources += (i["map"], i["map"] + 1)
        elif i.name == "TRANSPOSE":
            sources = tuple(range(first, first + LANES))
        return _Operation(i.encode(), sources, i["result"], _COMPUTE[i.name](i))

    def issue(self, cycle: int, operation: Any, copy: int, party: Party) -> None:
        """Read, move, drive; nothing steps in a copy. A bad map is noted, and the run goes on."""
        op: _Operation = operation
        self.event(cycle, op.word)
        capture = cycle + self._skew
        given = [self.acting(self.read(stream, capture, party)) for stream in op.sources]
        results, bad = op.compute(given)
        if bad is not None and bad.any():
            self.chip.record.bad_map(np.asarray(bad.any(axis=-1)))
        for k, vector in enumerate(results):
            self.drive(op.result + k, cycle + self._function, vector, party)
