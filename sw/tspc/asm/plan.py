"""When words issue: the cost of each word, and the plan that a program's text implies.

execution.md, *Queues* and *Barrier and segments*. The assembler places words with the same
function with which the disassembler reads their times back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tsp.arch.config import Config
from tsp.arch.isa import BadWord, Instruction, decode
from tsp.arch.timing import timing

__all__ = ["LONGEST_NOP", "NEVER", "Clock", "first_queue", "nops", "resolve_plan", "try_decode"]

LONGEST_NOP = (1 << 16) - 1

#: Planned cycle of a word that no NOTIFY releases.
NEVER = -1


def try_decode(word: int) -> Instruction | None:
    """The instruction, None for a bad word."""
    try:
        return decode(word)
    except BadWord:
        return None


def nops(gap: int) -> list[int]:
    """The counts of the NOPs with which the assembler fills `gap` cycles."""
    return [LONGEST_NOP] * (gap // LONGEST_NOP) + ([gap % LONGEST_NOP] if gap % LONGEST_NOP else [])


def first_queue(config: Config) -> int:
    """Number of the queue that the host's start bit releases: VXM0."""
    return config.queue_by_name["VXM0"].index


@dataclass
class Clock:
    """The time of one queue.

    Attributes
    ----------
    now
        Earliest cycle in which the next word can issue.
    last
        Cycle in which the previous word issued.
    """

    now: int
    last: int = 0

    def step(self, i: Instruction | None) -> int:
        """Issue a word as early as it can; returns its time (for REPEAT that of its word)."""
        if i is not None and i.name == "REPEAT":
            self.now = max(self.now, self.last + i["n"] * i["d"] + 1)
            return self.last
        self.last = self.now
        self.now += i["n"] if i is not None and i.name == "NOP" else 1
        return self.last


@dataclass
class _Queue:
    """A queue on its way through its text."""

    text: Sequence[int]
    clock: Clock | None  #: None: parked
    waits: int = 1  #: NOTIFYs to wait for while parked
    since: int = NEVER  #: when the SYNC issued
    plan: list[int] = field(default_factory=list)

    def run(self) -> list[int]:
        """Issue until parked or done; returns the times of its NOTIFYs."""
        found: list[int] = []
        while self.clock is not None and len(self.plan) < len(self.text):
            i = try_decode(self.text[len(self.plan)])
            time = self.clock.step(i)
            self.plan.append(time)
            if i is not None and i.name == "NOTIFY":
                found.append(time)
            elif i is not None and i.name == "SYNC":
                self.clock, self.waits, self.since = None, i["n"], time
        return found


def resolve_plan(config: Config, text: Mapping[int, Sequence[int]]) -> dict[int, tuple[int, ...]]:
    """Issue cycle of every word of every queue, counted from the first NOTIFY.

    NOTIFYs are taken in the order of their times. A NOTIFY at t counts for every SYNC that has
    issued by t + 1; the queue whose count is complete issues its next word in t + D.

    Returns
    -------
    dict
        Shaped as `text`; :data:`NEVER` for a word that no NOTIFY releases.
    """
    release = timing(config).sync_release
    first = first_queue(config)
    queues = {q: _Queue(words, Clock(0) if q == first else None) for q, words in text.items()}
    pending = sorted(t for q in queues.values() for t in q.run())
    while pending:
        time = pending.pop(0)
        for q in queues.values():
            if q.clock is None and q.since <= time + 1:
                q.waits -= 1
                if not q.waits:
                    q.clock = Clock(time + release)
                    pending = sorted([*pending, *q.run()])
    return {
        q: tuple(state.plan + [NEVER] * (len(state.text) - len(state.plan)))
        for q, state in queues.items()
    }
