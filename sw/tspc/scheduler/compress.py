"""Writes timed issues as queue text: bursts, REPEAT and NOP, as few words as they allow.

A queue's buffer is small, so every regular repetition has to become a burst (MEM) or a REPEAT. What
comes out issues exactly what went in, in the same cycles; :class:`TextError` if it cannot.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tsp.arch.config import Config, Queue
from tsp.arch.isa import AbcMode, AccMode, Instruction, PortKind, make
from tspc.scheduler.tables import Access

__all__ = ["Text", "TextError", "compress", "compress_memory"]

_LONGEST = (1 << 16) - 1  #: of NOP and REPEAT
_PORTS = ("read", "write")


class TextError(Exception):
    """Issues that no text of a queue can make."""


@dataclass(frozen=True)
class Text:
    """Words of one queue and the cycle in which each issues (NOP and REPEAT: see Program.plan)."""

    words: tuple[Instruction, ...]
    plan: tuple[int, ...]


@dataclass(frozen=True)
class _Run:
    """One word, at `start`, that covers issues up to cycle `last`; maybe with a REPEAT."""

    start: int
    last: int
    word: Instruction
    repeat: Instruction | None = None


def compress(
    config: Config, queue: Queue, issues: Sequence[tuple[int, Instruction]], begin: int
) -> Text:
    """Text of a queue other than MEM's.

    Parameters
    ----------
    config, queue
        Where the text is to run.
    issues
        (cycle, instruction), any order.
    begin
        Cycle in which the queue's first word issues.
    """
    timed = sorted(issues, key=lambda i: i[0])
    lengths = _lengths(
        [t for t, _ in timed],
        lambda i: timed[i + 1][1] == _stepped(timed[i][1], config),
        _LONGEST,
        _LONGEST + 1,
    )
    runs = []
    for i, n in _cover(lengths, cost_of_run=2):
        start, word = timed[i]
        if n == 1:
            runs.append(_Run(start, start, word))
            continue
        d = timed[i + 1][0] - start
        runs.append(_Run(start, start + (n - 1) * d, word, make("REPEAT", n=n - 1, d=d)))
    return _text(queue, runs, begin)


def compress_memory(
    config: Config, queue: Queue, accesses: Sequence[tuple[Access, int]], begin: int
) -> Text:
    """Text of a MEM queue: its accesses with their streams."""
    found: dict[int, list[dict[str, int]]] = {}
    for port, name in enumerate(_PORTS):
        for start, fields in _bursts(config, accesses, port):
            found.setdefault(start, []).append({f"{name}_{k}": v for k, v in fields.items()})
    runs = []
    for start in sorted(found):
        merged: dict[str, int] = {}
        for fields in found[start]:
            merged |= fields
        runs.append(_Run(start, start, make("MEM", **merged)))
    return _text(queue, runs, begin)


# ---- runs ----------------------------------------------------------------------------------


def _lengths(
    times: Sequence[int], follows: Callable[[int], bool], longest_interval: int, longest: int
) -> list[int]:
    """For each issue the length of the longest regular run that it begins."""
    lengths = [1] * len(times)
    for i in reversed(range(len(times) - 1)):
        d = times[i + 1] - times[i]
        if d < 1:
            raise TextError(f"two words issue in cycle {times[i]}")
        if d > longest_interval or not follows(i):
            continue
        goes_on = i + 2 < len(times) and lengths[i + 1] > 1 and times[i + 2] - times[i + 1] == d
        lengths[i] = min(1 + lengths[i + 1], longest) if goes_on else 2
    return lengths


def _cover(lengths: Sequence[int], cost_of_run: int) -> list[tuple[int, int]]:
    """Cut issues into runs (first, length) that need the fewest words, NOPs included."""
    count = len(lengths)
    best = [0] * (count + 1)
    take = [1] * count
    for i in reversed(range(count)):
        best[i] = 2 + best[i + 1]
        for n in {lengths[i], lengths[i] - 1}:
            if n > 1 and cost_of_run + 1 + best[i + n] < best[i]:
                best[i], take[i] = cost_of_run + 1 + best[i + n], n
    found, i = [], 0
    while i < count:
        found.append((i, take[i]))
        i += take[i]
    return found


def _stepped(i: Instruction, config: Config) -> Instruction:
    """What REPEAT issues after `i` (architecture section 5)."""
    if i.name == "LW":
        return i.replace(column=(i["column"] + 1) % config.superlanes)
    if i.name == "ACC" and i["mode"] != AccMode.EMIT:
        return i.replace(entry=(i["entry"] + 1) % config.accumulators)
    if i.name == "MXM" and i["mode"] in (AbcMode.KEEP, AbcMode.BUFFER):
        return i.replace(entry=(i["entry"] + 1) % config.activations)
    return i


def _bursts(
    config: Config, accesses: Sequence[tuple[Access, int]], port: int
) -> list[tuple[int, dict[str, int]]]:
    """Bursts of one port: (cycle, fields of the word without the port's name)."""
    words = config.bank_words
    single = sorted(
        (t, a.bank, (a.offset + i * a.stride) % words, stream)
        for a, stream in accesses
        if a.port == port
        for i, t in enumerate(a.burst.times)
    )
    strides = [(b[2] - a[2]) % words for a, b in pairwise(single)]

    def follows(i: int) -> bool:
        a, b = single[i], single[i + 1]
        return (a[1], a[3]) == (b[1], b[3])

    times = [s[0] for s in single]
    lengths = _lengths(times, follows, (1 << 10) - 1, (1 << 12) - 1)
    for i in reversed(range(len(single))):  # a run also needs one stride
        if lengths[i] > 2 and strides[i] != strides[i + 1]:
            lengths[i] = 2
        elif lengths[i] > 2:
            lengths[i] = min(lengths[i], 1 + lengths[i + 1])
    found = []
    for i, n in _cover(lengths, cost_of_run=1):
        t, bank, offset, stream = single[i]
        fields = {
            "kind": int(PortKind.DIRECT),
            "bank": bank,
            "offset": offset,
            "stream": stream,
            "stride": strides[i] if n > 1 else 0,
            "count": n,
            "interval": times[i + 1] - t if n > 1 else 1,
        }
        found.append((t, fields))
    return found


# ---- text ----------------------------------------------------------------------------------


def _text(queue: Queue, runs: Sequence[_Run], begin: int) -> Text:
    words: list[Instruction] = []
    plan: list[int] = []
    now = begin
    for run in runs:
        if run.start < now:
            raise TextError(f"{queue.name}: a word in cycle {run.start} comes before {now}")
        while now < run.start:
            n = min(run.start - now, _LONGEST)
            words.append(make("NOP", n=n))
            plan.append(now)
            now += n
        words.append(run.word)
        plan.append(now)
        if run.repeat is not None:
            words.append(run.repeat)
            plan.append(now)
        now = run.last + 1
    words.append(make("HALT"))
    plan.append(now)
    return Text(tuple(words), tuple(plan))
