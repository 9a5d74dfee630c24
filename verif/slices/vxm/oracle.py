"""What an ALU operation gives, by NumPy and exact rationals; shares nothing with the project.

All functions work on whole arrays of lanes. Patterns are uint32 in the low bits of the type.
"""

import math
from fractions import Fraction

import numpy as np

from tsp.arch.isa import Compute, Type, vxm_op

__all__ = ["expected", "fma", "mask", "round_fp32"]

NAN = {Type.FP16: 0x7E00, Type.FP32: 0x7FC0_0000}
_INTEGER = {Type.INT8: np.int8, Type.INT16: np.int16, Type.INT32: np.int32}
_FLOAT = {Type.FP16: (np.uint16, np.float16), Type.FP32: (np.uint32, np.float32)}


def mask(type_):
    """The bits that a pattern of a type has."""
    return np.uint32((1 << (8 * Type(type_).bytes)) - 1)


def decode(pattern, type_):
    """The numbers of patterns: int64, or float64 (exact)."""
    if type_ in _INTEGER:
        return pattern.astype(_INTEGER[type_]).astype(np.int64)
    raw, kind = _FLOAT[type_]
    with np.errstate(invalid="ignore"):
        return pattern.astype(raw).view(kind).astype(np.float64)


def clip(x, type_):
    """clip(rint(x)), NaN 0, as int64."""
    info = np.iinfo(_INTEGER[type_])
    return np.clip(np.rint(np.nan_to_num(x, nan=0.0)), info.min, info.max).astype(np.int64)


def encode_float(x, type_):
    """Patterns of float64 numbers (each exact or already of the type), rounded once."""
    raw, kind = _FLOAT[type_]
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        bits = x.astype(kind).view(raw).astype(np.uint32)
    return np.where(np.isnan(x), np.uint32(NAN[type_]), bits)


def encode_integer(x, type_, saturate):
    """Patterns of int64 numbers."""
    if saturate:
        info = np.iinfo(_INTEGER[type_])
        x = np.clip(x, info.min, info.max)
    return (x & int(mask(type_))).astype(np.uint32)


def round_fp32(x):
    """A rational, not zero, as the nearest fp32, ties to even; a float."""
    magnitude = abs(x)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if magnitude < Fraction(2) ** exponent:
        exponent -= 1
    unit = max(exponent, -126) - 23
    result = math.ldexp(round(magnitude / Fraction(2) ** unit), unit)
    if result >= 2.0**128:
        result = math.inf
    return -result if x < 0 else result


def fma(a, b, c):
    """a * b + c of floats that fp32 holds, rounded once to fp32."""
    if not all(map(math.isfinite, (a, b, c))):
        return a * b + c if math.isfinite(c) or math.isnan(c) else _with_infinite_addend(a, b, c)
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    if exact:
        return round_fp32(exact)
    product = math.copysign(0.0, math.copysign(1, a) * math.copysign(1, b))
    return product + c if a == 0 or b == 0 else 0.0


def _with_infinite_addend(a, b, c):
    if math.isnan(a) or math.isnan(b) or (a * b != a * b):
        return math.nan
    if math.isinf(a) or math.isinf(b):
        return a * b + c
    return c


def _extreme(a, b, larger):
    """IEEE 754-2019 maximum or minimum of float64 arrays."""
    zeros = (a == 0) & (b == 0)
    negative = np.signbit(a) & np.signbit(b) if larger else np.signbit(a) | np.signbit(b)
    picked = np.maximum(a, b) if larger else np.minimum(a, b)  # both propagate NaN
    return np.where(zeros, np.where(negative, -0.0, 0.0), picked)


_COMPARE = {"EQ": np.equal, "NE": np.not_equal, "LT": np.less, "LE": np.less_equal}


def _real(name, a, b, c):
    """fp32 operations: float64 arrays that hold fp32 numbers, in and out."""
    f = np.float32
    with np.errstate(all="ignore"):
        if name in ("ADD", "SUB", "MUL"):
            x, y = a.astype(f), b.astype(f)
            result = {"ADD": np.add, "SUB": np.subtract, "MUL": np.multiply}[name](x, y)
            return result.astype(np.float64)
        if name == "MADD":
            flat = zip(a.ravel().tolist(), b.ravel().tolist(), c.ravel().tolist())
            return np.array([fma(*t) for t in flat]).reshape(a.shape)
        if name in ("MAX", "MIN"):
            return _extreme(a, b, name == "MAX")
        if name == "RELU":
            return _extreme(a, np.zeros_like(a), True)
        if name in _COMPARE:
            return _COMPARE[name](a, b).astype(np.float64)
        return {
            "SELECT": lambda: np.where(c != 0, a, b),
            "NEG": lambda: np.negative(a),
            "ABS": lambda: np.fabs(a),
        }[name]()


def _integer(name, a, b, c):
    """int32 operations: int64 arrays; exact except that patterns are int32."""
    count = None if b is None else b & 31
    wrapped = lambda x: x.astype(np.int32).astype(np.int64)  # noqa: E731
    return {
        "ADD": lambda: a + b,
        "SUB": lambda: a - b,
        "MUL": lambda: a * b,
        "MADD": lambda: a * b + c,
        "MAX": lambda: np.maximum(a, b),
        "MIN": lambda: np.minimum(a, b),
        "SELECT": lambda: np.where(c != 0, a, b),
        "RELU": lambda: np.maximum(a, 0),
        "SHL": lambda: a << count,
        "SRA": lambda: a >> count,
        "SRL": lambda: wrapped((a & 0xFFFF_FFFF) >> count),
        "AND": lambda: a & b,
        "OR": lambda: a | b,
        "XOR": lambda: a ^ b,
        "NOT": lambda: ~a,
        "NEG": lambda: -a,
        "ABS": lambda: np.maximum(a, -a),
        **{x: lambda f=f: f(a, b).astype(np.int64) for x, f in _COMPARE.items()},
    }[name]()


def expected(instruction, operands):
    """Result patterns of one VXM instruction.

    Parameters
    ----------
    instruction
        :class:`tsp.arch.isa.Instruction`.
    operands
        Patterns of a, b, c: three uint32 arrays of one shape, those that it does not use ignored.

    Returns
    -------
    uint32 array
        Patterns in the low bits.
    """
    i, op = instruction, vxm_op(instruction["op"])
    types = [Type(i[f"{x}_type"]) for x in "abc"]
    numbers = [decode(p, t) for p, t in zip(operands[: op.operands], types)]
    numbers += [None] * (3 - op.operands)
    result = Type(i["result_type"])
    if i["compute"] == Compute.FP32:
        with np.errstate(invalid="ignore"):
            real = [None if x is None else x.astype(np.float32) for x in numbers]
        value = _real(op.name, *(None if x is None else x.astype(np.float64) for x in real))
        if result in _FLOAT:
            return encode_float(value, result)
        return encode_integer(clip(value, result), result, True)
    a, b, c = (
        clip(x, Type.INT32) if x is not None and x.dtype == np.float64 else x for x in numbers
    )
    exact = _integer(op.name, a, b, c)
    value = encode_integer(exact, Type.INT32, i["saturate"]).astype(np.int32).astype(np.int64)
    if result in _FLOAT:
        return encode_float(value.astype(np.float64), result)
    return encode_integer(value, result, i["saturate"])
