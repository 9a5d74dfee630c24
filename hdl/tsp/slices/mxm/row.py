"""One superlane of a plane: an edge and T supercells."""

from amaranth import Const, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from tsp.stream import Drive, StreamSignature
from tsp.words import control_layout

from .edge import CONTROLS, Edge
from .ports import SUMS_BITS, Sums
from .supercell import Supercell

__all__ = ["PlaneRow"]


class PlaneRow(wiring.Component):
    """Row y of a plane; T of them, stacked, are the plane.

    Row y's ``psum_south`` and ``down_south`` meet row y - 1, ``psum_north`` and ``down_north`` row
    y + 1; what leaves the plane is left unconnected (zero).

    Parameters
    ----------
    config
        The configuration: T and the sizes of the edge's memories.

    Members
    -------
    lw_south .. acc_north, outward, west, drive, row, queue_number, backdoor, cycle
        As those of :class:`Edge`; ``row`` is logical.
    psum_south, psum_north : In, Out(16 x 32) for each column
        Partial sums on their way north.
    down_north, down_south : In, Out(Sums) for each column
        Finished sums on their way south.
    """

    NEEDS_LIBRARY = True

    def __init__(self, config, *, library):
        self._config, self._library = config, library
        columns = config.superlanes
        super().__init__(
            {
                **{f"{n}_south": In(control_layout(f)) for n, f in CONTROLS.items()},
                **{f"{n}_north": Out(control_layout(f)) for n, f in CONTROLS.items()},
                "outward": In(StreamSignature()),
                "west": In(1),
                "drive": Out(Drive(4)),
                "psum_south": In(SUMS_BITS).array(columns),
                "psum_north": Out(SUMS_BITS).array(columns),
                "down_north": In(Sums()).array(columns),
                "down_south": Out(Sums()).array(columns),
                "row": In(8),
                "queue_number": In(8),
                "backdoor": In(3),
                "cycle": In(32),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.edge = edge = self._library.place(Edge, self._config)
        for name in CONTROLS:
            south, north = f"{name}_south", f"{name}_north"
            m.d.comb += getattr(edge, south).eq(getattr(self, south))
            m.d.comb += getattr(self, north).eq(getattr(edge, north))
        connect(m, flipped(self.outward), edge.outward)
        connect(m, edge.drive, flipped(self.drive))
        for name in ("west", "row", "queue_number", "backdoor", "cycle"):
            m.d.comb += getattr(edge, name).eq(getattr(self, name))

        weights, activations, sums = edge.weights, edge.activations, edge.sums
        for j in range(self._config.superlanes):
            cell = self._library.place(Supercell, self._config)
            m.submodules[f"supercell{j}"] = cell
            connect(m, weights, cell.weights_in)
            connect(m, activations, cell.activations_in)
            connect(m, cell.inward_out, sums)
            connect(m, flipped(self.down_north[j]), cell.down_north)
            connect(m, cell.down_south, flipped(self.down_south[j]))
            m.d.comb += [
                cell.row.eq(self.row),
                cell.column.eq(Const(j, 8)),
                cell.psum_south.eq(self.psum_south[j]),
                self.psum_north[j].eq(cell.psum_north),
            ]
            weights, activations, sums = cell.weights_out, cell.activations_out, cell.inward_in
        return m
