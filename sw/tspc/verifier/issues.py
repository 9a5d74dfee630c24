"""What a program issues: the common currency of all checks."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tsp.arch.config import Queue
from tsp.arch.isa import Instruction
from tspc.verifier.describe import describe
from tspc.verifier.report import Party, Problem, Remark

__all__ = ["Expansion", "Issue", "ports"]


@dataclass(frozen=True)
class Issue:
    """A word with all the times in which it acts: ``cycle + i * interval``, i < ``copies``.

    A MEM word is one issue for each port that acts, because their bursts are their own. An IFETCH
    acts once for each pair of vectors; ``first`` is the number of the first word that it brings.
    It acts in the first ``limit`` superlanes.
    """

    queue: Queue
    word: int
    instruction: Instruction
    cycle: int
    copies: int = 1
    interval: int = 1
    port: str = ""
    line: int | None = None
    first: int = 0
    limit: int = 0

    @property
    def last(self) -> int:
        """Cycle of the last copy or access."""
        return self.cycle + (self.copies - 1) * self.interval

    def at(self, copy: int) -> int:
        """Cycle of a copy or access."""
        return self.cycle + copy * self.interval

    def party(self, copy: int = 0) -> Party:
        """This word as a party of a problem that copy `copy` has."""
        text = describe(self.instruction, self.port)
        if self.copies > 1:
            text += f" ({copy + 1} of {self.copies})"
        return Party(self.queue.name, self.word, self.at(copy), text, self.line)


@dataclass
class Expansion:
    """All issues of a program.

    Attributes
    ----------
    issues
        Functional issues.
    notifies
        Every NOTIFY in order of time.
    fetches
        Every IFETCH; its copies are the pairs that it takes.
    problems, warnings
        What is wrong with words, queues and barriers.
    end
        The last cycle in which a queue halts or a copy or access issues.
    """

    issues: list[Issue] = field(default_factory=list)
    notifies: list[Issue] = field(default_factory=list)
    fetches: list[Issue] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)
    end: int = 0


def ports(issue: Issue) -> Iterator[Issue]:
    """A MEM word as one issue for each port; every other word as it is."""
    i = issue.instruction
    if i.name != "MEM":
        yield issue
        return
    for port in ("read", "write"):
        if i[f"{port}_kind"]:
            count, interval = i[f"{port}_count"], i[f"{port}_interval"]
            interval = interval if count > 1 else 1
            yield replace(issue, copies=count, interval=interval, port=port)
