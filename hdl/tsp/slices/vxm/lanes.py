"""The sixteen lanes of an ALU, between the corrector and the encoder.

A macro of its own without stream buses and without the plain clock: a simulator that builds it as
one block neither touches it while the ALU is idle nor repeats its code for each ALU.
"""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tsp.arch.config import DATA_BITS, LANES
from tsp.slices.vxm.control import BYTES, OPERANDS
from tsp.slices.vxm.floats import registers
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
                **{f"{x}_type": In(3) for x in OPERANDS},
                **{x: In(shape) for x, shape in Lane.CONTROL.items()},
                "bytes8": In(BYTES),
                **{f"byte{n}": Out(DATA_BITS) for n in range(BYTES)},
            }
        )

    def elaborate(self, platform):
        m = Module()
        lanes = [self._library.place(Lane) for _ in range(LANES)]
        for n, lane in enumerate(lanes):
            m.submodules[f"lane{n}"] = lane
            m.d.comb += [getattr(lane, x).eq(getattr(self, x)) for x in Lane.CONTROL]
        for path in "ir":
            for x in OPERANDS:
                self._operand(m, path, x, lanes)
        for k in range(BYTES):
            word = Signal(DATA_BITS, name=f"drive_byte{k}", reset_less=True)
            with m.If(self.bytes8[k]):
                m.d.drive += word.eq(Cat(lane.result.word_select(k, 8) for lane in lanes))
            m.d.comb += getattr(self, f"byte{k}").eq(word)
        return m

    def _operand(self, m, path, x, lanes):
        """Cycle t + 3: an operand of a path in registers, its bytes gathered into elements.

        The inputs go into registers as they come: nothing is computed before the path is known.
        """
        sizes = {f"{x}{k}": DATA_BITS for k in range(BYTES)}
        sizes |= {f"{x}_immediate": 1, f"{x}_value": 32, f"{x}_type": 3}
        domain = f"{path}_{'third' if x == 'c' else 'operands'}"
        own = vars(registers(domain, **sizes))
        m.d[domain] += [register.eq(getattr(self, name)) for name, register in own.items()]
        for n, lane in enumerate(lanes):
            element = Cat(own[f"{x}{k}"].word_select(n, 8) for k in range(BYTES))
            pattern = Mux(own[f"{x}_immediate"], own[f"{x}_value"], element)
            m.d.comb += [
                getattr(lane, f"{path}_{x}").eq(pattern),
                getattr(lane, f"{path}_{x}_type").eq(own[f"{x}_type"]),
            ]
