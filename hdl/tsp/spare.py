"""The spare superlane: fuses bypass one of T + 1 physical rows, and no cycle changes.

    row i + 1   ======= superlane =======
                     |          |
    row i       -----+----------+-----     bypassed: what comes from one neighbour goes on to
                     |          |          the other
    row i - 1   ======= superlane =======

Rows are numbered from the south whether they work or not, superlanes only if they do. If all work,
the fuses say T: the spare, the northernmost row, is the one that is bypassed. A bypassed row gets
no control, no token and no partial sum, and nobody listens to it.
"""

from amaranth import Module, Mux, Signal
from amaranth.lib.wiring import Component, In, Out

from tsp.rows import eq, northward, southward
from tsp.superlane import Superlane, vertical

__all__ = ["FUSE_BITS", "Fuse", "SparedSuperlane"]

FUSE_BITS = 8  #: of a physical row's number


class Fuse(Component):
    """Which row is bypassed: the fuses' register, taken while the chip is in reset.

    Members
    -------
    reset : In(1)
        The chip's.
    fuse : In(8)
        What the fuses say, 0 .. T.
    bypassed : Out(8)
        The same; stable from the end of reset on.
    """

    reset: In(1)
    fuse: In(FUSE_BITS)
    bypassed: Out(FUSE_BITS)

    def elaborate(self, platform):
        m = Module()
        register = Signal(FUSE_BITS, reset_less=True)
        with m.If(self.reset):
            m.d.sync += register.eq(self.fuse)
        m.d.comb += self.bypassed.eq(register)
        return m


class SparedSuperlane(Component):
    """A row of a chip with a spare: a superlane, and the way around it.

    The way around is combinational: a bypass adds no cycle. Paths through several rows are false,
    for no more than one is bypassed.

    Parameters
    ----------
    config
        The configuration.
    library
        Places the superlane.

    Members
    -------
    index : In(8)
        Number of the row, the bypassed one counted.
    bypassed : In(8)
        Number of the row that is bypassed.
    backdoor, deep : In
        Simulation; they do not reach a bypassed superlane.
    critical_north .. sxm_e_permute_down_south
        As :class:`~tsp.superlane.Superlane` has them.
    """

    NEEDS_LIBRARY = True

    def __init__(self, config, *, library):
        self._config, self._library = config, library
        own = {"index": In(FUSE_BITS), "bypassed": In(FUSE_BITS), "backdoor": In(3), "deep": In(1)}
        super().__init__(vertical(config) | own)

    def _superlane(self):
        return self._library.place(Superlane, self._config)

    def elaborate(self, platform):
        m = Module()
        m.submodules.superlane = superlane = self._superlane()
        off = Signal()
        m.d.comb += [
            off.eq(self.bypassed == self.index),
            superlane.row.eq(self.index - (self.bypassed < self.index)),
            superlane.backdoor.eq(Mux(off, 0, self.backdoor)),
            superlane.deep.eq(self.deep & ~off),
        ]
        members = vertical(self._config)
        for paths, enters, leaves in (
            (northward(members), "south", "north"),
            (southward(members), "north", "south"),
        ):
            for path, member in paths.items():
                comes, goes = getattr(self, f"{path}_{enters}"), getattr(self, f"{path}_{leaves}")
                with m.If(off):
                    m.d.comb += eq(member, goes, comes)
                with m.Else():
                    m.d.comb += eq(member, getattr(superlane, f"{path}_{enters}"), comes)
                    m.d.comb += eq(member, goes, getattr(superlane, f"{path}_{leaves}"))
        return m
