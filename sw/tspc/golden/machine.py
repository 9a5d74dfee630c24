"""One run of one chip: an event-driven simulation over issues.

The heap holds what is due, by (cycle, queue); there is nothing to do in any other cycle. Entries of
the same cycle do not depend on each other's order, but for the units of a plane, whose queues are
numbered W, A, R.
"""

from collections.abc import Callable, Mapping
from functools import partial
from heapq import heappop, heappush

import numpy as np

from tsp.arch.config import SXM_UNITS, Hemisphere, Queue, QueueKind
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import FORMATS, OPCODE_BITS
from tsp.arch.timing import Timing
from tspc.faults import Fault, MemoryFault, StreamFault, check_faults
from tspc.golden.errors import GoldenError, Party
from tspc.golden.fetch import Buffer, Chain
from tspc.golden.protection import Counters, Upset
from tspc.golden.queues import Barrier, Control
from tspc.golden.record import Record
from tspc.golden.slices.mem import MemSlice
from tspc.golden.slices.mxm import Activations, Plane, Results, Weights
from tspc.golden.slices.sxm import Switch
from tspc.golden.slices.unit import Chip, Unit
from tspc.golden.slices.vxm import Alu
from tspc.golden.streams import Streams
from tspc.golden.vectors import Array
from tspc.program import Address, Program

__all__ = ["Machine"]

_HALT = FORMATS["HALT"].opcode
_OPCODE_MASK = (1 << OPCODE_BITS) - 1

#: Opcodes with which the text of VXM queue 0 may start; without NOTIFY nothing is ever released.
_FIRST = tuple(FORMATS[name].opcode for name in ("NOTIFY", "SYNC", "HALT"))

#: What an entry of the heap is, behind its cycle and queue: 0 and 1 are MEM ports.
_WORD = 2
_SETTLE = 3
_LATER = 4  #: text that arrives; behind every queue, so that who issues in its cycle has left

#: Stands for the queue in entries that are upsets.
_FAULT = -1

#: The streams are rid of the past after so many cycles.
_TIDY = 512

_MXM = {QueueKind.MXM_W: Weights, QueueKind.MXM_A: Activations, QueueKind.MXM_R: Results}
_SXM = frozenset(kind for _, kind in SXM_UNITS)


class Machine:
    """A chip with a program in its queues and an image in its memory.

    Parameters
    ----------
    program
        Text and sizes; the plan is not looked at.
    image
        Contents of MEM before the run: vectors of shape (V,) or (N, V).
    timing
        Every delay of the chip.
    deep
        Record drives, too.
    faults
        Upsets of registers and memories.

    Attributes
    ----------
    record
        What the run left in time.
    counters
        Errors found.
    done
        Cycle in which `done` rises, after :meth:`run`.

    Raises
    ------
    GoldenError
        *queue overflow* and *bad word* (text or image of a place that the configuration does not
        have) at once, all that happens in time from :meth:`run`.
    """

    def __init__(
        self,
        program: Program,
        image: Mapping[Address, Array],
        timing: Timing,
        deep: bool,
        faults: tuple[Fault, ...] = (),
    ) -> None:
        config = program.config
        self.record = Record(config, deep)
        self.done = 0
        self._timing = timing
        self._queues = config.queues
        check_faults(faults, config)
        self._faults = [fault for fault in faults if not isinstance(fault, StreamFault)]
        self._streams = Streams(config.stops, (f for f in faults if isinstance(f, StreamFault)))
        self.counters = Counters()
        chip = Chip(config, timing, self._streams, self.record, program.bound, self.counters)
        self._heap: list[tuple[int, int, int]] = []
        self._barrier = Barrier(timing.sync_release, self._wake, self._settle)
        self._slices: dict[int, MemSlice] = {}
        self._planes: dict[int, Plane] = {}
        units = self._units(chip)
        self._refuse_strangers(program, image)
        self._acts: dict[int, list[Callable[[int], None]]] = {}
        chains = [
            Chain(p, config, timing, self._streams, self.counters, self._later)
            for p in range(config.stops)
        ]
        self._first_words: dict[int, int] = {}
        self._controls = [
            Control(
                queue,
                self._buffer(program, queue),
                units.get(queue.index),
                chains[queue.stop],
                config,
                self._barrier,
                self.record,
                self.counters,
            )
            for queue in self._queues
        ]
        for (queue, bank, offset), vector in image.items():
            self._slices[queue].store.write(bank, offset, vector, config.superlanes)

    def _units(self, chip: Chip) -> dict[int, Unit]:
        units: dict[int, Unit] = {}
        planes: dict[tuple[Hemisphere | None, int], Plane] = {}
        for queue in self._queues:
            number = queue.index
            if queue.kind is QueueKind.MEM:
                self._slices[number] = MemSlice(queue, chip, partial(self._access, number))
                units[number] = self._slices[number]
            elif queue.kind is QueueKind.VXM:
                units[number] = Alu(queue, chip)
            elif queue.kind in _SXM:
                units[number] = Switch(queue, chip)
            elif queue.kind in _MXM:
                plane = planes.setdefault((queue.hemisphere, queue.unit), Plane())
                units[number] = _MXM[queue.kind](queue, chip, plane)
                if queue.kind is QueueKind.MXM_R:
                    self._planes[number] = plane
        return units

    def _buffer(self, program: Program, queue: Queue) -> Buffer:
        size, number = program.config.queue_words, queue.index
        words = program.loaded(number) if program.text.get(number) else (_HALT,)
        if len(words) > size:
            raise GoldenError(
                ErrorClass.QUEUE_OVERFLOW,
                f"{queue.name} has {len(words)} words to load, and its buffer holds {size}",
                "shorten the text with NOP, REPEAT and bursts, or fetch it from MEM",
                (Party(queue.name, 0, size, "first word too many"),),
            )
        if words:
            self._first_words[number] = words[0]
        return Buffer(words, size)

    def _refuse_strangers(self, program: Program, image: Mapping[Address, Array]) -> None:
        """Text and image of places that the configuration does not have."""
        config = program.config
        strangers = [f"text of queue {n}" for n in program.text if not 0 <= n < len(self._queues)]
        for queue, bank, offset in image:
            inside = bank in (0, 1) and 0 <= offset < config.bank_words
            if queue not in self._slices or not inside:
                strangers.append(f"a vector in queue {queue}, bank {bank}, offset {offset}")
        if strangers:
            raise GoldenError(
                ErrorClass.BAD_WORD,
                f"the program has {strangers[0]}, which {config.name} does not have",
                "use the configuration for which the program was made",
            )

    # ---- what is due ---------------------------------------------------------------------

    def _wake(self, cycle: int, queue: int) -> None:
        heappush(self._heap, (cycle, queue, _WORD))

    def _access(self, queue: int, cycle: int, port: int) -> None:
        heappush(self._heap, (cycle, queue, port))

    def _settle(self, cycle: int) -> None:
        heappush(self._heap, (cycle, len(self._queues), _SETTLE))

    def _later(self, cycle: int, act: Callable[[int], None]) -> None:
        """Let `act` be called in `cycle`, behind all that issues then."""
        if cycle not in self._acts:
            self._acts[cycle] = []
            heappush(self._heap, (cycle, len(self._queues), _LATER))
        self._acts[cycle].append(act)

    def _strike(self) -> None:
        """Upsets come before the first issue that finds them."""
        for number, fault in enumerate(self._faults):
            issue = fault.cycle
            if isinstance(fault, MemoryFault):
                issue -= fault.superlane + self._timing.mem_access
            heappush(self._heap, (issue, _FAULT, number))

    def run(self) -> None:
        """From the start bit to `done`."""
        self._start()
        self._strike()
        heap, controls, slices = self._heap, self._controls, self._slices
        tidy = _TIDY
        with np.errstate(all="ignore"):
            while heap:
                cycle, queue, what = heappop(heap)
                if cycle >= tidy:
                    self._streams.forget(cycle)
                    tidy = cycle + _TIDY
                if queue == _FAULT:
                    fault = self._faults[what]
                    if isinstance(fault, MemoryFault):
                        slices[fault.queue].upset(fault)
                    else:
                        controls[fault.queue].upset(fault)
                elif what == _WORD:
                    control = controls[queue]
                    after = control.issue(cycle)
                    if after is not None:
                        heappush(heap, (after, queue, _WORD))
                elif what == _SETTLE:
                    self._barrier.settle()
                elif what == _LATER:
                    for act in self._acts.pop(cycle):
                        act(cycle)
                else:
                    slices[queue].go_on(cycle, what)
        self._finish()

    def _start(self) -> None:
        """Park every queue as reset does, and release the one that the start bit releases."""
        first = next(q for q in self._queues if q.kind is QueueKind.VXM)
        for queue in self._queues:
            if queue is not first:
                self._barrier.park(queue.index, 1, None)
        word = self._first_words.get(first.index, _HALT)
        if word & _OPCODE_MASK not in _FIRST:
            raise GoldenError(
                ErrorClass.BAD_WORD,
                f"the first word of {first.name} is {word:#034x}; the start bit releases this "
                "queue alone, and cycle 0 is its NOTIFY",
                f"let NOTIFY be the first word of {first.name}",
                (Party(first.name, 0, 0, "first word"),),
            )
        self._wake(0, first.index)

    def _finish(self) -> None:
        for number, (_, party) in self._barrier.parked.items():
            name = self._queues[number].name
            raise GoldenError(
                ErrorClass.UNFINISHED,
                f"{party or name + ' (since reset)'} stays parked for ever: no NOTIFY releases it",
                "add the NOTIFY it waits for, or park it for fewer",
                (party,) if party else (),
            )
        halts = [c.halted for c in self._controls if c.halted is not None]
        accesses = [s.last_access for s in self._slices.values()]
        self.done = max(halts + accesses) + self._timing.done_drain

    # ---- results -------------------------------------------------------------------------

    def memory(self) -> dict[Address, Array]:
        """Every vector of MEM that was ever written or loaded; zero where it holds nothing."""
        return {
            (number, bank, offset): vector.data if isinstance(vector, Upset) else vector
            for number, unit in self._slices.items()
            for (bank, offset), vector in unit.store.vectors.items()
        }

    def partial(self) -> dict[Address, Array]:
        """Of the vectors that are not whole, which superlanes hold something (:class:`Store`)."""
        return {
            (number, bank, offset): known
            for number, unit in self._slices.items()
            for (bank, offset), known in unit.store.partial.items()
        }

    def accumulators(self) -> dict[tuple[int, int], Array]:
        """Every accumulator entry that was ever written, by (number of the R queue, entry)."""
        return {
            (number, entry): values
            for number, plane in self._planes.items()
            for entry, values in plane.sums().items()
        }
