"""An instruction queue: takes words from its text, in order, each in its cycle, and issues them."""

from amaranth import Cat, Const, Module, Mux, ResetSignal, Signal
from amaranth.lib.wiring import Component, In, Out
from amaranth.utils import exact_log2

from tsp.arch.config import DATA_BITS, WORD_BITS, Config, QueueKind
from tsp.arch.isa import FORMATS, OPCODE_BITS, AbcMode, AccMode, FieldKind, PortKind
from tsp.host.messages import queue_layout
from tsp.icu.burst import MemPort, port_layout
from tsp.icu.chain import chain_layout
from tsp.icu.fetch import Fetch
from tsp.icu.gate import place_gated
from tsp.icu.predecode import Cause, functional_formats
from tsp.icu.text import Text
from tsp.sram import EventLog
from tsp.words import LIMIT, control_layout, mem_control_layout

__all__ = ["Queue", "queue_control_layout"]


def queue_control_layout(kind: QueueKind, config: Config):
    """Layout of the control that queues of this kind issue; None if they issue none yet."""
    if kind is QueueKind.MEM:
        return mem_control_layout(config)
    forms = functional_formats(kind)
    return control_layout(*forms) if forms else None


def _fields(head, name):
    """The fields of the word at the head, if it is one of the queue's own words `name`."""
    return [head.bits[f.low - OPCODE_BITS :][: f.width] for f in FORMATS[name].fields]


class Queue(Component):
    """One instruction queue: its core on a gated clock, and the counter that wakes it.

    The *decision* for cycle t is taken in cycle t - 1, from registers: the head word, two counters,
    ``release`` and ``stop``. What it decides is in registers in cycle t, the issue cycle: the
    unit's ``control``, ``notify``, the event record. A queue that is parked, has halted or waits
    in NOP or REPEAT does not change, so its core sleeps.

    Parameters
    ----------
    kind
        Value of the :class:`~tsp.arch.config.QueueKind`, e.g. ``"mem"``.
    config
        The configuration.

    Members
    -------
    number : In(8)
        Queue number; stable.
    backdoor : In(3), cycle : In(32)
        Simulation's back door and the chip's cycle counter.
    special : In(1)
        The ALU has the special functions; stable. Present in VXM queues.
    start : In(1)
        One cycle: the text is loaded, begin to read it.
    first : In(1)
        With ``start``: this queue does not wait for a NOTIFY.
    release : In(1)
        The barrier: one NOTIFY counts now, and what it releases decides in this cycle.
    stop : In(1)
        Nothing is issued any more.
    control : Out(queue_control_layout(kind, config))
        What the unit does; ``valid`` in the issue cycle, the rest holds. Absent if there is none.
    chain : Out(chain_layout())
        What the stop's text chain does for this queue's IFETCH, from its issue cycle on.
    text_word : In(WORD_BITS)
        The word at the chain's south end, or what the host sends.
    host : In(queue_layout())
        What the host port tells the queue, while no program runs.
    notify : Out(1)
        A NOTIFY issues in this cycle.
    idle : Out(1)
        Halted, and no access of a burst is to come; from the cycle of the last issue on.
    cause : Out(2)
        :class:`~tsp.icu.predecode.Cause`; not 0: this queue cannot go on.
    critical : Out(1)
        There was a double error in its text.
    errors : Out(32)
        The text's counters of errors.
    """

    def __init__(self, kind: str, config: Config):
        self._core = _Core(QueueKind(kind), config)
        super().__init__(_members(QueueKind(kind), config))

    def elaborate(self, platform):
        m = Module()
        core = self._core
        for name, member in self.signature.members.items():
            inner, outer = getattr(core, name), getattr(self, name)
            m.d.comb += inner.eq(outer) if member.flow is In else outer.eq(inner)
        elapsed = Signal(16, init=1)
        m.d.comb += core.due.eq(elapsed == core.interval)
        with m.If(core.waiting):
            m.d.sync += elapsed.eq(Mux(core.due, 1, elapsed + 1))
        awake = Signal()
        m.d.comb += awake.eq(
            ResetSignal()
            | self.start
            | self.release
            | self.backdoor.any()
            | Cat(self.host.clear, self.host.text, self.host.issue).any()
            | core.restless
            | core.waiting & core.due
        )
        place_gated(m, "core", core, awake, reset=self.host.clear)
        return m


def _members(kind: QueueKind, config: Config) -> dict:
    """Ports of a queue, which are also ports of its core."""
    control = queue_control_layout(kind, config)
    return {
        "number": In(8),
        "backdoor": In(3),
        "cycle": In(32),
        **({"special": In(1)} if kind is QueueKind.VXM else {}),
        "start": In(1),
        "first": In(1),
        "release": In(1),
        "stop": In(1),
        **({} if control is None else {"control": Out(control)}),
        "chain": Out(chain_layout()),
        "text_word": In(WORD_BITS),
        "host": In(queue_layout()),
        "notify": Out(1),
        "idle": Out(1),
        "cause": Out(2),
        "critical": Out(1),
        "errors": Out(32),
    }


class _Core(Component):
    """A queue without the counter that NOP and REPEAT wait for.

    Members
    -------
    waiting : Out(1)
        The head is a NOP or REPEAT whose interval passes.
    interval : Out(16)
        Its length; with ``waiting``.
    due : In(1)
        This is its last cycle.
    restless : Out(1)
        Registers may change at the end of this cycle, though none of ``start``, ``release``,
        ``backdoor`` and ``due`` is set.
    (others)
        As :class:`Queue`.
    """

    def __init__(self, kind: QueueKind, config: Config):
        self._kind, self._config = kind, config
        more = {"waiting": Out(1), "interval": Out(16), "due": In(1), "restless": Out(1)}
        super().__init__(_members(kind, config) | more)

    def elaborate(self, platform):
        m = Module()
        m.submodules.text = text = Text(self._kind, self._config)
        m.d.comb += [
            text.number.eq(self.number),
            text.backdoor.eq(self.backdoor),
            text.cycle.eq(self.cycle),
            text.start.eq(self.start),
            self.critical.eq(text.critical),
            self.errors.eq(text.errors),
        ]
        m.submodules.fetch = fetch = Fetch(self._config)
        m.d.comb += [
            self.chain.eq(fetch.control),
            text.write.eq(fetch.arrives | self.host.text),
            text.write_word.eq(self.text_word),
        ]
        if self._kind is QueueKind.VXM:
            m.d.comb += text.special.eq(self.special)
        self._superlanes = Signal(LIMIT)  # what CONFIG has set
        halted, issue, copy = Signal(), Signal(), Signal()
        restless = fetch.active | self._decide(m, text, fetch, halted, issue, copy)
        if self._kind is QueueKind.MEM:
            busy = self._issue_mem(m, text.head, issue, copy)
            accesses = self.control.read.valid | self.control.write.valid
            m.d.comb += [
                self.idle.eq(halted & ~busy),
                self.restless.eq(restless | busy | accesses),
            ]
        else:
            m.d.comb += [self.idle.eq(halted), self.restless.eq(restless)]
            if functional_formats(self._kind):
                self._issue(m, text.head, issue, copy)
                m.d.comb += self.restless.eq(restless | self.control.valid)
        return m

    def _decide(self, m, text, fetch, halted, issue, copy):
        """Which word is to issue in the next cycle: the only state machine of a queue.

        Returns 1 if this part is restless.
        """
        head = text.head
        parked, left = Signal(init=1), Signal(16, init=1)  # NOTIFYs still to come
        copies = Signal(16, init=1)
        repeatable = Signal()  # the word before was functional, without burst
        n, d = _fields(head, "REPEAT")

        last, able, turn, waits = Signal(), Signal(), Signal(), Signal()
        held = self.stop | parked & ~(self.release & last)
        m.d.comb += [
            last.eq(left == 1),
            able.eq(~(halted | self.cause.any())),
            turn.eq(able & text.valid & ~held),
            waits.eq(head.nop | head.repeat & repeatable),
            self.waiting.eq(turn & waits),
            self.interval.eq(Mux(head.nop, n, d)),
        ]
        with m.If(self.release & parked):
            m.d.sync += [parked.eq(~last), left.eq(Mux(last, 1, left - 1))]
        beginning = Signal()  # the text's first words are on their way to the head
        with m.If(self.start & self.first):
            m.d.sync += beginning.eq(1)
        with m.Elif(beginning & (text.valid | text.empty)):
            m.d.sync += [beginning.eq(0), parked.eq(0)]
        with m.If(able & text.overflow):
            m.d.sync += self.cause.eq(Cause.QUEUE_OVERFLOW)
        with m.If(able & ~text.valid & ~held):
            m.d.sync += self.cause.eq(Cause.QUEUE_DRY)

        synced, ended, fetched, configured = Signal(), Signal(), Signal(), Signal()
        pulses = Cat(self.notify, synced, ended, fetched, configured)
        own = Cat(head.notify, head.sync, head.halt, head.ifetch, head.config)
        m.d.sync += pulses.eq(0)
        with m.If(turn):
            with m.If(head.bad | head.repeat & ~repeatable):
                m.d.sync += self.cause.eq(Cause.BAD_WORD)
            with m.Elif(waits):
                # A wait holds the head; REPEAT has no cycle of its own: its first copy is at
                # least one cycle after the word, and so is the word that follows the last.
                m.d.comb += copy.eq(head.repeat & self.due)
                m.d.comb += text.consume.eq(self.due & (head.nop | (copies == n)))
                with m.If(copy):
                    m.d.sync += copies.eq(Mux(text.consume, 1, copies + 1))
            with m.Else():
                m.d.comb += [text.consume.eq(1), issue.eq(head.functional)]
                m.d.sync += pulses.eq(own)
                m.d.comb += fetch.load.eq(head.ifetch)
                with m.If(head.config):
                    m.d.sync += self._superlanes.eq(_fields(head, "CONFIG")[0])
                with m.If(head.sync):
                    m.d.sync += [parked.eq(1), left.eq(n)]
                with m.If(head.halt):
                    m.d.sync += halted.eq(1)
            with m.If(text.consume):
                m.d.sync += repeatable.eq(issue & ~head.burst)

        stream, pairs = _fields(head, "IFETCH")
        m.d.comb += [fetch.stream.eq(stream), fetch.n.eq(pairs)]
        self._log_own(
            m,
            {
                "NOTIFY": (self.notify, 0),
                "SYNC": (synced, left),  # the count is still there
                "HALT": (ended, 0),
                "IFETCH": (fetched, Cat(fetch.control.stream, fetch.left)),
                "CONFIG": (configured, self._superlanes),
            },
        )
        moves = pulses.any() | beginning | ~text.settled
        return moves | able & ~parked & ~(text.valid & waits)

    def _log_own(self, m, words):
        """Record the queue's own words: of each name the pulse and the bits of its fields."""
        word = Signal(128)
        for name, (pulse, fields) in words.items():
            with m.If(pulse):
                m.d.comb += word.eq(Cat(Const(FORMATS[name].opcode, OPCODE_BITS), fields))
        self._log(m, "own", Cat(pulse for pulse, _ in words.values()).any(), word)

    def _log(self, m, name, valid, word):
        """Record `word` in the cycles in which `valid` is set."""
        m.submodules[f"log_{name}"] = log = EventLog()
        m.d.comb += [
            log.valid.eq(valid),
            log.cycle.eq(self.cycle),
            log.queue.eq(self.number),
            log.word.eq(word),
        ]

    def _issue(self, m, head, issue, copy):
        """The control of every unit but MEM."""
        forms, control = functional_formats(self._kind), self.control
        m.d.sync += control.valid.eq(issue | copy)
        word = Signal(128)
        for number, form in enumerate(forms):
            several = len(forms) > 1
            with m.If(issue & (head.form == number if several else 1)):
                if several:
                    m.d.sync += control.form.eq(number)
                for f in form.fields:
                    bits = head.bits[f.low - OPCODE_BITS :][: f.width]
                    signed = f.kind is FieldKind.SINT
                    m.d.sync += control[f.name].eq(bits.as_signed() if signed else bits)
            with m.If(control.form == number if several else Const(1)):
                m.d.comb += word[:OPCODE_BITS].eq(form.opcode)
                for f in form.fields:
                    m.d.comb += word[f.low : f.low + f.width].eq(control[f.name])
        with m.If(issue):
            m.d.sync += control.superlanes.eq(self._superlanes)
        with m.If(copy):
            self._step(m, control)
        self._log(m, "unit", control.valid, word)

    def _step(self, m, control):
        """What a copy made by REPEAT changes (architecture section 5)."""
        config = self._config
        if self._kind is QueueKind.MXM_W:
            end = control.column == config.superlanes - 1
            m.d.sync += control.column.eq(Mux(end, 0, control.column + 1))
        elif self._kind is QueueKind.MXM_A:
            with m.If((control.mode == AbcMode.KEEP) | (control.mode == AbcMode.BUFFER)):
                self._step_entry(m, control, config.activations)
        elif self._kind is QueueKind.MXM_R:
            with m.If(control.mode != AccMode.EMIT):
                self._step_entry(m, control, config.accumulators)

    def _step_entry(self, m, control, entries):
        low = control.entry[: exact_log2(entries)]
        m.d.sync += low.eq(low + 1)

    def _issue_mem(self, m, head, issue, copy):
        """The two ports of a MEM slice; returns 1 while accesses of a burst are to come.

        The host's word issues at once; it is no event of the program.
        """
        host = self.host
        fields = Mux(host.issue, self.text_word[OPCODE_BITS:DATA_BITS], head.bits)
        busy = []
        for port in ("read", "write"):
            layout = port_layout(port)
            word, fields = fields[: layout.size], fields[layout.size :]
            m.submodules[port] = unit = MemPort(port, self._config)
            access = self.control[port]
            m.d.comb += [
                unit.word.eq(word),
                unit.superlanes.eq(Mux(host.issue, host.superlane, self._superlanes)),
                unit.only.eq(host.issue),
                unit.load.eq(issue | host.issue),
                unit.copy.eq(copy),
                unit.stop.eq(self.stop | self.cause.any()),
                access.eq(unit.access),
            ]
            busy.append(unit.busy)
            self._log(m, port, access.valid & ~access.only, self._access_word(port, access))
        return Cat(busy).any()

    def _access_word(self, port, access):
        """The MEM word that does this one access (execution.md, *Events and bits*)."""
        form = FORMATS["MEM"]
        stream, indirect = access.stream, access.indirect
        values = {
            f"{port}_kind": Mux(indirect, PortKind.INDIRECT, PortKind.DIRECT),
            f"{port}_bank": access.bank,
            f"{port}_offset": Mux(indirect, 0, access.where),
            f"{port}_stream": stream,
            f"{port}_map": Mux(indirect, access.where[: len(stream)], 0),
            f"{port}_count": 1,
            f"{port}_interval": 1,
        }
        word = Const(form.opcode, OPCODE_BITS)
        for f in form.fields:
            value = values.get(f.name, 0)
            part = Const(value, f.width) if isinstance(value, int) else value
            word = Cat(word, part, Const(0, f.width - len(part)))
        return word
