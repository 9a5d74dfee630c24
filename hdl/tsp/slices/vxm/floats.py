"""Pieces of floating point arithmetic that several stages of a lane share.

Inside a lane a real number is its sign, an exponent above :data:`BIAS` and a significand of 24 bits
whose top bit is set; subnormal numbers have been normalised, zero, infinity and NaN are flags. An
operand in the integer compute type uses the same record for its 32 bits, so both compute types
share registers, multiplier and adder.

Every function adds combinational logic to a module *inside the condition that is open there*: a
lane calls them within ``with m.If(enable)``, and a simulator skips the whole of it.
"""

from amaranth import Cat, Const, Module, Mux, Signal, unsigned
from amaranth.lib import data
from amaranth.utils import bits_for

__all__ = ["BIAS", "EXPONENT_BITS", "OPERAND", "jam", "let", "normalise", "round_up", "to_integer"]

BIAS = 192  #: of an operand's exponent: all of -149 .. 127 become positive
EXPONENT_BITS = 9

#: A converted operand. `value`: an int32 pattern, or a significand of 24 bits (1.23).
OPERAND = data.StructLayout(
    {
        "value": unsigned(32),
        "exponent": unsigned(EXPONENT_BITS),
        "sign": unsigned(1),
        "zero": unsigned(1),
        "inf": unsigned(1),
        "nan": unsigned(1),
    }
)


def let(m: Module, name: str, value) -> Signal:
    """A named combinational value, computed only where the open condition holds (else zero)."""
    signal = Signal(value.shape(), name=name)
    m.d.comb += signal.eq(value)
    return signal


def jam(m: Module, name: str, value, amount):
    """`value` >> `amount`, with the lowest bit set if any one was shifted out.

    The kept value then rounds and compares as the exact one would ("sticky" bit).

    Parameters
    ----------
    value
        n bits, unsigned.
    amount
        Unsigned; any amount is legal.
    """
    width = len(value)
    amount = let(m, f"{name}_amount", Mux(amount > width, width, amount)[: bits_for(width)])
    # A right shift, as the result of a variable left shift is as wide as the largest amount asks.
    lost = (value & (Const(-1, width).as_unsigned() >> (width - amount)[: len(amount)])).any()
    shifted = let(m, f"{name}_shifted", value >> amount)
    return let(m, f"{name}_jammed", shifted | lost)


def normalise(m: Module, name: str, value):
    """Shift `value` left until its top bit is set.

    Returns
    -------
    (value, count)
        The shifted value, of the same width, and the number of places. A value of zero stays zero.
    """
    width, count = len(value), []
    step = 1 << ((width - 1).bit_length() - 1)
    while step:
        empty = let(m, f"{name}_empty{step}", ~value[width - step :].any())
        value = let(m, f"{name}_by{step}", Mux(empty, value.shift_left(step)[:width], value))
        count.insert(0, empty)
        step //= 2
    return value, Cat(*count)


def round_up(value, position: int):
    """True if rounding half even adds one at bit `position` of an unsigned `value`."""
    return value[position - 1] & (value[position] | value[: position - 1].any())


def to_integer(m: Module, name: str, sign, nan, exponent, significand, limit):
    """clip(rint(x)) of a real number, as a 32-bit pattern; NaN gives 0.

    Parameters
    ----------
    exponent
        Biased by 127, 8 bits, 255 for infinity.
    significand
        24 bits; x = significand * 2**(exponent - 150).
    limit
        2**31, 2**15 or 2**7, 32 bits: the result is in -limit .. limit - 1.

    Returns
    -------
    Value
        32 bits, two's complement.
    """
    # 2**31 and more never rounds: `exponent` of 158 and above is out of every range.
    large = let(m, f"{name}_large", exponent >= 127 + 31)
    fixed = jam(m, name, Cat(Const(0, 9), significand), (127 + 30 - exponent)[:8])
    magnitude = let(m, f"{name}_magnitude", fixed[2:] + round_up(fixed, 2))
    over = let(m, f"{name}_over", large | (magnitude >= limit))
    bound = let(m, f"{name}_bound", Mux(over, limit, magnitude))
    signed = Mux(sign, -bound, Mux(over, limit - 1, bound))
    return let(m, f"{name}_integer", Mux(nan, 0, signed[:32]))
