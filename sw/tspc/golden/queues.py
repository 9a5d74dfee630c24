"""Control flow: what each queue issues when, and the barrier between the queues.

A queue executes its text one word at a time; :class:`Control` is asked to issue in exactly the
cycles it named before, and names the next one. Words are decoded when they issue, as in hardware.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from tsp.arch.config import Config, Queue
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import FORMATS, OPCODE_BITS, BadWord, Instruction, config_problems
from tspc.faults import AHEAD, TEXT_ROW, TextFault
from tspc.golden.errors import GoldenError, Party
from tspc.golden.fetch import Buffer, Chain
from tspc.golden.protection import Counters
from tspc.golden.record import Record
from tspc.golden.slices.unit import Unit
from tspc.program import decoded

__all__ = ["Barrier", "Control"]

_OPCODE_MASK = (1 << OPCODE_BITS) - 1
_REPEAT = FORMATS["REPEAT"].opcode


class _Parked(NamedTuple):
    """A queue in SYNC: how many NOTIFYs it still waits for, and its SYNC."""

    remaining: int
    party: Party | None


class Barrier:
    """SYNC and NOTIFY.

    Parameters
    ----------
    release
        D: cycles from NOTIFY to the issue of every queue that it releases.
    wake
        Called with (cycle, queue) for each queue released.
    settle_at
        Called with the cycle at whose end :meth:`settle` is due.

    Attributes
    ----------
    parked
        Queues in SYNC, by number; before the first NOTIFY every queue but one.
    """

    def __init__(
        self,
        release: int,
        wake: Callable[[int, int], None],
        settle_at: Callable[[int], None],
    ) -> None:
        self._release = release
        self._wake = wake
        self._settle_at = settle_at
        self._notifies: list[Party] = []
        self.parked: dict[int, _Parked] = {}

    def park(self, queue: int, count: int, party: Party | None) -> None:
        """A SYNC issues, or (party None) reset parks the queue.

        Raises
        ------
        GoldenError
            *late to barrier*, if a NOTIFY issued 2 to D cycles before.
        """
        for notify in self._notifies[-2:] if party else ():
            assert party is not None
            if notify.cycle + 2 <= party.cycle <= notify.cycle + self._release:
                raise GoldenError(
                    ErrorClass.LATE_TO_BARRIER,
                    f"{party} parks {party.cycle - notify.cycle} cycles after {notify}; "
                    f"2 to {self._release} cycles after a NOTIFY are too late for it",
                    f"park by cycle {notify.cycle + 1}, or after {notify.cycle + self._release}",
                    (party, notify),
                )
        self.parked[queue] = _Parked(count, party)

    def notify(self, party: Party) -> None:
        """A NOTIFY issues; who is parked when the next cycle is over takes part.

        Raises
        ------
        GoldenError
            *barrier spacing*, if it is closer than D to the last one.
        """
        if self._notifies and party.cycle - self._notifies[-1].cycle < self._release:
            last = self._notifies[-1]
            raise GoldenError(
                ErrorClass.BARRIER_SPACING,
                f"{party} issues {party.cycle - last.cycle} cycles after {last}; "
                f"{self._release} are needed",
                f"issue it in cycle {last.cycle + self._release} or later",
                (party, last),
            )
        self._notifies.append(party)
        self._settle_at(party.cycle + 1)

    def settle(self) -> None:
        """Release who was parked by the cycle after the last NOTIFY."""
        start = self._notifies[-1].cycle
        for queue, (remaining, party) in list(self.parked.items()):
            if remaining == 1:
                del self.parked[queue]
                self._wake(start + self._release, queue)
            else:
                self.parked[queue] = _Parked(remaining - 1, party)


@dataclass
class _Repeat:
    """Copies of a word that are still to issue."""

    operation: Any
    what: str
    word: int  #: index of the repeated word
    copy: int
    count: int
    interval: int


class Control:
    """One queue.

    Parameters
    ----------
    queue, buffer
        Which, and its words.
    unit
        What it commands; None if that is not built (every functional word is a bad word).
    chain
        The text chain of its stop.
    config, barrier, record, counters
        Surroundings.

    Attributes
    ----------
    halted
        Issue cycle of its HALT, or None.
    """

    def __init__(
        self,
        queue: Queue,
        buffer: Buffer,
        unit: Unit | None,
        chain: Chain,
        config: Config,
        barrier: Barrier,
        record: Record,
        counters: Counters,
    ) -> None:
        self.queue = queue
        self._counters = counters
        self.halted: int | None = None
        self._buffer = buffer
        self._chain = chain
        self._unit = unit
        self._config = config
        self._barrier = barrier
        self._record = record
        self._next = 0
        self._repeat: _Repeat | None = None
        self._known: dict[int, tuple[Instruction, Any]] = {}

    def upset(self, fault: TextFault) -> None:
        """Flip bits of a word that is yet to be read, and let its corrector find it."""
        if not self._next + AHEAD <= fault.word < len(self._buffer.words):
            raise ValueError(f"{fault} strikes what {self.queue.name} has read or does not hold")
        left = self._counters.word(fault.flips, self.queue.index, TEXT_ROW)
        self._buffer.words[fault.word] ^= left

    def issue(self, cycle: int) -> int | None:
        """Issue what is due; the cycle of the next issue, None if halted or parked."""
        if self._repeat is not None:
            return self._issue_copy(cycle, self._repeat)
        index = self._next
        if not self._buffer.has(index, cycle):
            raise self._dry(cycle)
        self._next += 1
        instruction, operation = self._decoded(index, cycle)
        if instruction.format.functional:
            self._buffer.leave(cycle)
            return self._issue_functional(cycle, index, instruction, operation)
        after = self._issue_control(cycle, index, instruction)
        self._buffer.leave(cycle if after is None else after - 1)
        return after

    # ---- words ---------------------------------------------------------------------------

    def _decoded(self, index: int, cycle: int) -> tuple[Instruction, Any]:
        word = self._buffer.words[index]
        found = self._known.get(word)
        if found is not None:
            return found
        try:
            instruction = decoded(word)
            problems = config_problems(instruction, self._config, self.queue)
        except BadWord as error:
            problems = [str(error)]
        if problems:
            raise self._bad(index, cycle, f"{word:#034x}", "; ".join(problems))
        functional = instruction.format.functional
        operation = self._unit.prepare(instruction) if functional and self._unit else None
        self._known[word] = instruction, operation
        return instruction, operation

    def _bad(self, index: int, cycle: int, what: str, why: str) -> GoldenError:
        party = Party(self.queue.name, cycle, index, what)
        return GoldenError(
            ErrorClass.BAD_WORD,
            f"{party}: {why}",
            "encode a word that this queue executes",
            (party,),
        )

    def _dry(self, cycle: int) -> GoldenError:
        index, words = self._next, len(self._buffer.words)
        party = Party(self.queue.name, cycle, index - 1, "the word before")
        if index < words or self._buffer.coming:
            why, remedy = f"IFETCH brings word {index} too late", "issue its IFETCH earlier"
        else:
            why = f"its text of {words} words ended with word {index - 1}"
            remedy = "end the text with HALT, or fetch more of it"
        return GoldenError(
            ErrorClass.QUEUE_DRY,
            f"{self.queue.name} has no word to issue in cycle {cycle}: {why}",
            remedy,
            (party,),
        )

    # ---- issue ---------------------------------------------------------------------------

    def _issue_functional(
        self, cycle: int, index: int, instruction: Instruction, operation: Any
    ) -> int:
        assert self._unit is not None
        self._unit.issue(
            cycle, operation, 0, Party(self.queue.name, cycle, index, instruction.name)
        )
        if instruction.has_burst or not self._buffer.has(self._next, cycle + 1):
            return cycle + 1
        if self._buffer.words[self._next] & _OPCODE_MASK != _REPEAT:
            return cycle + 1
        repeat, _ = self._decoded(self._next, cycle)
        self._next += 1
        self._buffer.leave(cycle + repeat["n"] * repeat["d"])
        self._repeat = _Repeat(operation, instruction.name, index, 1, repeat["n"], repeat["d"])
        return cycle + repeat["d"]

    def _issue_copy(self, cycle: int, repeat: _Repeat) -> int:
        assert self._unit is not None
        party = Party(self.queue.name, cycle, repeat.word, f"{repeat.what} copy {repeat.copy}")
        self._unit.issue(cycle, repeat.operation, repeat.copy, party)
        if repeat.copy == repeat.count:
            self._repeat = None
            return cycle + 1
        repeat.copy += 1
        return cycle + repeat.interval

    def _issue_control(self, cycle: int, index: int, instruction: Instruction) -> int | None:
        name = instruction.name
        party = Party(self.queue.name, cycle, index, name)
        if name == "NOP":
            return cycle + instruction["n"]
        if name == "REPEAT":
            why = "REPEAT directly follows a functional word without burst, nothing else"
            raise self._bad(index, cycle, name, why)
        self._record.event(cycle, self.queue.index, self._buffer.words[index])
        if name == "NOTIFY":
            self._record.notifies.append(cycle)
            self._barrier.notify(party)
            return cycle + 1
        if name == "CONFIG":
            if self._unit is not None:
                self._unit.limit = instruction["n"]
            return cycle + 1
        if name == "IFETCH":
            stream, pairs = instruction["stream"], instruction["n"]
            self._chain.fetch(cycle, stream, pairs, self._buffer, party)
            return cycle + 1
        if name == "SYNC":
            self._barrier.park(self.queue.index, instruction["n"], party)
            return None
        assert name == "HALT"
        self.halted = cycle
        rest = len(self._buffer.words) + self._buffer.coming - self._next
        if rest:
            raise GoldenError(
                ErrorClass.UNFINISHED,
                f"{party} ends the queue, but {rest} words follow",
                "let HALT be the last word",
                (party,),
            )
        return None
