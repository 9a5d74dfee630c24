"""The chain on which program text travels from a stop's streams south to its queues.

Text lies in MEM and passes the stop on a stream, one word in each superlane. A tile of the chain
takes its superlane's word and hands it south, a superlane a cycle. Control comes north with the
same stagger, so superlane y's word leaves superlane 0 y cycles later than it was taken, 2y cycles
later than superlane 0's: a second vector, one cycle behind the first, fills the odd cycles, and the
queue receives one word a cycle (architecture section 5, *IFETCH*).
"""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from tsp.arch.config import WORD_BITS
from tsp.arch.isa import FORMATS
from tsp.stream import StreamSignature, capture

__all__ = ["TextChain", "chain_layout", "text_layout"]


def chain_layout() -> data.StructLayout:
    """Control of a chain: take the word that is on ``stream``."""
    return data.StructLayout({"valid": 1, "stream": FORMATS["IFETCH"].by_name["stream"].width})


def text_layout() -> data.StructLayout:
    """A protected text word on its way south. ``valid`` only saves clocking: the queue counts."""
    return data.StructLayout({"valid": 1, "word": WORD_BITS})


class TextChain(wiring.Component):
    """One superlane of a stop's text chain.

    With control on ``south`` in cycle t the word is on Ein or Win in t + 1 and on ``text_south`` in
    t + 2; what comes from the north passes in one cycle. Chains are always on, whatever CONFIG
    says.

    Members
    -------
    south, north : In, Out(chain_layout())
        Control; ``north`` is ``south`` one cycle later.
    e_in, w_in : In(StreamSignature)
        Ein and Win of the stop.
    text_north : In(text_layout()), text_south : Out(text_layout())
        Words.
    """

    south: In(chain_layout())
    north: Out(chain_layout())
    e_in: In(StreamSignature())
    w_in: In(StreamSignature())
    text_north: In(text_layout())
    text_south: Out(text_layout())

    def elaborate(self, platform):
        m = Module()
        own = Signal(text_layout())
        passed = Signal(text_layout())
        m.d.sync += [
            self.north.valid.eq(self.south.valid),
            own.valid.eq(self.north.valid),
            passed.valid.eq(self.text_north.valid),
        ]
        with m.If(self.south.valid):
            m.d.sync += self.north.stream.eq(self.south.stream)
        capture(m, own.word, self.north.valid, self.north.stream, self.e_in, self.w_in)
        with m.If(self.text_north.valid):
            m.d.sync += passed.word.eq(self.text_north.word)
        m.d.comb += [
            self.text_south.valid.eq(own.valid | passed.valid),
            self.text_south.word.eq(Mux(own.valid, own.word, passed.word)),
        ]
        return m
