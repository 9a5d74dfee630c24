"""Long text: where it lies in MEM, when it is read, and where its IFETCHes stand.

The issue times of a program stay as they are. In the gaps of a queue whose text exceeds its buffer
stand IFETCHes, each as early as the buffer has room; two MEM slices upstream that have nothing else
to do hold the text, one the first vectors of all pairs, the other the second, and read them with
one burst for each IFETCH.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tsp.arch.config import STREAMS, Config, Queue
from tsp.arch.isa import FORMATS, OPCODE_BITS, decode, make, stream_number
from tsp.arch.timing import Timing, timing
from tspc.program import Address, Program

__all__ = ["FetchError", "fetch_text"]

_MASK = (1 << OPCODE_BITS) - 1
_NOP, _REPEAT, _SYNC, _HALT = (FORMATS[n].opcode for n in ("NOP", "REPEAT", "SYNC", "HALT"))
_LONGEST = 0xFFFF  #: cycles of a NOP

#: (issue cycle, pairs of vectors) of an IFETCH
Fetch = tuple[int, int]


class FetchError(ValueError):
    """Text that cannot be fetched in time; the message says why."""


def fetch_text(
    program: Program, queue: str, slices: tuple[str, str], stream: str, bank: int = 0
) -> Program:
    """Let one queue of a program fetch what does not fit its buffer.

    Parameters
    ----------
    program
        With text that is too long; all times that it plans stay.
    queue
        Name of the queue.
    slices
        Names of two MEM slices, upstream on `stream` and without text of their own.
    stream
        Name of the stream that carries the text; it must be free there.
    bank
        The bank of both slices that holds the text, from offset 0 on.

    Returns
    -------
    Program
        The same program, without source map; `program` itself if its text fits.

    Raises
    ------
    FetchError
        If the queue has too few free cycles, or the slices cannot serve it.
    """
    config, table = program.config, timing(program.config)
    reader, sources = config.queue_by_name[queue], [config.queue_by_name[s] for s in slices]
    text = program.text[reader.index]
    if len(text) <= config.queue_words:
        return program
    busy = [q.name for q in sources if q.index in program.text]
    if busy or len(set(slices)) != 2:
        raise FetchError(f"text needs two MEM slices without text, given are {busy or slices}")
    number = stream_number(stream)
    waits = [_wait(source, reader, number, table) for source in sources]
    items = list(_items(text, program.plan[reader.index]))
    line = _Line(config, table, number, items, program.plan[reader.index][0])
    fetches = line.place(table.sync_release + max(waits))
    pairs = sum(n for _, n in fetches)
    if pairs > config.bank_words:
        raise FetchError(f"{pairs} pairs of vectors of text exceed a bank of {config.bank_words}")
    texts = {reader.index: line.emit(fetches)}
    for odd, source in enumerate(sources):
        reads = _reads(fetches, waits[odd] - odd, bank, number, config)
        texts[source.index] = _emit(reads, table.sync_release)
    return replace(
        program,
        text={**program.text, **{q: tuple(w.word for w in words) for q, words in texts.items()}},
        plan={**program.plan, **{q: tuple(w.cycle for w in words) for q, words in texts.items()}},
        fetched={**program.fetched, reader.index: _places(pairs, sources, bank)},
        source=None,
    )


def _wait(source: Queue, reader: Queue, stream: int, table: Timing) -> int:
    """Cycles from a READ to the IFETCH that takes its vector as the first of a pair."""
    hops = reader.stop - source.stop if stream < STREAMS else source.stop - reader.stop
    if hops < 1:
        raise FetchError(f"{source.name} is not upstream of {reader.name} on this stream")
    return table.mem_d_func + hops - 1 - table.ifetch_d_skew


def _places(pairs: int, sources: Sequence[Queue], bank: int) -> tuple[Address, ...]:
    return tuple((s.index, bank, offset) for offset in range(pairs) for s in sources)


# ---- words on the line of time ------------------------------------------------------------------


@dataclass(frozen=True)
class _Item:
    """Words that belong together: they issue in ``start``, the next word in ``end`` or later."""

    start: int
    end: int
    words: tuple[int, ...]


@dataclass(frozen=True)
class _Word:
    """A word of a text: planned in ``cycle``, wanted in ``wanted``, gone after ``leaves``."""

    word: int
    cycle: int
    wanted: int
    leaves: int


def _items(text: Sequence[int], plan: Sequence[int]) -> Iterator[_Item]:
    """A planned text without its NOPs."""
    for at, (word, cycle) in enumerate(zip(text, plan, strict=True)):
        opcode = word & _MASK
        if opcode in (_NOP, _REPEAT):
            continue
        after = text[at + 1] if at + 1 < len(text) else 0
        if after & _MASK == _REPEAT:
            repeat = decode(after)
            yield _Item(cycle, cycle + repeat["n"] * repeat["d"] + 1, (word, after))
        elif opcode == _SYNC and at + 1 < len(text):
            yield _Item(cycle, plan[at + 1], (word,))
        else:
            yield _Item(cycle, cycle + 1, (word,))


def _emit(items: Sequence[_Item], begin: int) -> list[_Word]:
    """Words and times; NOPs fill the gaps."""
    found, now = [], begin
    for item in items:
        while now < item.start:
            gap = min(item.start - now, _LONGEST)
            found.append(_Word(make("NOP", n=gap).encode(), now, now, now + gap - 1))
            now += gap
        found.append(_Word(item.words[0], item.start, item.start, item.start))
        for repeat in item.words[1:]:
            found.append(_Word(repeat, item.start, item.start + 1, item.end - 1))
        now = item.end
    return found


def _reads(
    fetches: Sequence[Fetch], wait: int, bank: int, stream: int, config: Config
) -> list[_Item]:
    """Text of a slice: one burst for each fetch, `wait` cycles before it, and HALT."""
    items, offset = [], 0
    for cycle, n in fetches:
        fields = {"kind": 1, "bank": bank, "offset": offset, "stream": stream, "stride": 1}
        fields |= {"count": n, "interval": 2 * config.superlanes}
        word = make("MEM", **{f"read_{name}": value for name, value in fields.items()})
        items.append(_Item(cycle - wait, cycle - wait + 1, (word.encode(),)))
        offset += n
    end = items[-1].end
    if 2 * len(items) + 1 > config.queue_words:
        raise FetchError(f"{len(items)} IFETCHes: the READs' own text exceeds its buffer")
    return [*items, _Item(end, end + 1, (_HALT,))]


class _Line:
    """The text of the queue that fetches, and the search for the places of its IFETCHes."""

    def __init__(
        self, config: Config, table: Timing, stream: int, items: Sequence[_Item], begin: int
    ) -> None:
        self._stream = stream
        self._size, self._pair = config.queue_words, 2 * config.superlanes
        self._table, self._items, self._begin = table, items, begin

    def emit(self, fetches: Sequence[Fetch]) -> list[_Word]:
        """The text with these IFETCHes."""
        more = [
            _Item(t, t + 1, (make("IFETCH", stream=self._stream, n=n).encode(),))
            for t, n in fetches
        ]
        return _emit(sorted([*self._items, *more], key=lambda i: i.start), self._begin)

    def place(self, not_before: int) -> list[Fetch]:
        """Where the IFETCHes stand, none before `not_before`; large fetches first."""
        problem = ""
        for most in range(max(1, self._size // (2 * self._pair)), 0, -1):
            try:
                return self._settle(not_before, most)
            except FetchError as error:
                problem = str(error)
        raise FetchError(problem)

    def _settle(self, not_before: int, most: int) -> list[Fetch]:
        """The words that are loaded are what is left over, so the search runs until it fits."""
        loaded, seen = self._size, set[int]()
        while loaded not in seen:
            seen.add(loaded)
            fetches = self._search(loaded, not_before, most)
            words = self.emit(fetches)
            rest = len(words) - self._pair * sum(n for _, n in fetches)
            if rest == loaded:
                self._check_dry(words, fetches, loaded)
                return fetches
            loaded = rest
        raise FetchError("no number of loaded words fits the fetches")

    def _search(self, loaded: int, not_before: int, most: int) -> list[Fetch]:
        fetches: list[Fetch] = []
        given, free = loaded, not_before
        while (missing := len(self.emit(fetches)) - given) > 0:
            n = min(most, -(-missing // self._pair))
            times = (t for gap in self._gaps(free) for t in range(*gap))
            fits = next((t for t in times if self._room(fetches, t, n, given)), None)
            if fits is None:
                raise FetchError(f"no free cycle from {free} on for an IFETCH of {n} pairs")
            fetches.append((fits, n))
            given, free = given + n * self._pair, fits + n * self._pair
        return fetches

    def _gaps(self, free: int) -> Iterator[tuple[int, int]]:
        for before, after in pairwise([_Item(self._begin, self._begin, ()), *self._items]):
            if max(before.end, free) < after.start:
                yield max(before.end, free), after.start

    def _room(self, fetches: Sequence[Fetch], cycle: int, n: int, given: int) -> bool:
        """Every word of this fetch finds a place free."""
        words = self.emit([*fetches, (cycle, n)])
        first = cycle + self._table.ifetch_to_buffer
        return all(
            given + j < self._size
            or (
                given + j - self._size < len(words)
                and words[given + j - self._size].leaves <= first + j
            )
            for j in range(n * self._pair)
        )

    def _check_dry(self, words: Sequence[_Word], fetches: Sequence[Fetch], loaded: int) -> None:
        ready = [
            cycle + j + self._table.ifetch_to_word
            for cycle, n in fetches
            for j in range(n * self._pair)
        ]
        for number, word in enumerate(words[loaded:]):
            if ready[number] > word.wanted:
                late = ready[number] - word.wanted
                raise FetchError(
                    f"word {loaded + number} is wanted in cycle {word.wanted} and comes {late} "
                    "cycles too late: the text has too few gaps before it"
                )
