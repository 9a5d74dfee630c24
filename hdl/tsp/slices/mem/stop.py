"""A MEM stop: two MEM tiles and the stream registers they share."""

from amaranth import Module
from amaranth.lib import wiring

from tsp.stop import Registers, stop_ports
from tsp.words import mem_control_layout

from .tile import MemTile

__all__ = ["MemStop"]


class MemStop(wiring.Component):
    """One superlane of the stop of two neighbouring MEM slices.

    Members
    -------
    (streams, position, control of the two slices, west to east)
        As :func:`~tsp.stop.stop_ports` has them.
    """

    NEEDS_LIBRARY = True

    def __init__(self, config, *, library):
        self._config, self._library = config, library
        super().__init__(stop_ports([mem_control_layout(config)] * 2))

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = Registers((1, 1))
        tiles = [self._library.place(MemTile, self._config) for _ in range(2)]
        registers.connect(m, self, tiles)
        for n, tile in enumerate(tiles):
            m.submodules[f"tile{n}"] = tile
            m.d.comb += [
                tile.south.eq(getattr(self, f"south{n}")),
                getattr(self, f"north{n}").eq(tile.north),
                tile.row.eq(self.row),
                tile.queue_number.eq(self.queue_number + n),
                tile.backdoor.eq(self.backdoor),
                tile.cycle.eq(self.cycle),
            ]
            registers.attach(m, n, tile)
        return m
