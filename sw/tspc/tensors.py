"""Tensors to vectors in MEM and back, laid out as :class:`tspc.program.Tensor` says."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import Config
from tspc.program import Address, Program, Tensor

__all__ = ["load", "pack", "shape_of_places", "unpack"]


def shape_of_places(tensor: Tensor, config: Config) -> tuple[int, int, int]:
    """Rows, chunks of a row, and bytes of an element of a tensor."""
    width = tensor.shape[-1] if tensor.shape else 1
    count = int(np.prod(tensor.shape, dtype=np.int64))
    return count // width, -(-width // config.lanes), np.dtype(tensor.dtype).itemsize


def pack(
    tensor: Tensor, array: NDArray[np.generic], config: Config
) -> dict[Address, NDArray[np.uint8]]:
    """Cut an array into the vectors that hold it.

    Raises
    ------
    ValueError
        If the array's shape or type is not the tensor's, or the places do not fit the tensor.
    """
    array = np.asarray(array)
    if array.shape != tuple(tensor.shape):
        raise ValueError(
            f"tensor {tensor.name!r} has shape {tuple(tensor.shape)}, "
            f"but an array of shape {array.shape} was given"
        )
    if array.dtype != np.dtype(tensor.dtype):
        raise ValueError(
            f"tensor {tensor.name!r} holds {tensor.dtype}, but an array of {array.dtype} was given"
        )
    rows, chunks, size = _checked_places(tensor, config)
    padded = np.zeros((rows, chunks * config.lanes, size), np.uint8)
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(rows, -1)
    padded[:, : little.shape[1]] = little.view(np.uint8).reshape(rows, little.shape[1], size)
    # (row, chunk, lane, byte) -> (row, chunk, byte, lane)
    vectors = padded.reshape(rows, chunks, config.lanes, size).transpose(0, 1, 3, 2)
    flat = np.ascontiguousarray(vectors).reshape(-1, config.lanes)
    return dict(zip(_addresses(tensor), flat))


def unpack(
    tensor: Tensor, memory: Mapping[Address, NDArray[np.uint8]], config: Config
) -> NDArray[np.generic]:
    """Put a tensor together from its vectors.

    Raises
    ------
    ValueError
        If one of its vectors is not in `memory`, or the places do not fit the tensor.
    """
    rows, chunks, size = _checked_places(tensor, config)
    vectors = []
    for address in _addresses(tensor):
        if address not in memory:
            name = config.queues[address[0]].name
            raise ValueError(
                f"tensor {tensor.name!r}: {name} bank {address[1]} offset {address[2]} "
                "was never written"
            )
        vectors.append(memory[address])
    raw = np.asarray(vectors, np.uint8).reshape(rows, chunks, size, config.lanes)
    elements = np.ascontiguousarray(raw.transpose(0, 1, 3, 2)).reshape(rows, -1, size)
    width = tensor.shape[-1] if tensor.shape else 1
    kept = np.ascontiguousarray(elements[:, :width])
    dtype = np.dtype(tensor.dtype)
    return kept.view(dtype.newbyteorder("<")).astype(dtype).reshape(tensor.shape)


def load(
    program: Program, inputs: Mapping[str, NDArray[np.generic]]
) -> dict[Address, NDArray[np.uint8]]:
    """Vectors of all inputs of a run.

    Raises
    ------
    ValueError
        If the program has no tensor of a name, an input is missing whose vectors the program's
        own memory image does not hold, or an array does not fit.
    """
    tensors = {t.name: t for t in program.tensors}
    wanted = [t.name for t in program.tensors if t.role == "input"]
    if unknown := sorted(set(inputs) - set(tensors)):
        known = ", ".join(wanted) or "none"
        raise ValueError(f"no tensor {unknown[0]!r}; the program's inputs are: {known}")
    for name in wanted:
        if name not in inputs and not set(_addresses(tensors[name])) <= set(program.memory):
            raise ValueError(f"input tensor {name!r} is not given")
    found: dict[Address, NDArray[np.uint8]] = {}
    for name, value in inputs.items():
        found.update(pack(program.tensor(name), value, program.config))
    return found


def _checked_places(tensor: Tensor, config: Config) -> tuple[int, int, int]:
    expected = shape_of_places(tensor, config)
    if tensor.places.shape != (*expected, 3):
        raise ValueError(
            f"tensor {tensor.name!r} needs places of shape {(*expected, 3)}, "
            f"but has {tensor.places.shape}"
        )
    return expected


def _addresses(tensor: Tensor) -> list[Address]:
    """Addresses of the vectors by row, chunk and byte plane."""
    return [(int(q), int(b), int(o)) for q, b, o in tensor.places.reshape(-1, 3)]
