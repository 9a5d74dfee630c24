"""A whole plane as a design under test, and twins of it with one fault each."""

from amaranth import Const, Module, Signal
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out, connect

from tsp.arch.config import STREAMS, WORD_BITS
from tsp.slices.mxm import Edge, OutputLane, PlaneRow
from tsp.slices.mxm.edge import CONTROLS
from tsp.sram import BackdoorControl
from tsp.words import control_layout

__all__ = ["MUTANTS", "QUEUE", "Plane", "plane"]

QUEUE = 77  #: number given to the plane's queue R


class Plane(Component):
    """T rows, stacked as in the chip; row y's streams are driven from outside, y cycles later.

    Members
    -------
    lw_south, mxm_south, acc_south : In
        Control of row 0.
    streams : In(STREAMS words) for each row
    enables, indices, results : Out
        Drive ports: one bit, 6 bits and 4 words for each row.
    """

    def __init__(self, config, *, library):
        self._config, self._library = config, library
        rows = config.superlanes
        super().__init__(
            {
                **{f"{n}_south": In(control_layout(f)) for n, f in CONTROLS.items()},
                "west": In(1),
                "streams": In(data.ArrayLayout(WORD_BITS, STREAMS)).array(rows),
                "enables": Out(rows),
                "indices": Out(6).array(rows),
                "results": Out(4 * WORD_BITS).array(rows),
                "backdoor": In(3),
                "cycle": In(32),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.control = control = BackdoorControl()
        m.d.comb += control.backdoor.eq(self.backdoor)
        rows = []
        for y in range(self._config.superlanes):
            row = self._library.place(PlaneRow, self._config)
            m.submodules[f"row{y}"] = row
            for name in CONTROLS:
                south = getattr(rows[-1], f"{name}_north") if y else getattr(self, f"{name}_south")
                m.d.comb += getattr(row, f"{name}_south").eq(south)
            m.d.comb += [
                row.row.eq(y),
                row.queue_number.eq(QUEUE),
                row.west.eq(self.west),
                row.outward.words.eq(self.streams[y]),
                row.backdoor.eq(self.backdoor),
                row.cycle.eq(self.cycle),
                self.enables[y].eq(row.drive.enable),
                self.indices[y].eq(row.drive.stream),
                self.results[y].eq(row.drive.data),
            ]
            if y:
                connect(m, row.psum_south, rows[-1].psum_north)
                connect(m, row.down_south, rows[-1].down_north)
            rows.append(row)
        return m


class _NoForwarding(Edge):
    """An entry written in the cycle of its read is not forwarded."""

    def _hit(self, reads, writes, c2, c3):
        return Const(0)


class _LateInstall(OutputLane):
    """IW comes to the weights a cycle late."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.lane = lane = OutputLane(None)
        late = Signal()
        m.d.sync += late.eq(self.install)
        for name, member in self.signature.members.items():
            if name == "install":
                m.d.comb += lane.install.eq(late)
            elif member.flow is In:
                m.d.comb += getattr(lane, name).eq(getattr(self, name))
            else:
                m.d.comb += getattr(self, name).eq(getattr(lane, name))
        return m


#: Faults that the bench must find: what replaces which part.
MUTANTS = {
    "no forwarding": {Edge: _NoForwarding},
    "late install": {OutputLane: _LateInstall},
}


def plane(config, mutant=None):
    """The `make` of :func:`verif.support.run_bench`: a plane, or one with a fault."""

    def make(library):
        place, swap = library.place, MUTANTS.get(mutant, {})
        library.place = lambda cls, *args, **kwargs: place(swap.get(cls, cls), *args, **kwargs)
        return Plane(config, library=library)

    return make
