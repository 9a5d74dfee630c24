"""What the supercells of a plane hand to each other."""

from amaranth.lib import data
from amaranth.lib.wiring import In, Out, Signature

from tsp.arch.config import DATA_BITS, LANES

__all__ = [
    "SUM_BITS",
    "SUMS_BITS",
    "Activations",
    "Northward",
    "PartialSums",
    "Southward",
    "Sums",
    "Weights",
    "vertical",
]

SUM_BITS = 32  #: bits of one output: int32, or fp32 later
SUMS_BITS = LANES * SUM_BITS  #: the 16 outputs of a superlane word


class Weights(Signature):
    """Weights on their way outward along a row (LW).

    Members
    -------
    valid : Out(1)
    column : Out(8)
        Column group in whose load buffer they end.
    words : Out(16 x 128)
        Word k holds the weights of output k, byte i that of input i.
    """

    def __init__(self):
        super().__init__({"valid": Out(1), "column": Out(8), "words": Out(LANES * DATA_BITS)})


class Activations(Signature):
    """Activations and the install flag on their way outward along a row (IW, ABC).

    Members
    -------
    install : Out(1)
        IW: the load buffer becomes the weights.
    valid : Out(1)
        ABC: ``values`` holds activations.
    values : Out(128)
        Input i in byte i.
    """

    def __init__(self):
        super().__init__({"install": Out(1), "valid": Out(1), "values": Out(DATA_BITS)})


class Sums(Signature):
    """Finished sums of 16 outputs on their way back to the edge.

    Members
    -------
    valid : Out(1)
        New sums. It only saves clocking: ACC knows by its issue time when they arrive.
    lanes : Out(16 x 32)
    """

    def __init__(self):
        super().__init__({"valid": Out(1), "lanes": Out(SUMS_BITS)})


class PartialSums(Signature):
    """Partial sums of 16 outputs on their way north, a row a cycle.

    Members
    -------
    lanes : Out(16 x 32)
    """

    def __init__(self):
        super().__init__({"lanes": Out(SUMS_BITS)})


class Northward(Signature):
    """:class:`PartialSums` of all columns.

    One wide port and not one for each column: a simulator moves it at once.

    Members
    -------
    lanes : Out(columns x 16 x 32)
    """

    def __init__(self, columns):
        super().__init__({"lanes": Out(data.ArrayLayout(SUMS_BITS, columns))})


class Southward(Signature):
    """:class:`Sums` of all columns.

    Members
    -------
    valid : Out(columns)
    lanes : Out(columns x 16 x 32)
    """

    def __init__(self, columns):
        super().__init__(
            {"valid": Out(columns), "lanes": Out(data.ArrayLayout(SUMS_BITS, columns))}
        )


def vertical(config):
    """Members of a row of a plane that face its neighbours north and south, by name.

    ``psum_south`` and ``psum_north``: partial sums of each column from the row below and to the row
    above. ``down_north`` and ``down_south``: finished sums from the row above and to the row below.
    """
    columns = config.superlanes
    return {
        "psum_south": In(Northward(columns)),
        "psum_north": Out(Northward(columns)),
        "down_north": In(Southward(columns)),
        "down_south": Out(Southward(columns)),
    }
