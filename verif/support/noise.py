"""A superlane that is broken altogether, and the row of a chip that has it."""

from amaranth import Cat, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tsp.spare import SparedSuperlane
from tsp.superlane import vertical

__all__ = ["BrokenSuperlane", "Noise"]

_BITS = 257


class Noise(wiring.Component):
    """Has a superlane's members; every output is noise, another one in each cycle.

    Parameters
    ----------
    config
        The configuration.
    """

    def __init__(self, config):
        super().__init__(vertical(config) | {"row": In(8), "backdoor": In(3), "deep": In(1)})

    def elaborate(self, platform):
        m = Module()
        bits = Signal(_BITS, init=1)
        m.d.sync += bits.eq(Cat(bits[255] ^ bits[70], bits[:-1]))
        for n, (_, member, value) in enumerate(self.signature.flatten(self)):
            if member.flow is Out:
                port = Value.cast(value)
                copies = -(-len(port) // _BITS)
                m.d.comb += port.eq(bits.rotate_left(n % _BITS).replicate(copies))
        return m


class BrokenSuperlane(SparedSuperlane):
    """A row whose superlane is noise; the way around it works."""

    def _superlane(self):
        return self._library.place(Noise, self._config)
