"""A bench that feeds a corrector and a generator a word in every cycle, from and into memories."""

from amaranth import Cat, Module, Signal
from amaranth.lib.wiring import Component, In, Out

from tsp.arch.config import WORD_BITS
from tsp.ecc import correct, generate
from tsp.sram import BackdoorControl, Sram
from tspc.engines.records import Kind, place

__all__ = ["DEPTH", "RESULTS", "WORDS", "EccBench"]

DEPTH = 65535  #: words of a run

#: The bench's memories: words in; data, check bits made anew of it, single, double out.
WORDS = place(Kind.TEXT, 0, 0)
RESULTS = place(Kind.TEXT, 0, 1)


class EccBench(Component):
    """Word n of the one memory, corrected and encoded again, becomes word n of the other.

    Members
    -------
    backdoor : In(3)
    start : In(1)
        Begins in the next cycle.
    used : In(1)
        What the corrector and the generator are told.
    cycles : In(16)
        Length of a run.
    done : Out(1)
        Rises when the run is over.
    """

    backdoor: In(3)
    start: In(1)
    used: In(1)
    cycles: In(16)
    done: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.submodules.files = files = BackdoorControl()
        m.submodules.words = words = Sram(DEPTH, WORD_BITS)
        found = correct(m, words.rd_data, self.used)
        again = generate(m, found.data, self.used)
        result = Cat(again, found.single, found.double)
        m.submodules.results = results = Sram(DEPTH, len(result))
        running, read, at, later = Signal(), Signal(), Signal(16), Signal(16)
        m.d.sync += read.eq(running), later.eq(at)
        with m.If(self.start):
            m.d.sync += running.eq(1), at.eq(0)
        with m.Elif(running):
            m.d.sync += at.eq(at + 1)
            with m.If(at == self.cycles):
                m.d.sync += running.eq(0), self.done.eq(1)
        m.d.comb += [
            files.backdoor.eq(self.backdoor),
            words.place.eq(WORDS),
            words.backdoor.eq(self.backdoor),
            words.rd.eq(running),
            words.rd_addr.eq(at),
            results.place.eq(RESULTS),
            results.backdoor.eq(self.backdoor),
            results.wr.eq(read),
            results.wr_addr.eq(later),
            results.wr_data.eq(result),
        ]
        return m
