"""EXP2, LOG2, RSQRT, RECIP and TANH: the definition of their every bit.

A special function is one product of a fixed-point number and a polynomial, rounded once::

    t = y * P + n,    result = sign * t * 2**exponent

P = c0 + c1 v + c2 v**2 belongs to a segment of some smooth function, and v is the place in the
segment, from -1/2 at its begin to 1/2 at its end. What is looked up, and what y, n and exponent
are, is the argument reduction of each function; ``docs/specials.md`` has it in formulas, with the
error that was measured. Everything here is integer arithmetic; the tables come from ``decimal``.
"""

from collections.abc import Callable
from decimal import Context, Decimal, localcontext
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["SEGMENTS", "SPECIALS", "Segments", "special", "table"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float32]

PLACE: Final = 22  #: fraction bits of v
FRACTION: Final = 28  #: fraction bits of the coefficients, of P, and of a reduced argument
FACTOR: Final = 24  #: fraction bits of y
UNIT: Final = FRACTION + FACTOR  #: fraction bits of t

_ONE: Final = 1 << FACTOR


class Segments(NamedTuple):
    """`number` segments of a function, each `width` wide, from `start` on."""

    function: Callable[[Decimal], Decimal]
    start: Decimal
    width: Decimal
    number: int


def _tanh(x: Decimal) -> Decimal:
    square = (2 * x).exp()
    return (square - 1) / (square + 1)


#: The table, part by part, in the order of its addresses.
SEGMENTS: Final = {
    "RECIP": Segments(lambda x: 1 / x, Decimal(1), Decimal(1) / 128, 128),
    "RSQRT": Segments(lambda x: 1 / x.sqrt(), Decimal(1), Decimal(1) / 128, 128),
    "RSQRT odd": Segments(lambda x: 1 / x.sqrt(), Decimal(2), Decimal(1) / 64, 128),
    "EXP2": Segments(lambda x: 2**x, Decimal(0), Decimal(1) / 64, 64),
    "LOG2": Segments(
        lambda x: (1 + x).ln() / Decimal(2).ln() / x, Decimal(-1) / 4, Decimal(1) / 128, 96
    ),
    "TANH below 1": Segments(lambda x: _tanh(x) / x, Decimal(0), Decimal(1) / 128, 128),
    "TANH below 4": Segments(_tanh, Decimal(1), Decimal(1) / 64, 192),
    "TANH": Segments(_tanh, Decimal(4), Decimal(1) / 16, 81),
    "one": Segments(lambda x: Decimal(1), Decimal(0), Decimal(1), 1),
}


@cache
def table() -> Integers:
    """Coefficients c0, c1, c2 of every segment, in units of 2**-28; shape (segments, 3).

    The parabola meets the function at 1/16, 1/2 and 15/16 of the segment, which is nearly as good
    as the best one. Each coefficient is rounded to the nearest integer.
    """
    rows = []
    with localcontext(Context(prec=40)):
        for function, start, width, number in SEGMENTS.values():
            for n in range(number):
                low, middle, high = (
                    function(start + width * (n + Decimal(k) / 16)) for k in (1, 8, 15)
                )
                slope = (high - low) * 8 / 7
                curve = (high + low - 2 * middle) * 128 / 49
                rows.append([round(c * 2**FRACTION) for c in (middle, slope, curve)])
    return np.array(rows, np.int64)


def _address(part: str) -> int:
    """Address of the first segment of a part."""
    names = list(SEGMENTS)
    return sum(SEGMENTS[name].number for name in names[: names.index(part)])


class _Argument(NamedTuple):
    """A number taken apart: (-1)**negative * significand * 2**(exponent - 23)."""

    negative: NDArray[np.bool_]
    significand: Integers  #: its bit 23 is set, or it is zero
    exponent: Integers


class _Reduced(NamedTuple):
    """What is left of an argument: sign * (y * P(address, place) + n) * 2**exponent."""

    y: Integers  #: in units of 2**-24
    address: Integers
    place: Integers  #: above the begin of the segment, in units of 2**-22 of its width
    exponent: Integers | int = 0
    n: Integers | int = 0
    negative: NDArray[np.bool_] | bool = False


def _unpack(a: Floats) -> _Argument:
    bits = a.view(np.uint32).astype(np.int64)
    biased, fraction = bits >> 23 & 0xFF, bits & 0x7FFFFF
    significand = np.where(biased > 0, fraction | 1 << 23, fraction)
    exponent = np.maximum(biased, 1) - 127
    for step in (16, 8, 4, 2, 1):
        low = significand < 1 << (24 - step)
        significand = np.where(low, significand << step, significand)
        exponent = np.where(low, exponent - step, exponent)
    return _Argument(bits >> 31 != 0, significand, exponent)


def _fixed(x: _Argument) -> Integers:
    """|x| below 256 in units of 2**-28, cut off."""
    return x.significand << 12 >> np.clip(7 - x.exponent, 0, 63)


def _reciprocal(x: _Argument) -> _Reduced:
    """1 / (m 2**e) = (1 / m) 2**-e."""
    fraction = x.significand & 0x7FFFFF
    y = np.full_like(fraction, _ONE)
    address = _address("RECIP") + (fraction >> 16)
    return _Reduced(y, address, (fraction & 0xFFFF) << 6, -x.exponent, negative=x.negative)


def _inverse_root(x: _Argument) -> _Reduced:
    """1 / sqrt(m 2**2k) = (1 / sqrt m) 2**-k, with m from 1 up to 4."""
    fraction = x.significand & 0x7FFFFF
    y = np.full_like(fraction, _ONE)
    address = _address("RSQRT") + (x.exponent & 1) * 128 + (fraction >> 16)
    return _Reduced(y, address, (fraction & 0xFFFF) << 6, -(x.exponent >> 1))


def _exponential(x: _Argument) -> _Reduced:
    """2**(n + f) = 2**f 2**n."""
    fixed = np.where(x.negative, -_fixed(x), _fixed(x))
    fraction = fixed & ((1 << FRACTION) - 1)
    vanishes = x.negative & (x.exponent >= 8)
    exponent = np.where(x.exponent >= 8, 255, fixed >> FRACTION)
    y = np.where(vanishes, 0, _ONE)
    return _Reduced(y, _address("EXP2") + (fraction >> 22), fraction & 0x3FFFFF, exponent)


def _logarithm(x: _Argument) -> _Reduced:
    """log2(2**n (1 + d)) = n + d * (log2(1 + d) / d), with d from -1/4 up to 1/2."""
    fraction = x.significand & 0x7FFFFF
    upper = fraction >> 22 != 0
    d = np.where(upper, fraction - (1 << 23), fraction << 1)
    address = _address("LOG2") + 32 + (d >> 17)
    return _Reduced(d, address, (d & 0x1FFFF) << 5, n=x.exponent + upper)


def _tangent(x: _Argument) -> _Reduced:
    """tanh x = x * (tanh x / x) below 1; 1 from 9 1/16 on."""
    small, large = x.exponent < 0, x.exponent >= 2
    fixed = np.where(x.exponent >= 4, (10 << FRACTION), _fixed(x))
    bits = np.where(small, 21, np.where(large, 24, 22))
    one = fixed >> 24 >= 145
    base = np.where(large, _address("TANH") - 64, _address("TANH below 4") - 64)
    base = np.where(small, _address("TANH below 1"), base)
    address = np.where(one, _address("one"), base + (fixed >> bits))
    place = (fixed & ((1 << bits) - 1)) << 22 >> bits
    y = np.where(small, x.significand << 1, _ONE)
    return _Reduced(y, address, place, np.where(small, x.exponent, 0), negative=x.negative)


_REDUCE: Final[dict[str, Callable[[_Argument], _Reduced]]] = {
    "RECIP": _reciprocal,
    "RSQRT": _inverse_root,
    "EXP2": _exponential,
    "LOG2": _logarithm,
    "TANH": _tangent,
}

#: Names of the special functions.
SPECIALS: Final = tuple(_REDUCE)


def _evaluate(r: _Reduced) -> Floats:
    """The sum t, rounded to binary32 once.

    Of a sum with more than 53 bits the lowest eight become one that is odd if any was set: binary64
    holds that, and its rounding to binary32 is the rounding of t.
    """
    c0, c1, c2 = table()[r.address].T
    v = r.place - (1 << (PLACE - 1))
    short = v >> 6
    square = short * short >> 16
    p = c0 + (c1 * v + (c2 * square << 6) >> PLACE)
    t = r.y * p + (np.asarray(r.n, np.int64) << UNIT)
    odd = (t >> 8 | (t & 0xFF != 0)) << 8
    exact = np.where(np.abs(t) < 1 << 53, t, odd).astype(np.float64)
    value = np.ldexp(exact, np.asarray(r.exponent, np.int64) - UNIT).astype(np.float32)
    result: Floats = np.where(r.negative, -value, value)
    return result


def _exceptions(name: str, a: Floats, value: Floats) -> Floats:
    """Results at zero, infinity and for negative arguments; IEEE 754-2019, section 9.2.1."""
    inf, nan, zero = np.float32(np.inf), np.float32(np.nan), np.float32(0)
    if name == "RECIP":
        value = np.where(np.isinf(a), np.copysign(zero, a), value)
        value = np.where(a == 0, np.copysign(inf, a), value)
    elif name == "RSQRT":
        value = np.where(a == inf, zero, value)
        value = np.where(a == 0, np.copysign(inf, a), np.where(a < 0, nan, value))
    elif name == "LOG2":
        value = np.where(a == inf, inf, np.where(a < 0, nan, value))
        value = np.where(a == 0, -inf, value)
    result: Floats = np.where(np.isnan(a), nan, value)
    return result


def special(name: str, a: Floats) -> Floats:
    """A special function of fp32 numbers; NaNs need not be the canonical one.

    Parameters
    ----------
    name
        One of :data:`SPECIALS`.
    a
        Array of any shape.
    """
    a = np.ascontiguousarray(a, np.float32)
    return _exceptions(name, a, _evaluate(_REDUCE[name](_unpack(a))))
