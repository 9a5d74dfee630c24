"""Vectors as the streams carry them: uint8, of shape (V,), or (N, V) in a run of N inputs.

Timing never depends on data, so one run serves any number of inputs: a vector that depends on them
has one row for each, one that does not (weights, say) is shared. Vectors are never changed in
place, so they may share memory.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Part", "alike", "join_bytes", "only_first", "overlay", "split_bytes"]

Array = NDArray[Any]


class Part(NamedTuple):
    """A vector of which the first ``superlanes`` hold what something wrote; the rest is zero."""

    value: Array
    superlanes: int


def overlay(new: Array, old: Part | None, limit: int, superlanes: int) -> Part:
    """The first `limit` of all `superlanes` of a new vector, over what was there."""
    if limit == superlanes:
        return Part(new, limit)
    base = np.zeros_like(new) if old is None else old.value
    fresh, base = alike([new, base])
    value = np.array(base)
    width = value.shape[-1] // superlanes * limit
    value[..., :width] = fresh[..., :width]
    return Part(value, limit if old is None else max(limit, old.superlanes))


def only_first(value: Array, limit: int, superlanes: int) -> Array:
    """Zero in all but the first `limit` superlanes."""
    return value if limit == superlanes else overlay(value, None, limit, superlanes).value


def alike(vectors: list[Array]) -> list[Array]:
    """The same vectors, all of the shape to which they broadcast."""
    if len({v.shape for v in vectors}) == 1:
        return vectors
    return list(np.broadcast_arrays(*vectors))


def join_bytes(vectors: list[Array], kind: np.dtype[Any]) -> Array:
    """Elements of type `kind` from their bytes, the lowest one first."""
    if len(vectors) == 1:
        return vectors[0].view(kind)
    vectors = alike(vectors)
    raw = np.empty((*vectors[0].shape, len(vectors)), np.uint8)
    for k, vector in enumerate(vectors):
        raw[..., k] = vector
    return raw.view(kind)[..., 0]


def split_bytes(values: Array) -> list[Array]:
    """The inverse of :func:`join_bytes`."""
    if values.dtype.itemsize == 1:
        return [values.view(np.uint8)]
    raw = np.ascontiguousarray(values)[..., np.newaxis].view(np.uint8)
    return [raw[..., k] for k in range(values.dtype.itemsize)]
