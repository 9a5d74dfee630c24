"""The special functions of an ALU: sixteen lanes, and the control of their stages."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tsp.arch.config import DATA_BITS, LANES
from tsp.slices.vxm.control import BYTES
from tsp.slices.vxm.floats import registers
from tsp.slices.vxm.special import SPECIAL_ROUTE, SpecialLane

__all__ = ["SpecialLanes"]


class SpecialLanes(wiring.Component):
    """Gathers bytes into elements, computes, and takes the results apart again.

    Like :class:`~tsp.slices.vxm.lanes.Lanes` a macro of its own without the plain clock.

    Parameters
    ----------
    library
        Places the lanes.

    Members
    -------
    a0 .. a3 : In(128)
        Corrected words of the operand by byte of the element, t + 2.
    a_immediate, a_value : In(1), In(32)
        The operand is `a_value` in every lane, t + 2.
    a_type : In(3)
        :class:`~tsp.arch.isa.Type` of it; t + 2.
    route : In(SPECIAL_ROUTE)
        The operation; t + 3.
    byte0 .. byte3 : Out(128)
        Words of the result, t + 9 (domain ``s_drive``); those above the result type are undefined.
    """

    NEEDS_LIBRARY = True

    def __init__(self, *, library):
        self._library = library
        super().__init__(
            {
                **{f"a{n}": In(DATA_BITS) for n in range(BYTES)},
                "a_immediate": In(1),
                "a_value": In(32),
                "a_type": In(3),
                "route": In(SPECIAL_ROUTE),
                **{f"byte{n}": Out(DATA_BITS) for n in range(BYTES)},
            }
        )

    def elaborate(self, platform):
        m = Module()
        sizes = {f"a{n}": DATA_BITS for n in range(BYTES)}
        own = registers("s_operands", **sizes, a_immediate=1, a_value=32, a_type=3)
        m.d.s_operands += [r.eq(getattr(self, name)) for name, r in vars(own).items()]
        results = []
        for n in range(LANES):
            m.submodules[f"lane{n}"] = lane = self._library.place(SpecialLane)
            element = Cat(getattr(own, f"a{k}").word_select(n, 8) for k in range(BYTES))
            m.d.comb += [
                lane.a.eq(Mux(own.a_immediate, own.a_value, element)),
                lane.a_type.eq(own.a_type),
                lane.route.eq(self.route),
            ]
            results.append(lane.result)
        for k in range(BYTES):
            word = Signal(DATA_BITS, name=f"s_drive_byte{k}", reset_less=True)
            m.d.s_drive += word.eq(Cat(r.word_select(k, 8) for r in results))
            m.d.comb += getattr(self, f"byte{k}").eq(word)
        return m
