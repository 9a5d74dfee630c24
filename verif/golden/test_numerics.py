"""The vector unit's arithmetic against NumPy, exact integers and exhaustive tables."""

import operator

import numpy as np
import pytest

from tsp.arch.isa import VXM_OPS, Compute, Type
from tspc.golden.numerics import DTYPES, OPERATIONS, execute
from verif.golden import oracles
from verif.golden.oracles import CORNERS32, CORNERS_INT, NAN32, near32, product, random32

FP32, INT32 = Compute.FP32, Compute.INT32
FLOAT_PAIRS = {
    "random": (random32(1), random32(2)),
    "near": (near32(3), near32(5)),
    "corners": tuple(product(CORNERS32, CORNERS32)),
}


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


def fp32(op, *patterns, result=Type.FP32):
    found = execute(op, FP32, [p.view(np.float32) for p in patterns], result, False)
    return found.view(f"<u{result.bytes}")


def canonical(values):
    return np.where(np.isnan(values), NAN32, values.view(np.uint32)).astype(np.uint32)


@pytest.mark.feature("unit", "{op}.fp32")
@pytest.mark.parametrize("which", FLOAT_PAIRS)
@pytest.mark.parametrize("op", ["ADD", "SUB", "MUL"])
def test_fp32_equals_numpy_and_one_rounding_of_binary64(op, which):
    a, b = FLOAT_PAIRS[which]
    function = {"ADD": operator.add, "SUB": operator.sub, "MUL": operator.mul}[op]
    found = fp32(op, a, b)
    narrow = function(a.view(np.float32), b.view(np.float32))
    np.testing.assert_array_equal(found, canonical(narrow))
    # Innocuous double rounding: 53 >= 2 * 24 + 2.
    wide = function(a.view(np.float32).astype(float), b.view(np.float32).astype(float))
    np.testing.assert_array_equal(found, canonical(wide.astype(np.float32)))


def multiply_add_operands():
    """A million triples, most of them where a second rounding would show."""
    count = oracles.COUNT // 5
    a, b = near32(10, count), near32(12, count)
    exact = a.view(np.float32).astype(float) * b.view(np.float32).astype(float)
    rounded = exact.astype(np.float32)
    sign = np.uint32(0x80000000)
    ulps = oracles.seeded(14).integers(0, 3, count, np.uint32)
    cancelling = (rounded.view(np.uint32) ^ sign) + ulps
    # Products that are ties of 24 bits: 13 by 12 bits with odd last places; c decides.
    rng = oracles.seeded(15)
    thirteen = ((rng.integers(1 << 12, 1 << 13, count) | 1).astype(np.float32)).view(np.uint32)
    twelve = ((rng.integers(1 << 11, 1 << 12, count) | 1).astype(np.float32)).view(np.uint32)
    tiny = random32(16, count) & np.uint32(0x8FFFFFFF)
    small = (random32(17, count) & np.uint32(0x807FFFFF)) | np.uint32(0x20000000)
    other = (random32(18, count) & np.uint32(0x807FFFFF)) | np.uint32(0x1F800000)
    subnormal = random32(19, count) & np.uint32(0x81FFFFFF)
    parts = [
        (random32(20, count), random32(21, count), random32(22, count)),
        (a, b, near32(23, count)),
        (a, b, cancelling),
        (thirteen, twelve, tiny),
        (small, other, subnormal),
    ]
    return [np.concatenate(column) for column in zip(*parts)]


@pytest.mark.feature("unit", "MADD.fp32")
def test_fp32_multiply_add_is_the_exact_rational_rounded_once():
    operands = multiply_add_operands()
    expected = map(oracles.exact_multiply_add, *(o.tolist() for o in operands))
    expected = np.fromiter(expected, np.uint32, len(operands[0]))
    found = fp32("MADD", *operands)
    np.testing.assert_array_equal(found, expected)
    a, b, c = (o.view(np.float32) for o in operands)
    twice = canonical(a * b + c)
    assert np.count_nonzero(twice != expected) > 100_000, "the operands tell fused from unfused"
    late = canonical((a.astype(float) * b.astype(float) + c.astype(float)).astype(np.float32))
    assert np.count_nonzero(late != expected) > 1_000, "and binary64 from exact"


def test_fp32_multiply_add_corners():
    operands = product(CORNERS32, CORNERS32, CORNERS32[1::3])
    expected = map(oracles.exact_multiply_add, *(o.tolist() for o in operands))
    expected = np.fromiter(expected, np.uint32, len(operands[0]))
    np.testing.assert_array_equal(fp32("MADD", *operands), expected)


def total_order(patterns):
    """Rank of a pattern: numbers rise with it, -0 just below +0; NaN above all."""
    wide = patterns.astype(np.int64)
    rank = np.where(wide >> 31, -1 - (wide & 0x7FFFFFFF), wide)
    return np.where(wide & 0x7FFFFFFF > 0x7F800000, 1 << 40, rank)


@pytest.mark.feature("unit", "{op}.fp32")
@pytest.mark.parametrize("which", FLOAT_PAIRS)
@pytest.mark.parametrize("op", ["MAX", "MIN"])
def test_fp32_maximum_and_minimum_follow_the_total_order(op, which):
    a, b = FLOAT_PAIRS[which]
    x, y = total_order(a), total_order(b)
    take_a = x >= y if op == "MAX" else x <= y
    expected = np.where((x == 1 << 40) | (y == 1 << 40), NAN32, np.where(take_a, a, b))
    np.testing.assert_array_equal(fp32(op, a, b), expected.astype(np.uint32))


@pytest.mark.feature("unit", "RELU.fp32")
@pytest.mark.parametrize("a", [random32(30), CORNERS32], ids=["random", "corners"])
def test_fp32_relu_is_maximum_with_plus_zero(a):
    expected = np.where(a >> 31 != 0, 0, a)
    expected = np.where(a & 0x7FFFFFFF > 0x7F800000, NAN32, expected).astype(np.uint32)
    np.testing.assert_array_equal(fp32("RELU", a), expected)


ORDER = {"EQ": (0,), "NE": (-1, 1, None), "LT": (-1,), "LE": (-1, 0)}


@pytest.mark.feature("unit", "EQ.fp32", "NE.fp32", "LT.fp32", "LE.fp32")
@pytest.mark.parametrize("which", [*FLOAT_PAIRS, "equal"])
@pytest.mark.parametrize("op", ORDER)
def test_fp32_comparisons_follow_the_order_of_the_patterns(op, which):
    """Less, equal, greater or unordered; the zeros are equal."""
    a, b = FLOAT_PAIRS.get(which) or (near32(34) >> 20 << 20, near32(35) >> 20 << 20)
    x, y = (np.where(a == 1 << 31, 0, total_order(a)) for a in (a, b))
    unordered = (x == 1 << 40) | (y == 1 << 40)
    relation = np.where(unordered, 2, np.sign(x - y))
    true = np.isin(relation, [2 if r is None else r for r in ORDER[op]])
    np.testing.assert_array_equal(fp32(op, a, b), np.where(true, 0x3F800000, 0))
    np.testing.assert_array_equal(fp32(op, a, b, result=Type.INT8), true)


@pytest.mark.feature("unit", "NEG.fp32", "ABS.fp32")
@pytest.mark.parametrize("a", [random32(36), CORNERS32], ids=["random", "corners"])
def test_fp32_negation_and_magnitude_change_the_sign_alone(a):
    nan = a & 0x7FFFFFFF > 0x7F800000
    expected = np.where(nan, NAN32, a ^ np.uint32(1 << 31))
    np.testing.assert_array_equal(fp32("NEG", a), expected)
    np.testing.assert_array_equal(fp32("ABS", a), np.where(nan, NAN32, a & 0x7FFFFFFF))


@pytest.mark.feature("unit", "SELECT.fp32")
def test_fp32_select_counts_nan_as_true_and_minus_zero_as_false():
    c = np.concatenate([random32(31), np.repeat(CORNERS32, 2)])
    a, b = random32(32, len(c)), random32(33, len(c))
    picked = np.where(c & 0x7FFFFFFF != 0, a, b)
    expected = np.where(picked & 0x7FFFFFFF > 0x7F800000, NAN32, picked)
    np.testing.assert_array_equal(fp32("SELECT", a, b, c), expected.astype(np.uint32))


# ---- conversions -------------------------------------------------------------------------

ONE = np.array([0x3F800000], np.uint32)


@pytest.mark.parametrize("a", [random32(40), near32(41), CORNERS32], ids=["all", "near", "corners"])
def test_fp32_to_fp16(a):
    expected = oracles.exact_to_fp16(a.view(np.float32).astype(float))
    np.testing.assert_array_equal(fp32("MUL", a, ONE, result=Type.FP16), expected)


@pytest.mark.feature("unit", "type fp16", "type fp32")
def test_fp32_to_fp16_around_every_tie():
    steps = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(np.float32)
    ties = np.append((steps[1:] + steps[:-1]) / 2, np.float32(65520)).view(np.uint32)
    patterns = np.concatenate([ties - 1, ties, ties + 1])
    patterns = np.concatenate([patterns, patterns | np.uint32(0x80000000)])
    expected = oracles.exact_to_fp16(patterns.view(np.float32).astype(float))
    np.testing.assert_array_equal(fp32("MUL", patterns, ONE, result=Type.FP16), expected)


@pytest.mark.feature("unit", "type fp16", "type fp32")
def test_every_fp16_to_fp32_and_back():
    patterns = np.arange(1 << 16, dtype=np.uint32).astype(np.uint16)
    exponent, fraction = (patterns >> 10 & 31).astype(int), (patterns & 1023).astype(int)
    value = np.where(exponent > 0, fraction + 1024, fraction) * 2.0 ** (
        np.maximum(exponent, 1) - 25
    )
    value = np.where(exponent == 31, np.where(fraction > 0, np.nan, np.inf), value)
    value = np.where(patterns >> 15, -value, value).astype(np.float32)
    found = execute("MUL", FP32, [patterns.view("<f2"), ONE.view("<f4")], Type.FP32, False)
    np.testing.assert_array_equal(found.view(np.uint32), canonical(value))
    back = execute("MUL", FP32, [patterns.view("<f2"), ONE.view("<f4")], Type.FP16, False)
    expected = np.where((exponent == 31) & (fraction > 0), oracles.NAN16, patterns)
    np.testing.assert_array_equal(back.view(np.uint16), expected)


RANDOM_INT = random32(50).view(np.int32)
SMALL_INT = RANDOM_INT >> (random32(51) & 31).astype(np.int32)


@pytest.mark.feature("unit", "type int32")
@pytest.mark.parametrize(
    "values", [RANDOM_INT, SMALL_INT, CORNERS_INT], ids=["all", "magnitudes", "corners"]
)
def test_int32_to_float_rounds_once(values):
    expected = oracles.exact_int_to_fp32(values)
    zero = np.zeros(1, np.int8)
    for compute in (INT32, FP32):
        found = execute("ADD", compute, [values, zero], Type.FP32, False)
        np.testing.assert_array_equal(found.view(np.uint32), expected)
    found = execute("ADD", INT32, [values, zero], Type.FP16, False)
    np.testing.assert_array_equal(
        found.view(np.uint16), oracles.exact_to_fp16(values.astype(np.float64))
    )


@pytest.mark.feature("unit", "type int8", "type int16", "type int32")
@pytest.mark.parametrize("kind", [Type.INT8, Type.INT16, Type.INT32])
@pytest.mark.parametrize("which", ["all", "near", "integers", "corners"])
def test_fp32_to_int_is_clip_of_rint(kind, which):
    patterns = {
        "all": random32(60),
        "near": near32(61) + np.uint32(8 << 23),
        "integers": (SMALL_INT / np.float32(4)).astype(np.float32).view(np.uint32),
        "corners": CORNERS32,
    }[which]
    expected = oracles.exact_fp32_to_int(patterns, kind)
    for saturate in (False, True):
        found = execute("MUL", FP32, [patterns.view("<f4"), ONE.view("<f4")], kind, saturate)
        np.testing.assert_array_equal(found, expected)


def test_float_operands_of_integer_operations_are_clipped():
    patterns = np.concatenate([random32(62), CORNERS32])
    found = execute("OR", INT32, [patterns.view("<f4"), np.zeros(1, np.int8)], Type.INT32, False)
    np.testing.assert_array_equal(found, oracles.exact_fp32_to_int(patterns, Type.INT32))
    halves = np.arange(1 << 16, dtype=np.uint32).astype(np.uint16).view("<f2")
    found = execute("OR", INT32, [halves, np.zeros(1, np.int8)], Type.INT32, False)
    wide = halves.astype(np.float32).view(np.uint32)
    np.testing.assert_array_equal(found, oracles.exact_fp32_to_int(wide, Type.INT32))


# ---- integers ----------------------------------------------------------------------------

MASK = 0xFFFFFFFF


def signed(pattern):
    return pattern - (1 << 32) if pattern >> 31 else pattern


#: Python integers in, the exact result out.
INTEGER = {
    "ADD": lambda a, b, c: a + b,
    "SUB": lambda a, b, c: a - b,
    "MUL": lambda a, b, c: a * b,
    "MADD": lambda a, b, c: a * b + c,
    "MAX": lambda a, b, c: a if a > b else b,
    "MIN": lambda a, b, c: b if a > b else a,
    "SELECT": lambda a, b, c: a if c else b,
    "RELU": lambda a, b, c: a if a > 0 else 0,
    "SHL": lambda a, b, c: a * 2 ** (b % 32),
    "SRA": lambda a, b, c: a // 2 ** (b % 32),
    "SRL": lambda a, b, c: signed(a % 2**32 // 2 ** (b % 32)),
    "AND": lambda a, b, c: signed((a & MASK) & (b & MASK)),
    "OR": lambda a, b, c: signed((a & MASK) | (b & MASK)),
    "XOR": lambda a, b, c: signed((a & MASK) ^ (b & MASK)),
    "NOT": lambda a, b, c: -a - 1,
    "NEG": lambda a, b, c: 0 - a,
    "ABS": lambda a, b, c: a if a > 0 else 0 - a,
    "EQ": lambda a, b, c: int(a - b == 0),
    "NE": lambda a, b, c: int(a - b != 0),
    "LT": lambda a, b, c: int(a - b < 0),
    "LE": lambda a, b, c: int(a - b <= 0),
}


def integer_operands():
    random = [random32(70 + i, 300_000).view(np.int32) for i in range(3)]
    random[0][::4] = SMALL_INT[:300_000:4]
    random[2][::2] = 0
    corners = product(CORNERS_INT, CORNERS_INT)
    corners.append(np.roll(corners[0], 7))
    return [np.concatenate([x, y]) for x, y in zip(random, corners)]


@pytest.mark.feature("unit", "{op}.int32")
@pytest.mark.parametrize("op", INTEGER)
def test_integers_equal_python(op):
    operands = integer_operands()
    exact = np.fromiter(map(INTEGER[op], *(o.tolist() for o in operands)), object, len(operands[0]))
    used = operands[: VXM_OPS[op].operands]
    for saturate in (False, True):
        word = oracles.exact_narrow(exact, 32, saturate)
        found = execute(op, INT32, used, Type.INT32, saturate)
        np.testing.assert_array_equal(found, word.astype(np.int32))
        part = slice(-50_000, None)  # corners and some
        for kind in (Type.INT8, Type.INT16):
            narrow = oracles.exact_narrow(word[part], 8 * kind.bytes, saturate)
            found = execute(op, INT32, [o[part] for o in used], kind, saturate)
            np.testing.assert_array_equal(found, narrow.astype(DTYPES[kind]))
        found = execute(op, INT32, [o[part] for o in used], Type.FP32, saturate)
        expected = oracles.exact_int_to_fp32(word[part].astype(np.int32))
        np.testing.assert_array_equal(found.view(np.uint32), expected)


@pytest.mark.parametrize("kind", [Type.INT8, Type.INT16])
def test_narrow_operands_are_sign_extended(kind):
    values = random32(80, 1000).astype(DTYPES[kind])
    found = execute("SUB", INT32, [values, np.ones(1, np.int8)], Type.INT32, False)
    np.testing.assert_array_equal(found, [int(v) - 1 for v in values])


def test_every_operation_is_here():
    every = {c: {op.name for op in VXM_OPS.values() if c in op.compute} for c in (INT32, FP32)}
    assert every[INT32] == set(INTEGER) == set(OPERATIONS[INT32])
    assert every[FP32] == set(OPERATIONS[FP32])
