"""The three-way comparison: schedule, golden model, RTL (architecture section 2).

The difference between any two is to be zero. If it is not, :attr:`Comparison.first` names the first
one in time, with what each of the three has there; :func:`explain` does the same for the words that
units drive on streams, from deep runs.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import WORD_BITS, Config
from tsp.arch.isa import BadWord, decode, stream_name
from tspc.engines.base import Result
from tspc.events import EVENT

__all__ = ["Comparison", "Counts", "Cycles", "compare", "describe", "explain"]

_Table = NDArray[np.void]

#: (segment, cycle, queue, superlane, what): differences are ordered by it.
_Key = tuple[int, int, int, int, int]

_EVENT, _WRITE = range(2)

#: Times of differences that are found at the end of a run only.
_AT_END = 1 << 33


@dataclass(frozen=True)
class Counts:
    """How many were compared, and how many of them differ."""

    compared: int
    different: int


@dataclass(frozen=True)
class Cycles:
    """The cycle of ``done`` in each of the three; None where it never rose."""

    scheduled: int | None
    golden: int | None
    rtl: int | None

    @property
    def equal(self) -> bool:
        """True if all three are the same cycle."""
        return self.scheduled is not None and self.scheduled == self.golden == self.rtl


@dataclass(frozen=True)
class Comparison:
    """The verdict on one run.

    Attributes
    ----------
    events
        Events of all three.
    bits
        137 for each word written to MEM in a superlane, 8 V for each vector of MEM and 32 V for
        each accumulator entry at the end.
    cycles
        When each was done.
    first
        The first difference by (time, queue, superlane), for people; None if there is none.
    """

    events: Counts
    bits: Counts
    cycles: Cycles
    first: str | None

    @property
    def equal(self) -> bool:
        """True if nothing at all differs."""
        return self.first is None

    def to_dict(self) -> dict[str, Any]:
        """For reports."""
        return {
            "cycles": vars(self.cycles),
            "events": vars(self.events),
            "bits": vars(self.bits),
            "first_difference": self.first,
        }


def compare(
    config: Config,
    schedule_events: _Table,
    schedule_done: int | None,
    golden: Result,
    rtl: Result,
) -> Comparison:
    """Compare what the schedule predicts, the golden model does and the RTL does."""
    found: list[tuple[_Key, str]] = []
    tables = {"schedule": schedule_events, "golden": golden.events, "rtl": rtl.events}
    events = _compare_events(config, tables, found)
    bits = [
        _compare_writes(config, golden.writes, rtl.writes, found),
        _compare_memory(config, golden, rtl, found),
        _compare_accumulators(config, golden, rtl, found),
    ]
    _compare_counters(config, golden, rtl, found)
    cycles = Cycles(schedule_done, golden.done, rtl.done)
    if not cycles.equal:
        text = f"done: schedule {schedule_done}, golden {golden.done}, rtl {rtl.done}"
        found.append(((_AT_END, 0, 0, 0, 0), text))
    if golden.critical != rtl.critical:
        text = f"critical error: golden {golden.critical}, rtl {rtl.critical}"
        found.append(((_AT_END, 0, 0, 0, 0), text))
    first = min(found, default=None)
    message = None if first is None else first[1]
    for name, result in (("golden", golden), ("rtl", rtl)):
        if result.stopped is not None:
            message = f"{name} stopped: {result.stopped}" + (f"\n{message}" if message else "")
    total = Counts(sum(b.compared for b in bits), sum(b.different for b in bits))
    return Comparison(events, total, cycles, message)


def explain(config: Config, golden: Result, rtl: Result) -> str | None:
    """The first word on a stream in which two deep runs differ, or None.

    Raises
    ------
    ValueError
        If one of the runs was not deep.
    """
    if golden.drives is None or rtl.drives is None:
        raise ValueError("only deep runs record what units drive on streams")
    found: list[tuple[_Key, str]] = []
    keys = ("segment", "cycle", "queue", "stream", "superlane")

    def where(record: Any) -> tuple[_Key, str]:
        queue, stream = int(record["queue"]), int(record["stream"])
        segment, cycle, superlane = (int(record[n]) for n in ("segment", "cycle", "superlane"))
        unit = config.queues[queue].name if queue < len(config.queues) else f"queue {queue}"
        text = f"{unit} on {stream_name(stream)} at superlane {superlane}, {_time(segment, cycle)}"
        return (segment, cycle, queue, superlane, stream), text

    _compare_words(golden.drives, rtl.drives, keys, where, "drives", found)
    if not found:
        return None
    key, text = min(found)
    return f"{text}\n{_latest(config, golden.events, key)}"


def describe(config: Config, queue: int, word: bytes) -> str:
    """One event for people: the queue's name and its decoded instruction."""
    name = config.queues[queue].name if queue < len(config.queues) else f"queue {queue}"
    try:
        instruction = decode(int.from_bytes(word, "little"))
    except BadWord as error:
        return f"{name}: {word[::-1].hex()} ({error})"
    fields = " ".join(f"{k}={v}" for k, v in instruction.values.items() if v)
    return f"{name}: {instruction.name} {fields}".rstrip()


# ---- events ------------------------------------------------------------------------------


def _compare_events(
    config: Config, tables: Mapping[str, _Table], found: list[tuple[_Key, str]]
) -> Counts:
    """Events that are not in all three differ; equal ones are told apart by their number."""
    raw = {name: _bytes(table) for name, table in tables.items()}
    first, *rest = tables.values()
    if all(first.tobytes() == other.tobytes() for other in rest):
        return Counts(len(first), 0)
    everything = np.concatenate(list(raw.values()))
    unique, inverse = np.unique(everything, return_inverse=True)
    counts, at = [], 0
    for one in raw.values():
        counts.append(np.bincount(inverse[at : at + len(one)], minlength=len(unique)))
        at += len(one)
    most, least = np.maximum.reduce(counts), np.minimum.reduce(counts)
    odd = unique[most != least].view(EVENT)
    moment = min((int(r["segment"]), int(r["cycle"]), int(r["queue"])) for r in odd)
    found.append(((*moment, 0, _EVENT), _show_events(config, tables, moment)))
    return Counts(int(most.sum()), int((most - least).sum()))


def _show_events(config: Config, tables: Mapping[str, _Table], moment: tuple[int, int, int]) -> str:
    segment, cycle, queue = moment
    name = config.queues[queue].name if queue < len(config.queues) else f"queue {queue}"
    lines = [f"first difference: {_time(segment, cycle)}, {name}"]
    for source, table in tables.items():
        at = (table["segment"] == segment) & (table["cycle"] == cycle) & (table["queue"] == queue)
        words = [describe(config, queue, record["word"].tobytes()) for record in table[at]]
        lines.append(f"  {source + ':':10}{'; '.join(words) or _nearest(table, moment)}")
    return "\n".join(lines)


def _nearest(table: _Table, moment: tuple[int, int, int]) -> str:
    """Nothing at this moment: say when the queue issues next."""
    segment, cycle, queue = moment
    own = table[(table["queue"] == queue) & (table["segment"] == segment)]
    later = own["cycle"][own["cycle"] > cycle]
    return "no event" + (f" (next in cycle {later.min()})" if len(later) else "")


# ---- bits --------------------------------------------------------------------------------


def _compare_writes(
    config: Config, golden: _Table, rtl: _Table, found: list[tuple[_Key, str]]
) -> Counts:
    keys = ("segment", "cycle", "queue", "bank", "offset", "superlane")

    def where(record: Any) -> tuple[_Key, str]:
        segment, cycle, queue = (int(record[n]) for n in ("segment", "cycle", "queue"))
        superlane = int(record["superlane"])
        place = _place(config, (queue, int(record["bank"]), int(record["offset"])))
        text = f"{place}, superlane {superlane}, written in {_time(segment, cycle)}"
        return (segment, cycle, queue, superlane, _WRITE), text

    return _compare_words(golden, rtl, keys, where, "writes", found)


def _compare_words(
    golden: _Table,
    rtl: _Table,
    keys: tuple[str, ...],
    where: Callable[[Any], tuple[_Key, str]],
    verb: str,
    found: list[tuple[_Key, str]],
) -> Counts:
    """Pair two records by their keys; what has no partner differs in every bit."""
    if golden.tobytes() == rtl.tobytes():
        return Counts(WORD_BITS * len(golden), 0)
    pairs: dict[Hashable, list[Any]] = {}
    for side, table in enumerate((golden, rtl)):
        seen: dict[Hashable, int] = {}
        for record in table:
            key = tuple(int(record[name]) for name in keys)
            copy = seen[key] = seen.get(key, -1) + 1  # RTL may do the same twice
            pairs.setdefault((key, copy), [None, None])[side] = record
    different = 0
    for one, other in pairs.values():
        if one is None or other is None:
            count, has = WORD_BITS, "golden" if other is None else "rtl"
            what = f"only {has} {verb} {_hex(other if one is None else one)}"
        else:
            count = int(np.bitwise_count(one["data"] ^ other["data"]).sum())
            what = f"golden {verb} {_hex(one)}, rtl {_hex(other)}"
        if count:
            different += count
            key, text = where(other if one is None else one)
            found.append((key, f"first difference: {text}: {what}"))
    return Counts(WORD_BITS * len(pairs), different)


def _compare_memory(
    config: Config, golden: Result, rtl: Result, found: list[tuple[_Key, str]]
) -> Counts:
    def show(key: tuple[int, int, int]) -> tuple[int, str]:
        return key[0], f"at the end, {_place(config, key)}"

    return _compare_vectors(golden.memory, rtl.memory, show, 8 * config.lanes, found)


def _compare_accumulators(
    config: Config, golden: Result, rtl: Result, found: list[tuple[_Key, str]]
) -> Counts:
    """RTL dumps every entry of a plane; those that golden never wrote must be zero."""
    zero = np.zeros(config.lanes, np.int32)
    keys = {key for key, value in rtl.accumulators.items() if value.any()}
    keys |= set(golden.accumulators)
    sides = [{key: r.accumulators.get(key, zero) for key in keys} for r in (golden, rtl)]

    def show(key: tuple[int, int]) -> tuple[int, str]:
        return key[0], f"at the end, {config.queues[key[0]].name} accumulator entry {key[1]}"

    return _compare_vectors(sides[0], sides[1], show, 32 * config.lanes, found)


def _compare_counters(
    config: Config, golden: Result, rtl: Result, found: list[tuple[_Key, str]]
) -> None:
    """Counters of errors."""
    for queue, superlane in set(golden.counters) | set(rtl.counters):
        one, other = (r.counters.get((queue, superlane), (0, 0)) for r in (golden, rtl))
        if one != other:
            text = f"at the end, {config.queues[queue].name} superlane {superlane}"
            what = f"(corrected, double) errors: golden {one}, rtl {other}"
            found.append(((_AT_END, 2, queue, superlane, 0), f"first difference: {text}: {what}"))


def _compare_vectors(
    golden: Mapping[Any, NDArray[Any]],
    rtl: Mapping[Any, NDArray[Any]],
    show: Callable[[Any], tuple[int, str]],
    width: int,
    found: list[tuple[_Key, str]],
) -> Counts:
    different = 0
    keys = set(golden) | set(rtl)
    for key in keys:
        one, other = golden.get(key), rtl.get(key)
        if one is None or other is None:
            count, what = width, f"only {'golden' if other is None else 'rtl'} has it"
            superlane = 0
        else:
            odd = np.flatnonzero(one != other)
            if not len(odd):
                continue
            raw = [np.ascontiguousarray(v).view(np.uint8) for v in (one, other)]
            count = int(np.bitwise_count(raw[0] ^ raw[1]).sum())
            lane = int(odd[0])
            superlane = lane // 16
            what = f"lane {lane}: golden {one[lane]}, rtl {other[lane]}"
        different += count
        queue, text = show(key)
        found.append(((_AT_END, 1, queue, superlane, 0), f"first difference: {text}: {what}"))
    return Counts(width * len(keys), different)


# ---- words for people --------------------------------------------------------------------


def _latest(config: Config, events: _Table, key: _Key) -> str:
    """The last event of a unit before something that it drove."""
    segment, cycle, queue = key[:3]
    own = events[events["queue"] == queue]
    before = (own["segment"] < segment) | ((own["segment"] == segment) & (own["cycle"] < cycle))
    lines = [f"  {_time(*_when(r))}: {describe(config, queue, r['word'].tobytes())}"
             for r in _last(own[before], 3)]  # fmt: skip
    return "latest events of this unit:\n" + ("\n".join(lines) or "  none")


def _last(table: _Table, n: int) -> Iterator[Any]:
    yield from table[-n:]


def _when(record: Any) -> tuple[int, int]:
    return int(record["segment"]), int(record["cycle"])


def _time(segment: int, cycle: int) -> str:
    return f"segment {segment} cycle {cycle}"


def _place(config: Config, address: tuple[int, int, int]) -> str:
    queue, bank, offset = address
    name = config.queues[queue].name if queue < len(config.queues) else f"queue {queue}"
    return f"{name} bank {bank} offset {offset}"


def _hex(record: Any) -> str:
    """A protected word, highest bit first."""
    return f"{int.from_bytes(record['data'].tobytes(), 'little'):035x}"


def _bytes(table: _Table) -> NDArray[np.void]:
    """Whole records as opaque values, so that they compare at once."""
    opaque = np.dtype((np.void, table.dtype.itemsize))
    return np.frombuffer(table.tobytes(), opaque)
