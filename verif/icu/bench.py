"""Runs a queue in Amaranth's simulator.

SRAM and event logs are hand-written Verilog, which that simulator cannot run; :class:`Probes`
puts stand-ins in their place: a memory that the bench fills, and logs that it reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from unittest import mock

from amaranth.hdl import ClockDomain, Const, EnableInserter, Module, ResetInserter, Signal
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out
from amaranth.sim import Simulator

from tsp.arch.config import DATA_BITS, Config
from tsp.ecc import Corrected
from tsp.icu import queue
from tsp.icu import text as text_module
from tsp.icu.predecode import Cause


class MemorySram(Component):
    """Stand-in for :class:`tsp.sram.Sram`: the same ports, contents set by the bench."""

    def __init__(self, words, width):
        address = range(words)
        super().__init__(
            {
                "place": In(32),
                "backdoor": In(3),
                "cycle": In(32),
                "rd": In(1),
                "rd_addr": In(address),
                "rd_data": Out(width),
                "wr": In(1),
                "wr_addr": In(address),
                "wr_data": In(width),
                "loaded": Out(16),
            }
        )
        self.memory = Memory(shape=width, depth=words, init=[])

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = self.memory
        read, write = self.memory.read_port(), self.memory.write_port()
        m.d.comb += [
            read.en.eq(self.rd),
            read.addr.eq(self.rd_addr),
            self.rd_data.eq(read.data),
            write.en.eq(self.wr),
            write.addr.eq(self.wr_addr),
            write.data.eq(self.wr_data),
        ]
        return m


class SilentLog(Component):
    """Stand-in for :class:`tsp.sram.EventLog`; the bench samples its inputs."""

    valid: In(1)
    cycle: In(32)
    queue: In(32)
    word: In(128)

    def elaborate(self, platform):
        m = Module()
        m.d.sync += Signal().eq(self.valid)  # so that the fragment has a user of the clock
        return m


class Probes:
    """Puts the stand-ins where a design elaborates memories, logs and gated clocks.

    Parameters
    ----------
    gate
        True: what is gated holds while its gate is closed; False: its clock always runs.
    """

    def __init__(self, gate: bool):
        self._gate = gate
        self.memories: list[MemorySram] = []
        self.logs: list[SilentLog] = []

    def _sram(self, words, width):
        self.memories.append(MemorySram(words, width))
        return self.memories[-1]

    def _log(self):
        self.logs.append(SilentLog())
        return self.logs[-1]

    def simulator(self, module) -> Simulator:
        """Elaborate `module` with the stand-ins."""
        gate = _enabled if self._gate else _always
        with (
            mock.patch.object(text_module, "Sram", self._sram),
            mock.patch.object(text_module, "correct", _uncorrected),
            mock.patch.object(text_module, "count", _uncounted),
            mock.patch.object(queue, "EventLog", self._log),
            mock.patch.object(queue, "place_gated", gate),
        ):
            return Simulator(module)


def _uncorrected(m, word, used):
    """Stand-in for :func:`tsp.ecc.correct`: the bench's words have no check bits."""
    return Corrected(word[:DATA_BITS], Const(0), Const(0))


def _uncounted(m, found, enable, **where):
    return Const(0)


def _enabled(m, name, component, enable, reset):
    m.submodules[name] = EnableInserter(enable)(ResetInserter(reset)(component))


def _always(m, name, component, enable, reset):
    m.submodules[name] = ResetInserter(reset)(component)


@dataclass
class Run:
    """What one queue did. Cycles count from the first in which it may issue."""

    events: list[tuple[int, int]] = field(default_factory=list)  #: (cycle, word)
    controls: list[tuple[int, int]] = field(default_factory=list)  #: (cycle, valid control)
    notifies: list[int] = field(default_factory=list)
    taken: list[tuple[int, int]] = field(default_factory=list)  #: (cycle, stream) of the chain
    idle: int | None = None  #: first cycle in which the queue was idle
    cause: Cause = Cause.NONE
    cause_cycle: int | None = None


class QueueBench:
    """One queue, built once, running any number of programs."""

    #: Cycles from the start pulse until the pipeline of the text is full.
    FILL = 6

    def __init__(self, kind: str, config: Config, *, gate: bool = True):
        self.config = config
        self.probes = Probes(gate)
        self.queue = queue.Queue(kind, config)
        self._domain = ClockDomain("sync")
        module = Module()
        module.domains += self._domain
        module.submodules.queue = self.queue
        self._simulator = self.probes.simulator(module)
        self._simulator.add_clock(1e-9)
        self._simulator.add_testbench(self._serve)
        self._job: tuple[Sequence[int], Sequence[int], int, int | None, int | None]
        self._job = ((), (), 0, None, None)
        self._coming: dict[int, int] = {}  #: what the chain hands over, by cycle
        self._run = Run()
        self._used = False

    def run(
        self,
        text: Sequence[int],
        *,
        cycles: int,
        releases: Sequence[int] = (0,),
        stop: int | None = None,
        boot: int | None = None,
        special: bool = True,
    ) -> Run:
        """Run `text` for `cycles` cycles after reset.

        The first `boot` words (default: all) are loaded, the others come from the chain when the
        queue takes them; in all other cycles the chain hands over noise.

        A queue that parked releases by a pulse so that it issues in each cycle of `releases`
        (0 is the first: the queue starts parked). In cycle `stop` the chip's stop is set.
        `special`: the ALU of a VXM queue has the special functions.
        """
        self._job = text, releases, cycles, stop, boot
        self._special = special
        self._run = Run()
        if self._used:
            self._simulator.reset()
        self._used = True
        self._simulator.run()
        return self._run

    async def _serve(self, ctx):
        text, releases, cycles, stop, boot = self._job
        loaded = text[:boot]
        self._coming.clear()
        (memory,) = self.probes.memories
        words = self.config.queue_words
        assert len(loaded) <= words
        for address in range(words):
            word = loaded[address] if address < len(loaded) else 0
            ctx.set(memory.memory.data[address], word)
        ctx.set(memory.loaded, len(loaded))
        ctx.set(self.queue.number, 7)
        if hasattr(self.queue, "special"):
            ctx.set(self.queue.special, self._special)
        ctx.set(self.queue.start, 1)
        await ctx.tick()
        ctx.set(self.queue.start, 0)
        await ctx.tick().repeat(self.FILL)
        # Now is cycle -1: the decision for cycle 0.
        for cycle in range(-1, cycles):
            noise = (1 << 137) // 3 + cycle
            ctx.set(self.queue.text_word, self._coming.get(cycle, noise))
            ctx.set(self.queue.release, cycle + 1 in releases)
            ctx.set(self.queue.stop, stop is not None and cycle >= stop)
            if cycle >= 0:
                self._sample(ctx, cycle)
                self._chain(ctx, cycle, text[len(loaded) :])
            await ctx.tick()

    def _chain(self, ctx, cycle, text):
        """A vector that is taken in cycle t + 1 arrives from superlane y in t + 2 + 2y."""
        if not ctx.get(self.queue.chain.valid):
            return
        self._run.taken.append((cycle, ctx.get(self.queue.chain.stream)))
        vector = len(self._run.taken) - 1
        superlanes = self.config.superlanes
        for y in range(superlanes):
            number = vector // 2 * 2 * superlanes + 2 * y + vector % 2
            assert cycle + 2 + 2 * y not in self._coming, "two words at once"
            self._coming[cycle + 2 + 2 * y] = text[number] if number < len(text) else 0

    def _sample(self, ctx, cycle):
        run, unit = self._run, self.queue
        for log in self.probes.logs:
            if ctx.get(log.valid):
                assert ctx.get(log.queue) == 7
                run.events.append((cycle, ctx.get(log.word)))
        if control := _valid_control(unit, ctx):
            run.controls.append((cycle, control))
        if ctx.get(unit.notify):
            run.notifies.append(cycle)
        if run.idle is None and ctx.get(unit.idle):
            run.idle = cycle
        if run.cause is Cause.NONE and ctx.get(unit.cause):
            run.cause, run.cause_cycle = Cause(ctx.get(unit.cause)), cycle


def _valid_control(unit, ctx):
    """The control's bits, those of a port that does nothing masked; 0 if nothing is valid."""
    if not hasattr(unit, "control"):
        return 0
    bits = ctx.get(unit.control.as_value())
    layout = unit.control.shape()
    fields = dict(iter(layout))
    if "form" in fields and not ctx.get(unit.control.form):
        bits &= ~((1 << fields["mask"].width) - 1 << fields["mask"].offset)  # SHIFT has no mask
    if "valid" in fields:
        return bits if bits & 1 else 0
    found = 0
    for _, port in layout:
        mask = (1 << port.width) - 1 << port.offset
        found |= bits & mask if bits >> port.offset & 1 else 0
    return found
