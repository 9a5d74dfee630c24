"""One lane of an ALU: a path for int32 and one for fp32, which meet where a result is converted."""

from amaranth import Module, Mux
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from tsp.slices.vxm import integer, real
from tsp.slices.vxm.control import INTEGER_ROUTE, OPERANDS, REAL_ROUTE, TAIL
from tsp.slices.vxm.floats import registers

__all__ = ["Lane"]

_TAIL = data.StructLayout(TAIL)


class Lane(wiring.Component):
    """The arithmetic of one lane.

    Its registers stand in the domains that :mod:`~tsp.slices.vxm.integer` and
    :mod:`~tsp.slices.vxm.real` list. Every control input is a register of the ALU in the domain of
    the stage that it is for, so all of a stage stands still together.

    Members
    -------
    a, b, c : In(32)
        Operand patterns, bits above the type ignored; t + 2.
    i_a_type .. r_c_type : In(3)
        :class:`Type` of each; t + 3.
    i_route, r_route : In
        The operation, t + 4.
    i_sum, i_narrow : In
        Tails of the integer path, t + 5 and t + 6.
    from_integer5 : In(1)
        In t + 5 an int32 result passes to the fp32 path.
    from_integer6, half7, from_integer8, r_type8 : In
        Of the fp32 path, by cycle: the result comes from the integer path; it is to be rounded
        for fp16 directly; result type.
    real8 : In(1)
        In t + 8 the fp32 path has the result.
    result : Out(32)
        Pattern of the result type in the low bits, t + 8.
    """

    #: Control inputs that are common to all lanes.
    CONTROL = {
        **{f"{path}_{x}_type": 3 for path in "ir" for x in OPERANDS},
        "i_route": INTEGER_ROUTE,
        "r_route": REAL_ROUTE,
        "i_sum": _TAIL,
        "i_narrow": _TAIL,
        "from_integer5": 1,
        "from_integer6": 1,
        "half7": 1,
        "from_integer8": 1,
        "r_type8": 3,
        "real8": 1,
    }

    def __init__(self):
        super().__init__(
            {
                **{x: In(32) for x in OPERANDS},
                **{x: In(shape) for x, shape in self.CONTROL.items()},
                "result": Out(32),
            }
        )

    def elaborate(self, platform):
        m = Module()
        operands = integer.convert(m, *self._operands(m, "i"))
        products = integer.multiply(m, self.i_route, operands)
        total = integer.add(m, self.i_sum.saturate, products)
        short = integer.finish(m, self.i_narrow, total)

        operands = real.convert(m, *self._operands(m, "r"))
        products = real.multiply(m, self.r_route, *operands)
        sums = real.add(m, products, self.from_integer5, total)
        normal = real.normal(m, self.from_integer6, sums)
        pattern = real.rounded(m, self.half7, normal)
        converted = real.finish(m, self.from_integer8, self.r_type8, pattern)
        m.d.comb += self.result.eq(Mux(self.real8, converted, short))
        return m

    def _operands(self, m, path):
        """Stage t + 2: patterns of a, b, c into the registers of a path; and their types."""
        patterns = []
        for x in OPERANDS:
            domain = f"{path}_{'third' if x == 'c' else 'operands'}"
            patterns.append(registers(domain, **{x: 32}).__dict__[x])
            m.d[domain] += patterns[-1].eq(getattr(self, x))
        return patterns, [getattr(self, f"{path}_{x}_type") for x in OPERANDS]
