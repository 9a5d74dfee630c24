"""The host port: AXI4-Lite outside, messages to queues and tokens to superlanes inside."""

from enum import IntEnum
from functools import partial

from amaranth import Array, Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import Component, In, Out, connect, flipped
from amaranth.utils import bits_for

from tsp.arch.config import DATA_BITS, WORD_BITS, Config, Hemisphere
from tsp.arch.csr import ADDRESS_BITS, BY_NAME, DATA_WORDS, When, constants, mem_queue
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import FORMATS, PortKind
from tsp.ecc import TEXT_ROW, correct, count, generate
from tsp.host.axi import AxiLiteResponder, AxiLiteSignature
from tsp.host.decode import decode, fields_of, pack
from tsp.host.messages import (
    READ_STREAM,
    WRITE_STREAM,
    Kind,
    Token,
    message_layout,
    token_layout,
    word_layout,
)
from tsp.icu.barrier import message_layout as notify_layout
from tsp.words import word_layout as instruction_layout

__all__ = ["HostPort"]

#: Cycles from ``answered`` to the token that takes what a READ put on its stream.
_READ_DELAY = 3

#: Under which queue the back door finds the port's own counters; no queue has it.
_QUEUE_OF_HOST = Const(0xFF, 8)


class _Mode(IntEnum):
    """What the chip does; but for IDLE the number of STATUS's bit, plus 1."""

    IDLE = 0
    RUNNING = 1
    DONE = 2
    STOPPED = 3


class HostPort(Component):
    """Registers of :mod:`tsp.arch.csr`, and what their accesses set in motion.

    It stands at the strip's east end. One access is served at a time; it ends when what it asked
    of the chip has been done and answered. While a program runs, no access reaches further than
    the registers here.

    Parameters
    ----------
    config
        The configuration.

    Members
    -------
    axi : In(AxiLiteSignature)
        The port.
    start : In(1)
        One cycle: as a write of CONTROL.start, for simulations that load by the back door.
    done, stopped, critical : In(1), cause : In
        From :class:`~tsp.icu.strip.ChipStatus`.
    found_double : Out(1)
        A word that MEM gave had a double error, since reset.
    backdoor : In(3)
        Simulation.
    bypassed : In(8)
        What SPARE reads; stable.
    notify : In(message_layout(config))
        NOTIFYs as they leave the strip in the east: they tell the cycle.
    message : Out(message_layout()), answered : In(1), errors : In(32)
        To the strip, and its answer.
    token : Out(token_layout()), word : In(word_layout())
        To superlane 0, and what it brings.
    """

    def __init__(self, config: Config):
        self._config = config
        super().__init__(
            {
                "axi": In(AxiLiteSignature(ADDRESS_BITS)),
                "start": In(1),
                "done": In(1),
                "stopped": In(1),
                "critical": In(1),
                "found_double": Out(1),
                "backdoor": In(3),
                "bypassed": In(8),
                "cause": In(bits_for(len(ErrorClass))),
                "notify": In(notify_layout(config)),
                "message": Out(message_layout()),
                "answered": In(1),
                "errors": In(32),
                "token": Out(token_layout()),
                "word": In(word_layout()),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.responder = responder = AxiLiteResponder(ADDRESS_BITS)
        connect(m, flipped(self.axi), responder.axi)
        self._request, self._answer = responder.request, responder.answer
        self._comes, self._answers = responder.request_valid, responder.answer_valid
        self._mode = Signal(_Mode)
        self._place = {f.name: Signal(f.width, name=f.name) for f in fields_of("MEM_ADDRESS")}
        self._queue, self._words = Signal(8), Signal(8)
        self._chosen = Signal()  # a queue was, since the last start
        self._unit = {f.name: Signal(f.width, name=f"unit_{f.name}") for f in fields_of("UNIT")}
        self._own_errors = Signal(32)
        self._buffer = Array(Signal(32, name=f"buffer{n}") for n in range(DATA_WORDS))
        values = constants(self._config) | self._watch(m)
        values |= {"MEM_ADDRESS": Cat(self._place.values()), "QUEUE": self._queue}
        values |= {"QUEUE_WORDS": self._words, "UNIT": pack("UNIT", self._unit)}
        values |= {
            "PORT_ERRORS": self._own_errors,
            "SPARE": pack("SPARE", {"bypassed": self.bypassed}),
        }
        values |= {f"MEM_DATA{n}": self._buffer[n] for n in range(DATA_WORDS)}
        when = {
            When.ALWAYS: Const(1),
            When.QUIET: (self._mode == _Mode.IDLE) | (self._mode == _Mode.DONE),
            When.IDLE: self._mode == _Mode.IDLE,
        }
        room = self._chosen & (self._words != self._config.queue_words)
        allowed, value = decode(
            m, self._config, self._request, values, when, {f"QUEUE_DATA{DATA_WORDS - 1}": room}
        )
        self._serve(m, allowed, value)
        return m

    def _watch(self, m):
        """Mode and cycle counter; returns the values of STATUS and CYCLES."""
        mode, cycles, kept = self._mode, Signal(64), Signal(32)
        counting = Signal()
        with m.If(mode == _Mode.RUNNING):
            with m.If(self.done):
                m.d.sync += mode.eq(_Mode.DONE)
            with m.Elif(self.stopped):
                m.d.sync += mode.eq(_Mode.STOPPED)
            # A NOTIFY of cycle t is here in t + 1 and one more for each stop that it passed.
            with m.If(counting & ~self.done):
                m.d.sync += cycles.eq(cycles + 1)
            with m.Elif(self.notify.valid & ~counting):
                m.d.sync += [counting.eq(1), cycles.eq(self._config.stops + 1 - self.notify.left)]
        with m.Else():
            m.d.sync += counting.eq(0)
        self._cycles, self._kept = cycles, kept
        flags = {
            "running": mode == _Mode.RUNNING,
            "done": mode == _Mode.DONE,
            "stopped": mode == _Mode.STOPPED,
            "critical": self.critical,
            "cause": self.cause,
        }
        return {"STATUS": pack("STATUS", flags), "CYCLES0": cycles[:32], "CYCLES1": kept}

    def _serve(self, m, allowed, value):
        """The state machine: each access to its answer."""
        m.d.sync += [self._answers.eq(0), self.message.valid.eq(0), self.token.valid.eq(0)]
        payload = Cat(*list(self._buffer)[:-1], self._request.data)
        # The word of a window whose last register is written.
        self._whole = generate(m, payload, self._comes & self._request.write)
        asked, taken, correcting = Signal(), Signal(WORD_BITS), Signal()
        with m.If(self.start):
            m.d.sync += asked.eq(1)
        found = correct(m, taken, correcting)
        where = {"row": TEXT_ROW, "queue_number": _QUEUE_OF_HOST, "backdoor": self.backdoor}
        m.d.comb += self._own_errors.eq(count(m, [found], 1, **where))
        m.d.comb += self.found_double.eq(self._own_errors[16:].any())
        with m.FSM():
            self._begin(m, allowed, value, asked)
            self._wait(m)
            self._read(m, taken, found.data, correcting)

    def _begin(self, m, allowed, value, asked):
        """An access that comes; START, which may have to wait, and may be the pin's."""
        by_pin = Signal()
        with m.State("READY"):
            with m.If(self._comes & ~self._answers):
                m.d.sync += self._answer.refused.eq(~allowed)
                self._reply(m, value)
                with m.If(allowed):
                    self._access(m)
            with m.Elif(asked & (self._mode == _Mode.IDLE)):
                m.d.sync += by_pin.eq(1)
                m.next = "START"
        with m.State("START"):
            with m.If(~self.done):  # the last one's falls when queues are loaded anew
                self._send(m, Kind.START)
                m.d.sync += [
                    self._mode.eq(_Mode.RUNNING),
                    self._chosen.eq(0),
                    self._cycles.eq(0),
                    asked.eq(0),
                    by_pin.eq(0),
                    self._answers.eq(~by_pin),
                ]
                m.next = "READY"

    def _wait(self, m):
        """What ends with an answer from the strip, or with a word from a superlane."""
        with m.State("GIVE"):
            self._token(m, Token.GIVE)
            m.next = "ANSWER"
        with m.State("ANSWER"):
            with m.If(self.answered):
                self._reply(m, self.errors)
                m.next = "READY"
        with m.State("PROBE"):
            with m.If(self.word.valid):
                self._reply(m, self.word.word)
                m.next = "READY"

    def _read(self, m, taken, corrected, correcting):
        """A READ was issued: its word is taken, and used when it is corrected."""
        left = Signal(range(_READ_DELAY))
        with m.State("READ"):
            with m.If(self.answered):
                m.d.sync += left.eq(_READ_DELAY - 1)
                m.next = "DELAY"
        with m.State("DELAY"):
            m.d.sync += left.eq(left - 1)
            with m.If(left == 0):
                self._token(m, Token.TAKE)
                m.next = "TAKE"
        with m.State("TAKE"):
            with m.If(self.word.valid):
                m.d.sync += taken.eq(self.word.word)
                m.next = "CORRECT"
        with m.State("CORRECT"):
            m.d.comb += correcting.eq(1)
            for n in range(DATA_WORDS):
                m.d.sync += self._buffer[n].eq(corrected.word_select(n, 32))
            self._reply(m, corrected)
            m.next = "READY"

    def _reply(self, m, value):
        m.d.sync += [self._answers.eq(1), self._answer.data.eq(value)]

    def _access(self, m):
        """What an allowed access does."""
        first, last = (f"MEM_DATA{n}" for n in (0, DATA_WORDS - 1))
        writes = {"CONTROL": self._control, "QUEUE": self._choose}
        for name, target in (("MEM_ADDRESS", self._place), ("UNIT", self._unit)):
            writes |= {name: partial(self._set, name, target)}
        for n in range(DATA_WORDS - 1):
            writes |= {
                f"MEM_DATA{n}": partial(self._keep, n),
                f"QUEUE_DATA{n}": partial(self._keep, n),
            }
        writes |= {last: self._store, f"QUEUE_DATA{DATA_WORDS - 1}": self._append}
        reads = {"CYCLES0": self._split, first: self._fetch, last: self._step}
        reads |= {"UNIT_ERRORS": self._probe}
        for condition, effects in ((self._request.write, writes), (~self._request.write, reads)):
            with m.If(condition):
                with m.Switch(self._request.address):
                    for name, effect in effects.items():
                        with m.Case(BY_NAME[name].address):
                            effect(m)

    def _control(self, m):
        with m.If(self._request.data[0]):
            self._await(m, "START")

    def _set(self, name, target, m):
        for f in fields_of(name):
            m.d.sync += target[f.name].eq(self._request.data[f.low : f.low + f.width])

    def _probe(self, m):
        unit = self._unit
        with m.If(unit["text"]):
            self._send(m, Kind.PROBE, unit["queue"])
            self._await(m, "ANSWER")
        with m.Else():
            self._token(m, Token.PROBE)
            m.d.sync += self.token.superlane.eq(unit["superlane"])
            m.d.sync += self.token.word.eq(unit["queue"])
            self._await(m, "PROBE")

    def _keep(self, n, m):
        m.d.sync += self._buffer[n].eq(self._request.data)

    def _split(self, m):
        m.d.sync += self._kept.eq(self._cycles[32:])

    def _fetch(self, m):
        self._issue(m, "read", READ_STREAM)
        self._await(m, "READ")

    def _store(self, m):
        self._issue(m, "write", WRITE_STREAM)
        m.d.sync += self.token.word.eq(self._whole)
        self._await(m, "GIVE")
        self._keep(DATA_WORDS - 1, m)
        self._step(m)

    def _append(self, m):
        self._send(m, Kind.TEXT, self._queue, word=self._whole)
        m.d.sync += self._words.eq(self._words + 1)
        self._await(m, "ANSWER")
        self._keep(DATA_WORDS - 1, m)

    def _await(self, m, state):
        """The chip has to do something before the access is answered."""
        m.d.sync += self._answers.eq(0)
        m.next = state

    def _choose(self, m):
        """Another queue to load; with it the chip is idle, if it was done."""
        number = self._request.data[:8]
        m.d.sync += [
            self._queue.eq(number),
            self._words.eq(0),
            self._chosen.eq(1),
            self._mode.eq(_Mode.IDLE),
        ]
        self._send(m, Kind.CLEAR, number)
        self._await(m, "ANSWER")

    def _step(self, m):
        """The next word of MEM: superlane, then offset, round the bank."""
        superlane, offset = self._place["superlane"], self._place["offset"]
        end = superlane == self._config.superlanes - 1
        m.d.sync += superlane.eq(Mux(end, 0, superlane + 1))
        with m.If(end):
            m.d.sync += offset.eq((offset + 1) & (self._config.bank_words - 1))

    def _issue(self, m, port, stream):
        """Let the slice of MEM_ADDRESS make one access, in its superlane alone."""
        place = self._place
        west, east = (Const(mem_queue(self._config, h, 0), 8) for h in Hemisphere)
        queue = Mux(place["hemisphere"], east + place["slice"], west - place["slice"])
        word = Signal(instruction_layout(FORMATS["MEM"]), name=f"{port}_word")
        m.d.comb += [
            word.opcode.eq(FORMATS["MEM"].opcode),
            word[f"{port}_kind"].eq(PortKind.DIRECT),
            word[f"{port}_bank"].eq(place["bank"]),
            word[f"{port}_offset"].eq(place["offset"]),
            word[f"{port}_stream"].eq(stream),
            word[f"{port}_count"].eq(1),
            word[f"{port}_interval"].eq(1),
        ]
        self._send(m, Kind.ISSUE, queue, superlane=place["superlane"], word=word.as_value())
        m.d.sync += self.token.superlane.eq(place["superlane"])

    def _token(self, m, kind):
        m.d.sync += [self.token.valid.eq(1), self.token.kind.eq(kind)]

    def _send(self, m, kind, queue=0, *, superlane=0, word=0):
        message = self.message
        m.d.sync += [
            message.valid.eq(1),
            message.kind.eq(kind),
            message.queue.eq(queue),
            message.superlane.eq(superlane),
            message.word.eq(word),
        ]


assert DATA_BITS == 32 * DATA_WORDS
