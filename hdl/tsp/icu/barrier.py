"""The barrier's node at one stop: a NOTIFY from anywhere releases every queue in one cycle.

A message carries how many stops the farthest queue could still be away. Each node counts it down
and, when it is zero, pulses ``release`` for its queues: the same cycle at every stop, whoever sent
it. The idea is the original's (ISCA 2020, SYNC and NOTIFY); the remaining count is ours.
"""

from amaranth import Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from tsp.arch.config import Config

__all__ = ["BarrierNode", "message_layout"]


def message_layout(config: Config) -> data.StructLayout:
    """A NOTIFY on its way: ``valid`` for one cycle, ``left`` cycles of count-down to go."""
    return data.StructLayout({"valid": 1, "left": range(config.stops)})


class BarrierNode(Component):
    """One stop of the barrier.

    Members
    -------
    notify : In(1)
        A queue of this stop issues NOTIFY in this cycle, t.
    from_west, from_east : In(message_layout(config))
        What the neighbours hand over.
    to_west, to_east : Out(message_layout(config))
        Registered: one stop a cycle.
    release : Out(1)
        One cycle, t + P + 1 at every stop; a queue's decision, so its issue is in t + P + 2.
    """

    def __init__(self, config: Config):
        self._config = config
        message = message_layout(config)
        super().__init__(
            {
                "notify": In(1),
                "from_west": In(message),
                "from_east": In(message),
                "to_west": Out(message),
                "to_east": Out(message),
                "release": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        left = Signal(range(self._config.stops))
        counting = Signal()
        arrives = self.from_west.valid | self.from_east.valid
        m.d.sync += [
            self.to_east.valid.eq(self.notify | self.from_west.valid),
            self.to_west.valid.eq(self.notify | self.from_east.valid),
            self.release.eq(0),
        ]
        # NOTIFYs are at least P + 2 apart, so one count is enough for both directions.
        m.d.comb += [self.to_east.left.eq(left), self.to_west.left.eq(left)]
        with m.If(counting):
            m.d.sync += left.eq(left - 1)
            with m.If(left == 0):
                m.d.sync += [self.release.eq(1), counting.eq(0), left.eq(0)]
        with m.If(self.notify):
            m.d.sync += [left.eq(self._config.stops - 1), counting.eq(1)]
        with m.Elif(arrives):
            source = Mux(self.from_west.valid, self.from_west.left, self.from_east.left)
            m.d.sync += [left.eq(source - 1), counting.eq(1)]
        return m
