"""A VXM stop: four ALUs and the stream registers they share."""

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tsp.arch.isa import FORMATS
from tsp.slices.vxm.alu import Alu
from tsp.stop import Registers
from tsp.stream import StreamSignature
from tsp.words import control_layout

__all__ = ["VxmStop"]

_ALUS = 4


class VxmStop(wiring.Component):
    """One superlane of one of the four stops of the VXM.

    Members
    -------
    e_in, w_in : In(StreamSignature)
        The neighbours' registers.
    e_out, w_out : Out(StreamSignature)
        This stop's registers.
    south0, north0 .. south3, north3 : In, Out(control_layout(FORMATS["VXM"]))
        Control of the four ALUs.
    row, queue_number : In(8)
        Superlane, and number of the first ALU's queue.
    cycle, deep : In
        Simulation.
    """

    NEEDS_LIBRARY = True

    def __init__(self, config, *, library):
        self._config, self._library = config, library
        control = control_layout(FORMATS["VXM"])
        super().__init__(
            {
                "e_in": In(StreamSignature()),
                "w_in": In(StreamSignature()),
                "e_out": Out(StreamSignature()),
                "w_out": Out(StreamSignature()),
                **{f"south{n}": In(control) for n in range(_ALUS)},
                **{f"north{n}": Out(control) for n in range(_ALUS)},
                "row": In(8),
                "queue_number": In(8),
                "cycle": In(32),
                "deep": In(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = Registers([4] * _ALUS)
        registers.connect(m, self)
        for n in range(_ALUS):
            m.submodules[f"alu{n}"] = alu = self._library.place(Alu, self._config)
            m.d.comb += [
                alu.south.eq(getattr(self, f"south{n}")),
                getattr(self, f"north{n}").eq(alu.north),
            ]
            registers.attach(m, n, alu)
        return m
