"""The buffer of a queue: when the words of its text come and when they leave.

A word that is loaded is there from the start. Word j of an IFETCH that issues in t takes a place in
t + ifetch_to_buffer + j and can issue in t + ifetch_to_word + j. It leaves in the cycle before the
one in which the next word could issue.
"""

from collections.abc import Sequence
from dataclasses import replace

from tsp.arch.config import Config
from tsp.arch.errors import ErrorClass
from tsp.arch.timing import Timing
from tspc.verifier.issues import Issue
from tspc.verifier.report import Party, Problem

__all__ = ["Buffer", "check_spacing"]


class Buffer:
    """Arrivals and departures of one queue's words.

    Attributes
    ----------
    leaves
        For each word that was taken, in order, the cycle in which its place is free.
    """

    def __init__(self, config: Config, timing: Timing, loaded: int) -> None:
        self.leaves: list[int] = []
        self._size, self._pair = config.queue_words, 2 * config.superlanes
        self._timing, self._loaded = timing, loaded
        self._fetches: list[Issue] = []
        self._starts: list[int] = []  #: issue cycle of the IFETCH of each word, plus its number

    @property
    def words(self) -> int:
        """Words that are there or on their way."""
        return self._loaded + len(self._starts)

    def ready(self, word: int) -> int | None:
        """First cycle in which a word can issue; None if nothing brings it."""
        if word < self._loaded:
            return -1
        if word >= self.words:
            return None
        return self._starts[word - self._loaded] + self._timing.ifetch_to_word

    def bringer(self, word: int) -> Party | None:
        """The IFETCH of a word, if it has one."""
        return next(
            (f.party() for f in self._fetches if 0 <= word - f.first < f.copies * self._pair), None
        )

    def fetch(self, issue: Issue) -> Issue:
        """An IFETCH issues; returns it with its pairs and its first word."""
        pairs = issue.instruction["n"]
        found = replace(issue, copies=pairs, interval=self._pair, first=self.words)
        self._starts += [issue.cycle + j for j in range(pairs * self._pair)]
        self._fetches.append(found)
        return found

    def overflows(self) -> list[Problem]:
        """The first word that comes when every place is taken."""
        for number, start in enumerate(self._starts, self._loaded):
            cycle, before = start + self._timing.ifetch_to_buffer, number - self._size
            if before < 0 or (before < len(self.leaves) and self.leaves[before] <= cycle):
                continue
            party = self.bringer(number)
            assert party is not None
            return [
                Problem(
                    ErrorClass.QUEUE_OVERFLOW,
                    f"word {number} of {party.queue} comes in cycle {cycle}, "
                    f"when its buffer still holds {self._size}",
                    cycle,
                    party,
                    help="issue the IFETCH later, or let it bring fewer pairs",
                )
            ]
        return []


def check_spacing(fetches: Sequence[Issue]) -> list[Problem]:
    """Fetches that meet in the text chain of a stop."""
    found, last = [], dict[int, Issue]()
    for fetch in sorted(fetches, key=lambda f: f.cycle):
        before = last.get(fetch.queue.stop)
        last[fetch.queue.stop] = fetch
        if before is None or fetch.cycle >= before.at(before.copies):
            continue
        found.append(
            Problem(
                ErrorClass.FETCH_SPACING,
                f"the text chain of stop {fetch.queue.stop} is busy "
                f"until cycle {before.at(before.copies) - 1}",
                fetch.cycle,
                fetch.party(),
                before.party(),
                f"issue it in cycle {before.at(before.copies)} or later",
            )
        )
    return found
