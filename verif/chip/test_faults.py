"""Upsets in running programs: every class of register and memory, single and double errors.

Random programs run on the RTL with the same faults as on the golden model, and nothing may differ,
the counters of errors included. Single errors must leave everything as it was; every reader of a
word with a double error must say so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import NamedTuple

import numpy as np
import pytest

from tsp.arch.config import NANO, STREAMS, WORD_BITS, Config, QueueKind
from tsp.arch.secded import SECDED, Status
from tspc.compare import compare, explain
from tspc.engines.base import Result
from tspc.engines.rtl import Job, RtlEngine
from tspc.faults import AHEAD, TEXT_ROW, Fault, MemoryFault, StreamFault, TextFault
from tspc.golden.errors import GoldenError
from tspc.golden.model import GoldenEngine
from tspc.golden.streams import Streams
from tspc.plan import expand
from tspc.program import Program
from verif.random_programs import generate

CONFIG = NANO
SEEDS = range(9)
_FAULTS = 60  #: of each run


class _Read(NamedTuple):
    """A unit takes the word on an input stream of its stop in a cycle (of superlane 0)."""

    queue: str
    stream: int
    stop: int
    cycle: int
    hops: int  #: stream registers that the word has passed, that of the driving stop included
    text: bool  #: it is text, for IFETCH


def _reads(program: Program) -> list[_Read]:
    """Every operand that a program reads, as the golden model meets them."""
    found = []
    read = Streams.read

    def watched(self, stream, stop, cycle, party):
        position = self._position(stream, stop)
        driven, *_ = self._upstream(stream, cycle - position + 1, position)
        text = party.what == "IFETCH"
        found.append(_Read(party.queue, stream, stop, cycle, position - driven, text))
        return read(self, stream, stop, cycle, party)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Streams, "read", watched)
        GoldenEngine().run(program)
    return found


def _flips(rng: Random, count: int) -> int:
    return sum(1 << bit for bit in rng.sample(range(WORD_BITS), count))


def _stream_faults(config: Config, reads: list[_Read], rng: Random, count: int) -> list[Fault]:
    """Upsets on the way to readers: in front of them, where the word was driven, in between."""
    found = []
    for read in rng.sample(reads, min(_FAULTS, len(reads))):
        hops = rng.choice((1, read.hops, rng.randint(1, read.hops)))
        stop = read.stop + (-hops if read.stream < STREAMS else hops)
        y = rng.randrange(config.superlanes)
        cycle = read.cycle + y - hops + 1
        found.append(StreamFault(cycle, y, _flips(rng, count), stop, read.stream))
    return found


def _memory_faults(program: Program, rng: Random, count: int) -> list[Fault]:
    """Upsets of words of the program's image, each struck once, most of them before their use."""
    config = program.config
    latest = expand(program).done // 2
    words = [(*place, y) for place in program.memory for y in range(config.superlanes)]
    return [
        MemoryFault(rng.randrange(4, latest), y, _flips(rng, count), queue, bank, offset)
        for queue, bank, offset, y in rng.sample(words, min(_FAULTS, len(words)))
    ]


def _text_faults(program: Program, rng: Random) -> list[Fault]:
    """A single error in each word that is loaded and that nobody has read in cycle 5."""
    return [
        TextFault(rng.choice((4, 5)), _flips(rng, 1), queue, word)
        for queue in program.text
        for word in range(2 + AHEAD + 1, len(program.loaded(queue)))
    ]


def _strikes(config: Config) -> Iterator[tuple[Program, list[_Read], list[Fault], int]]:
    """Programs with what upsets them, and how many bits of a word."""
    for seed in SEEDS:
        program, rng = generate(config, seed), Random(seed)
        reads = _reads(program)
        for count in (1, 2):
            yield program, reads, _stream_faults(config, reads, rng, count), count
            yield program, reads, _memory_faults(program, rng, count), count
        yield program, reads, _text_faults(program, rng), 1


def _single(program: Program, faults: list[Fault]) -> tuple[Fault, ...]:
    """As many of the faults, from the first on, as never meet in one word."""
    kept = _legal(program, faults)
    while True:
        result = GoldenEngine().run(program, faults=kept)
        words = (_number(record["data"]) for record in result.writes)
        if not result.critical and all(SECDED.check(w).status is not Status.DOUBLE for w in words):
            return kept
        kept = kept[: len(kept) * 3 // 4]


def _number(raw: np.ndarray) -> int:
    return int.from_bytes(raw.tobytes(), "little")


def _legal(program: Program, faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Those of the faults with which the golden model goes on: it takes no wrong map or text."""
    try:
        GoldenEngine().run(program, faults=faults)
    except GoldenError:
        if len(faults) == 1:
            return ()
        half = len(faults) // 2
        found = _legal(program, faults[:half]) + _legal(program, faults[half:])
        return found if len(found) == len(faults) else _legal(program, found)
    return tuple(faults)


def _corrected(writes: np.ndarray) -> np.ndarray:
    """A record of writes as it is when whoever reads the words corrects them."""
    found = writes.copy()
    for record in found:
        word = SECDED.check(_number(record["data"])).data
        raw = SECDED.encode(word).to_bytes(len(record["data"]), "little")
        record["data"] = np.frombuffer(raw, np.uint8)
    return found


def _differences(clean: Result, struck: Result) -> list[str]:
    """What single errors have changed."""
    found = []
    if clean.events.tobytes() != struck.events.tobytes():
        found.append("events")
    if clean.writes.tobytes() != _corrected(struck.writes).tobytes():
        found.append("writes")
    if any((clean.accumulators[k] != v).any() for k, v in struck.accumulators.items()):
        found.append("accumulators")
    return found + (["critical"] if struck.critical else [])


def _counted(config: Config, queue: str) -> int:
    """Number of the queue under which a reader's errors are counted."""
    found = config.queue_by_name[queue]
    if found.kind in (QueueKind.MXM_W, QueueKind.MXM_A):
        return config.queue_by_name[queue[:-1] + "R"].index
    return found.index


def _uncounted(config: Config, reads: list[_Read], job: Job, counters: dict) -> list[str]:
    """Faults in front of a unit that uses the word, and counts nothing; in superlane 0.

    CONFIG may have switched the others off.
    """
    readers = {}
    for read in reads:
        if read.text or config.queue_by_name[read.queue].kind is not QueueKind.MEM:
            own = config.queue_by_name[read.queue].index
            key = (own, TEXT_ROW) if read.text else (_counted(config, read.queue), 0)
            readers[read.stream, read.stop, read.cycle] = key
    missing = []
    for fault in job.faults:
        key = None
        if isinstance(fault, TextFault):
            key = fault.queue, TEXT_ROW
        elif isinstance(fault, StreamFault) and not fault.superlane:
            stop = fault.stop + (1 if fault.stream < STREAMS else -1)
            key = readers.get((fault.stream, stop, fault.cycle))
        kind = int(fault.flips.bit_count() > 1)
        if key is not None and not counters.get(key, (0, 0))[kind]:
            missing.append(f"{fault} is not counted in {key}")
    return missing


@pytest.mark.feature("chip", "protection")
def test_upsets():
    """Golden model and RTL agree on every upset; singles change nothing; all are counted."""
    plan = []
    for program, reads, faults, count in _strikes(CONFIG):
        kept = (_single if count == 1 else _legal)(program, faults)
        plan.append((reads, count, Job(program, {}, True, kept)))
    jobs = [job for _, _, job in plan]
    clean = {id(job.program): replace(job, faults=(), deep=False) for job in jobs}
    results = RtlEngine().run_jobs([*clean.values(), *jobs])
    before = dict(zip(clean, results))
    struck: set[tuple[str, str]] = set()
    doubles = 0
    for (reads, count, job), rtl in zip(plan, results[len(clean) :], strict=True):
        golden = GoldenEngine().run(job.program, deep=True, faults=job.faults)
        schedule = expand(job.program)
        verdict = compare(CONFIG, schedule.events, schedule.done, golden, rtl)
        assert verdict.equal, f"{verdict.first}\n{explain(CONFIG, golden, rtl)}"
        assert _uncounted(CONFIG, reads, job, rtl.counters) == []
        if count == 1:
            assert _differences(before[id(job.program)], rtl) == []
        doubles += sum(double for _, double in rtl.counters.values())
        struck |= {_class(CONFIG, fault) for fault in job.faults}
        struck |= {("counted", CONFIG.queues[queue].kind.name) for queue, _ in rtl.counters}
    assert doubles > 100
    assert _classes(CONFIG) - struck == set()


def _class(config: Config, fault: Fault) -> tuple[str, str]:
    """Kind of register or memory that a fault strikes."""
    if isinstance(fault, TextFault):
        return "text", config.queues[fault.queue].kind.name
    if isinstance(fault, MemoryFault):
        return "MEM", f"bank {fault.bank}"
    kind = next(q.kind for q in config.queues if q.stop == fault.stop)
    return f"streams {'EW'[fault.stream // STREAMS]}", kind.name


def _classes(config: Config) -> set[tuple[str, str]]:
    """Classes of registers and memories in front of units that are built, and who must count."""
    stops = ("MEM", "VXM", "SXM_SHIFT", "C2C", "MXM_W")
    found = {(f"streams {direction}", kind) for direction in "EW" for kind in stops}
    found |= {("MEM", f"bank {bank}") for bank in (0, 1)}
    sxm = ("SXM_SHIFT", "SXM_PERMUTE", "SXM_DISTRIBUTE", "SXM_ROTATE", "SXM_TRANSPOSE")
    found |= {("text", k) for k in ("MEM", "VXM", "MXM_W", "MXM_A", "MXM_R", *sxm)}
    return found | {("counted", k) for k in ("MEM", "VXM", "MXM_R", *sxm)}


@pytest.mark.parametrize(
    "fault",
    [
        StreamFault(3, 0, 1, 0, 0),
        StreamFault(9, CONFIG.superlanes, 1, 0, 0),
        StreamFault(9, 0, 1, CONFIG.stops, 0),
        StreamFault(9, 0, 1 << WORD_BITS, 0, 0),
        MemoryFault(9, 0, 1, 0, 0, 0),
        TextFault(9, 1, len(CONFIG.queues), 0),
    ],
)
def test_impossible_faults_are_refused(fault):
    program = generate(CONFIG, 0)
    with pytest.raises(ValueError, match="has no place or time"):
        GoldenEngine().run(program, faults=[fault])
