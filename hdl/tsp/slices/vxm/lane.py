"""One lane of an ALU: a path for int32 and one for fp32, which meet where a result is converted."""

from amaranth import Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tsp.arch.isa import Type
from tsp.slices.vxm import integer, real
from tsp.slices.vxm.control import INTEGER_ROUTE, OPERANDS, REAL_ROUTE, RESULT
from tsp.slices.vxm.floats import registers

__all__ = ["Lane"]


class Lane(wiring.Component):
    """The arithmetic of one lane.

    Its registers stand in the domains that :mod:`~tsp.slices.vxm.integer` and
    :mod:`~tsp.slices.vxm.real` list, and in ``products`` and ``results`` for what both paths have
    in common. It keeps its own control: sixteen lanes are a wide fan-out, and a lane that looks at
    nothing but its own registers is the same code for all lanes in a simulator.

    Members
    -------
    i_a, i_b, i_c, r_a, r_b, r_c : In(32)
        Operand patterns for each path, bits above the type ignored; t + 3.
    i_a_type .. r_c_type : In(3)
        :class:`Type` of each; t + 3.
    i_route, r_route : In
        The operation, for each path; t + 3.
    integer4 : In(1)
        In t + 4 the integer path has the operation.
    real7 : In(1)
        In t + 7 the fp32 path has the result.
    result : Out(32)
        Pattern of the result type in the low bits, t + 8.
    """

    #: Control inputs that are common to all lanes.
    CONTROL = {
        "i_route": INTEGER_ROUTE,
        "r_route": REAL_ROUTE,
        "integer4": 1,
        "real7": 1,
    }

    def __init__(self):
        super().__init__(
            {
                **{f"{path}_{x}": In(32) for path in "ir" for x in OPERANDS},
                **{f"{path}_{x}_type": In(3) for path in "ir" for x in OPERANDS},
                **{x: In(shape) for x, shape in self.CONTROL.items()},
                "result": Out(32),
            }
        )

    def elaborate(self, platform):
        m = Module()
        route = registers("i_converted", route=INTEGER_ROUTE).route
        tail = self._tail(m, "i_products", route)
        m.d.i_converted += route.eq(self.i_route)
        operands = integer.convert(m, *self._operands("i"))
        total = integer.add(m, tail.saturate, integer.multiply(m, route, operands))
        short = integer.finish(m, self._tail(m, "i_sums", tail), total)

        from_integer = registers("products", from_integer=1).from_integer
        m.d.products += from_integer.eq(self.integer4)
        converted = self._real(m, from_integer, tail.result_type, total)
        is_real = registers("results", real=1).real
        m.d.results += is_real.eq(self.real7)
        m.d.comb += self.result.eq(Mux(is_real, converted, short))
        return m

    def _real(self, m, from_integer, integer_type, integer_total):
        """The fp32 path; an integer result that becomes a float joins it in t + 5."""
        route = registers("r_converted", route=REAL_ROUTE).route
        m.d.r_converted += route.eq(self.r_route)
        products = real.multiply(m, route, *real.convert(m, *self._operands("r")))
        tail = self._tail(m, "r_products", route)
        sums = real.add(m, products, from_integer, integer_total)
        late = registers("r_sums", type=3, from_integer=1)
        m.d.r_sums += [
            late.type.eq(Mux(from_integer, integer_type, tail.result_type)),
            late.from_integer.eq(from_integer),
        ]
        normal = real.normal(m, late.from_integer, sums)
        later = registers("r_normals", type=3, half=1, from_integer=1)
        m.d.r_normals += [
            later.type.eq(late.type),
            later.from_integer.eq(late.from_integer),
            later.half.eq(late.from_integer & (late.type == Type.FP16)),
        ]
        pattern = real.rounded(m, later.half, normal)
        last = registers("r_results", type=3, from_integer=1)
        m.d.r_results += last.type.eq(later.type), last.from_integer.eq(later.from_integer)
        return real.finish(m, last.from_integer, last.type, pattern)

    def _tail(self, m, domain, source):
        """Registers of what a stage keeps of the instruction."""
        tail = registers(domain, **RESULT)
        m.d[domain] += [getattr(tail, name).eq(getattr(source, name)) for name in RESULT]
        return tail

    def _operands(self, path):
        """Patterns and types of a, b, c of a path."""
        patterns = [getattr(self, f"{path}_{x}") for x in OPERANDS]
        return patterns, [getattr(self, f"{path}_{x}_type") for x in OPERANDS]
