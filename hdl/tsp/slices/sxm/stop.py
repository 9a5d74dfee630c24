"""An SXM stop: six units and the stream registers they share."""

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from tsp.arch.config import SXM_UNITS
from tsp.arch.isa import unit_formats
from tsp.stop import Registers, stop_ports
from tsp.words import control_layout

from .local import Distribute, Rotate, Transpose
from .permute import Permute, permute_vertical
from .shift import SHIFT_VERTICAL, Shift

__all__ = ["CONTROLS", "SxmStop", "vertical"]

#: Control of each unit, in the order of their queues.
CONTROLS = tuple(control_layout(*unit_formats(kind)) for _, kind in SXM_UNITS)

#: Streams that each unit drives at most.
_WORDS = (1, 1, 1, 16, 16, 16)


def vertical(config):
    """Members of a stop that face its neighbours north and south, by name.

    ``.._up_south`` and ``.._up_north``: words from the row below and to the row above.
    ``.._down_north`` and ``.._down_south``: words from the row above and to the row below.
    """
    both = {"shift": SHIFT_VERTICAL, "permute": permute_vertical(config)}
    return {f"{unit}_{name}": x for unit, members in both.items() for name, x in members.items()}


class SxmStop(wiring.Component):
    """One superlane of the stop of an SXM.

    Members
    -------
    e_in .. deep, south0, north0 .. south5, north5
        See :func:`tsp.stop.stop_ports`; controls of SHIFT, PERMUTE, DISTRIBUTE, ROTATE and both
        TRANSPOSE.
    shift_up_south .. permute_down_south
        See :func:`vertical`; what leaves the chip is left unconnected (zero).
    """

    NEEDS_LIBRARY = True

    def __init__(self, config, *, library):
        self._config, self._library = config, library
        super().__init__(stop_ports(CONTROLS) | vertical(config))

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = Registers(_WORDS)
        place = self._library.place
        shift, permute = place(Shift), place(Permute, self._config)
        units = [shift, permute, place(Distribute), place(Rotate), place(Transpose)]
        units.append(place(Transpose))
        registers.connect(m, self, units)
        for n, unit in enumerate(units):
            m.submodules[f"unit{n}"] = unit
            m.d.comb += [
                unit.row.eq(self.row),
                unit.queue_number.eq(self.queue_number + n),
                unit.backdoor.eq(self.backdoor),
                unit.south.eq(getattr(self, f"south{n}")),
                getattr(self, f"north{n}").eq(unit.north),
            ]
            registers.attach(m, n, unit)
        for name, member in vertical(self._config).items():
            which, _, inner = name.partition("_")
            outer, port = getattr(self, name), getattr({"shift": shift}.get(which, permute), inner)
            m.d.comb += port.eq(outer) if member.flow is In else outer.eq(port)
        return m
