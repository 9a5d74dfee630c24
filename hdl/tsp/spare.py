"""The spare superlane: a fuse bypasses one of T + 1 physical rows, and no cycle changes.

    row i + 1   ===============      far \\
                --- joint i+1 ---         } each row takes from its neighbour, or from the row
    row i       ===============      near/  behind it if the neighbour is bypassed
                --- joint i -----
    row i - 1   ===============

Rows are numbered from the south whether they work or not, superlanes only if they do. If all work,
the fuses say T: the spare, the northernmost row, is the one that is bypassed. A bypassed row gets
no control, no token and no partial sum, and nobody listens to it.
"""

from amaranth import Module, Mux, Signal
from amaranth.lib.wiring import Component, In, Out

from tsp.rows import eq, northward, southward
from tsp.superlane import vertical

__all__ = ["FUSE_BITS", "Fuse", "Joint", "connect_joint"]

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


class Joint(Component):
    """What stands south of physical row `index`, between it and row `index` - 1 or the strip.

    Purely combinational: a bypass adds no cycle. No path is longer than one row, because no more
    than one row is bypassed.

    Parameters
    ----------
    config
        The configuration.

    Members
    -------
    index : In(8)
        Physical number of the row north of the joint.
    bypassed : In(8)
        Physical number of the row that is bypassed.
    row : Out(8)
        Number of the superlane that the row north is; of no meaning if it is bypassed.
    backdoor, deep : In, row_backdoor, row_deep : Out
        Simulation: those of the row, zero if it is bypassed.
    near_<path>, far_<path> : In, <path> : Out
        A path that goes north: from row `index` - 1, from row `index` - 2, to row `index`. A path
        that goes south: from row `index`, from row `index` + 1, to row `index` - 1.
    """

    def __init__(self, config):
        members = vertical(config)
        self._north, self._south = northward(members), southward(members)
        ports = {"index": In(FUSE_BITS), "bypassed": In(FUSE_BITS), "row": Out(FUSE_BITS)}
        ports |= {"backdoor": In(3), "row_backdoor": Out(3), "deep": In(1), "row_deep": Out(1)}
        for path, member in (self._north | self._south).items():
            ports |= {f"near_{path}": member.flip(), f"far_{path}": member.flip(), path: member}
        super().__init__(ports)

    def elaborate(self, platform):
        m = Module()
        above, below = Signal(), Signal()  # the row there is the bypassed one
        m.d.comb += [
            above.eq(self.bypassed == self.index),
            below.eq(self.bypassed + 1 == self.index),
            self.row.eq(self.index - (self.bypassed < self.index)),
            self.row_backdoor.eq(Mux(above, 0, self.backdoor)),
            self.row_deep.eq(self.deep & ~above),
        ]
        for paths, target, neighbour in (
            (self._north, above, below),
            (self._south, below, above),
        ):
            for path, member in paths.items():
                out, near, far = (getattr(self, f"{n}{path}") for n in ("", "near_", "far_"))
                with m.If(neighbour):
                    m.d.comb += eq(member, out, far)
                with m.Elif(~target):
                    m.d.comb += eq(member, out, near)
        return m


def connect_joint(m, joint, south, north, members):
    """Connect `joint` to the rows around it, (near, far) on either side; None beyond the ends.

    `members` are those of a superlane; rows in the south need to have no more than a top face.
    """
    for paths, (near, far), source, (into, _), target in (
        (northward(members), south, "north", north, "south"),
        (southward(members), north, "south", south, "north"),
    ):
        for path, member in paths.items():
            ports = {"near": near} | ({} if far is None else {"far": far})
            for side, row in ports.items():
                port, out = getattr(joint, f"{side}_{path}"), getattr(row, f"{path}_{source}")
                m.d.comb += eq(member, port, out)
            m.d.comb += eq(member, getattr(into, f"{path}_{target}"), getattr(joint, path))
