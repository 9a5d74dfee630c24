"""The special functions: their errors, their exceptional arguments, their tables."""

import decimal
from pathlib import Path

import numpy as np
import pytest

from tsp.arch.isa import VXM_OPS, Compute, Type
from tspc.golden import specials
from tspc.golden.numerics import execute
from verif.golden.special_errors import FUNCTIONS, arguments, halves, largest_error, table

PAGE = Path(__file__).parents[2] / "docs" / "specials.md"
INF, NAN = np.inf, np.nan


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


def bits(name, x):
    x = np.asarray(x, np.float32).reshape(-1)
    return execute(name, Compute.FP32, [x], Type.FP32, False).view(np.uint32)


def pattern(values):
    return np.asarray(values, np.float32).reshape(-1).view(np.uint32)


@pytest.mark.feature("unit", "EXP2.fp32", "LOG2.fp32", "RSQRT.fp32", "RECIP.fp32", "TANH.fp32")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_error_is_below_the_bound_on_every_fp16_number(name):
    error, where = largest_error(name, halves())
    assert error <= VXM_OPS[name].bound, where


def test_the_page_tells_the_bounds_and_the_largest_errors_measured():
    """A million fp32 numbers for each function; the test of the bound fails if the table lies."""
    lines = PAGE.read_text().splitlines()
    for name, *errors in table(1_000_000):
        assert f"| {name} | {VXM_OPS[name].bound} | {' | '.join(errors)} |" in lines
        assert max(map(float, errors[:2])) <= VXM_OPS[name].bound


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_error_is_below_the_bound_on_ten_million_numbers(name):
    for seed in range(10):
        error, where = largest_error(name, arguments(100 + seed, 1_000_000))
        assert error <= VXM_OPS[name].bound, where


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "exponents"),
    [("RECIP", [0]), ("RSQRT", [0, 1]), ("LOG2", [-2, -1, 0, 1]), ("EXP2", [0]), ("TANH", [-1, 0])],
)
def test_the_error_is_below_the_bound_on_every_significand(name, exponents):
    """In the binades that decide; of RECIP and RSQRT all others repeat them."""
    significands = np.arange(1 << 23, dtype=np.uint32)
    for exponent in exponents:
        x = (significands | np.uint32(127 + exponent << 23)).view(np.float32)
        error, where = largest_error(name, x)
        assert error <= VXM_OPS[name].bound, where


@pytest.mark.parametrize(
    ("name", "argument", "expected"),
    [
        ("RECIP", [0.0, -0.0, INF, -INF], [INF, -INF, 0.0, -0.0]),
        ("RECIP", [2.0**-149, -(2.0**-128), 2.0**127], [INF, -INF, 2.0**-127]),
        ("RSQRT", [0.0, -0.0, INF, -INF], [INF, -INF, 0.0, NAN]),
        ("RSQRT", [-1.0, -(2.0**-149), 2.0**-148, 2.0**126], [NAN, NAN, 2.0**74, 2.0**-63]),
        ("LOG2", [0.0, -0.0, INF, -INF], [-INF, -INF, INF, NAN]),
        ("LOG2", [1.0, -1.0, -(2.0**-149), 2.0**-149], [0.0, NAN, NAN, -149.0]),
        ("EXP2", [0.0, -0.0, INF, -INF], [1.0, 1.0, INF, 0.0]),
        ("EXP2", [128.0, 127.0, -149.0, -150.5], [INF, 2.0**127, 2.0**-149, 0.0]),
        ("EXP2", [1e38, -1e38, 255.5, -256.5], [INF, 0.0, INF, 0.0]),
        ("TANH", [0.0, -0.0, INF, -INF], [0.0, -0.0, 1.0, -1.0]),
        ("TANH", [2.0**-149, -(2.0**-130), 100.0, -9.1], [2.0**-149, -(2.0**-130), 1.0, -1.0]),
    ],
)
def test_exceptional_arguments(name, argument, expected):
    expected = np.where(np.isnan(expected), 0x7FC00000, pattern(expected))
    np.testing.assert_array_equal(bits(name, argument), expected)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nan_gives_the_canonical_nan(name):
    nans = np.array([0x7FC00000, 0xFFC00000, 0x7F800001, 0xFFFFFFFF], np.uint32).view(np.float32)
    assert (bits(name, nans) == 0x7FC00000).all()


def test_powers_of_two_are_exact():
    n = np.arange(-126, 128)
    powers = np.ldexp(np.float32(1), n)
    np.testing.assert_array_equal(bits("EXP2", n), pattern(powers))
    np.testing.assert_array_equal(bits("LOG2", powers), pattern(n))
    np.testing.assert_array_equal(bits("RECIP", powers), pattern(1 / powers))
    np.testing.assert_array_equal(bits("RSQRT", powers[::2]), pattern(1 / np.sqrt(powers[::2])))


@pytest.mark.parametrize("name", ["TANH", "RECIP"])
def test_odd_functions_are_odd(name):
    x = arguments(7, 200_000)
    x = x[~np.isnan(x)]
    np.testing.assert_array_equal(bits(name, -x), bits(name, x) ^ np.uint32(1 << 31))


def test_no_coefficient_is_near_a_tie():
    """So binary64 arithmetic, however its library rounds, finds the same table as exact one."""
    tie, places = decimal.Decimal("0.5"), [decimal.Decimal(k) / 16 for k in (1, 8, 15)]
    with decimal.localcontext(decimal.Context(prec=40)):
        for function, start, width, number in specials.SEGMENTS.values():
            for n in range(number):
                low, middle, high = (
                    function(start + width * (n + k)) * 2**specials.FRACTION for k in places
                )
                slope, curve = (high - low) * 8 / 7, (high + low - 2 * middle) * 128 / 49
                for value in (middle, slope, curve):
                    assert abs(abs(value - int(value)) - tie) > decimal.Decimal("1e-4")
