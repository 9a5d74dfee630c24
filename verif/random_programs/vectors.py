"""Random elements of every type, rich in the ones that break arithmetic."""

from functools import cache
from random import Random

import numpy as np
from numpy.typing import NDArray

from tsp.arch.isa import Type

__all__ = ["element", "planes"]

_FP32 = (
    0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007FFFFF, 0x00800000, 0x7F7FFFFF, 0xFF7FFFFF,
    0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00000, 0x7F800001, 0x7FFFFFFF, 0x3F800000, 0xBF800000,
    0x3F000000, 0x3FC00000, 0x40200000, 0xBF000000, 0x4EFFFFFF, 0x4F000000, 0xCF000000, 0xCF000001,
    0x477FE000, 0x477FEFFF, 0x477FF000, 0x477FF001, 0x33000000, 0x33000001, 0x33800000, 0x387FC000,
    0x387FE000, 0x38800000, 0x42FE0000, 0x42FF0000, 0x43000000, 0xC3008000, 0x46FFFE00, 0x47000000,
    0x3F801000, 0x3F803000, 0x3F7FFFFF, 0x3F800001, 0x5F000000, 0x1F000000, 0x4B800001, 0x4AFFFFFF,
)  # fmt: skip
_FP16 = (
    0x0000, 0x8000, 0x0001, 0x8001, 0x03FF, 0x0400, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x7E00, 0xFE00,
    0x7C01, 0x7FFF, 0x3C00, 0xBC00, 0x3800, 0x3E00, 0x4100, 0xB800, 0x57F0, 0x57F8, 0x5800, 0xD808,
    0x77FF, 0x7800, 0x3BFF, 0x3C01, 0x6400, 0x0200,
)  # fmt: skip


def _integer(rng: Random, bits: int) -> int:
    kind = rng.randrange(4)
    if kind == 0:
        edges = (
            0,
            1,
            -1,
            1 << (bits - 1),
            (1 << (bits - 1)) - 1,
            -2,
            127,
            -128,
            128,
            32767,
            -32768,
        )
        return rng.choice(edges) % (1 << bits)
    if kind == 1:
        return rng.randrange(-200, 200) % (1 << bits)
    return rng.getrandbits(bits)


def _float(rng: Random, kind: Type) -> int:
    special, bits = (_FP32, 32) if kind is Type.FP32 else (_FP16, 16)
    which = rng.randrange(8)
    if which < 3:
        return rng.choice(special)
    if which < 5:
        return rng.getrandbits(bits)
    value = rng.uniform(-4, 4) * 2.0 ** rng.randrange(-12, 13)
    if which == 5:
        value = rng.randrange(-300, 300) / 2
    if kind is Type.FP32:
        return int(np.float32(value).view(np.uint32))
    return int(np.float16(value).view(np.uint16))


def element(rng: Random, kind: Type) -> int:
    """One bit pattern of a type."""
    if kind in (Type.FP16, Type.FP32):
        return _float(rng, kind)
    return _integer(rng, 8 * kind.bytes)


@cache
def _pool(kind: Type) -> tuple[int, ...]:
    """Elements to draw from: as good as new ones, and faster."""
    rng = Random(f"pool of {kind.name}")
    return tuple(element(rng, kind) for _ in range(1 << 14))


def planes(rng: Random, kind: Type, lanes: int) -> list[NDArray[np.uint8]]:
    """A vector of random elements as its byte planes, the lowest first."""
    values = np.array(rng.choices(_pool(kind), k=lanes), "<u8")
    table = values.view(np.uint8).reshape(lanes, 8)
    return [np.ascontiguousarray(table[:, k]) for k in range(kind.bytes)]
