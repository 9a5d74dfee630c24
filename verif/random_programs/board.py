"""Who does what when: every resource of the chip in time, with undo.

The generator places operations on a board. A placement is refused if any resource is taken, so a
program written from a board is legal by construction. Whatever belongs together is placed in one
:meth:`Board.attempt`: if a part finds no place, all of it is taken back.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from random import Random

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import LANES, STREAMS, Config, Queue, QueueKind
from tsp.arch.isa import Instruction, make
from tsp.arch.timing import timing

__all__ = ["Board", "NoPlace", "Series"]

Bytes = NDArray[np.uint8]
Place = tuple[int, int, int]

#: When a vector of which SCATTER wrote a part is whole.
NEVER = 1 << 62

#: Words kept for HALT and for NOPs that the generator adds for variety.
_SPARE = 4


def offsets_of(map_: Bytes) -> list[int]:
    """The offsets that a map names, each once."""
    words = map_.reshape(-1, LANES).astype(int)
    return sorted({int(word[0] + 256 * word[1]) for word in words})


class NoPlace(Exception):
    """A resource is taken; the attempt is undone."""


@dataclass(frozen=True)
class Series:
    """When something happens: ``cycle + i * interval`` for i < ``copies``."""

    cycle: int
    copies: int = 1
    interval: int = 1

    @property
    def cycles(self) -> range:
        """All cycles."""
        end = self.cycle + self.copies * self.interval
        return range(self.cycle, end, self.interval)

    @property
    def last(self) -> int:
        """The last cycle."""
        return self.cycle + (self.copies - 1) * self.interval

    def later(self, by: int) -> "Series":
        """The same, `by` cycles later."""
        return Series(self.cycle + by, self.copies, self.interval)


@dataclass
class _Word:
    """What a queue issues in a cycle; `fixed`: it is repeated, no port may join it."""

    fields: dict[str, int]
    name: str
    fixed: bool = False
    repeat: Instruction | None = None


class Board:
    """State of one program in the making.

    Parameters
    ----------
    config
        The configuration.
    rng
        The only source of chance.
    """

    def __init__(self, config: Config, rng: Random) -> None:
        self.config, self.rng, self.timing = config, rng, timing(config)
        self.words: dict[str, dict[int, _Word]] = defaultdict(dict)
        self.memory: dict[tuple[int, int, int], Bytes] = {}
        self.issues = 0
        self._slots: dict[str, set[int]] = defaultdict(set)
        self._cost: dict[str, int] = defaultdict(lambda: _SPARE)
        self._ports: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        self._banks: set[tuple[str, int, int]] = set()
        self._streams: dict[tuple[int, int], list[tuple[int, int, int]]] = defaultdict(list)
        self._written: dict[Place, list[int]] = defaultdict(list)
        self._maps: set[Place] = set()  # nothing may be written there
        self._text: set[Place] = set()  # nothing may be read or written there
        self._owner = 0
        self._undo: list[Callable[[], object]] = []
        self.mem = [q for q in config.queues if q.kind is QueueKind.MEM]
        self.vxm = [q for q in config.queues if q.kind is QueueKind.VXM]

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Undo everything placed inside if :class:`NoPlace` leaves it."""
        mark = len(self._undo)
        try:
            yield
        except NoPlace:
            while len(self._undo) > mark:
                self._undo.pop()()
            raise

    # ---- issue slots ---------------------------------------------------------------------

    def has_room(self, queue: Queue) -> bool:
        """The queue's buffer takes a word, and the gap before it."""
        return self._cost[queue.name] + 2 <= self.config.queue_words

    def _take(self, queue: Queue, cycles: range, cost: int) -> None:
        """Issue slots of a queue, and `cost` words of its buffer."""
        name = queue.name
        first = 1 if name == "VXM0" else self.timing.sync_release
        slots = self._slots[name]
        if cycles[0] < first or not slots.isdisjoint(cycles):
            raise NoPlace(f"{name} is busy in {cycles}")
        if self._cost[name] + cost > self.config.queue_words:
            raise NoPlace(f"{name} is full")
        self._cost[name] += cost
        slots.update(cycles)

        def undo() -> None:
            self._cost[name] -= cost
            slots.difference_update(cycles)

        self._undo.append(undo)

    def park(self, queue: Queue, cycle: int, until: int, n: int) -> None:
        """SYNC n in `cycle`, released in `until`."""
        self._take(queue, range(cycle, until), 2)
        self._put(queue, cycle, _Word({"n": n}, "SYNC", True))

    def single(self, queue: Queue, cycle: int, name: str, **fields: int) -> None:
        """One word that is not functional."""
        self._take(queue, range(cycle, cycle + 1), 2)
        self._put(queue, cycle, _Word(fields, name, True))

    def _put(self, queue: Queue, cycle: int, word: _Word) -> None:
        words = self.words[queue.name]
        words[cycle] = word
        self._undo.append(lambda: words.pop(cycle))

    def _count(self, copies: int) -> None:
        self.issues += copies

        def undo() -> None:
            self.issues -= copies

        self._undo.append(undo)

    def place(
        self,
        queue: Queue,
        when: Series,
        name: str,
        fields: dict[str, int],
        step: Callable[[int], dict[str, int]] = lambda copy: {},
    ) -> None:
        """A functional word with its copies, by REPEAT or as words of their own.

        `step` gives the fields that copy i has if it is written as a word of its own.
        """
        self._count(when.copies)
        if when.copies > 3 or (when.copies > 1 and self.rng.random() < 0.7):
            self._take(queue, range(when.cycle, when.last + 1), 3)
            repeat = make("REPEAT", n=when.copies - 1, d=when.interval)
            self._put(queue, when.cycle, _Word({**fields, **step(0)}, name, True, repeat))
            return
        for copy, cycle in enumerate(when.cycles):
            self._take(queue, range(cycle, cycle + 1), 2)
            self._put(queue, cycle, _Word({**fields, **step(copy)}, name, True))

    # ---- MEM -----------------------------------------------------------------------------

    def access(
        self, queue: Queue, port: str, when: Series, stream: int, fill: Callable[[int], Bytes]
    ) -> None:
        """Accesses of a port by burst, REPEAT or words of their own, at random addresses.

        `fill` gives what copy i reads if it is the first to need its address.
        """
        bank, fields = self._port(queue, port, when), self._run(when)
        for copy, cycle in enumerate(when.cycles):
            offset = (fields["offset"] + copy * fields["stride"]) % self.config.bank_words
            self._touch((queue.index, bank, offset), port, cycle, copy, fill)
        self._words_of_port(queue, port, when, {**fields, "bank": bank, "stream": stream})
        self._count(when.copies)

    def read_map(
        self, queue: Queue, when: Series, stream: int, draw: Callable[[], Bytes]
    ) -> list[Bytes]:
        """Reads of maps that `draw` gives, and that nothing overwrites; the map of each copy."""
        bank, fields = self._port(queue, "read", when), self._run(when)
        maps: dict[Place, Bytes] = {}
        found = []
        for copy in range(when.copies):
            offset = (fields["offset"] + copy * fields["stride"]) % self.config.bank_words
            place = queue.index, bank, offset
            if place not in maps:
                if place in self.memory or self._written[place] or place in self._text:
                    raise NoPlace(f"{place} holds something else")
                maps[place] = self.memory[place] = draw()
                self._maps.add(place)
                self._undo.append(partial(self.memory.pop, place))
                self._undo.append(partial(self._maps.discard, place))
            found.append(maps[place])
        self._words_of_port(queue, "read", when, {**fields, "bank": bank, "stream": stream})
        self._count(when.copies)
        return found

    def access_by_map(
        self,
        queue: Queue,
        port: str,
        when: Series,
        streams: tuple[int, int],
        maps: list[Bytes],
        fill: Callable[[int], Bytes],
    ) -> None:
        """GATHERs or SCATTERs; `streams`: of the data, of the map; `maps`: that of each copy."""
        bank = self._port(queue, port, when)
        for copy, (cycle, vector) in enumerate(zip(when.cycles, maps, strict=True)):
            for offset in offsets_of(vector):
                self._touch((queue.index, bank, offset), port, cycle, copy, fill, whole=False)
        fields = {"kind": 2, "bank": bank, "stream": streams[0], "map": streams[1]}
        self._words_of_port(queue, port, when, {**fields, "offset": 0, "stride": 0})
        self._count(when.copies)

    def _port(self, queue: Queue, port: str, when: Series) -> int:
        """A port of a slice and a bank, free in every cycle of `when`, taken; the bank."""
        spans = self._ports[queue.name, port]
        if any(a <= when.last and when.cycle <= b for a, b in spans):
            raise NoPlace(f"{port} port of {queue.name} is busy")
        spans.append((when.cycle, when.last))
        self._undo.append(spans.pop)
        return self._bank(queue, when)

    def _run(self, when: Series) -> dict[str, int]:
        """A random offset and a random stride."""
        words = self.config.bank_words
        stride = self.rng.choice((0, 1, 1, words - 1, self.rng.randrange(words)))
        return {"kind": 1, "offset": self.rng.randrange(words), "stride": stride}

    def _bank(self, queue: Queue, when: Series) -> int:
        """A bank that is free in every cycle of `when`, taken."""
        for bank in self.rng.sample((0, 1), 2):
            used = {(queue.name, bank, cycle) for cycle in when.cycles}
            if self._banks.isdisjoint(used):
                self._banks |= used
                self._undo.append(partial(self._banks.difference_update, used))
                return bank
        raise NoPlace(f"both banks of {queue.name} are busy")

    def _touch(
        self,
        address: Place,
        port: str,
        cycle: int,
        copy: int,
        fill: Callable[[int], Bytes],
        whole: bool = True,
    ) -> None:
        """Note a write; let a read find something: what was written before, or the image.

        A write that is not `whole` leaves a vector to be filled.
        """
        if address in self._text:
            raise NoPlace(f"{address} holds text")
        written = self._written[address]
        if port == "write":
            if address in self._maps:
                raise NoPlace(f"{address} holds a map")
            written.append(cycle if whole else NEVER)
            self._undo.append(written.pop)
        elif address not in self.memory and not any(w < cycle for w in written):
            self.memory[address] = fill(copy)
            self._undo.append(lambda: self.memory.pop(address))

    def text(self, queue: Queue, when: Series, stream: int) -> tuple[Place, ...]:
        """READs of vectors that hold text and that nothing else uses; returns their places."""
        bank, words = self._port(queue, "read", when), self.config.bank_words
        start = self.rng.randrange(words)
        places = tuple((queue.index, bank, (start + k) % words) for k in range(when.copies))
        for place in places:
            if place in self.memory or self._written[place] or place in self._text:
                raise NoPlace(f"{place} is taken")
            self._text.add(place)
            self._undo.append(partial(self._text.discard, place))
        fields = {"kind": 1, "bank": bank, "offset": start, "stream": stream, "stride": 1}
        self._words_of_port(queue, "read", when, fields)
        return places

    @property
    def slices_with_maps(self) -> set[int]:
        """Numbers of the queues whose READs bring maps, in all superlanes."""
        return {queue for queue, _, _ in self._maps}

    def _words_of_port(self, queue: Queue, port: str, when: Series, fields: dict[str, int]) -> None:
        words, size = self.words[queue.name], self.config.bank_words

        def full(offset: int, count: int, interval: int) -> dict[str, int]:
            shape = {"offset": offset, "count": count, "interval": interval}
            return {f"{port}_{k}": v for k, v in {**fields, **shape}.items()}

        style = (
            "burst" if when.copies == 1 else self.rng.choice(("burst", "burst", "repeat", "own"))
        )
        if style == "repeat":
            self._take(queue, range(when.cycle, when.last + 1), 3)
            repeat = make("REPEAT", n=when.copies - 1, d=when.interval)
            word = _Word(full(fields["offset"], 1, 1), "MEM", True, repeat)
            self._put(queue, when.cycle, word)
            return
        if style == "own" and when.copies <= 3:
            parts = [
                (cycle, full((fields["offset"] + k * fields["stride"]) % size, 1, 1))
                for k, cycle in enumerate(when.cycles)
            ]
        else:
            parts = [(when.cycle, full(fields["offset"], when.copies, when.interval))]
        for cycle, part in parts:
            word = words.get(cycle)
            if word is not None and self._joins(word, port, fields["bank"]):
                old = dict(word.fields)
                word.fields.update(part)
                self._undo.append(partial(self._restore, word, old))
            else:
                self._take(queue, range(cycle, cycle + 1), 2)
                self._put(queue, cycle, _Word(part, "MEM"))

    @staticmethod
    def _joins(word: _Word, port: str, bank: int) -> bool:
        """True if a word of the other port can take this one, too."""
        other = "write" if port == "read" else "read"
        free = not word.fixed and f"{port}_kind" not in word.fields
        return free and word.fields.get(f"{other}_bank") != bank

    @staticmethod
    def _restore(word: _Word, fields: dict[str, int]) -> None:
        word.fields.clear()
        word.fields.update(fields)

    # ---- streams -------------------------------------------------------------------------

    def owner(self) -> int:
        """A new number for what one producer drives."""
        self._owner += 1
        return self._owner

    def carry(self, stream: int, first: int, last: int, driven: Series, owner: int) -> None:
        """Keep a stream for a value from its driver's stop to the last register that is read.

        `driven`: when the driver's stop holds it. What another owner drives may neither replace
        it on its way nor be replaced.
        """
        west = stream >= STREAMS
        top = self.config.stops - 1
        a, b = (top - first, top - last) if west else (first, last)
        for cycle in driven.cycles:
            spans = self._streams[stream, cycle - a]
            if any(o != owner and x <= b and a <= y for x, y, o in spans):
                raise NoPlace(f"stream {stream} is taken")
            spans.append((a, b, owner))
            self._undo.append(spans.pop)
