"""Independent definitions of the vector unit's arithmetic, and operands that try it.

The oracles use Python's integers or exhaustive tables, nothing of ``tspc.golden.numerics``.
"""

import numpy as np
from numpy.typing import NDArray

from tsp.arch.isa import Type
from verif.support.soak import TURN

COUNT = 1_000_000  #: random operands of each test
NAN32, NAN16 = 0x7FC00000, 0x7E00

#: fp32 patterns that decide: zeros, subnormals, limits, ties, integer and fp16 boundaries, NaNs.
CORNERS32 = np.array(
    [
        *(0x00000000, 0x00000001, 0x00000002, 0x00000003, 0x00400000, 0x007FFFFF, 0x00800000),
        *(0x00800001, 0x00FFFFFF, 0x01000000, 0x0C800000, 0x1FFFFFFF, 0x20000000, 0x33800000),
        *(0x33000000, 0x33000001, 0x33C00000, 0x387FC000, 0x387FE000, 0x38800000, 0x3F000000),
        *(0x3EFFFFFF, 0x3F000001, 0x3F7FFFFF, 0x3F800000, 0x3F800001, 0x3FC00000, 0x40000000),
        *(0x40200000, 0x40490FDB, 0x42FE0000, 0x42FF0000, 0x43000000, 0x46FFFE00, 0x46FFFF00),
        *(0x477FE000, 0x477FEFFF, 0x477FF000, 0x4B000000, 0x4B000001, 0x4B7FFFFF, 0x4B800000),
        *(0x4EFFFFFF, 0x4F000000, 0x4F000001, 0x5F000000, 0x5F7FFFFF, 0x7E800000, 0x7EFFFFFF),
        *(0x7F000000, 0x7F7FFFFF, 0x7F800000, 0x7F800001, 0x7FA00000, 0x7FC00000, 0x7FFFFFFF),
    ],
    np.uint32,
)
CORNERS32 = np.concatenate([CORNERS32, CORNERS32 | np.uint32(0x80000000)])

#: int32 values that decide.
CORNERS_INT = np.array(
    [
        *(0, 1, -1, 2, -2, 3, 31, 32, 33, 63, 127, 128, -128, -129, 255, 256, 32767, 32768),
        *(-32768, -32769, 65503, 65519, 65520, 65535, 65536, -65520, 2**24, 2**24 + 1),
        *(2**24 + 3, -(2**24) - 1, 2**25 + 2, 2**25 + 6, 46340, 46341, -46341, 2**30),
        *(2**31 - 64, 2**31 - 65, 2**31 - 1, -(2**31), -(2**31) + 1, 0x55555555, -0x55555556),
    ],
    np.int64,
).astype(np.int32)


def seeded(seed: int) -> np.random.Generator:
    """A generator for `seed`, another one in each turn of a soak."""
    return np.random.default_rng((seed, TURN) if TURN else seed)


def random32(seed: int, count: int = COUNT) -> NDArray[np.uint32]:
    """Uniform patterns: all exponents, one NaN or Inf in 128."""
    return seeded(seed).integers(0, 1 << 32, count, np.uint32)


def near32(seed: int, count: int = COUNT) -> NDArray[np.uint32]:
    """Patterns with exponents so close that sums overlap."""
    rng = seeded(seed)
    exponent = rng.integers(120, 135, count, np.uint32)
    return (
        rng.integers(0, 2, count, np.uint32) << 31 | exponent << 23 | random32(seed + 1, count) >> 9
    )


def product(*corners: NDArray[np.generic]) -> list[NDArray[np.generic]]:
    """All combinations of corner operands."""
    return [np.ascontiguousarray(g.reshape(-1)) for g in np.meshgrid(*corners, indexing="ij")]


# ---- fp32 with exact integers ------------------------------------------------------------


def _split(pattern: int) -> tuple[int, int]:
    """Integer m and exponent e of a finite pattern: its value is m * 2 ** (e - 149)."""
    exponent, fraction = pattern >> 23 & 0xFF, pattern & 0x7FFFFF
    magnitude = fraction | (0x800000 if exponent else 0)
    return (-magnitude if pattern >> 31 else magnitude), max(exponent, 1) - 1


def _round(value: int, scale: int) -> int:
    """Pattern of the binary32 number nearest to value * 2 ** -scale; value is not 0."""
    sign, magnitude = (0x80000000, -value) if value < 0 else (0, value)
    # Bits below the last place of the result, which is no finer than 2 ** -149.
    drop = max(magnitude.bit_length() - 24, scale - 149)
    if drop <= 0:
        kept = magnitude << -drop
    else:
        kept, rest, half = magnitude >> drop, magnitude & ((1 << drop) - 1), 1 << (drop - 1)
        kept += rest > half or (rest == half and kept & 1)
    exponent = drop - scale + 149
    # An exponent of 0 is that of both subnormals and the smallest normals; a carry into the
    # next binade is a carry into the exponent field.
    pattern = (exponent << 23) + kept
    return sign | min(pattern, 0x7F800000)


def exact_multiply_add(a: int, b: int, c: int) -> int:
    """a * b + c of three patterns: the exact rational, rounded once."""
    special = [p & 0x7FFFFFFF for p in (a, b, c)]
    if any(p > 0x7F800000 for p in special):
        return NAN32
    infinite = [p == 0x7F800000 for p in special]
    sign = (a ^ b) & 0x80000000
    if infinite[0] or infinite[1]:
        if not special[0] or not special[1] or (infinite[2] and (c ^ sign) & 0x80000000):
            return NAN32
        return sign | 0x7F800000
    if infinite[2]:
        return c
    (ma, ea), (mb, eb), (mc, ec) = _split(a), _split(b), _split(c)
    total = ((ma * mb) << (ea + eb)) + (mc << (ec + 149))
    if total:
        return _round(total, 298)
    if (ma and mb) or mc:
        return 0  # exact cancellation
    return sign & c & 0x80000000


# ---- conversions -------------------------------------------------------------------------


def exact_to_fp16(values: NDArray[np.float64]) -> NDArray[np.uint16]:
    """Nearest binary16 pattern by search in the table of all of them; NaN is canonical."""
    table = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(np.float64)
    table = np.append(table, 65536.0)  # what Inf stands for when rounding
    middles = (table[1:] + table[:-1]) / 2
    magnitude = np.abs(values)
    low = np.searchsorted(middles, magnitude, side="left")
    high = np.searchsorted(middles, magnitude, side="right")
    pattern = np.where(low == high, low, np.where(low & 1, high, low))
    pattern = pattern | np.where(np.signbit(values), 0x8000, 0)
    return np.where(np.isnan(values), NAN16, pattern).astype(np.uint16)


def exact_int_to_fp32(values: NDArray[np.int32]) -> NDArray[np.uint32]:
    """Binary32 pattern of an integer, rounded half even in integers."""
    wide = values.astype(np.int64)
    magnitude = np.abs(wide)
    length = np.zeros(len(wide), np.int64)
    for bit in range(32):
        length = np.where(magnitude >> bit, bit + 1, length)
    drop = np.maximum(length - 24, 0)
    kept, rest = magnitude >> drop, magnitude & ((1 << drop) - 1)
    half = np.where(drop > 0, (1 << drop) >> 1, 1)
    kept = kept + ((rest > half) | ((rest == half) & (kept & 1 == 1)))
    kept = kept << np.maximum(24 - length, 0)
    pattern = ((length + 125) << 23) + kept
    pattern = np.where(magnitude == 0, 0, pattern) | np.where(wide < 0, 1 << 31, 0)
    return pattern.astype(np.uint32)


def exact_fp32_to_int(patterns: NDArray[np.uint32], kind: Type) -> NDArray[np.int64]:
    """clip(rint(x)) in integers; NaN gives 0."""
    bits = 8 * kind.bytes
    wide = patterns.astype(np.int64)
    exponent, fraction = wide >> 23 & 0xFF, wide & 0x7FFFFF
    magnitude = fraction | np.where(exponent > 0, 0x800000, 0)
    shift = np.maximum(exponent, 1) - 150
    left = magnitude << np.clip(shift, 0, 32)
    drop = np.clip(-shift, 0, 40)
    kept, rest = left >> drop, left & ((1 << drop) - 1)
    half = np.where(drop > 0, (1 << drop) >> 1, 1)
    kept = kept + ((rest > half) | ((rest == half) & (kept & 1 == 1)))
    kept = np.where(exponent == 255, 1 << 40, kept)
    signed = np.clip(np.where(wide >> 31, -kept, kept), -(1 << bits - 1), (1 << bits - 1) - 1)
    return np.where((exponent == 255) & (fraction > 0), 0, signed)


def exact_narrow(values: NDArray[np.object_], bits: int, saturate: bool) -> NDArray[np.object_]:
    """Python integers saturated or wrapped to a width."""
    half = 1 << (bits - 1)
    if saturate:
        return np.minimum(np.maximum(values, -half), half - 1)
    return (values + half) % (2 * half) - half
