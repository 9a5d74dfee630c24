"""What a queue must do with its text: a small expansion, written from execution.md alone.

It shares the encodings (``tsp.arch.isa.FORMATS``) with everybody and logic with nobody: it walks
the text once and writes down issue cycles, where the queue has counters.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tsp.arch.config import Config, QueueKind
from tsp.arch.isa import FORMATS, OPCODE_BITS, VXM_OPS, Compute

OPCODES = {f.opcode: f for f in FORMATS.values()}


def fields_of(word: int) -> dict[str, int]:
    """Raw (unsigned) fields of a word of a known opcode."""
    form = OPCODES[word % 64]
    return {f.name: word >> f.low & (1 << f.width) - 1 for f in form.fields}


def word_of(name: str, **values: int) -> int:
    """A word from raw fields, legal or not."""
    word = FORMATS[name].opcode
    for key, value in values.items():
        f = FORMATS[name].by_name[key]
        assert 0 <= value < 1 << f.width, (name, key, value)
        word |= value << f.low
    return word


def is_bad(word: int, kind: QueueKind) -> bool:
    """True for the words that hardware refuses (docs/developer.md, *Bad words*)."""
    form = OPCODES.get(word % 64)
    if form is None or kind not in form.queues or not form.built:
        return True
    top = max([f.low + f.width for f in form.fields], default=OPCODE_BITS)
    if word >> top:
        return True
    v = fields_of(word)
    if form.name in ("NOP", "SYNC", "IFETCH", "CONFIG"):
        return v["n"] == 0
    if form.name == "REPEAT":
        return v["n"] == 0 or v["d"] == 0
    if form.name == "MEM":
        return v["read_kind"] > 2 or v["write_kind"] > 2
    if form.name == "MXM":
        return v["type"] != 0
    if form.name == "ACC":
        return v["type"] != 2 or not 1 <= v["mode"] <= 6
    if form.name == "ROTATE":
        return v["n"] not in (3, 4)
    if form.name == "VXM":
        codes = {op.code: op for op in VXM_OPS.values()}
        op = codes.get(v["op"])
        types = [v[x] for x in ("result_type", "a_type", "b_type", "c_type")]
        return op is None or Compute(v["compute"]) not in op.built or max(types) > 4
    return False


@dataclass
class Expected:
    """As :class:`verif.icu.bench.Run`, without the controls."""

    events: list[tuple[int, int]] = field(default_factory=list)
    acting: list[tuple[int, int, int]] = field(default_factory=list)  #: with CONFIG's n, or 0
    notifies: list[int] = field(default_factory=list)
    taken: list[tuple[int, int]] = field(default_factory=list)
    idle: int | None = None
    cause: str = "NONE"
    cause_cycle: int | None = None


def stepped(word: int, times: int, config: Config) -> int:
    """The word as its copy number `times` issues it (MEM: see :func:`accesses`)."""
    form = OPCODES[word % 64]
    v = fields_of(word)
    if form.name == "LW":
        v["column"] = (v["column"] + times) % config.superlanes
    elif form.name == "MXM" and v["mode"] in (2, 3):
        v["entry"] = (v["entry"] + times) % config.activations
    elif form.name == "ACC" and v["mode"] != 3:
        v["entry"] = (v["entry"] + times) % config.accumulators
    return word_of(form.name, **v)


def accesses(word: int, times: int, config: Config) -> list[tuple[int, int]]:
    """(cycles after the issue, event word) of all accesses of copy `times` of a MEM word."""
    v = fields_of(word)
    found = []
    for port in ("read", "write"):
        if v[f"{port}_kind"]:
            for i in range(v[f"{port}_count"]):
                offset = v[f"{port}_offset"] + (times + i) * v[f"{port}_stride"]
                single = {
                    f"{port}_kind": v[f"{port}_kind"],
                    f"{port}_bank": v[f"{port}_bank"],
                    f"{port}_map": v[f"{port}_map"],
                    f"{port}_offset": offset % (config.words // 2),
                    f"{port}_stream": v[f"{port}_stream"],
                    f"{port}_count": 1,
                    f"{port}_interval": 1,
                }
                found.append((i * v[f"{port}_interval"], word_of("MEM", **single)))
    return found


class Buffer:
    """When the words of a text come and go: `boot` are there from the start.

    The words that an IFETCH of t brings are in the buffer from t + 2 on, one a cycle, and can issue
    5 cycles later. A word leaves in the cycle before the next one could issue.
    """

    def __init__(self, config: Config, boot: int):
        self._config = config
        self.arrivals = [-1] * boot
        self.ready = [0] * boot
        self.leaves: list[int] = []
        self.taken: list[tuple[int, int]] = []

    def fetch(self, t: int, stream: int, n: int) -> None:
        pair = 2 * self._config.superlanes
        for i in range(n):
            self.taken += [(t + i * pair, stream), (t + i * pair + 1, stream)]
        self.arrivals += [t + 2 + j for j in range(n * pair)]
        self.ready += [t + 7 + j for j in range(n * pair)]

    def has(self, word: int, t: int) -> bool:
        return word < len(self.ready) and self.ready[word] <= t

    def overflow(self) -> int | None:
        """The first cycle in which a word arrives and finds no room."""
        for j, cycle in enumerate(self.arrivals):
            before = j - self._config.queue_words
            if before >= 0 and not (before < len(self.leaves) and self.leaves[before] <= cycle):
                return cycle
        return None


def expand(
    kind: QueueKind,
    config: Config,
    text: Sequence[int],
    releases: Sequence[int],
    cycles: int,
    stop: int | None = None,
    boot: int | None = None,
) -> Expected:
    """Events of a queue that starts parked and is released so that it issues in `releases`.

    The first `boot` words (default: all) are loaded, the others fetched.
    """
    out = Expected()
    buffer = Buffer(config, len(text) if boot is None else boot)
    events: list[tuple[int, int]] = []
    superlanes = 0

    def issue(t: int, word: int, times: int) -> None:
        if kind is QueueKind.MEM:
            found = [(t + dt, w) for dt, w in accesses(word, times, config)]
        else:
            found = [(t, stepped(word, times, config))]
        events.extend(found)
        out.acting.extend((*event, superlanes) for event in found)

    t, at, repeatable, halt = _released(releases, -1, 1), 0, None, None
    horizon = cycles if stop is None else min(cycles, stop + 1)
    while t is not None and t < horizon:
        there = buffer.has(at, t)
        bad = there and is_bad(text[at], kind)
        name = OPCODES[text[at] % 64].name if there and not bad else ""
        if not name or (name == "REPEAT" and repeatable is None):
            out.cause = "BAD_WORD" if there else "QUEUE_DRY"
            out.cause_cycle = t
            horizon = min(horizon, t + 1)
            break
        word, v = text[at], fields_of(text[at])
        at += 1
        issued = t
        if name == "NOP":
            t, repeatable = t + v["n"], None
        elif name == "REPEAT":
            assert repeatable is not None
            start, what = repeatable
            for k in range(1, v["n"] + 1):
                issue(start + k * v["d"], what, k)
            t, repeatable = start + v["n"] * v["d"] + 1, None
        elif OPCODES[word % 64].functional:
            issue(t, word, 0)
            burst = name == "MEM" and max(v["read_count"], v["write_count"]) > 1
            t, repeatable = t + 1, None if burst else (t, word)
        else:
            events.append((t, word))
            if name == "HALT":
                halt = t
                break
            if name == "NOTIFY":
                out.notifies.append(t)
            if name == "CONFIG":
                superlanes = v["n"]
            if name == "IFETCH":
                buffer.fetch(t, v["stream"], v["n"])
            t, repeatable = (_released(releases, t, v["n"]) if name == "SYNC" else t + 1), None
        buffer.leaves.append(issued if name == "SYNC" or t is None else t - 1)
    out.taken, out.events = buffer.taken, events
    return _cut(out, buffer.overflow(), halt, horizon, stop, cycles)


def _released(releases: Sequence[int], after: int, count: int) -> int | None:
    """When a queue that parks in cycle `after` goes on: at the `count`-th release behind it."""
    later = [r for r in sorted(releases) if r > after]
    return later[count - 1] if len(later) >= count else None


def _cut(
    out: Expected, full: int | None, halt: int | None, horizon: int, stop: int | None, cycles: int
) -> Expected:
    """Nothing is seen behind the end, which a word without room (in cycle `full`) may bring."""
    latest = min([horizon, *(t for t in (out.cause_cycle, halt) if t is not None)])
    if full is not None and full + 1 < latest:
        out.cause, out.cause_cycle = "QUEUE_OVERFLOW", full + 1
        out.notifies = [t for t in out.notifies if t <= full + 1]
        horizon, halt = full + 2, None
    if halt is not None:
        last = max([halt] + [t for t, _ in out.events])
        out.idle = last if last < horizon else None
    ends = [t for t in (out.cause_cycle, stop, cycles) if t is not None]
    out.taken = [x for x in out.taken if x[0] < min(ends)]
    out.acting = sorted(e for e in out.acting if e[0] < horizon)
    out.events = sorted(e for e in out.events if e[0] < horizon)
    return out
