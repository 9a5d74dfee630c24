"""Rows stacked on each other: what a superlane hands to its neighbours in the north and the south.

A member ``<path>_north`` of one row faces ``<path>_south`` of the row above it. A path goes north
if the row drives its ``_north``, and south if it drives its ``_south``.
"""

from amaranth.lib.wiring import Out, Signature

__all__ = ["TopFace", "connect_rows", "eq", "northward", "southward"]


def northward(members):
    """Members by path, of the paths that go north."""
    return _driven(members, "_north")


def southward(members):
    """Members by path, of the paths that go south."""
    return _driven(members, "_south")


def _driven(members, face):
    return {
        name.removesuffix(face): member
        for name, member in members.items()
        if name.endswith(face) and member.flow is Out
    }


class TopFace(Signature):
    """The north side of a row with `members`; the strip has one, too, below superlane 0."""

    def __init__(self, members):
        north = {f"{path}_north": member for path, member in northward(members).items()}
        south = {f"{path}_north": member.flip() for path, member in southward(members).items()}
        super().__init__(north | south)


def eq(member, target, source):
    """Assignments of `source` to `target`, both the value of `member`, whichever way its ports go.

    A member that is a bundle of ports is assigned port by port.
    """
    if member.is_port:
        return [target.eq(source)]
    ports = zip(member.signature.flatten(target), member.signature.flatten(source))
    return [into.eq(out) for (_, _, into), (_, _, out) in ports]


def connect_rows(m, south, north, members):
    """Connect neighbouring rows with `members`; `south` needs to have no more than a top face."""
    for path, member in northward(members).items():
        m.d.comb += eq(member, getattr(north, f"{path}_south"), getattr(south, f"{path}_north"))
    for path, member in southward(members).items():
        m.d.comb += eq(member, getattr(south, f"{path}_north"), getattr(north, f"{path}_south"))
