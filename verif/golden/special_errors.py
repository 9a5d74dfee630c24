"""How far the special functions are from the true ones, in units in the last place.

The true value is NumPy's in binary64, whose own error is below 2**-28 of what is measured. The
unit is that of the binary32 (or binary16) number of the true value's binade.
"""

import numpy as np

from tsp.arch.isa import Compute, Type
from tspc.golden.numerics import execute
from verif.golden.oracles import random32

__all__ = ["FUNCTIONS", "arguments", "halves", "largest_error", "table"]

#: The true functions.
FUNCTIONS = {
    "EXP2": np.exp2,
    "LOG2": np.log2,
    "RSQRT": lambda x: 1 / np.sqrt(x),
    "RECIP": lambda x: 1 / x,
    "TANH": np.tanh,
}
_FORMATS = {Type.FP16: (10, -14, 65520.0), Type.FP32: (23, -126, 2.0**128 - 2.0**103)}


def halves():
    """Every fp16 number, as fp32."""
    return np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)


def arguments(seed, count):
    """Random fp32: half of any bits, half with exponents from -27 to 7, where results are not 1."""
    rng = np.random.default_rng(seed)
    exponent = rng.integers(100, 135, count // 2, np.uint32) << 23
    near = rng.integers(0, 2, count // 2, np.uint32) << 31 | exponent
    near |= rng.integers(0, 1 << 23, count // 2, np.uint32)
    return np.concatenate([random32(seed, count - count // 2), near]).view(np.float32)


def largest_error(name, x, result=Type.FP32):
    """The largest error where the true value is finite in the result type, and where it is met.

    A result that is not finite there, or finite elsewhere, counts as infinitely wrong.
    """
    fraction, smallest, limit = _FORMATS[result]
    true = FUNCTIONS[name](x.astype(np.float64))
    found = execute(name, Compute.FP32, [x], result, False).astype(np.float64)
    finite = np.abs(true) < limit
    binade = np.frexp(np.where(finite, true, 1))[1] - 1
    unit = np.ldexp(1.0, np.maximum(binade, smallest) - fraction)
    error = np.where(finite, np.abs(found - true) / unit, np.where(found == true, 0, np.inf))
    overflow = ~finite & np.isinf(found) & (np.sign(found) == np.sign(true))
    error = np.where(overflow | (np.isnan(found) & np.isnan(true)), 0, error)
    error = np.where(np.isnan(error), np.inf, error)
    worst = int(np.argmax(error))
    return float(error[worst]), float(x[worst])


def table(count):
    """Rows of the table in ``docs/specials.md``, from every fp16 number and `count` fp32 ones."""
    rows = []
    for name in FUNCTIONS:
        errors = [largest_error(name, halves())[0], largest_error(name, arguments(1, count))[0]]
        errors.append(largest_error(name, halves(), Type.FP16)[0])
        rows.append((name, *(f"{error:.3f}" for error in errors)))
    return rows
