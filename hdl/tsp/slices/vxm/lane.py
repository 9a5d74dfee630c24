"""One lane of an ALU: convert, multiply, add, normalise, round, convert.

Everything is a * b + c: addition multiplies by one, a shift to the left by a power of two, and what
only selects (maximum, select, ReLU, logic, right shifts) sends its result along as c with a product
of zero. So both compute types share one multiplier and one adder, and the operations differ in the
operands of one stage only.

======  ==========  ===================================================================
cycle   stage       in the registers at its end
======  ==========  ===================================================================
t + 3   convert     operands in the compute type
t + 4   multiply    product, and c shifted to the exponent of the sum
t + 5   add         the exact sum (fp32), the saturated or wrapped one (int32)
t + 6   normalise   significand with guard and sticky bit; an integer result, narrowed
t + 7   round       the fp32 pattern
t + 8   finish      (combinational) the pattern of the result type
======  ==========  ===================================================================

The fused multiply-add aligns whichever of product and c is smaller, so 51 bits hold the sum: a bit
is lost ("jammed" into the sticky bit) only at a distance where at most one place can cancel.
"""

from types import SimpleNamespace

from amaranth import Cat, Const, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from tsp.arch.isa import VXM_OPS, Type
from tsp.slices.vxm.convert import (
    FP32_NAN,
    narrow,
    to_int_operand,
    to_real_operand,
    to_result_type,
)
from tsp.slices.vxm.floats import BIAS, OPERAND, jam, let, normalise, round_up

__all__ = ["OPERANDS", "STAGE", "Lane"]

OPERANDS = "abc"

#: What the stages of a lane are told: which path works this cycle, and on what.
STAGE = data.StructLayout(
    {
        "integer": unsigned(1),  #: an operation of compute type int32 is in this stage
        "real": unsigned(1),  #: one of compute type fp32
        "op": unsigned(6),
        "saturate": unsigned(1),
        "result_type": unsigned(3),
        "result_stream": unsigned(6),
    }
)

_ONE = 1 << 23
_SUM_BITS = 51  # 3 integer bits, 46 of the product's fraction, 2 that a shift by 1 or 2 may fill
_UNIT = 2 * BIAS  # bias of the exponents of product and sum


def _registers(stage: str, **shapes) -> SimpleNamespace:
    """The registers at the end of a stage; without reset, as they are loaded before every use."""
    return SimpleNamespace(
        **{n: Signal(s, name=f"{stage}_{n}", reset_less=True) for n, s in shapes.items()}
    )


def _code(name: str) -> int:
    return VXM_OPS[name].code


class Lane(wiring.Component):
    """The arithmetic of one lane.

    Members
    -------
    a, b, c : In(32)
        Operand patterns, upper bits beyond the type ignored; registers, stable while not used.
    types : In(ArrayLayout(3, 3))
        :class:`Type` of each operand.
    used : In(3)
        Which operands the operation has. With `a`, `b`, `c` and `types` in cycle t + 3.
    convert, multiply, add, normalise, round, finish : In(STAGE)
        What each stage does, in cycles t + 3 .. t + 8.
    result : Out(32)
        Pattern of the result type in the low bits; combinational, in t + 8. Zero while `finish`
        names no operation.
    """

    a: In(32)
    b: In(32)
    c: In(32)
    types: In(data.ArrayLayout(3, 3))
    used: In(3)
    convert: In(STAGE)
    multiply: In(STAGE)
    add: In(STAGE)
    normalise: In(STAGE)
    round: In(STAGE)
    finish: In(STAGE)
    result: Out(32)

    def elaborate(self, platform):
        m = Module()
        operands = [self._convert(m, k) for k in range(3)]
        product = self._multiply(m, *operands)
        total = self._add(m, product)
        normal = self._normalise(m, total)
        self._finish(m, self._round(m, normal))
        return m

    def _convert(self, m, k):
        """Stage t + 3: an operand in the compute type."""
        name = OPERANDS[k]
        pattern, type_ = getattr(self, name), self.types[k]
        operand = Signal(OPERAND, name=f"{name}_operand", reset_less=True)
        with m.If(self.used[k] & self.convert.integer):
            m.d.sync += operand.value.eq(to_int_operand(m, name, pattern, type_))
        with m.If(self.used[k] & self.convert.real):
            m.d.sync += operand.eq(to_real_operand(m, name, pattern, type_))
        return operand

    def _less(self, m, a, b):
        """a < b in the compute type, with -0 < +0; any answer if one is NaN."""
        key_a, key_b = (
            let(m, name, Cat(x.value[:24], Mux(x.inf, ~0, Mux(x.zero, 0, x.exponent))))
            for name, x in (("key_a", a), ("key_b", b))
        )
        less = Signal(name="less")
        with m.If(self.multiply.integer):
            m.d.comb += less.eq(a.value.as_signed() < b.value.as_signed())
        with m.Elif(a.sign != b.sign):
            m.d.comb += less.eq(a.sign)
        with m.Else():
            m.d.comb += less.eq(Mux(a.sign, key_a > key_b, key_a < key_b))
        return less

    def _route(self, m, a, b, c):
        """What is multiplied by a, and what is added or subtracted.

        Returns
        -------
        (y, z, select)
            `select`: z alone is the result, the product is zero.
        """
        control = self.multiply
        y, z = Signal(OPERAND, name="y"), Signal(OPERAND, name="z")
        select = Signal(name="select")
        one = Signal(OPERAND, name="one")
        m.d.comb += one.value.eq(Mux(control.real, _ONE, 1)), one.exponent.eq(BIAS)
        m.d.comb += z.zero.eq(1)
        with m.If((control.op == _code("ADD")) | (control.op == _code("SUB"))):
            m.d.comb += y.eq(one), z.eq(b)
        with m.Elif(control.op == _code("MUL")):
            m.d.comb += y.eq(b)
        with m.Elif(control.op == _code("MADD")):
            m.d.comb += y.eq(b), z.eq(c)
        with m.Elif((control.op == _code("MAX")) | (control.op == _code("MIN"))):
            second = self._less(m, a, b) ^ (control.op == _code("MIN"))
            second = Mux(control.real & (a.nan | b.nan), ~a.nan, second)
            m.d.comb += z.eq(Mux(second, b, a)), select.eq(1)
        with m.Elif(control.op == _code("SELECT")):
            taken = Mux(control.real, ~c.zero, c.value.any())
            m.d.comb += z.eq(Mux(taken, a, b)), select.eq(1)
        with m.Elif(control.op == _code("RELU")):
            m.d.comb += select.eq(1)
            with m.If(~Mux(control.real, a.sign & ~a.nan, a.value[31])):
                m.d.comb += z.eq(a)
        with m.Else():
            m.d.comb += z.value.eq(self._bits(m, a.value, b.value)), select.eq(1)
        return y, z, select

    def _bits(self, m, a, b):
        """Operations on 32-bit patterns."""
        result = Signal(32, name="bits")
        with m.If(self.multiply.op == _code("SRA")):
            m.d.comb += result.eq(a.as_signed() >> b[:5])
        with m.Elif(self.multiply.op == _code("SRL")):
            m.d.comb += result.eq(a >> b[:5])
        with m.Elif(self.multiply.op == _code("AND")):
            m.d.comb += result.eq(a & b)
        with m.Elif(self.multiply.op == _code("OR")):
            m.d.comb += result.eq(a | b)
        with m.Elif(self.multiply.op == _code("XOR")):
            m.d.comb += result.eq(a ^ b)
        with m.Elif(self.multiply.op == _code("NOT")):
            m.d.comb += result.eq(~a)
        return result

    def _multiply(self, m, a, b, c):
        """Stage t + 4: the product, and c where the adder wants it.

        A real sum has its exponent from the larger of product and c; the smaller is shifted to the
        right: c here, the product in the next stage, by `distance`.
        """
        control = self.multiply
        out = _registers(
            "multiply",
            product=signed(64),  # int64, or 2.46 bits
            addend=signed(_SUM_BITS + 1),  # int33, or 3.48 bits
            distance=6,
            exponent=10,
            sign=1,
            opposite=1,
            nan=1,
            inf=1,
        )
        with m.If(control.integer | control.real):
            y, z, select = self._route(m, a, b, c)
            subtract = control.op == _code("SUB")
            m.d.sync += out.product.eq(a.value.as_signed() * y.value.as_signed())
        with m.If(control.integer):
            m.d.sync += out.addend.eq(Mux(subtract, -z.value.as_signed(), z.value.as_signed()))
            with m.If(control.op == _code("SHL")):
                m.d.sync += out.product.eq(a.value.as_signed() << b.value[:5])
        with m.If(control.real):
            self._align(m, out, a, y, z, subtract, select)
        return out

    def _align(self, m, out, a, y, z, subtract, select):
        """The rest of stage t + 4 for real numbers."""
        nothing = select | a.zero | y.zero
        p_exponent = let(m, "p_exponent", a.exponent + y.exponent)
        z_exponent = let(m, "z_exponent", z.exponent + BIAS)
        z_larger = let(m, "z_larger", nothing | (~z.zero & (z_exponent > p_exponent)))
        distance = let(
            m,
            "distance",
            Mux(z_larger, z_exponent - p_exponent, p_exponent - z_exponent)[:10],
        )
        wide = let(m, "wide", z.value[:24].shift_left(_SUM_BITS - 26))
        m.d.sync += [
            out.addend.eq(Mux(z_larger, wide, jam(m, "c", wide, distance))),
            out.distance.eq(Mux(z_larger, Mux(distance > 63, 63, distance), 0)),
            out.exponent.eq(Mux(z_larger, z_exponent, p_exponent)),
        ]
        z_sign = let(m, "z_sign", z.sign ^ subtract)
        p_sign = Mux(select, z_sign, a.sign ^ y.sign)
        p_sign = let(m, "p_sign", p_sign)
        opposite = (self.multiply.op != _code("MUL")) & (p_sign ^ z_sign)
        p_inf = let(m, "p_inf", ~select & (a.inf | y.inf))
        p_nan = ~select & (a.nan | y.nan | (a.inf & y.zero) | (a.zero & y.inf))
        m.d.sync += [
            out.nan.eq(z.nan | p_nan | (p_inf & z.inf & opposite)),
            out.inf.eq(z.inf | p_inf),
            out.sign.eq(Mux(z.inf, z_sign, p_sign)),
            out.opposite.eq(opposite & ~z.inf & ~p_inf),
        ]

    def _add(self, m, p):
        """Stage t + 5: the sum."""
        control = self.add
        out = _registers("add", total=signed(_SUM_BITS + 1), exponent=10, sign=1, nan=1, inf=1)
        with m.If(control.integer):
            low = let(m, "low", p.product[:32] + p.addend[:33].as_signed())
            high = let(m, "high", p.product[32:].as_signed() + low[32:].as_signed())
            exceeds = control.saturate & (high != low[31].replicate(33).as_signed())
            bound = Mux(high < 0, Const(-(1 << 31), signed(32)), (1 << 31) - 1)
            m.d.sync += out.total.eq(Mux(exceeds, bound, low[:32].as_signed()))
        with m.If(control.real):
            left = jam(m, "p", p.product[:48].shift_left(2), p.distance)
            right = p.addend[:_SUM_BITS]
            total = let(m, "total", Mux(p.opposite, left - right, left + right))
            m.d.sync += [
                out.total.eq(total),
                out.exponent.eq(p.exponent),
                out.sign.eq(p.sign & ~(p.opposite & (total == 0))),
                out.nan.eq(p.nan),
                out.inf.eq(p.inf),
            ]
        return out

    def _normalise(self, m, s):
        """Stage t + 6: a significand of 24 bits, guard and sticky; or the narrowed integer."""
        control = self.normalise
        out = _registers("normalise", value=26, exponent=10, sign=1, nan=1, inf=1, integer=32)
        becomes_real = (control.result_type == Type.FP16) | (control.result_type == Type.FP32)
        with m.If(control.integer & ~becomes_real):
            bits = narrow(m, "result", s.total[:32], control.result_type, control.saturate)
            m.d.sync += out.integer.eq(bits)
        with m.If(control.real | (control.integer & becomes_real)):
            negative = s.total[-1]
            magnitude = let(m, "magnitude", Mux(negative, -s.total, s.total)[:_SUM_BITS])
            left = Mux(control.real, magnitude, magnitude[:32].shift_left(_SUM_BITS - 32))
            shifted, count = normalise(m, "sum", let(m, "left", left[:_SUM_BITS]))
            top = Mux(control.real, s.exponent + 2, _UNIT + 31)
            m.d.sync += [
                out.value.eq(Cat(shifted[: _SUM_BITS - 25].any(), shifted[_SUM_BITS - 25 :])),
                out.exponent.eq(top - count),
                out.sign.eq(negative ^ (control.real & s.sign)),
                out.nan.eq(control.real & s.nan),
                out.inf.eq(control.real & s.inf),
            ]
        return out

    def _round(self, m, n):
        """Stage t + 7: the pattern; an integer that becomes fp16 is rounded for it here."""
        control = self.round
        out = Signal(32, name="round_pattern", reset_less=True)
        half = let(m, "half", control.integer & (control.result_type == Type.FP16))
        becomes_real = half | (control.result_type == Type.FP32)
        with m.If(control.integer & ~becomes_real):
            m.d.sync += out.eq(n.integer)
        with m.If(control.real | (control.integer & becomes_real)):
            tiny = let(m, "tiny", n.exponent < _UNIT - 126)
            places = Mux(half, 13, Mux(tiny, _UNIT - 126 - n.exponent, 0)[:10])
            fixed = jam(m, "fixed", n.value, places)
            # The significand's integer bit adds one to the exponent, or none if it is shifted out.
            biased = Mux(
                half,
                (n.exponent - (_UNIT - 14)).shift_left(10),
                (n.exponent - (_UNIT - 126)).shift_left(23),
            )
            base = Mux(tiny | ~n.value[-1], 0, biased[:33])
            rounded = let(m, "rounded", (base + fixed[2:] + round_up(fixed, 2))[:34])
            infinity = Mux(half, 31 << 10, 255 << 23)
            over = n.inf | (rounded >= infinity)
            pattern = Mux(over, infinity, rounded)[:31]
            sign = Mux(half, n.sign.shift_left(15), n.sign.shift_left(31))
            m.d.sync += out.eq(Mux(n.nan, FP32_NAN, pattern | sign))
        return out

    def _finish(self, m, pattern):
        """Cycle t + 8: the result type."""
        with m.If(self.finish.real):
            bits = to_result_type(m, "finish", pattern, self.finish.result_type)
            m.d.comb += self.result.eq(bits)
        with m.Elif(self.finish.integer):
            m.d.comb += self.result.eq(pattern)
