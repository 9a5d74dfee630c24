"""A bench that feeds one ALU an instruction in every cycle, without Python in the loop.

Memories hold control and operands of every cycle, others take what is driven; the simulation's
back door loads and dumps them. So a hundred thousand operand tuples cost a second.
"""

from amaranth import Cat, Const, Module, Signal
from amaranth.lib.wiring import Component, In, Out, connect

from tsp.arch.config import DATA_BITS, LANES, STREAMS
from tsp.arch.isa import FORMATS
from tsp.ecc import generate
from tsp.slices.vxm import Alu
from tsp.slices.vxm.specials import SpecialUnit
from tsp.sram import BackdoorControl, Sram
from tsp.words import control_layout
from tspc.engines.records import Kind, place

__all__ = ["CONTROL", "DATA", "DEPTH", "OPERANDS", "PORT", "ROW", "VectorBench"]

DEPTH = 65535  #: cycles of a run
ROW = 1  #: superlane of the ALU
_GROUP = 4 * DATA_BITS

#: The bench's memories.
CONTROL = place(Kind.TEXT, 0, 0)
OPERANDS = tuple(place(Kind.TEXT, 0, 1 + k) for k in range(3))
DATA = place(Kind.TEXT, 0, 4)
PORT = place(Kind.TEXT, 0, 5)


class VectorBench(Component):
    """An ALU with its special functions between memories.

    In cycle n of a run control word n is on ``south``, and in cycle n + 1 the operand words n are
    on the streams: number s (0 .. 63) carries word s % 4 of memory s // 4 % 3, every byte of it
    exclusive-ored with s, so no two streams are alike. What is driven in cycle n goes to address n
    of the result memories: the data, and enable, stream and number of words.

    Members
    -------
    backdoor : In(3)
    start : In(1)
        Begins a run in the next cycle.
    cycles : In(16)
        Length of a run.
    done : Out(1)
        Rises when the run is over.
    """

    backdoor: In(3)
    start: In(1)
    cycles: In(16)
    done: Out(1)

    def __init__(self, alu, specials):
        super().__init__()
        self._alu, self._specials = alu, specials

    def elaborate(self, platform):
        m = Module()
        m.submodules.files = files = BackdoorControl()
        m.submodules.alu = alu = self._alu
        m.submodules.specials = self._specials
        connect(m, alu.special, self._specials.alu)
        m.d.comb += files.backdoor.eq(self.backdoor), alu.row.eq(ROW)
        # `at` is two ahead of the cycle of the run: the read, and the register of `south`.
        running, at = Signal(), Signal(16)
        with m.If(self.start):
            m.d.sync += running.eq(1), at.eq(0)
        with m.Elif(running):
            m.d.sync += at.eq(at + 1)
            with m.If(at == self.cycles):
                m.d.sync += running.eq(0), self.done.eq(1)
        form = control_layout(FORMATS["VXM"])
        control = self._source(m, "control", CONTROL, form.size, running, at)
        read = Signal(3)
        m.d.sync += read.eq(Cat(running, read))
        south = Signal(form)
        m.d.comb += south.eq(control)
        m.d.comb += alu.south.eq(south), alu.south.valid.eq(south.valid & read[0])
        later = Signal(16)
        m.d.sync += later.eq(at)
        for k, where in enumerate(OPERANDS):
            data = self._source(m, f"operand{k}", where, _GROUP, read[0], later)
            for s in range(2 * STREAMS):
                if s // 4 % 3 == k:
                    word = data.word_select(s % 4, DATA_BITS) ^ Const(s, 8).replicate(LANES)
                    bus = alu.w_in if s >= STREAMS else alu.e_in
                    m.d.comb += bus.words[s % STREAMS].eq(generate(m, word, 1))
        driven = Cat(word[:DATA_BITS] for word in alu.drive.data)
        port = Cat(alu.drive.stream, alu.drive.words, alu.drive.enable)
        for name, where, data in (("data", DATA, driven), ("port", PORT, port)):
            m.submodules[name] = memory = Sram(DEPTH, len(data))
            m.d.comb += [
                memory.place.eq(where),
                memory.backdoor.eq(self.backdoor),
                memory.wr.eq(read[0]),
                memory.wr_addr.eq(later),
                memory.wr_data.eq(data),
            ]
        return m

    def _source(self, m, name, where, width, read, address):
        m.submodules[name] = memory = Sram(DEPTH, width)
        m.d.comb += [
            memory.place.eq(where),
            memory.backdoor.eq(self.backdoor),
            memory.rd.eq(read),
            memory.rd_addr.eq(address),
        ]
        return memory.rd_data


def bench(library, config):
    """The top component for :func:`verif.support.run_bench`."""
    return VectorBench(library.place(Alu, config), library.place(SpecialUnit))
