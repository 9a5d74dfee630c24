"""IFETCH: text on its way from the streams of a stop into the buffer of a queue.

A fetch reads its vectors when they pass, pair by pair, and what it finds there is the text that the
queue executes: the golden model never looks at the words that the program says will come.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tsp.arch.config import LANES, Config
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import WORD_BYTES
from tsp.arch.timing import Timing
from tspc.faults import TEXT_ROW
from tspc.golden.errors import GoldenError, Party
from tspc.golden.protection import Counters
from tspc.golden.streams import Streams
from tspc.golden.vectors import Array

__all__ = ["Buffer", "Chain"]


class Buffer:
    """The text of one queue, as much of it as has arrived.

    Parameters
    ----------
    words
        What is loaded.
    size
        Places for words.

    Attributes
    ----------
    words
        All words so far.
    coming
        Words that fetches in progress have still to bring.
    """

    def __init__(self, words: tuple[int, ...], size: int) -> None:
        self.words = list(words)
        self.coming = 0
        self._size = size
        self._ready = [0] * len(words)
        self._taken: deque[int] = deque()  # when each word taken has left, if it still matters
        self._gone = 0

    def has(self, index: int, cycle: int) -> bool:
        """True if word `index` is there to issue in `cycle`."""
        return index < len(self.words) and self._ready[index] <= cycle

    def leave(self, cycle: int) -> None:
        """The next word leaves its place at the beginning of `cycle`."""
        self._taken.append(cycle)

    def arrive(self, cycle: int, ready: int, word: int, party: Party) -> None:
        """A fetched word takes its place in `cycle` and can issue in `ready`.

        Raises
        ------
        GoldenError
            *queue overflow* if there is no place.
        """
        while self._taken and self._taken[0] <= cycle:
            self._taken.popleft()
            self._gone += 1
        if len(self.words) - self._gone >= self._size:
            raise GoldenError(
                ErrorClass.QUEUE_OVERFLOW,
                f"{party} brings word {len(self.words)} in cycle {cycle}, when the buffer of "
                f"{party.queue} still holds {self._size}",
                "issue the IFETCH later, or let it bring fewer pairs",
                (party,),
            )
        self.words.append(word)
        self._ready.append(ready)
        self.coming -= 1


@dataclass
class _Fetch:
    """A fetch in progress: vectors taken so far, of ``vectors``."""

    start: int
    stream: int
    vectors: int
    buffer: Buffer
    party: Party
    first: Array | None = None
    taken: int = 0


class Chain:
    """The text chain of one stop, which all its queues share.

    Parameters
    ----------
    stop
        Where it stands.
    counters
        Where errors in text are counted.
    later
        Called with (cycle, act): act(cycle) is to be called in that cycle, behind its issues.
    """

    def __init__(
        self,
        stop: int,
        config: Config,
        timing: Timing,
        streams: Streams,
        counters: Counters,
        later: Callable[[int, Callable[[int], None]], None],
    ) -> None:
        self._counters = counters
        self._stop, self._config, self._timing = stop, config, timing
        self._streams, self._later = streams, later
        self._busy: tuple[int, Party] | None = None

    def fetch(self, cycle: int, stream: int, pairs: int, buffer: Buffer, party: Party) -> None:
        """An IFETCH issues.

        Raises
        ------
        GoldenError
            *fetch spacing* if the one before it is not over.
        """
        if self._busy is not None and cycle < self._busy[0]:
            free, other = self._busy
            raise GoldenError(
                ErrorClass.FETCH_SPACING,
                f"{party} fetches while the text chain of stop {self._stop} serves {other}",
                f"issue it in cycle {free} or later",
                (party, other),
            )
        words = 2 * self._config.superlanes * pairs
        self._busy = cycle + words, party
        buffer.coming += words
        fetch = _Fetch(cycle, stream, 2 * pairs, buffer, party)
        self._later(cycle, lambda now: self._take(now, fetch))

    def _take(self, cycle: int, fetch: _Fetch) -> None:
        """The next vector; what comes of each pair is known with the second one."""
        due = cycle + self._timing.ifetch_d_skew
        carried = self._streams.read(fetch.stream, self._stop, due, fetch.party)
        queue = self._config.queue_by_name[fetch.party.queue].index
        vector = self._counters.correct(carried, queue, TEXT_ROW)
        if vector.ndim > 1:
            raise GoldenError(
                ErrorClass.BAD_WORD,
                f"{fetch.party} fetches text that depends on the program's inputs",
                "fetch what the program's own memory image holds",
                (fetch.party,),
            )
        fetch.taken += 1
        if fetch.taken % 2:
            fetch.first = vector
            self._later(cycle + 1, lambda now: self._take(now, fetch))
            return
        assert fetch.first is not None
        self._deliver(cycle - 1, fetch, fetch.first, vector)
        if fetch.taken < fetch.vectors:
            after = cycle - 1 + 2 * self._config.superlanes
            self._later(after, lambda now: self._take(now, fetch))

    def _deliver(self, start: int, fetch: _Fetch, even: Array, odd: Array) -> None:
        rows = [v.reshape(self._config.superlanes, LANES) for v in (even, odd)]
        ordered = np.stack(rows, axis=1).reshape(-1, WORD_BYTES)
        wait = self._timing.ifetch_to_word - self._timing.ifetch_to_buffer
        for number, row in enumerate(ordered):
            word = int.from_bytes(row.tobytes(), "little")
            due = start + number + self._timing.ifetch_to_buffer

            def arrive(now: int, word: int = word) -> None:
                fetch.buffer.arrive(now, now + wait, word, fetch.party)

            self._later(due, arrive)
