"""The special functions of a lane: EXP2, LOG2, RSQRT, RECIP, TANH.

======  ============  =================================================================
cycle   domain        in its registers
======  ============  =================================================================
t + 3   s_operands    bytes of the operand (:mod:`~tsp.slices.vxm.specials`)
t + 4   s_converted   the operand, unpacked and normalised
t + 5   s_reduced     coefficients, the place in the segment, factor, integer, exponent
t + 6   s_parabolas   the polynomial P; the factor of a subnormal result made smaller
t + 7   s_sums        t = factor * P + integer, exact
t + 8   s_results     the fp32 pattern
======  ============  =================================================================

``docs/specials.md`` defines what is computed. The functions share everything but the reduction of
the argument. A lane of its own, beside the lane that adds and multiplies: it converts operand and
result once more, and in return it is in one ALU of four only and stands still without a special.
"""

from amaranth import C, Cat, Const, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from tsp.slices.vxm.convert import to_real_operand, to_result_type
from tsp.slices.vxm.floats import BIAS, FP32_NAN, let, normalise, registers, round_up
from tsp.slices.vxm.table import FRACTION, PARTS, coefficients

__all__ = ["SPECIAL_ROUTE", "SPECIALS", "SpecialLane"]

#: The functions, each with its bit of :data:`SPECIAL_ROUTE`.
SPECIALS = ("EXP2", "LOG2", "RSQRT", "RECIP", "TANH")

#: What a special lane does.
SPECIAL_ROUTE = data.StructLayout(
    {**{name.lower(): unsigned(1) for name in SPECIALS}, "result_type": unsigned(3)}
)

_PLACE = 22  # bits of the place in a segment
_FACTOR = 24  # fraction bits of the factor
_UNIT = FRACTION + _FACTOR  # fraction bits of t
_SUM_BITS = _UNIT + 8  # integers up to 149 stand above them
_ONE = 1 << _FACTOR
_SMALLEST = -126  # exponent below which results are subnormal
_COEFFICIENTS = (unsigned(29), signed(24), signed(16))


class SpecialLane(wiring.Component):
    """The special functions of one lane; registers in the domains above.

    Members
    -------
    a : In(32)
        Operand pattern, bits above the type ignored; t + 3.
    a_type : In(3)
        :class:`~tsp.arch.isa.Type` of it; t + 3.
    route : In(SPECIAL_ROUTE)
        The operation; t + 3.
    result : Out(32)
        Pattern of the result type in the low bits, t + 8.
    """

    a: In(32)
    a_type: In(3)
    route: In(SPECIAL_ROUTE)
    result: Out(32)

    def elaborate(self, platform):
        m = Module()
        a = _convert(m, self.a, self.a_type)
        route = registers("s_converted", route=SPECIAL_ROUTE).route
        m.d.s_converted += route.eq(self.route)
        parabola = _parabola(m, _Reduction(m, a, route).out)
        pattern = _round(m, _total(m, parabola))
        types = [route.result_type]
        for domain in ("s_reduced", "s_parabolas", "s_sums", "s_results"):
            types.append(registers(domain, type=3).type)
            m.d[domain] += types[-1].eq(types[-2])
        m.d.comb += self.result.eq(to_result_type(m, "finish", pattern, types[-1])[:32])
        return m


def _convert(m, pattern, type_):
    """Stage t + 3: the operand in fp32, its exponent without bias."""
    operand = vars(to_real_operand(m, "s_a", pattern, type_))
    operand["exponent"] = operand["exponent"] - BIAS
    shapes = dict.fromkeys(operand, 1) | {"value": 24, "exponent": signed(10)}
    out = registers("s_converted", **shapes)
    m.d.s_converted += [getattr(out, name).eq(value) for name, value in operand.items()]
    return out


class _Reduction:
    """Stage t + 4: what each function makes of its operand; `out` are the registers."""

    def __init__(self, m, a, route):
        self.a, self.fraction = a, a.value[:23]
        self.address = Signal(range(len(coefficients())), name="s_address")
        self.place = Signal(_PLACE, name="s_place")
        self.out = registers(
            "s_reduced",
            place=signed(_PLACE),
            square=15,
            factor=signed(_FACTOR + 2),
            integer=8,
            exponent=signed(10),
            **dict.fromkeys(("sign", "nan", "inf"), 1),
            **{f"c{k}": shape for k, shape in enumerate(_COEFFICIENTS)},
        )
        # |a| below 256 in units of 2**-28.
        distance = let(m, "s_distance", Mux(a.exponent > 7, 0, 7 - a.exponent))
        distance = Mux(distance > 63, 63, distance)[:6]
        self.fixed = let(m, "s_fixed", Cat(C(0, FRACTION - 16), a.value) >> distance)
        m.d.s_reduced += [
            self.out.nan.eq(a.nan | ((route.rsqrt | route.log2) & a.sign & ~a.zero)),
            self.out.sign.eq(a.sign),
            self.out.inf.eq(a.zero),
            self.out.integer.eq(0),
            self.out.factor.eq(Mux(a.inf, 0, _ONE)),
        ]
        for bit, reduce in (
            (route.recip, self._recip),
            (route.rsqrt, self._rsqrt),
            (route.exp2, self._exp2),
            (route.log2, self._log2),
            (route.tanh, self._tanh),
        ):
            with m.If(bit):
                reduce(m)
        self._look_up(m)

    def _look_up(self, m):
        """The coefficients, and the square of the place."""
        for k, shape in enumerate(_COEFFICIENTS):
            column = [row[k] for row in coefficients()]
            memory = Memory(shape=shape, depth=len(column), init=column)
            m.submodules[f"c{k}"] = memory
            port = memory.read_port(domain="comb")
            m.d.comb += port.addr.eq(self.address)
            m.d.s_reduced += getattr(self.out, f"c{k}").eq(port.data)
        place = Cat(self.place[:-1], ~self.place[-1]).as_signed()  # from -1/2 to 1/2
        short = let(m, "s_short", place >> 6)
        m.d.s_reduced += self.out.place.eq(place), self.out.square.eq((short * short) >> 16)

    def _recip(self, m):
        m.d.comb += [
            self.address.eq(PARTS["recip"].base + self.fraction[16:]),
            self.place.eq(self.fraction[:16] << 6),
        ]
        m.d.s_reduced += self.out.exponent.eq(-self.a.exponent)

    def _rsqrt(self, m):
        m.d.comb += [
            self.address.eq(PARTS["rsqrt"].base + Cat(self.fraction[16:], self.a.exponent[0])),
            self.place.eq(self.fraction[:16] << 6),
        ]
        m.d.s_reduced += self.out.exponent.eq(-(self.a.exponent >> 1))

    def _exp2(self, m):
        a, out = self.a, self.out
        x = let(m, "s_power", Mux(a.sign, -self.fixed, self.fixed))
        m.d.comb += [
            self.address.eq(PARTS["exp2"].base + x[_PLACE:FRACTION]),
            self.place.eq(x[:_PLACE]),
        ]
        large = a.exponent >= 8
        m.d.s_reduced += [
            out.exponent.eq(x[FRACTION:].as_signed()),
            out.factor.eq(Mux(large & a.sign, 0, _ONE)),
            out.inf.eq(large & ~a.sign),
            out.sign.eq(0),
        ]

    def _log2(self, m):
        a, out = self.a, self.out
        upper = self.fraction[-1]  # taken as half of it: from 3/4 to 1
        d = Mux(upper, self.fraction - (1 << 23), self.fraction << 1)
        d = let(m, "s_d", d.as_signed()[:25].as_signed())
        below = a.exponent < 0  # the operand is below 1
        n = let(m, "s_n", a.exponent + upper)
        m.d.comb += [
            self.address.eq(PARTS["log2"].base + 32 + (d >> 17)),
            self.place.eq(d[:17] << 5),
        ]
        m.d.s_reduced += [
            out.factor.eq(Mux(below, -d, d)),
            out.integer.eq(Mux(below, -n, n)),
            out.exponent.eq(0),
            out.inf.eq(a.zero | a.inf),
            out.sign.eq(a.zero | below),
        ]

    def _tanh(self, m):
        a, out, x = self.a, self.out, self.fixed
        small, large = a.zero | (a.exponent < 0), a.exponent >= 2
        one = (a.exponent >= 4) | (x[24:] >= 64 + PARTS["tanh"].count)
        with m.If(small):
            m.d.comb += self.address.eq(PARTS["tanh_1"].base + x[21:28]), self.place.eq(x[:21] << 1)
        with m.Elif(~large):
            m.d.comb += self.address.eq(PARTS["tanh_4"].base - 64 + x[22:30])
            m.d.comb += self.place.eq(x[:22])
        with m.Else():
            address = Mux(one, PARTS["one"].base, PARTS["tanh"].base - 64 + x[24:32])
            m.d.comb += self.address.eq(address), self.place.eq(x[2:24])
        m.d.s_reduced += [
            out.factor.eq(Mux(small, a.value << 1, _ONE)),
            out.exponent.eq(Mux(small, a.exponent, 0)),
            out.inf.eq(0),
        ]


def _parabola(m, r):
    """Stage t + 5: P; and the factor, halved for every place that a result is subnormal."""
    out = registers(
        "s_parabolas",
        value=30,
        factor=signed(_FACTOR + 2),
        integer=8,
        exponent=signed(10),
        **dict.fromkeys(("sign", "nan", "inf", "tiny"), 1),
    )
    linear = let(m, "s_linear", r.c1 * r.place)
    curve = let(m, "s_curve", (r.c2 * r.square) << 6)
    tiny = let(m, "s_tiny", r.exponent <= _SMALLEST)
    deficit = let(m, "s_deficit", (_SMALLEST - r.exponent)[:10])
    places = Mux(tiny, Mux(deficit > 31, 31, deficit), 0)[:5]
    m.d.s_parabolas += [
        out.value.eq(r.c0 + ((linear + curve) >> _PLACE)),
        out.factor.eq(r.factor >> places),  # never loses a bit that a result has
        out.integer.eq(r.integer),
        out.exponent.eq(Mux(tiny, _SMALLEST, r.exponent)),
        out.tiny.eq(tiny),
        *(getattr(out, x).eq(getattr(r, x)) for x in ("sign", "nan", "inf")),
    ]
    return out


def _total(m, p):
    """Stage t + 6: the exact result, never negative."""
    flags = ("sign", "nan", "inf", "tiny")
    out = registers("s_sums", total=_SUM_BITS, exponent=signed(10), **dict.fromkeys(flags, 1))
    product = let(m, "s_product", p.factor * p.value)
    integer = let(m, "s_integer", p.integer.shift_left(_UNIT))
    m.d.s_sums += [
        out.total.eq(integer + product),
        out.exponent.eq(p.exponent),
        *(getattr(out, x).eq(getattr(p, x)) for x in flags),
    ]
    return out


def _round(m, s):
    """Stage t + 7: the fp32 pattern.

    A bit at the weight of the smallest normal number keeps a subnormal one from being shifted
    further; it is no part of the significand.
    """
    out = registers("s_results", pattern=32)
    stop = let(m, "s_stop", s.total | s.tiny.shift_left(_UNIT))
    shifted, count = normalise(m, "s_sum", stop)
    lead = shifted[-1] & (~s.tiny | s.total[_UNIT])
    kept = Cat(shifted[: _SUM_BITS - 25].any(), shifted[_SUM_BITS - 25 : -1], lead)
    kept = let(m, "s_kept", kept)
    above = let(m, "s_above", (s.exponent + (_SUM_BITS - 1 - _UNIT - _SMALLEST) - count)[:9])
    # The significand's integer bit adds one to the exponent.
    total = Mux(lead, above.shift_left(23), 0) + kept[2:] + round_up(kept, 2)
    total = let(m, "s_rounded", total)
    infinity = Const(255 << 23, 31)
    finite = Mux(s.inf | (total >= infinity), infinity, total)[:31]
    m.d.s_results += out.pattern.eq(Mux(s.nan, FP32_NAN, Cat(finite, s.sign)))
    return out.pattern
