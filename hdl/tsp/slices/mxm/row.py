"""One superlane of a plane: an edge and T supercells."""

from amaranth import Const, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from tsp.stream import Drive, StreamSignature
from tsp.words import control_layout

from .edge import CONTROLS, Edge
from .ports import vertical
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
    lw_south .. acc_north, outward, west, drive, critical, errors, row, queue_number, backdoor,
    cycle
        As those of :class:`Edge`; ``row`` is logical.
    psum_south, psum_north, down_north, down_south
        See :func:`tsp.slices.mxm.ports.vertical`.
    """

    NEEDS_LIBRARY = True

    def __init__(self, config, *, library):
        self._config, self._library = config, library
        super().__init__(
            {
                **{f"{n}_south": In(control_layout(f)) for n, f in CONTROLS.items()},
                **{f"{n}_north": Out(control_layout(f)) for n, f in CONTROLS.items()},
                "outward": In(StreamSignature()),
                "west": In(1),
                "drive": Out(Drive(4)),
                "critical": Out(1),
                "errors": Out(32),
                **vertical(config),
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
        m.d.comb += [self.critical.eq(edge.critical), self.errors.eq(edge.errors)]
        for name in ("west", "row", "queue_number", "backdoor", "cycle"):
            m.d.comb += getattr(edge, name).eq(getattr(self, name))

        weights, activations, sums = edge.weights, edge.activations, edge.sums
        for j in range(self._config.superlanes):
            cell = self._library.place(Supercell, self._config)
            m.submodules[f"supercell{j}"] = cell
            connect(m, weights, cell.weights_in)
            connect(m, activations, cell.activations_in)
            connect(m, cell.inward_out, sums)
            m.d.comb += [
                cell.row.eq(self.row),
                cell.column.eq(Const(j, 8)),
                cell.psum_south.lanes.eq(self.psum_south.lanes[j]),
                self.psum_north.lanes[j].eq(cell.psum_north.lanes),
                cell.down_north.valid.eq(self.down_north.valid[j]),
                cell.down_north.lanes.eq(self.down_north.lanes[j]),
                self.down_south.valid[j].eq(cell.down_south.valid),
                self.down_south.lanes[j].eq(cell.down_south.lanes),
            ]
            weights, activations, sums = cell.weights_out, cell.activations_out, cell.inward_in
        return m
