"""A MEM tile: one superlane of one MEM slice."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from tsp.arch.config import WORD_BITS
from tsp.ecc import correct, count
from tsp.sram import Sram
from tsp.stream import Drive, StreamSignature, capture
from tsp.words import acting, mem_control_layout

__all__ = ["MemTile"]


class MemTile(wiring.Component):
    """Two banks of SRAM that read to a stream and write from one.

    With control on ``south`` in cycle t: t + 1 the operand of a write and the maps of GATHER and
    SCATTER are captured, t + 2 maps are corrected, t + 3 the array is accessed (a_mem), t + 4
    the array's output is driven. Bytes 0 and 1 of a map word are the offset in the bank; if any
    other bit is set the access takes place all the same, and ``critical`` is set.

    MEM carries words: they are stored as they come, check bits and errors included, and whoever
    uses them corrects them.

    Parameters
    ----------
    config
        The configuration; only the size of a bank matters.

    Members
    -------
    south, north : In, Out(mem_control_layout)
        Control; ``north`` is ``south`` one cycle later.
    e_in, w_in : In(StreamSignature)
        Ein and Win of the stop.
    drive : Out(Drive(1))
        The word read, in cycle t + 4.
    critical : Out(1)
        A map word that names no offset of the bank, or has a double error, was met since reset;
        from t + 3 on.
    errors : Out(32)
        Counters (:func:`tsp.ecc.count`).
    row, queue_number : In(8)
        Superlane and queue number, for the simulation records.
    backdoor, cycle : In
        Simulation (:class:`tsp.sram.Sram`).
    """

    def __init__(self, config):
        self._config = config
        control = mem_control_layout(config)
        super().__init__(
            {
                "south": In(control),
                "north": Out(control),
                "e_in": In(StreamSignature()),
                "w_in": In(StreamSignature()),
                "drive": Out(Drive(1)),
                "critical": Out(1),
                "errors": Out(32),
                "row": In(8),
                "queue_number": In(8),
                "backdoor": In(3),
                "cycle": In(32),
            }
        )

    def elaborate(self, platform):
        m = Module()
        self._found, self._bad_map = [], Signal(name="bad_map")
        read, write = (self._pipeline(m, port) for port in ("read", "write"))
        where = {x: getattr(self, x) for x in ("row", "queue_number", "backdoor")}
        m.d.comb += self.errors.eq(count(m, self._found, 1, **where))
        m.d.comb += self.critical.eq(self._bad_map | self.errors[16:].any())

        operand, stored = Signal(WORD_BITS), Signal(WORD_BITS)
        capture(m, operand, write[0].valid, write[0].stream, self.e_in, self.w_in)
        with m.If(write[1].valid):
            m.d.sync += stored.eq(operand)

        outputs = []
        for number in range(2):
            bank = Sram(self._config.bank_words, WORD_BITS)
            m.submodules[f"bank{number}"] = bank
            m.d.comb += [
                bank.place.eq(
                    Cat(Const(number, 1), self.queue_number, Const(0, 11), self.row, Const(1, 4))
                ),
                bank.backdoor.eq(self.backdoor),
                bank.cycle.eq(self.cycle),
                bank.rd.eq(read[2].valid & (read[2].bank == number)),
                bank.rd_addr.eq(read[2].where),
                bank.wr.eq(write[2].valid & (write[2].bank == number)),
                bank.wr_addr.eq(write[2].where),
                bank.wr_data.eq(stored),
            ]
            outputs.append(bank.rd_data)
        m.d.comb += [
            self.drive.enable.eq(read[3].valid | self._off),
            self.drive.stream.eq(read[3].stream),
            self.drive.words.eq(1),
            self.drive.data[0].eq(Mux(self._off, 0, Mux(read[3].bank, outputs[1], outputs[0]))),
        ]
        return m

    def _pipeline(self, m, port):
        """Control of one port in cycles t + 1 .. t + 4; fields move only when valid.

        ``valid`` where the access acts in this superlane; a READ that does not still drives zero.
        From t + 3 on ``where`` is the offset of every access.
        """
        stages, before = [], self.south[port]
        for n in range(1, 5):
            stage = Signal.like(before, name=f"{port}{n}")
            m.d.sync += stage.valid.eq(before.valid)
            with m.If(before.valid):
                m.d.sync += stage.eq(before)
            here, off = acting(m, self.row, stage)
            stages.append(here)
            before = stage
            if n == 1:
                m.d.comb += self.north[port].eq(stage)
            if n == 3:
                self._look_up(m, port, *stages[:2], stage)
        if port == "read":
            self._off = off
        return stages

    def _look_up(self, m, port, c1, c2, c3):
        """The map of an indirect access: captured in t + 1, corrected in t + 2, then in `c3`."""
        bits = exact_log2(self._config.bank_words)
        word = Signal(WORD_BITS, name=f"{port}_map")
        stream, used = c1.where[: len(c1.stream)], c2.valid & c2.indirect
        capture(m, word, c1.valid & c1.indirect, stream, self.e_in, self.w_in)
        self._found.append(correct(m, word, used))
        offset = self._found[-1].data
        with m.If(used):
            m.d.sync += c3.where.eq(offset[:bits])
            with m.If(offset[bits:].any()):
                m.d.sync += self._bad_map.eq(1)
