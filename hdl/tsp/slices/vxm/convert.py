"""Type conversion: of an operand to the compute type, and of a result to the result type.

Each conversion rounds half even, once. All functions are combinational and guarded by the condition
that is open where they are called (:mod:`~tsp.slices.vxm.floats`).
"""

from amaranth import C, Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data

from tsp.arch.isa import Type
from tsp.slices.vxm.floats import (
    BIAS,
    OPERAND,
    jam,
    let,
    normalise,
    round_up,
    to_integer,
)

__all__ = ["FP32_NAN", "narrow", "to_half", "to_int_operand", "to_real_operand", "to_result_type"]

FP32_NAN = 0x7FC0_0000  #: the one NaN that results carry
FP16_NAN = 0x7E00

#: The fields of a floating point pattern, low bit first.
_FP32 = data.StructLayout({"fraction": 23, "exponent": 8, "sign": 1})
_FP16 = data.StructLayout({"fraction": 10, "exponent": 5, "sign": 1})


def _extended(m: Module, name: str, pattern, type_):
    """An integer pattern of `type_`, extended to 32 bits."""
    value = Signal(signed(32), name=f"{name}_extended")
    with m.If(type_ == Type.INT8):
        m.d.comb += value.eq(pattern[:8].as_signed())
    with m.Elif(type_ == Type.INT16):
        m.d.comb += value.eq(pattern[:16].as_signed())
    with m.Else():
        m.d.comb += value.eq(pattern.as_signed())
    return value


def _widened(m: Module, name: str, pattern):
    """An fp16 pattern in the fp32 format; a subnormal one keeps its exponent field of 112.

    Returns
    -------
    (exponent, fraction, sign)
        As fp32 has them, the fraction without its implicit bit.
    """
    half = data.View(_FP16, pattern[:16])
    exponent = Mux(half.exponent == 31, 255, half.exponent + (127 - 15))
    return let(m, f"{name}_wide_exponent", exponent), half.fraction.shift_left(13), half.sign


def to_int_operand(m: Module, name: str, pattern, type_) -> Signal:
    """Convert an operand to the integer compute type.

    Parameters
    ----------
    pattern
        32 bits; those above the type are ignored.
    type_
        :class:`Type` of the pattern.

    Returns
    -------
    Signal
        32 bits, two's complement: sign-extended, or clip(rint(x)).
    """
    result = Signal(32, name=f"{name}_int")
    single, half = data.View(_FP32, pattern), data.View(_FP16, pattern[:16])
    with m.If((type_ == Type.FP16) | (type_ == Type.FP32)):
        is_half = type_ == Type.FP16
        wide, shifted, _ = _widened(m, f"{name}_i", pattern)
        exponent = let(m, f"{name}_i_exponent", Mux(is_half, wide, single.exponent))
        fraction = let(m, f"{name}_i_fraction", Mux(is_half, shifted, single.fraction))
        converted = to_integer(
            m,
            f"{name}_i",
            sign=Mux(is_half, half.sign, single.sign),
            nan=(exponent == 255) & fraction.any(),
            exponent=exponent,
            significand=Cat(fraction[:23], Const(1, 1)),
            limit=Const(1 << 31, 32),
        )
        m.d.comb += result.eq(converted)
    with m.Else():
        m.d.comb += result.eq(_extended(m, f"{name}_i", pattern, type_))
    return result


def to_real_operand(m: Module, name: str, pattern, type_) -> Signal:
    """Convert an operand to the fp32 compute type, unpacked and normalised.

    Parameters
    ----------
    pattern
        32 bits; those above the type are ignored.
    type_
        :class:`Type` of the pattern.

    Returns
    -------
    Signal
        :data:`OPERAND`.
    """
    result = Signal(OPERAND, name=f"{name}_real")
    single, half = data.View(_FP32, pattern), data.View(_FP16, pattern[:16])
    with m.If(type_ == Type.FP32):
        _real(m, result, single, BIAS - 127, 0)
        with m.If((single.exponent == 0) & single.fraction.any()):
            _normalised(m, f"{name}_s32", result, single.fraction.shift_left(8), BIAS - 126)
    with m.Elif(type_ == Type.FP16):
        _real(m, result, half, BIAS - 15, 13)
        with m.If((half.exponent == 0) & half.fraction.any()):
            _normalised(m, f"{name}_s16", result, half.fraction.shift_left(21), BIAS - 14)
    with m.Else():
        value = _extended(m, f"{name}_r", pattern, type_)
        m.d.comb += result.sign.eq(value[31]), result.zero.eq(value == 0)
        with m.If(value != 0):
            magnitude = Mux(value[31], -value, value)[:32]
            _normalised(m, f"{name}_n", result, magnitude, BIAS + 31)
    return result


def _real(m: Module, result, fields, bias: int, shift: int) -> None:
    """Unpack a pattern; right for all but subnormal numbers."""
    ones = (1 << len(fields.exponent)) - 1
    empty = fields.fraction == 0
    m.d.comb += [
        result.value.eq(Cat(C(0, shift), fields.fraction, fields.exponent != 0)),
        result.exponent.eq(fields.exponent + bias),
        result.sign.eq(fields.sign),
        result.zero.eq((fields.exponent == 0) & empty),
        result.inf.eq((fields.exponent == ones) & empty),
        result.nan.eq((fields.exponent == ones) & ~empty),
    ]


def _normalised(m: Module, name: str, result, magnitude, top: int) -> None:
    """Set value and exponent from 32 bits of which the highest weighs 2**(top - BIAS)."""
    magnitude = let(m, f"{name}_magnitude", magnitude)
    shifted, count = normalise(m, name, Cat(magnitude, Const(0, 32 - len(magnitude))))
    kept = let(m, f"{name}_kept", shifted[8:] + round_up(shifted, 8))
    m.d.comb += [
        result.value.eq(kept[:24] | kept[24].shift_left(23)),
        result.exponent.eq(top - count + kept[24]),
    ]


def narrow(m: Module, name: str, value, type_, saturate) -> Signal:
    """An int32 as the pattern of a narrower integer type; saturated, or cut off (*wrap*)."""
    result = Signal(32, name=f"{name}_narrow")
    m.d.comb += result.eq(value)
    with m.If(saturate):
        for kind, bits in ((Type.INT8, 8), (Type.INT16, 16)):
            rest = value[bits - 1 :]
            with m.If((type_ == kind) & rest.any() & ~rest.all()):
                bound = (1 << (bits - 1)) - 1
                m.d.comb += result.eq(Mux(value[31], ~Const(bound, 32), bound))
    return result


def to_half(m: Module, name: str, pattern) -> Signal:
    """An fp32 pattern as fp16: half even, subnormals, Inf on overflow, the canonical NaN."""
    single = data.View(_FP32, pattern)
    result = Signal(16, name=f"{name}_half")
    subnormal = let(m, f"{name}_tiny", single.exponent < 127 - 14)
    places = Mux(subnormal, (127 - 14 - single.exponent)[:4], 0)  # 12 at most, else it is zero
    shifted = jam(m, f"{name}_h", Cat(single.fraction, Const(1, 1)), places)
    base = Mux(subnormal, 0, (single.exponent - (127 - 14))[:8])
    rounded = let(m, f"{name}_rounded", base.shift_left(10) + shifted[13:] + round_up(shifted, 13))
    with m.If(single.exponent == 255):
        m.d.comb += result.eq(
            Mux(single.fraction.any(), FP16_NAN, Cat(C(31 << 10, 15), single.sign))
        )
    with m.Elif(single.exponent < 127 - 14 - 12):
        m.d.comb += result.eq(Cat(C(0, 15), single.sign))
    with m.Elif(rounded >= 31 << 10):
        m.d.comb += result.eq(Cat(C(31 << 10, 15), single.sign))
    with m.Else():
        m.d.comb += result.eq(Cat(rounded[:15], single.sign))
    return result


def to_result_type(m: Module, name: str, pattern, type_) -> Signal:
    """An fp32 result as the pattern of `type_` in the low bits of 32."""
    result = Signal(32, name=f"{name}_result")
    single = data.View(_FP32, pattern)
    with m.If(type_ == Type.FP32):
        m.d.comb += result.eq(pattern)
    with m.Elif(type_ == Type.FP16):
        m.d.comb += result.eq(to_half(m, name, pattern))
    with m.Else():
        limit = Signal(32, name=f"{name}_limit")
        m.d.comb += limit.eq(1 << 31)
        with m.If(type_ == Type.INT8):
            m.d.comb += limit.eq(1 << 7)
        with m.Elif(type_ == Type.INT16):
            m.d.comb += limit.eq(1 << 15)
        converted = to_integer(
            m,
            name,
            sign=single.sign,
            nan=(single.exponent == 255) & single.fraction.any(),
            exponent=single.exponent,
            significand=Cat(single.fraction, Const(1, 1)),
            limit=limit,
        )
        m.d.comb += result.eq(converted)
    return result
