"""Operands that are likely to find a mistake: corners, near misses, cancellation, boundaries."""

import itertools

import numpy as np

from tsp.arch.isa import Type

__all__ = ["corners", "integers", "near_ties", "pairs", "patterns", "triples"]

_FP32_PLAIN = (
    [0, 1, 2, 3, 0x400000, 0x7FFFFE, 0x7FFFFF, 0x800000, 0x800001, 0xFFFFFF, 0x1000000]
    + [0x7F7FFFFF, 0x7F7FFFFE, 0x7F000000, 0x7F800000, 0x7FC00000, 0x7F800001, 0x7FFFFFFF]
    + [0x3F800000, 0x3F800001, 0x3F7FFFFF, 0x3F000000, 0x3F000001, 0x3EFFFFFF, 0x3FC00000]
    + [0x40000000, 0x40400000, 0x4B000000, 0x4B000001, 0x4B7FFFFF, 0x4B800000, 0x4B800001]
    + [0x4EFFFFFF, 0x4F000000, 0x4F000001, 0x5F000000, 0x33800000, 0x33800001, 0x33000000]
    + [0x42FF0000, 0x42FE0000, 0x43000000, 0x43008000, 0x46FFFF00, 0x46FFFE00, 0x47000000]
    + [0x477FE000, 0x477FEFFF, 0x477FF000, 0x477FF001, 0x47800000, 0x38800000, 0x387FFFFF]
    + [0x387FC000, 0x387FE000, 0x387FF000, 0x33000001, 0x32FFFFFF, 0x34400000, 0x20000000]
    + [0x1F800000, 0x1F800001, 0x1FFFFFFF, 0x0C000000, 0x0C7FFFFF, 0x0C800000, 0x5E800000]
)
_FP16_PLAIN = [0, 1, 2, 3, 0x1FF, 0x200, 0x3FE, 0x3FF, 0x400, 0x401, 0x7FF, 0x3BFF, 0x3C00]
_FP16_PLAIN += [0x3C01, 0x3800, 0x3801, 0x37FF, 0x3E00, 0x4000, 0x57F0, 0x57F8, 0x5800, 0x5808]
_FP16_PLAIN += [0x7BFF, 0x7BFE, 0x7800, 0x7C00, 0x7C01, 0x7E00, 0x7FFF, 0x6400, 0x6401, 0x6800]

_CENTRES = (0, 1 << 7, 1 << 8, 1 << 11, 2049, 1 << 15, 1 << 16, 65520, 1 << 24, 1 << 25)
_CENTRES += (3 << 23, (1 << 25) + 2, (1 << 31) - 64, (1 << 31) - 128, 1 << 30)


def corners(type_):
    """All corner patterns of a type, uint32."""
    type_ = Type(type_)
    if type_ in (Type.FP16, Type.FP32):
        plain = np.array(_FP32_PLAIN if type_ == Type.FP32 else _FP16_PLAIN, np.uint32)
        return np.concatenate([plain, plain | np.uint32(1 << (8 * type_.bytes - 1))])
    low, high = -(1 << (8 * type_.bytes - 1)), (1 << (8 * type_.bytes - 1)) - 1
    near = {s * (c + d) for c in _CENTRES for d in (-2, -1, 0, 1, 2) for s in (-1, 1)}
    near |= {low, low + 1, high, high - 1}
    values = sorted(v for v in near if low <= v <= high)
    return np.array(values, np.int64).astype(np.uint64).astype(np.uint32) & _mask(type_)


def _mask(type_):
    return np.uint32((1 << (8 * type_.bytes)) - 1)


def patterns(rng, type_, count):
    """Random patterns: any bits, corners, few significant bits, moderate magnitudes."""
    type_ = Type(type_)
    found = rng.integers(0, 1 << 32, count, np.uint32) & _mask(type_)
    kind = rng.integers(0, 4, count)
    found = np.where(kind == 0, rng.choice(corners(type_), count), found)
    if type_ == Type.FP32:
        sign = rng.integers(0, 2, count, np.uint32) << np.uint32(31)
        near_one = rng.integers(127 - 30, 127 + 34, count).astype(np.uint32) << np.uint32(23)
        fraction = found & np.uint32(0x7FFFFF)
        found = np.where(kind == 1, sign | near_one | fraction, found)
        cut = rng.integers(8, 24, count).astype(np.uint32)
        found = np.where(kind == 2, found >> cut << cut, found)
    elif type_ not in (Type.FP16,):
        few = rng.integers(0, 8 * type_.bytes, count).astype(np.uint32)
        signed = (found.view(np.int32) >> few.view(np.int32)).view(np.uint32)
        found = np.where(kind == 1, signed & _mask(type_), found)
    return found.astype(np.uint32)


def integers(rng, operands, count):
    """int32 operands: every combination of corners (of three: of some), then random ones."""
    edge = corners(Type.INT32)
    if operands > 2:
        edge = rng.choice(edge, 24, replace=False)
    some = [x.ravel() for x in np.meshgrid(*[edge] * operands)]
    rest = count - some[0].size
    return [np.concatenate([x, patterns(rng, Type.INT32, rest)]) for x in some]


def pairs(rng, count):
    """fp32 pairs: all of corners, then random ones, many of nearly the same magnitude."""
    edge = corners(Type.FP32)
    a, b = (x.ravel() for x in np.meshgrid(edge, edge))
    rest = max(count - a.size, 0)
    x, y = patterns(rng, Type.FP32, rest), patterns(rng, Type.FP32, rest)
    third = rest // 3
    # Nearly cancelling: the other sign, a few units or places away.
    y[:third] = x[:third] ^ np.uint32(1 << 31)
    y[:third] += rng.integers(-3, 4, third).astype(np.int64).astype(np.uint32)
    y[:third] += rng.choice([0, 0, 1, 2, 23, 24, 25, 26], third).astype(np.uint32) << np.uint32(23)
    # Products around the subnormal boundary: exponents that add to 127 - 126 - 26 .. + 2.
    part = slice(third, 2 * third)
    sign_fraction = np.uint32(0x807FFFFF)
    exponent = (x[part] >> np.uint32(23)).astype(np.int64) & 0xFF
    other = np.clip(rng.integers(127 - 152, 127 - 123, third) + 127 - exponent, 0, 254)
    y[part] = (y[part] & sign_fraction) | (other.astype(np.uint32) << np.uint32(23))
    return np.concatenate([a, x]), np.concatenate([b, y])


def _pack(sign, exponent, fraction):
    """fp32 patterns of (-1)**sign * fraction * 2**(exponent - 23), fraction of 24 bits."""
    biased = (np.asarray(exponent, np.int64) + 127).astype(np.uint32)
    fraction = np.asarray(fraction, np.int64).astype(np.uint32) & np.uint32(0x7FFFFF)
    return np.asarray(sign, np.uint32) << np.uint32(31) | biased << np.uint32(23) | fraction


def near_ties(rng, count):
    """a * b + c of which only bits far below decide the rounding.

    First half: the product is a trifle more than half a unit of c, by bits that no adder of 48 bits
    keeps. Second half: the product is exactly between two numbers, and c is tiny.
    """
    half = count // 2
    sign = [rng.integers(0, 2, count) for _ in range(3)]
    scale = [rng.integers(-20, 20, count) for _ in range(2)]
    a = rng.integers(1 << 23, 1 << 24, count) | 1
    b = np.minimum((1 << 47) // a + 1, (1 << 24) - 1)
    c = rng.integers(1 << 23, 1 << 24, count)
    exponent = scale[0] + scale[1] + 1 + 24
    a[half:] = (rng.integers(1 << 12, 1 << 13, count - half) | 1) << 11
    b[half:] = (rng.integers(1 << 11, 1 << 12, count - half) | 1) << 12
    exponent[half:] -= rng.integers(50, 99, count - half)
    exponents = (*scale, exponent)
    return tuple(_pack(s, e, f) for s, e, f in zip(sign, exponents, (a, b, c)))


def triples(rng, count):
    """fp32 a, b, c for a * b + c: corners, c near -a * b at every distance, near ties."""
    some = corners(Type.FP32)
    some = rng.choice(some, 24, replace=False)
    a, b, c = (np.array(x, np.uint32) for x in zip(*itertools.product(some, some, some)))
    ties = near_ties(rng, count // 8)
    rest = max(count - a.size - ties[0].size, 0)
    x, y = pairs(rng, rest)
    x, y = rng.permutation(np.stack([x, y]), axis=1)[:, :rest]
    z = patterns(rng, Type.FP32, rest)
    with np.errstate(all="ignore"):
        product = x.view(np.float32) * y.view(np.float32)
    half = rest // 2
    close = (-product[:half]).view(np.uint32)
    close = close + rng.integers(-2, 3, half).astype(np.int64).astype(np.uint32)
    shift = rng.integers(-50, 51, half) * rng.integers(0, 2, half)
    close = close + (shift.astype(np.int64) << 23).astype(np.uint32)
    z[:half] = close ^ (rng.integers(0, 2, half).astype(np.uint32) << np.uint32(31))
    return tuple(np.concatenate(parts) for parts in zip((a, b, c), (x, y, z), ties))
