"""Type conversion: of an operand to the compute type, and of a result to the result type.

Each conversion rounds half even, once. All functions are combinational.
"""

from types import SimpleNamespace

from amaranth import C, Cat, Const, Module, Mux
from amaranth.lib import data

from tsp.arch.isa import Type
from tsp.slices.vxm.floats import (
    BIAS,
    FP16,
    FP16_NAN,
    FP32,
    jam,
    let,
    normalise,
    round_up,
    to_integer,
)

__all__ = ["narrow", "to_half", "to_int_operand", "to_real_operand", "to_result_type"]


def _views(pattern):
    """A pattern as fp32 and as fp16."""
    return data.View(FP32, pattern), data.View(FP16, pattern[:16])


def to_int_operand(m: Module, name: str, pattern, type_):
    """Convert an operand to the integer compute type.

    Parameters
    ----------
    pattern
        32 bits; those above the type are ignored.
    type_
        :class:`Type` of the pattern.

    Returns
    -------
    Value
        32 bits, two's complement: sign-extended, or clip(rint(x)).
    """
    single, half = _views(pattern)
    is_half = let(m, f"{name}_is_half", type_ == Type.FP16)
    # fp16 in the format of fp32; a subnormal number becomes another one that is rounded to zero.
    wide = Mux(half.exponent == 31, 255, half.exponent + (127 - 15))
    exponent = let(m, f"{name}_exponent", Mux(is_half, wide, single.exponent))
    fraction = Mux(is_half, half.fraction.shift_left(13), single.fraction)
    fraction = let(m, f"{name}_fraction", fraction[:23])
    real = to_integer(
        m,
        name,
        sign=Mux(is_half, half.sign, single.sign),
        nan=(exponent == 255) & fraction.any(),
        exponent=exponent,
        significand=Cat(fraction, Const(1, 1)),
        limit=Const(1 << 31, 32),
    )
    # Arithmetic shifts: a concatenation of 24 copies of a bit simulates slowly.
    byte = Cat(C(0, 24), pattern[:8]).as_signed() >> 24
    short = Cat(C(0, 16), pattern[:16]).as_signed() >> 16
    extended = Mux(type_ == Type.INT8, byte, Mux(type_ == Type.INT16, short, pattern.as_signed()))
    return Mux(is_half | (type_ == Type.FP32), real, extended)[:32]


def to_real_operand(m: Module, name: str, pattern, type_) -> SimpleNamespace:
    """Convert an operand to the fp32 compute type, unpacked and normalised.

    Every type is first a magnitude of 32 bits with the exponent of its highest bit: the
    significand, or the absolute value of the integer, at the left.

    Returns
    -------
    SimpleNamespace
        value (24 bits), exponent (9), sign, zero, inf, nan.
    """
    single, half = _views(pattern)
    is_single = let(m, f"{name}_is_single", type_ == Type.FP32)
    is_half = let(m, f"{name}_is_half", type_ == Type.FP16)
    is_byte, is_short = type_ == Type.INT8, type_ == Type.INT16
    left = Mux(is_byte, pattern.shift_left(24)[:32], pattern)
    left = let(m, f"{name}_left", Mux(is_short, pattern.shift_left(16)[:32], left))
    absolute = Mux(left[31], -left, left)[:32]
    normal32, normal16 = single.exponent.any(), half.exponent.any()
    magnitude = Mux(is_half, Cat(C(0, 21), half.fraction, normal16), absolute)
    magnitude = Mux(is_single, Cat(C(0, 8), single.fraction, normal32), magnitude)
    top = Mux(is_byte, BIAS + 7, Mux(is_short, BIAS + 15, BIAS + 31))
    top = Mux(is_half, (half.exponent | ~normal16) + (BIAS - 15), top)
    top = Mux(is_single, (single.exponent | ~normal32) + (BIAS - 127), top)
    shifted, count = normalise(m, name, let(m, f"{name}_magnitude", magnitude))
    kept = let(m, f"{name}_kept", shifted[8:] + round_up(shifted, 8))
    full = (is_single & single.exponent.all()) | (is_half & half.exponent.all())
    full = let(m, f"{name}_full", full)
    fraction = Mux(is_single, single.fraction.any(), half.fraction.any())
    fraction = let(m, f"{name}_fraction", fraction)
    return SimpleNamespace(
        value=kept[:24] | kept[24].shift_left(23),
        exponent=top - count + kept[24],
        sign=Mux(is_single, single.sign, Mux(is_half, half.sign, left[31])),
        zero=~shifted[31],
        inf=full & ~fraction,
        nan=full & fraction,
    )


def narrow(m: Module, value, type_, saturate):
    """An int32 as the pattern of a narrower integer type; saturated, or cut off (*wrap*)."""
    result = value
    for kind, bits in ((Type.INT8, 8), (Type.INT16, 16)):
        rest = let(m, f"above{bits}", value[bits - 1 :])
        exceeds = saturate & (type_ == kind) & rest.any() & ~rest.all()
        bound = (1 << (bits - 1)) - 1
        result = Mux(exceeds, Mux(value[31], Const(~bound, 32).as_unsigned(), bound), result)
    return result[:32]


def to_half(m: Module, name: str, pattern):
    """An fp32 pattern as fp16: half even, subnormals, Inf on overflow, the canonical NaN."""
    single, infinity = data.View(FP32, pattern), 31 << 10
    exponent = single.exponent
    subnormal = let(m, f"{name}_subnormal", exponent < 127 - 14)
    places = Mux(subnormal, (127 - 14 - exponent)[:4], 0)  # 12 at most, else it is zero
    shifted = jam(m, name, Cat(single.fraction, Const(1, 1)), places)
    # The significand's integer bit adds one to the exponent, or none if it is shifted out.
    base = Mux(subnormal, 0, (exponent - (127 - 14))[:8])
    rounded = base.shift_left(10) + shifted[13:] + round_up(shifted, 13)
    rounded = let(m, f"{name}_rounded", rounded)
    finite = Mux(rounded >= infinity, infinity, rounded[:15])
    finite = Mux(exponent < 127 - 14 - 12, 0, finite)[:15]
    nan = (exponent == 255) & single.fraction.any()
    return let(m, f"{name}_half", Mux(nan, FP16_NAN, Cat(finite, single.sign)))


def to_result_type(m: Module, name: str, pattern, type_):
    """An fp32 result as the pattern of `type_` in the low bits of 32."""
    single = data.View(FP32, pattern)
    integer = to_integer(
        m,
        name,
        sign=single.sign,
        nan=(single.exponent == 255) & single.fraction.any(),
        exponent=single.exponent,
        significand=Cat(single.fraction, Const(1, 1)),
        limit=Mux(type_ == Type.INT8, 1 << 7, Mux(type_ == Type.INT16, 1 << 15, 1 << 31)),
    )
    half = to_half(m, f"{name}_h", pattern)
    return Mux(type_ == Type.FP32, pattern, Mux(type_ == Type.FP16, half, integer))
