"""The sixteen lanes of an ALU, between the corrector and the encoder.

A macro of its own without stream buses and without the plain clock: a simulator that builds it as
one block neither touches it while the ALU is idle nor repeats its code for each ALU.
"""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tsp.arch.config import DATA_BITS, LANES
from tsp.slices.vxm.control import BYTES, OPERANDS
from tsp.slices.vxm.lane import Lane

__all__ = ["Lanes"]


class Lanes(wiring.Component):
    """Gathers bytes into elements, computes, and takes the results apart again.

    Parameters
    ----------
    library
        Places the lanes.

    Members
    -------
    a0 .. c3 : In(128)
        Corrected words of the operands by byte of the element, t + 2.
    a_immediate .. c_immediate : In(1)
        The operand is a_value .. c_value (32 bits) in every lane, t + 2.
    bytes8 : In(4)
        Bytes of the result type, t + 8.
    (others)
        Control as in :class:`Lane`.
    byte0 .. byte3 : Out(128)
        Words of the result, t + 9 (domain ``drive``).
    """

    NEEDS_LIBRARY = True

    def __init__(self, *, library):
        self._library = library
        super().__init__(
            {
                **{f"{x}{n}": In(DATA_BITS) for x in OPERANDS for n in range(BYTES)},
                **{f"{x}_immediate": In(1) for x in OPERANDS},
                **{f"{x}_value": In(32) for x in OPERANDS},
                **{x: In(shape) for x, shape in Lane.CONTROL.items()},
                "bytes8": In(BYTES),
                **{f"byte{n}": Out(DATA_BITS) for n in range(BYTES)},
            }
        )

    def elaborate(self, platform):
        m = Module()
        results = []
        for n in range(LANES):
            m.submodules[f"lane{n}"] = lane = self._library.place(Lane)
            for x in OPERANDS:
                element = Cat(getattr(self, f"{x}{k}").word_select(n, 8) for k in range(BYTES))
                immediate, value = getattr(self, f"{x}_immediate"), getattr(self, f"{x}_value")
                m.d.comb += getattr(lane, x).eq(Mux(immediate, value, element))
            m.d.comb += [getattr(lane, x).eq(getattr(self, x)) for x in Lane.CONTROL]
            results.append(lane.result)
        for k in range(BYTES):
            word = Signal(DATA_BITS, name=f"drive_byte{k}", reset_less=True)
            with m.If(self.bytes8[k]):
                m.d.drive += word.eq(Cat(r.word_select(k, 8) for r in results))
            m.d.comb += getattr(self, f"byte{k}").eq(word)
        return m
