"""Program text of one queue: the buffer, and the look-ahead that hides its latency.

Four stages: read of the SRAM, corrector, predecode, head. Each moves when the next one is
free, so after the first three cycles a word can issue every cycle, and nothing moves while the
queue waits. What IFETCH brings goes round the SRAM behind the words that are there.
"""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import Component, In, Out

from tsp.arch.config import DATA_BITS, WORD_BITS, Config, QueueKind
from tsp.ecc import TEXT_ROW, correct, count
from tsp.icu.predecode import head_layout, predecode
from tsp.sram import Sram

__all__ = ["TEXT_PLACE", "Text"]

#: Bits 31:28 of the ``place`` of program text (docs/developer.md).
TEXT_PLACE = 4


class Text(Component):
    """Text buffer and look-ahead of one queue.

    Parameters
    ----------
    kind
        What the queue commands.
    config
        The configuration; its ``queue_words`` are the size of the buffer.

    Members
    -------
    number : In(8)
        Queue number; stable.
    backdoor : In(3)
        Simulation back door.
    cycle : In(32)
        The chip's cycle counter, for the simulation's records.
    start : In(1)
        One cycle: take the number of words that the back door has loaded, begin to read them.
    head : Out(head_layout(kind))
        The next word; valid with ``valid``.
    valid : Out(1)
        There is a next word.
    consume : In(1)
        The head is used up at the end of this cycle. Only with ``valid``.
    write : In(1), write_word : In(WORD_BITS)
        A word goes into the buffer, behind those that are there: fetched, or the host's.
    overflow : Out(1)
        There is no room for it: as many words as the buffer holds are not used up yet.
    empty : Out(1)
        There is no word in any stage.
    settled : Out(1)
        Nothing moves unless ``start``, ``consume`` or ``write`` is set.
    special : In(1)
        As that of :class:`~tsp.icu.queue.Queue`; present in VXM queues.
    critical : Out(1)
        There was a double error in a word.
    errors : Out(32)
        Counters (:func:`tsp.ecc.count`).
    """

    def __init__(self, kind: QueueKind, config: Config):
        self._kind, self._config = kind, config
        super().__init__(
            {
                "number": In(8),
                "backdoor": In(3),
                "cycle": In(32),
                "start": In(1),
                "head": Out(head_layout(kind)),
                "valid": Out(1),
                "consume": In(1),
                "write": In(1),
                "write_word": In(WORD_BITS),
                "overflow": Out(1),
                "empty": Out(1),
                "settled": Out(1),
                "critical": Out(1),
                "errors": Out(32),
                **({"special": In(1)} if kind is QueueKind.VXM else {}),
            }
        )

    def elaborate(self, platform):
        m = Module()
        words = self._config.queue_words
        m.submodules.sram = sram = Sram(words, WORD_BITS)
        address, end = Signal(range(words)), Signal(range(words))  # of the next read, write
        available = Signal(range(words + 1))  # words written and not yet read
        held = Signal(range(words + 4))  # words written and not yet used up
        more = Signal()
        read_valid, text_valid = Signal(), Signal()
        text = Signal(DATA_BITS)

        head_free, text_free, read_free = Signal(), Signal(), Signal()
        m.d.comb += [
            more.eq(available.any()),
            head_free.eq(~self.valid | self.consume),
            text_free.eq(~text_valid | head_free),
            read_free.eq(~read_valid | text_free),
            # Full from the head to the last stage that has a word to take.
            self.settled.eq(
                Mux(
                    self.valid,
                    Mux(text_valid, read_valid | ~more, ~(read_valid | more)),
                    ~(text_valid | read_valid | more),
                )
            ),
            self.empty.eq(~Cat(self.valid, text_valid, read_valid, more).any()),
            held.eq(available + read_valid + text_valid + self.valid),
            self.overflow.eq(self.write & (held == words)),
            sram.place.eq(Cat(self.number, Const(TEXT_PLACE << 20, 24))),
            sram.backdoor.eq(self.backdoor),
            sram.cycle.eq(self.cycle),
            sram.rd.eq(read_free & more),
            sram.rd_addr.eq(address),
            sram.wr.eq(self.write & ~self.overflow),
            sram.wr_addr.eq(end),
            sram.wr_data.eq(self.write_word),
        ]
        # The addresses go round the buffer; a word can be read from the cycle after its write on.
        with m.If(self.start & sram.loaded.any()):  # by the back door
            m.d.sync += available.eq(sram.loaded)
            m.d.sync += end.eq(Mux(sram.loaded == words, 0, sram.loaded))
        with m.Elif(sram.rd | sram.wr):
            m.d.sync += available.eq(available + sram.wr - sram.rd)
        with m.If(sram.rd):
            m.d.sync += address.eq(Mux(address == words - 1, 0, address + 1))
        with m.If(sram.wr):
            m.d.sync += end.eq(Mux(end == words - 1, 0, end + 1))
        with m.If(read_free):
            m.d.sync += read_valid.eq(more)
        found = correct(m, sram.rd_data, text_free & read_valid)
        where = {"row": TEXT_ROW, "queue_number": self.number, "backdoor": self.backdoor}
        m.d.comb += self.errors.eq(count(m, [found], 1, **where))
        m.d.comb += self.critical.eq(self.errors[16:].any())
        with m.If(text_free):
            m.d.sync += text_valid.eq(read_valid)
            with m.If(read_valid):
                m.d.sync += text.eq(found.data)
        decoded = predecode(m, self._kind, text, getattr(self, "special", 0))
        with m.If(head_free):
            m.d.sync += self.valid.eq(text_valid)
            with m.If(text_valid):
                m.d.sync += self.head.eq(decoded)
        return m
