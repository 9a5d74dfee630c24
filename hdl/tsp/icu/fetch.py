"""IFETCH in its queue: when the stop's text chain takes words, and when they arrive."""

from amaranth import Cat, Module, Signal
from amaranth.lib.wiring import Component, In, Out

from tsp.arch.config import Config
from tsp.arch.isa import FORMATS
from tsp.icu.chain import chain_layout

__all__ = ["Fetch"]


class Fetch(Component):
    """Expands ``IFETCH stream, n`` into the times of n pairs of vectors.

    A word that issues in t takes pair i from the stream with control in t + 2Ti and t + 2Ti + 1.
    A pair is 2T words, and one word reaches the queue in each cycle from t + 2 on.

    Parameters
    ----------
    config
        The configuration: T.

    Members
    -------
    stream, n : In
        Fields of the word; used with ``load``.
    load : In(1)
        The word issues in the next cycle; the fetch before it is over by then (*fetch spacing*).
    control : Out(chain_layout())
        For the chain; ``valid`` in t + 2Ti and t + 2Ti + 1, the rest holds.
    arrives : Out(1)
        A word of this fetch is at the queue.
    active : Out(1)
        Registers may change at the end of this cycle.
    left : Out(8)
        Pairs of which some slot is still to come; n in the issue cycle.
    """

    def __init__(self, config: Config):
        self._slots = 2 * config.superlanes
        fields = FORMATS["IFETCH"].by_name
        super().__init__(
            {
                "stream": In(fields["stream"].width),
                "n": In(fields["n"].width),
                "load": In(1),
                "control": Out(chain_layout()),
                "arrives": Out(1),
                "active": Out(1),
                "left": Out(fields["n"].width),
            }
        )

    def elaborate(self, platform):
        m = Module()
        running, slot = Signal(), Signal(range(self._slots))
        one_later, two_later = Signal(), Signal()
        m.d.sync += [one_later.eq(running), two_later.eq(one_later)]
        m.d.comb += [
            self.control.valid.eq(running & ~slot[1:].any()),
            self.arrives.eq(two_later),
            self.active.eq(Cat(running, one_later, two_later).any()),
        ]
        with m.If(running):
            m.d.sync += slot.eq(slot + 1)
            with m.If(slot == self._slots - 1):
                m.d.sync += [slot.eq(0), self.left.eq(self.left - 1), running.eq(self.left != 1)]
        with m.If(self.load):
            m.d.sync += [
                running.eq(1),
                slot.eq(0),
                self.left.eq(self.n),
                self.control.stream.eq(self.stream),
            ]
        return m
