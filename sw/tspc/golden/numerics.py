"""Arithmetic of the vector unit, bit for bit (execution.md, *VXM*).

An operation has a compute type, int32 or fp32. :func:`execute` converts the operands to it, applies
the operation and converts the result, each conversion rounding half even once. Everything here is
a plain function of arrays, of any shape, so that tests can run millions of operands at once.

Integers are computed in 64 bits, where every operation is exact. fp32 add, subtract and
multiply are NumPy's, i.e. IEEE 754 with subnormals; the fused multiply-add rounds its exact value
to odd in binary64 and then to binary32, which is one correct rounding (Boldo and Melquiond,
"Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008).
The special functions are :mod:`~tspc.golden.specials`.
Callers that mind floating-point warnings wrap their calls in ``np.errstate(all="ignore")``.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tsp.arch.isa import VXM_OPS, Compute, Type
from tspc.golden.specials import SPECIALS, special
from tspc.golden.vectors import Array

__all__ = [
    "CANONICAL_NAN",
    "DTYPES",
    "OPERATIONS",
    "execute",
    "from_compute",
    "multiply_add",
    "to_compute",
]

#: NumPy type of an element; all little-endian, as byte k of an element is on stream base + k.
DTYPES: Final[Mapping[Type, np.dtype[Any]]] = MappingProxyType(
    {
        Type.INT8: np.dtype("<i1"),
        Type.INT16: np.dtype("<i2"),
        Type.INT32: np.dtype("<i4"),
        Type.FP16: np.dtype("<f2"),
        Type.FP32: np.dtype("<f4"),
    }
)

#: The bit pattern of every NaN result.
CANONICAL_NAN: Final = MappingProxyType({Type.FP16: 0x7E00, Type.FP32: 0x7FC00000})

_BITS: Final[Mapping[Type, np.dtype[Any]]] = MappingProxyType(
    {Type.FP16: np.dtype("<u2"), Type.FP32: np.dtype("<u4")}
)
_LIMITS: Final = MappingProxyType(
    {t: (np.iinfo(DTYPES[t]).min, np.iinfo(DTYPES[t]).max) for t in Type if t <= Type.INT32}
)


# ---- conversions -------------------------------------------------------------------------


def _float_to_int(values: Array, kind: Type) -> NDArray[np.int64]:
    """clip(rint(x)), NaN gives 0, whatever the saturate bit."""
    low, high = _LIMITS[kind]
    wide = values.astype(np.float64)
    wide = np.where(np.isnan(wide), 0.0, np.rint(wide))
    return np.minimum(np.maximum(wide, low), high).astype(np.int64)


def _narrow(values: NDArray[np.int64], kind: Type, saturate: bool) -> Array:
    """An exact integer in an integer type, saturated or modulo its size."""
    if saturate:
        low, high = _LIMITS[kind]
        values = np.minimum(np.maximum(values, low), high)
    return values.astype(DTYPES[kind])


def _canonical(values: Array, kind: Type) -> Array:
    nan = np.isnan(values)
    if nan.any():
        values = values.copy()
        values.view(_BITS[kind])[nan] = CANONICAL_NAN[kind]
    return values


def to_compute(values: Array, compute: Compute) -> Array:
    """Convert an operand, of a dtype of :data:`DTYPES`, to its operation's compute type.

    Returns
    -------
    ndarray
        int64 that holds int32 values, or float32.
    """
    if compute is Compute.FP32:
        return values.astype(np.float32)
    if values.dtype.kind == "f":
        return _float_to_int(values, Type.INT32)
    return values.astype(np.int64)


def from_compute(values: Array, kind: Type, saturate: bool) -> Array:
    """Convert an exact int64 result or an fp32 result to the type of the result.

    Integers saturate or wrap to int32 first, then to a narrower integer by the same bit; int32 to
    fp16 and fp32 rounds once.
    """
    if values.dtype.kind == "f":
        if kind <= Type.INT32:
            return _float_to_int(values, kind).astype(DTYPES[kind])
        return _canonical(values.astype(DTYPES[kind]), kind)
    word = _narrow(values, Type.INT32, saturate)
    if kind == Type.INT32:
        return word
    if kind < Type.INT32:
        return _narrow(word.astype(np.int64), kind, saturate)
    return word.astype(np.float64).astype(DTYPES[kind])


# ---- operations --------------------------------------------------------------------------


def multiply_add(a: Array, b: Array, c: Array) -> NDArray[np.float32]:
    """a * b + c in fp32 with one rounding.

    The product of two binary32 numbers is exact in binary64. The sum's error is exact, too (Knuth's
    TwoSum); where it is not zero and the sum's last bit is even, the neighbour on the error's side
    is the odd one of the two that enclose the true value.
    """
    product = a.astype(np.float64) * b.astype(np.float64)
    addend = c.astype(np.float64)
    total = np.atleast_1d(product + addend)
    virtual = total - product
    error = (product - (total - virtual)) + (addend - virtual)
    bits = total.view(np.int64)
    inexact = (error != 0) & ((bits & 1) == 0) & np.isfinite(total)
    if inexact.any():
        away = (error > 0) == (total > 0)
        bits = bits + np.where(inexact, np.where(away, 1, -1), 0)
    return bits.view(np.float64).astype(np.float32)


def _extreme(a: Array, b: Array, largest: bool) -> NDArray[np.float32]:
    """IEEE 754-2019 maximum or minimum: NaN propagates, -0 < +0."""
    a, b = np.broadcast_arrays(a, b)
    picked = np.maximum(a, b) if largest else np.minimum(a, b)
    x = np.ascontiguousarray(a).view(np.uint32)
    y = np.ascontiguousarray(b).view(np.uint32)
    equal = (x & y) if largest else (x | y)
    found: NDArray[np.float32] = np.where(a == b, equal.view(np.float32), picked)
    return found


def _select(a: Array, b: Array, c: Array) -> Array:
    picked: Array = np.where(c != 0, a, b)
    return picked


def _logical_right(a: Array, b: Array) -> NDArray[np.int64]:
    """Shift of the 32-bit pattern; the result is an int32 pattern again."""
    return ((a & 0xFFFFFFFF) >> (b & 31)).astype(np.int32).astype(np.int64)


_ZERO = np.zeros(1, np.float32)

#: Comparisons, which give 0 or 1 in the compute type; unordered is 0, but for not-equal.
_COMPARISONS: dict[str, Callable[[Array, Array], Array]] = {
    "EQ": operator.eq,
    "NE": operator.ne,
    "LT": operator.lt,
    "LE": operator.le,
}


def _compare(relation: Callable[[Array, Array], Array], a: Array, b: Array) -> Array:
    return relation(a, b).astype(a.dtype)


_BOTH: dict[str, Callable[..., Array]] = {
    "ADD": operator.add,
    "SUB": operator.sub,
    "MUL": operator.mul,
    "SELECT": _select,
    "NEG": operator.neg,
    "ABS": abs,
    **{name: partial(_compare, relation) for name, relation in _COMPARISONS.items()},
}

_INTEGER: dict[str, Callable[..., Array]] = {
    **_BOTH,
    "MADD": lambda a, b, c: a * b + c,
    "MAX": np.maximum,
    "MIN": np.minimum,
    "RELU": lambda a: np.maximum(a, 0),
    "SHL": lambda a, b: a << (b & 31),
    "SRA": lambda a, b: a >> (b & 31),
    "SRL": _logical_right,
    "AND": np.bitwise_and,
    "OR": np.bitwise_or,
    "XOR": np.bitwise_xor,
    "NOT": np.invert,
}

_FLOAT: dict[str, Callable[..., Array]] = {
    **_BOTH,
    "MADD": multiply_add,
    "MAX": lambda a, b: _extreme(a, b, True),
    "MIN": lambda a, b: _extreme(a, b, False),
    "RELU": lambda a: _extreme(a, _ZERO, True),
    **{name: partial(special, name) for name in SPECIALS},
}

#: What each operation does in its compute type: int64 arrays that hold int32 values to the
#: exact int64 result, or float32 arrays to float32.
OPERATIONS: Final[Mapping[Compute, Mapping[str, Callable[..., Array]]]] = MappingProxyType(
    {Compute.INT32: MappingProxyType(_INTEGER), Compute.FP32: MappingProxyType(_FLOAT)}
)

assert all(
    (name in OPERATIONS[compute]) == (compute in op.compute)
    for name, op in VXM_OPS.items()
    for compute in Compute
)


def execute(
    name: str, compute: Compute, operands: Sequence[Array], result: Type, saturate: bool
) -> Array:
    """One VXM operation on whole arrays.

    Parameters
    ----------
    name
        Name of the operation in ``VXM_OPS``.
    compute
        Type in which it computes; a pair that is not built raises :class:`KeyError`.
    operands
        As many arrays as the operation has operands, each of a dtype of :data:`DTYPES`; they
        broadcast.
    result
        Type of the result.
    saturate
        Integers saturate; False: they wrap.

    Returns
    -------
    ndarray
        Of dtype ``DTYPES[result]``.
    """
    converted = [to_compute(values, compute) for values in operands]
    return from_compute(OPERATIONS[compute][name](*converted), result, saturate)
