"""The stops of the ICU strip, and the unit at its east end that says that the program is done.

    idle, NOTIFY, cause, host's answers  ->  stop 0  ->  ... ->  stop P-1  ->  ChipStatus, HostPort
          NOTIFY, cause, host's messages <-          <-  ... <-

Everything on the strip passes one register a stop; no net spans the chip.
"""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out
from amaranth.utils import bits_for

from tsp.arch.config import WORD_BITS, Config, QueueKind
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import ALUS_OF_STOP
from tsp.host import messages as host
from tsp.icu.barrier import BarrierNode, message_layout
from tsp.icu.chain import chain_layout
from tsp.icu.predecode import Cause
from tsp.icu.queue import Queue, queue_control_layout
from tsp.sram import EventLog

__all__ = ["ChipStatus", "IcuStop", "STOP_KINDS", "cause_code", "eastward_layout"]
__all__ += ["stop_kind", "stop_queues", "westward_layout"]

#: Kinds of stop, from the edge of the chip to its middle.
STOP_KINDS = ("mxm", "c2c", "sxm", "mem", "vxm")

_QUEUE_OF_DONE = 0xFFFF_FFFF


def stop_kind(config: Config, stop: int) -> str:
    """Which of :data:`STOP_KINDS` stands at stop 0 .. P-1."""
    return stop_queues(config, stop)[0].kind.value.partition("_")[0]


def stop_queues(config: Config, stop: int):
    """The queues of a stop, in the order of the stop's control ports."""
    return [q for q in config.queues if q.stop == stop]


def eastward_layout(config: Config) -> data.StructLayout:
    """What a stop hands to the east.

    NOTIFY, cause, whether all so far are ``idle``, whether one of them is ``critical``, whether one
    has ``answered`` the host, and that one's counters of ``errors``.
    """
    own = {"cause": 2, "idle": 1, "critical": 1, "answered": 1, "errors": 32}
    return data.StructLayout({"notify": message_layout(config), **own})


def westward_layout(config: Config) -> data.StructLayout:
    """What a stop hands to the west: NOTIFY, cause and the host's message."""
    members = {"notify": message_layout(config), "cause": 2, "host": host.message_layout()}
    return data.StructLayout(members)


class IcuStop(Component):
    """The queues of one stop, its node of the barrier, and its part of start, stop and done.

    Parameters
    ----------
    kind
        One of :data:`STOP_KINDS`.
    config
        The configuration.
    library
        Where the queues are placed.

    Members
    -------
    position : In
        The stop's number, 0 .. P-1; stable.
    place : In(8)
        Number of the stop's first queue; stable.
    backdoor : In(3)
        Simulation's back door.
    from_west, to_east : eastward_layout(config)
        From and to the neighbours. At the west end: ``idle`` = 1, else 0.
    from_east, to_west : westward_layout(config)
        From and to the neighbours. At the east end: the host's messages, else 0.
    chain : Out(chain_layout())
        Control of the stop's text chain: at most one queue fetches at a time.
    text_word : In(WORD_BITS)
        What the chain's superlane 0 hands to the queues.
    control0, control1, ... : Out
        The control of each queue of :func:`stop_queues`; absent for a kind that issues none yet.
    """

    NEEDS_LIBRARY = True

    def __init__(self, kind: str, config: Config, *, library):
        stop = next(p for p in range(config.stops) if stop_kind(config, p) == kind)
        self._kinds = [q.kind for q in stop_queues(config, stop)]
        self._first_vxm = config.vxm_stop(0) if kind == "vxm" else None
        self._config, self._library = config, library
        layouts = [queue_control_layout(k, config) for k in self._kinds]
        super().__init__(
            {
                "position": In(bits_for(config.stops - 1)),
                "place": In(8),
                "backdoor": In(3),
                "from_west": In(eastward_layout(config)),
                "to_east": Out(eastward_layout(config)),
                "from_east": In(westward_layout(config)),
                "to_west": Out(westward_layout(config)),
                "chain": Out(chain_layout()),
                "text_word": In(WORD_BITS),
                **{f"control{k}": Out(x) for k, x in enumerate(layouts) if x is not None},
            }
        )

    def elaborate(self, platform):
        m = Module()
        cycle = Signal(32)
        m.d.sync += cycle.eq(cycle + 1)
        queues = []
        for k, kind in enumerate(self._kinds):
            queue = self._library.place(Queue, kind.value, self._config)
            m.submodules[f"queue{k}"] = queue
            queues.append(queue)
            m.d.comb += [
                queue.number.eq(self.place + k),
                queue.backdoor.eq(self.backdoor),
                queue.cycle.eq(cycle),
            ]
            if kind is QueueKind.VXM:
                m.d.comb += queue.special.eq(k % ALUS_OF_STOP == 0)
            if hasattr(queue, "control"):
                m.d.comb += getattr(self, f"control{k}").eq(queue.control)
        self._chain(m, queues)
        self._host(m, queues)
        self._start(m, queues)
        self._stop(m, queues)
        self._barrier(m, queues)
        self._done(m, queues)
        critical = Cat(self.from_west.critical, *(q.critical for q in queues))
        m.d.sync += self.to_east.critical.eq(critical.any())
        return m

    def _chain(self, m, queues):
        """The chain serves the queue that fetches; the others' control is not valid."""
        for queue in queues:
            with m.If(queue.chain.valid):
                m.d.comb += self.chain.eq(queue.chain)

    def _host(self, m, queues):
        """The host's messages go west; the queue that one names does what it says, and answers."""
        message, here = self.to_west.host, Signal(len(queues))
        m.d.sync += message.valid.eq(self.from_east.host.valid)
        with m.If(self.from_east.host.valid):
            m.d.sync += message.eq(self.from_east.host)
        word = Signal(WORD_BITS)  # one for all queues
        m.d.comb += word.eq(Mux(message.valid, message.word, self.text_word))
        for k, queue in enumerate(queues):
            named = message.valid & (message.queue == queue.number)
            m.d.comb += [
                here[k].eq(named & (message.kind != host.Kind.START)),
                queue.host.clear.eq(here[k] & (message.kind == host.Kind.CLEAR)),
                queue.host.text.eq(here[k] & (message.kind == host.Kind.TEXT)),
                queue.host.issue.eq(here[k] & (message.kind == host.Kind.ISSUE)),
                queue.host.superlane.eq(message.superlane),
                queue.text_word.eq(word),
            ]
        m.d.sync += self.to_east.answered.eq(self.from_west.answered | here.any())
        with m.If(self.from_west.answered):
            m.d.sync += self.to_east.errors.eq(self.from_west.errors)
        for k, queue in enumerate(queues):
            with m.If(here[k]):
                m.d.sync += self.to_east.errors.eq(queue.errors)

    def _start(self, m, queues):
        """The host's START releases the first VXM queue of the chip alone."""
        message, begun, start = self.to_west.host, Signal(), Signal()
        m.d.comb += start.eq(message.valid & (message.kind == host.Kind.START) & ~begun)
        with m.If(start):
            m.d.sync += begun.eq(1)
        with m.If(Cat(queue.host.clear for queue in queues).any()):
            m.d.sync += begun.eq(0)  # loaded anew, it begins anew
        m.d.comb += [q.start.eq(start) for q in queues]
        if self._first_vxm is not None:
            m.d.comb += queues[0].first.eq(self.position == self._first_vxm)

    def _stop(self, m, queues):
        """The first cause that is met stays, spreads both ways, and ends issue."""
        cause = Signal(2)
        own = Const(0, 2)
        for queue in reversed(queues):
            own = Mux(queue.cause.any(), queue.cause, own)
        with m.If(~cause.any()):
            for source in (self.from_east.cause, self.from_west.cause, own):
                with m.If(source.any()):
                    m.d.sync += cause.eq(source)
        m.d.comb += [self.to_east.cause.eq(cause), self.to_west.cause.eq(cause)]
        m.d.comb += [q.stop.eq(cause.any()) for q in queues]

    def _barrier(self, m, queues):
        m.submodules.barrier = node = BarrierNode(self._config)
        m.d.comb += [
            node.notify.eq(Cat(q.notify for q in queues).any()),
            node.from_west.eq(self.from_west.notify),
            node.from_east.eq(self.from_east.notify),
            self.to_east.notify.eq(node.to_east),
            self.to_west.notify.eq(node.to_west),
        ]
        m.d.comb += [q.release.eq(node.release) for q in queues]

    def _done(self, m, queues):
        """Stop p waits p cycles: the east end learns of each stop's end after the same time."""
        waited = Signal(len(self.position))
        ready = Signal()
        with m.If(Cat(q.idle for q in queues).all()):
            m.d.comb += ready.eq(waited == self.position)
            with m.If(~ready):
                m.d.sync += waited.eq(waited + 1)
        with m.Else():
            m.d.sync += waited.eq(0)
        m.d.sync += self.to_east.idle.eq(self.from_west.idle & ready)


def cause_code(cause: Cause) -> int:
    """The chip's ``cause``: 1 + position in :class:`~tsp.arch.errors.ErrorClass`, or 0."""
    return 1 + list(ErrorClass).index(ErrorClass[cause.name]) if cause else 0


class ChipStatus(Component):
    """East end of the strip: says when the pipelines are drained, and why the chip stopped.

    Members
    -------
    from_west : In(eastward_layout(config))
        What the last stop hands on.
    critical_above, critical_host : In(1)
        ``critical`` of the superlanes and of the host port.
    done : Out(1)
        All queues have halted and every pipeline has drained; rises P + 3T + 16 cycles after the
        last HALT or burst access, and stays until a queue is loaded anew.
    stopped : Out(1)
        A queue could not go on; issue has ended or will within P cycles.
    cause : Out(5)
        :func:`cause_code` of what stopped the chip, or 0.
    critical : Out(1)
        Something met an error that does not stop the chip, since reset.
    """

    def __init__(self, config: Config):
        self._config = config
        super().__init__(
            {
                "from_west": In(eastward_layout(config)),
                "critical_above": In(1),
                "critical_host": In(1),
                "done": Out(1),
                "stopped": Out(1),
                "cause": Out(bits_for(len(ErrorClass))),
                "critical": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        sources = self.critical, self.critical_above, self.critical_host, self.from_west.critical
        m.d.sync += self.critical.eq(Cat(sources).any())
        # Data needs up to 2T + 6 cycles through a plane and T to the north; the rest is room.
        drain = 3 * self._config.superlanes + 15
        cycle, waited, rises = Signal(32), Signal(range(drain + 1)), Signal()
        m.d.sync += [cycle.eq(cycle + 1), rises.eq(0)]
        with m.If(self.from_west.idle & ~self.done):
            m.d.sync += waited.eq(waited + 1)
            with m.If(waited == drain):
                m.d.sync += [self.done.eq(1), rises.eq(1)]
        with m.If(~self.from_west.idle):
            m.d.sync += [self.done.eq(0), waited.eq(0)]
        with m.If(~self.stopped & self.from_west.cause.any()):
            m.d.sync += self.stopped.eq(1)
            with m.Switch(self.from_west.cause):
                for cause in Cause:
                    with m.Case(cause):
                        m.d.sync += self.cause.eq(cause_code(cause))
        m.submodules.log = log = EventLog()
        m.d.comb += [
            log.valid.eq(rises),
            log.cycle.eq(cycle),
            log.queue.eq(_QUEUE_OF_DONE),
        ]
        return m
