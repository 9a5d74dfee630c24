"""Arrays in and out of a simulation: ``--load``, ``--dump`` and ``--events``."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click
import numpy as np
from numpy.typing import NDArray

from tspc.cli.common import error, read_bytes
from tspc.cli.ranges import parse_range
from tspc.program import Program

if TYPE_CHECKING:
    from tspc.engines.base import Result

__all__ = ["Arrays", "check_dump", "dump_arrays", "load_arrays", "npz"]

Arrays = dict[str, NDArray[np.generic]]


def load_arrays(program: Program, given: Sequence[str]) -> tuple[Program, Arrays]:
    """Read every ``--load``.

    Parameters
    ----------
    given
        ``NAME=FILE`` for a tensor or ``w:slice:bank:offset=FILE`` for vectors of bytes.

    Returns
    -------
    The program, its memory image with the raw vectors in it, and the tensors by name.
    """
    tensors: Arrays = {}
    memory = dict(program.memory)
    seen: set[str] = set()
    for item in given:
        name, equals, path = item.partition("=")
        if not equals or not name or not path:
            raise click.UsageError(f"--load {item!r} is not NAME=FILE or w:slice:bank:offset=FILE")
        if name in seen:
            raise click.UsageError(f"--load {name!r} is given twice")
        seen.add(name)
        place = parse_range(name, program.config)
        if place is not None:
            vectors = _vectors(_read_array(path), path, program)
            count = len(vectors)
            last = f"{name.partition('+')[0]}+{count}"
            if place.count not in (1, count):
                message = f"{path} holds {count} vectors, {name} takes {place.count}"
                raise error("C0006", message, file=path)
            parse_range(last, program.config)
            memory.update(zip(place.addresses(count), vectors))
        else:
            tensors[name] = _tensor(program, name, path)
    missing = [t.name for t in program.tensors if t.role == "input" and t.name not in tensors]
    if missing:
        message = f"input tensor {missing[0]!r} is not given"
        raise error("C0004", message, help=f"add --load {missing[0]}=FILE.npy")
    return replace(program, memory=memory), tensors


def _tensor(program: Program, name: str, path: str) -> NDArray[np.generic]:
    try:
        tensor = program.tensor(name)
    except KeyError as problem:
        remedy = "a raw range is w:slice:bank:offset or e:slice:bank:offset"
        raise error("C0004", str(problem.args[0]), help=remedy) from None
    array = _read_array(path)
    if array.shape != tensor.shape or array.dtype != np.dtype(tensor.dtype):
        shape, wanted = _shape(array.shape), _shape(tensor.shape)
        message = f"tensor {name!r} is {tensor.dtype}{wanted}, the file holds {array.dtype}{shape}"
        remedy = f"save it as numpy.save(file, x.reshape({tensor.shape}).astype({tensor.dtype!r}))"
        raise error("C0005", message, file=path, help=remedy)
    return array


def _shape(shape: Sequence[int]) -> str:
    return f"[{','.join(str(n) for n in shape)}]"


def _read_array(path: str) -> NDArray[np.generic]:
    data = read_bytes(path)
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError, SyntaxError):
        array = None
    if not isinstance(array, np.ndarray):
        message = "the file is no NumPy array"
        raise error("C0005", message, file=path, help="write it with numpy.save(file, array)")
    return array


def _vectors(array: NDArray[np.generic], path: str, program: Program) -> NDArray[np.uint8]:
    lanes = program.config.lanes
    rows = array.reshape(1, -1) if array.ndim == 1 else array
    if rows.ndim != 2 or rows.shape[1] != lanes or not len(rows) or rows.dtype.itemsize != 1:
        message = f"a range takes bytes of shape [n,{lanes}], the file holds "
        message += f"{array.dtype}{_shape(array.shape)}"
        raise error("C0006", message, file=path)
    return np.ascontiguousarray(rows).view(np.uint8)


def dump_arrays(program: Program, wanted: Sequence[str], result: "Result") -> Arrays:
    """The tensors and ranges to dump, by the names that were asked for; none: all outputs."""
    from tspc.tensors import unpack

    found: Arrays = {}
    for name in wanted or [t.name for t in program.tensors if t.role == "output"]:
        place = parse_range(name, program.config)
        try:
            if place is None:
                found[name] = unpack(program.tensor(name), result.memory, program.config)
                continue
            missing = [a for a in place.addresses() if a not in result.memory]
            if missing:
                raise ValueError(f"{name}: offset {missing[0][2]} was never written")
            found[name] = np.stack([result.memory[a] for a in place.addresses()])
        except KeyError as problem:
            raise error("C0004", str(problem.args[0])) from None
        except ValueError as problem:
            raise error("C0011", str(problem)) from None
    return found


def check_dump(program: Program, wanted: Sequence[str]) -> None:
    """Refuse a name that the program lacks before anything is simulated."""
    for name in wanted:
        if parse_range(name, program.config) is None:
            try:
                program.tensor(name)
            except KeyError as problem:
                raise error("C0004", str(problem.args[0])) from None


def npz(arrays: Mapping[str, NDArray[np.generic]] | Mapping[str, NDArray[np.void]]) -> bytes:
    """Arrays as the bytes of an ``.npz`` file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()
