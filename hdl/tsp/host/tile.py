"""The host's tile in a superlane: where its words enter and leave the streams, at the east edge."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tsp.arch.config import STREAMS, WORD_BITS
from tsp.host.messages import (
    READ_STREAM,
    WRITE_STREAM,
    Token,
    probe_layout,
    token_layout,
    word_layout,
)
from tsp.stream import StreamSignature

__all__ = ["HostTile"]

_KINDS = (Token.GIVE, Token.TAKE, Token.PROBE)


class HostTile(wiring.Component):
    """One superlane of the host's way to MEM.

    A token on ``south`` in cycle t is on ``north`` in t + 1, and finds its superlane by number. If
    it gives a word, that stands in W[P] (beyond the last stop) in t + 2; if it takes one, that is
    what E[P-1] holds in t + 1, and it is on ``word_south`` in t + 2. Without a token nothing moves:
    W[P] carries zero words, as *nothing enters at the chip's edges* demands.

    Members
    -------
    row : In(8)
        Superlane; stable.
    south, north : In, Out(token_layout())
        Tokens.
    word_north, word_south : In, Out(word_layout())
        Words on their way south.
    e_out : In(StreamSignature)
        E[P-1], what leaves the chip.
    w_in : Out(StreamSignature)
        What enters the chip in the east.
    probe : Out(probe_layout()), probed : In(probe_layout())
        A probe, and how it comes back; its counters go south as a word.
    """

    row: In(8)
    south: In(token_layout())
    north: Out(token_layout())
    word_north: In(word_layout())
    word_south: Out(word_layout())
    e_out: In(StreamSignature())
    w_in: Out(StreamSignature())
    probe: Out(probe_layout())
    probed: In(probe_layout())

    def elaborate(self, platform):
        m = Module()
        token = self.north
        m.d.sync += token.valid.eq(self.south.valid)
        with m.If(self.south.valid):
            m.d.sync += token.eq(self.south)

        here, given, word = Signal(), Signal(), Signal(WORD_BITS)
        m.d.comb += here.eq(token.valid & (token.superlane == self.row))
        gives, takes, probes = (here & (token.kind == kind) for kind in _KINDS)
        m.d.sync += given.eq(gives)
        with m.If(gives):
            m.d.sync += word.eq(token.word)
        with m.Elif(given):
            m.d.sync += word.eq(0)
        m.d.comb += [
            self.w_in.active.eq(given),
            self.w_in.words[WRITE_STREAM % STREAMS].eq(word),
        ]

        m.d.sync += self.probe.valid.eq(probes)
        with m.If(probes):
            m.d.sync += self.probe.queue.eq(token.word)

        comes = takes | self.probed.valid | self.word_north.valid
        m.d.sync += self.word_south.valid.eq(comes)
        with m.If(takes):
            m.d.sync += self.word_south.word.eq(self.e_out.words[READ_STREAM % STREAMS])
        with m.Elif(self.probed.valid):
            m.d.sync += self.word_south.word.eq(self.probed.errors)
        with m.Elif(self.word_north.valid):
            m.d.sync += self.word_south.word.eq(self.word_north.word)
        return m
