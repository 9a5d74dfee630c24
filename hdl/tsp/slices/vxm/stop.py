"""A VXM stop: four ALUs, special functions for the first, and the stream registers they share."""

from amaranth import Module
from amaranth.lib import wiring

from tsp.arch.isa import FORMATS
from tsp.slices.vxm.alu import Alu
from tsp.slices.vxm.specials import SpecialUnit
from tsp.stop import Registers, stop_ports
from tsp.words import control_layout

__all__ = ["VxmStop"]

_ALUS = 4


class VxmStop(wiring.Component):
    """One superlane of one of the four stops of the VXM.

    Its members are those that all stops have, and the control of the four ALUs
    (:func:`~tsp.stop.stop_ports`).
    """

    NEEDS_LIBRARY = True

    def __init__(self, config, *, library):
        self._config, self._library = config, library
        super().__init__(stop_ports([control_layout(FORMATS["VXM"])] * _ALUS))

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = Registers([4] * _ALUS)
        alus = [self._library.place(Alu, self._config) for _ in range(_ALUS)]
        registers.connect(m, self, alus)
        for n, alu in enumerate(alus):
            m.submodules[f"alu{n}"] = alu
            m.d.comb += [
                alu.row.eq(self.row),
                alu.queue_number.eq(self.queue_number + n),
                alu.backdoor.eq(self.backdoor),
                alu.south.eq(getattr(self, f"south{n}")),
                getattr(self, f"north{n}").eq(alu.north),
            ]
            registers.attach(m, n, alu)
            if n == 0:
                m.submodules.specials = specials = self._library.place(SpecialUnit)
                wiring.connect(m, alu.special, specials.alu)
        return m
