"""A MEM stop: two MEM tiles and the stream registers they share."""

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tsp.stop import Registers
from tsp.stream import StreamSignature
from tsp.words import mem_control_layout

from .tile import MemTile

__all__ = ["MemStop"]


class MemStop(wiring.Component):
    """One superlane of the stop of two neighbouring MEM slices.

    Members
    -------
    e_in, w_in : In(StreamSignature)
        The neighbours' registers.
    e_out, w_out : Out(StreamSignature)
        This stop's registers.
    south0, north0, south1, north1 : In, Out(mem_control_layout)
        Control of the two slices, west to east.
    row, queue_number : In(8)
        Superlane, and number of the first slice's queue.
    backdoor, cycle, deep : In
        Simulation.
    """

    NEEDS_LIBRARY = True

    def __init__(self, config, *, library):
        self._config, self._library = config, library
        control = mem_control_layout(config)
        super().__init__(
            {
                "e_in": In(StreamSignature()),
                "w_in": In(StreamSignature()),
                "e_out": Out(StreamSignature()),
                "w_out": Out(StreamSignature()),
                **{f"south{n}": In(control) for n in range(2)},
                **{f"north{n}": Out(control) for n in range(2)},
                "row": In(8),
                "queue_number": In(8),
                "backdoor": In(3),
                "cycle": In(32),
                "deep": In(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = Registers((1, 1))
        registers.connect(m, self)
        for n in range(2):
            tile = self._library.place(MemTile, self._config)
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
