"""One port of a MEM queue: single accesses, their copies by REPEAT, and bursts."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out
from amaranth.utils import exact_log2

from tsp.arch.config import Config
from tsp.arch.isa import FORMATS, PortKind
from tsp.words import LIMIT, access_layout

__all__ = ["MemPort", "port_layout"]


def port_layout(port: str) -> data.StructLayout:
    """Fields of one port of a MEM word (``port`` is ``read`` or ``write``), in their order."""
    prefix = f"{port}_"
    return data.StructLayout(
        {
            f.name.removeprefix(prefix): f.width
            for f in FORMATS["MEM"].fields
            if f.name.startswith(prefix)
        }
    )


class MemPort(Component):
    """Expands what one port of a MEM word says into accesses.

    Access i of a word issued in t is on ``access`` in t + i interval, with the offset
    (first + i stride) mod bank. The offset register is the one that drives the slice, so a step
    is an addition to what was issued last. An indirect access has its map's stream there, and its
    stride is zero.

    Members
    -------
    word : In
        The port's fields of the word; used with ``load``.
    superlanes : In(LIMIT)
        In how many superlanes the word acts; used with ``load``.
    only : In(1)
        In the one superlane of that number instead: an access of the host; used with ``load``.
    load : In(1)
        The word issues in the next cycle.
    copy : In(1)
        REPEAT: the last word loaded issues again in the next cycle.
    stop : In(1)
        No access begins.
    access : Out(access_layout(config))
        Registered; ``valid`` in the issue cycle, the rest holds.
    busy : Out(1)
        Accesses of a burst are still to come.
    """

    def __init__(self, port: str, config: Config):
        self._bank_words = config.bank_words
        super().__init__(
            {
                "word": In(port_layout(port)),
                "superlanes": In(LIMIT),
                "only": In(1),
                "load": In(1),
                "copy": In(1),
                "stop": In(1),
                "access": Out(access_layout(config)),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        word, access = self.word, self.access
        stride = Signal(exact_log2(self._bank_words))
        offset = access.where[: len(stride)]
        remaining = Signal(len(word.count))
        interval, elapsed = Signal(len(word.interval)), Signal(len(word.interval), init=1)
        used = Signal()  # the last word used this port, so its copies do

        due = Signal()
        m.d.comb += due.eq((elapsed == interval) & ~self.stop)
        m.d.sync += access.valid.eq(0)
        with m.If(self.busy):
            m.d.sync += elapsed.eq(elapsed + 1)
            with m.If(due):
                m.d.sync += [
                    access.valid.eq(1),
                    offset.eq(offset + stride),
                    elapsed.eq(1),
                    remaining.eq(remaining - 1),
                    self.busy.eq(remaining != 1),
                ]
        with m.If(self.copy & used):
            m.d.sync += [access.valid.eq(1), offset.eq(offset + stride)]
        with m.If(self.load):
            m.d.sync += used.eq(word.kind.any())
            with m.If(word.kind.any()):
                indirect = word.kind == PortKind.INDIRECT
                m.d.sync += [
                    access.valid.eq(1),
                    access.indirect.eq(indirect),
                    access.bank.eq(word.bank),
                    access.where.eq(Mux(indirect, word.map, word.offset[: len(stride)])),
                    access.stream.eq(word.stream),
                    access.superlanes.eq(self.superlanes),
                    access.only.eq(self.only),
                    stride.eq(word.stride),
                    interval.eq(word.interval),
                    elapsed.eq(1),
                    remaining.eq(word.count - 1),
                    self.busy.eq(word.count[1:].any()),
                ]
        return m
