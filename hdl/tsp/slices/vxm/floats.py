"""Pieces of floating point arithmetic that several stages of a lane share.

Inside a lane a real number is its sign, an exponent above :data:`BIAS` and a significand of 24 bits
whose top bit is set: subnormal numbers have been normalised; zero, infinity and NaN are flags.
"""

from types import SimpleNamespace

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data
from amaranth.utils import bits_for

__all__ = [
    "BIAS",
    "FP16",
    "FP16_NAN",
    "FP32",
    "FP32_NAN",
    "jam",
    "let",
    "normalise",
    "registers",
    "round_up",
    "to_integer",
]

BIAS = 192  #: of an operand's exponent (9 bits): all of -149 .. 127 become positive

FP32_NAN = 0x7FC0_0000  #: the one NaN that results carry
FP16_NAN = 0x7E00

#: The fields of a floating point pattern, low bit first.
FP32 = data.StructLayout({"fraction": 23, "exponent": 8, "sign": 1})
FP16 = data.StructLayout({"fraction": 10, "exponent": 5, "sign": 1})


def let(m: Module, name: str, value) -> Signal:
    """A named combinational value: what is used more than once, or says what it is."""
    signal = Signal(value.shape(), name=name)
    m.d.comb += signal.eq(value)
    return signal


def registers(domain: str, **shapes) -> SimpleNamespace:
    """Registers of a stage, named after its clock domain.

    They have no reset: a stage is only read in the cycle after it was loaded.
    """
    return SimpleNamespace(
        **{n: Signal(s, name=f"{domain}_{n}", reset_less=True) for n, s in shapes.items()}
    )


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
    value = let(m, f"{name}_exact", value)
    amount = let(m, f"{name}_amount", Mux(amount > width, width, amount)[: bits_for(width)])
    # A right shift, as the result of a variable left shift is as wide as the largest amount asks.
    lost = (value & (Const(-1, width).as_unsigned() >> (width - amount)[: len(amount)])).any()
    return let(m, f"{name}_jammed", (value >> amount) | lost)


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
    large = let(m, f"{name}_large", exponent >= 127 + 31)
    fixed = jam(m, name, Cat(Const(0, 9), significand), (127 + 30 - exponent)[:8])
    magnitude = let(m, f"{name}_magnitude", fixed[2:] + round_up(fixed, 2))
    over = let(m, f"{name}_over", large | (magnitude >= limit))
    bound = let(m, f"{name}_bound", Mux(over, limit, magnitude))
    signed = Mux(sign, -bound, Mux(over, limit - 1, bound))
    return let(m, f"{name}_integer", Mux(nan, 0, signed[:32]))
