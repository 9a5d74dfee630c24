"""A bench that gives every unit of an SXM an instruction in every cycle, T rows high.

Memories hold the control and the operands of every cycle; what is driven stands in the deep record
(``words.bin``). Python does nothing while it runs.
"""

from itertools import pairwise

from amaranth import Cat, Module, Signal
from amaranth.lib.wiring import Component, In, Out

from tsp.arch.config import STREAMS, SXM_UNITS, WORD_BITS
from tsp.arch.isa import unit_formats
from tsp.rows import connect_rows
from tsp.slices.sxm import SxmStop, vertical
from tsp.sram import BackdoorControl, Sram
from tsp.words import control_layout
from tspc.engines.records import Kind, place

__all__ = ["CONTROL", "CONTROLS", "DEPTH", "PIECES", "PIECE_BITS"]
__all__ += ["StackBench", "streams"]

DEPTH = 2048  #: cycles of a run
PIECE_BITS = 512  #: of a memory
PIECES = -(-STREAMS * WORD_BITS // PIECE_BITS)  #: memories for the streams of one direction

CONTROLS = tuple(control_layout(*unit_formats(kind)) for _, kind in SXM_UNITS)
CONTROL = place(Kind.TEXT, 0, 64)


def streams(row, west, piece):
    """The memory of piece 0 .. 8 of all words of one direction of a row, 137 bits a word."""
    return place(Kind.TEXT, row, 16 * west + piece)


class StackBench(Component):
    """T rows of an SXM stop between memories.

    In cycle n of a run control word n is on ``south`` of row 0, and the streams of row y carry in
    cycle n + y what address n holds. The deep record's cycle is one of the run.

    Members
    -------
    backdoor : In(3)
    start : In(1)
        Begins a run.
    cycles : In(16)
        Length of a run.
    done : Out(1)
        Rises when the run is over.
    bad_map : Out(T)
        ``critical`` of every row, at the end of the run: a bad map.
    """

    NEEDS_LIBRARY = True

    def __init__(self, config, *, library):
        self._config, self._library = config, library
        super().__init__(
            {
                "backdoor": In(3),
                "start": In(1),
                "cycles": In(16),
                "done": Out(1),
                "bad_map": Out(config.superlanes),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.files = files = BackdoorControl()
        m.d.comb += files.backdoor.eq(self.backdoor)
        rows = [self._library.place(SxmStop, self._config) for _ in range(self._config.superlanes)]
        # `at` is one ahead of row 0's cycle of the run, because memories take a cycle to read.
        running, at, cycle = Signal(), Signal(16), Signal(32)
        with m.If(self.start):
            m.d.sync += running.eq(1)
        with m.Elif(running):
            m.d.sync += [at.eq(at + 1), cycle.eq(at)]
            with m.If(at == self.cycles):
                m.d.sync += [running.eq(0), self.done.eq(1)]
        fields = self._memory(m, "control", CONTROL, running, at)
        read = Signal()
        m.d.sync += read.eq(running)
        for n, layout in enumerate(CONTROLS):
            port = getattr(rows[0], f"south{n}")
            m.d.comb += [port.eq(fields[: layout.size]), port.valid.eq(fields[0] & read)]
            fields = fields[layout.size :]
        before = (running, at)
        for y, row in enumerate(rows):
            m.submodules[f"row{y}"] = row
            m.d.comb += [row.row.eq(y), row.cycle.eq(cycle), row.deep.eq(1)]
            self._streams(m, y, row, *before)
            later = Signal.like(at, name=f"at{y}"), Signal(name=f"running{y}")
            m.d.sync += [later[0].eq(before[1]), later[1].eq(before[0])]
            before = later[1], later[0]
        for south, north in pairwise(rows):
            for n in range(len(CONTROLS)):
                m.d.comb += getattr(north, f"south{n}").eq(getattr(south, f"north{n}"))
            connect_rows(m, south, north, vertical(self._config))
        m.d.comb += self.bad_map.eq(Cat(row.critical for row in rows))
        return m

    def _streams(self, m, y, row, running, at):
        for west, bus in enumerate((row.e_in, row.w_in)):
            m.d.comb += bus.words.eq(
                Cat(
                    self._memory(m, f"streams{y}_{west}_{k}", streams(y, west, k), running, at)
                    for k in range(PIECES)
                )
            )

    def _memory(self, m, name, where, read, address):
        m.submodules[name] = memory = Sram(DEPTH, PIECE_BITS)
        m.d.comb += [
            memory.place.eq(where),
            memory.backdoor.eq(self.backdoor),
            memory.rd.eq(read),
            memory.rd_addr.eq(address),
        ]
        return memory.rd_data
