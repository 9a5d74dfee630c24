"""What the verifier found: problems with both parties and the cycle, and remarks."""

import json
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from tsp.arch.errors import ErrorClass

__all__ = ["Party", "Problem", "Remark", "Report"]

#: ``str(report)`` shows this many problems; the rest is counted.
SHOWN = 20


@dataclass(frozen=True)
class Party:
    """One word that takes part in a problem.

    Attributes
    ----------
    queue
        Name of the queue.
    word
        Index of the word in the queue's text; -1: the state after reset or the loader's HALT.
    cycle
        Issue cycle of the copy or access concerned, counted from the first NOTIFY; None if the
        word never issues.
    text
        The word, disassembled.
    line
        Line of the source, if the program has one.
    """

    queue: str
    word: int
    cycle: int | None
    text: str
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.queue} word {self.word}" if self.word >= 0 else self.queue
        when = "" if self.cycle is None else f" at {self.cycle}"
        line = "" if self.line is None else f" (line {self.line})"
        return f"{place}{when}{line}: {self.text}"


@dataclass(frozen=True)
class Problem:
    """A rule of execution.md that the program breaks.

    Attributes
    ----------
    error_class
        Which rule.
    message
        What happens, in one line.
    cycle
        When it first happens, counted from the first NOTIFY.
    party
        The word that breaks the rule.
    other
        The word it collides with or misses; None if there is no such word.
    help
        What to change.
    count
        How often it happens between these two words (REPEAT and bursts).
    """

    error_class: ErrorClass
    message: str
    cycle: int
    party: Party
    other: Party | None = None
    help: str = ""
    count: int = 1

    def __str__(self) -> str:
        times = f" ({self.count} times, first here)" if self.count > 1 else ""
        lines = [f"error[{self.error_class.value}] in cycle {self.cycle}: {self.message}{times}"]
        lines += [f"  {p}" for p in (self.party, self.other) if p is not None]
        if self.help:
            lines.append(f"  help: {self.help}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Remark:
    """Something legal that its author may not have meant."""

    message: str
    cycle: int
    party: Party
    count: int = 1

    def __str__(self) -> str:
        times = f" ({self.count} times, first here)" if self.count > 1 else ""
        return f"warning in cycle {self.cycle}: {self.message}{times}\n  {self.party}"


@dataclass(frozen=True)
class Report:
    """Result of one verification.

    Attributes
    ----------
    program
        Name of the program.
    problems
        What is illegal, in order of time; empty: the program is proved legal.
    warnings
        What is legal and odd.
    notifies
        Issue cycle of every NOTIFY, the first one being 0.
    issues
        Number of functional events: each REPEAT copy and each access of a MEM port counts.
    busy
        Number of queues that issue at least one of them.
    done
        Cycle in which ``done`` rises.
    """

    program: str
    problems: tuple[Problem, ...]
    warnings: tuple[Remark, ...] = ()
    notifies: tuple[int, ...] = (0,)
    issues: int = 0
    busy: int = 0
    done: int = 0
    classes: frozenset[ErrorClass] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", frozenset(p.error_class for p in self.problems))

    @property
    def ok(self) -> bool:
        """True if nothing is illegal."""
        return not self.problems

    def segment(self, cycle: int) -> tuple[int, int]:
        """(segment, cycle since its NOTIFY) of a cycle counted from the first NOTIFY."""
        number = max(0, bisect_right(self.notifies, cycle) - 1)
        start = self.notifies[number] if self.notifies else 0
        return number, cycle - start

    def to_dict(self) -> dict[str, object]:
        """The report as JSON can hold it."""

        def place(party: Party | None) -> dict[str, object] | None:
            return None if party is None else dict(vars(party))

        def when(cycle: int) -> dict[str, object]:
            number, since = self.segment(cycle)
            return {"cycle": cycle, "segment": number, "segment_cycle": since}

        return {
            "ok": self.ok,
            "program": self.program,
            "issues": self.issues,
            "busy": self.busy,
            "done": self.done,
            "problems": [
                {
                    "class": p.error_class.value,
                    "message": p.message,
                    **when(p.cycle),
                    "party": place(p.party),
                    "other": place(p.other),
                    "help": p.help,
                    "count": p.count,
                }
                for p in self.problems
            ],
            "warnings": [
                {
                    "message": w.message,
                    **when(w.cycle),
                    "party": place(w.party),
                    "count": w.count,
                }
                for w in self.warnings
            ],
        }

    def to_json(self) -> str:
        """The report as JSON text."""
        return json.dumps(self.to_dict(), indent=2)

    def __str__(self) -> str:
        def some(found: Iterable[Problem | Remark]) -> list[str]:
            texts = [str(f) for f in found]
            more = [f"... and {len(texts) - SHOWN} more"] if len(texts) > SHOWN else []
            return texts[:SHOWN] + more

        if self.ok:
            head = f"{self.program}: legal; {self.issues} functional issues in {self.busy} queues"
            return "\n".join([f"{head}, done in cycle {self.done}", *some(self.warnings)])
        head = f"{self.program}: {len(self.problems)} problems"
        return "\n".join([head, *some(self.problems), *some(self.warnings)])
