"""Measure every delay of the RTL, by moving a consumer until the data is wrong on both sides.

Nothing here reads the timing table to decide what is right: programs are issued at cycles that are
far apart, and what the RTL did is read from its own records (events, writes, and the words that
units drive). :func:`measure` returns the table as it was found.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import Config, Hemisphere
from tsp.arch.isa import VXM_OPS, AbcMode, AccMode, Compute, Instruction, Type, has_operation, make
from tspc.engines.base import Result
from tspc.engines.rtl import Job, RtlEngine
from tspc.program import Program
from verif import support_fetch
from verif.support_programs import Timed, build, read, write

__all__ = ["Experiment", "measure", "moved"]

#: All queues are released long before; the table is not asked when.
START = 150
#: How far a consumer is moved to each side of a guess.
REACH = range(-3, 4)
STREAM = 4
#: The VXM computes with operands that come to it; MEM to its west feeds it on east streams.
SOURCE, SINK = "MEM_W0", "MEM_E0"
PATTERN = 0x5B
ALUS = 16


@dataclass(frozen=True)
class Experiment:
    """Programs that differ in one number, and how to read the delay from their results."""

    name: str
    programs: Sequence[Program]
    read: Callable[[Sequence[Result]], int | set[int]]


def measure(config: Config, engine: RtlEngine) -> dict[str, set[int]]:
    """Run every experiment in one simulation; all values found for each entry of the table."""
    experiments = list(_experiments(config))
    jobs = [Job(p, {}, True) for e in experiments for p in e.programs]
    results = engine.run_jobs(jobs)
    found: dict[str, set[int]] = {}
    for experiment in experiments:
        mine, results = results[: len(experiment.programs)], results[len(experiment.programs) :]
        value = experiment.read(mine)
        found.setdefault(experiment.name, set()).update(
            {value} if isinstance(value, int) else value
        )
    return found


def moved(results: Sequence[Result], good: Callable[[Result], bool]) -> int:
    """The only position of :data:`REACH` at which the data is right; wrong on both sides of it."""
    right = [by for by, result in zip(REACH, results, strict=True) if good(result)]
    if len(right) != 1 or right[0] in (REACH[0], REACH[-1]):
        raise AssertionError(f"data is right at {right}, not at one place inside {REACH}")
    return right[0]


def first(results: Sequence[Result], good: Callable[[Result], bool]) -> int:
    """The smallest position of :data:`REACH` from which on the data is right."""
    right = [by for by, result in zip(REACH, results, strict=True) if good(result)]
    if not right or right != list(range(right[0], REACH[-1] + 1)) or right[0] == REACH[0]:
        raise AssertionError(f"data is right at {right}, which is no threshold inside {REACH}")
    return right[0]


def _experiments(config: Config) -> Iterator[Experiment]:
    yield from _mem(config)
    yield from _maps(config)
    yield from _vxm(config)
    for hemisphere in Hemisphere:
        for plane in range(config.planes):
            yield from _mxm(config, hemisphere, plane)
        yield from _sxm(config, hemisphere)
    yield from _icu(config)
    yield from _fetch(config)


# ---- what the records say -----------------------------------------------------------------------


def _drives(result: Result, config: Config, queue: str) -> NDArray[np.void]:
    assert result.drives is not None
    return result.drives[result.drives["queue"] == config.queue_by_name[queue].index]


def _d_func(config: Config, queue: str, issued: int) -> Callable[[Sequence[Result]], int]:
    """Cycle of the first word in a stream register, less issue and superlane; one for all."""

    def read_off(results: Sequence[Result]) -> int:
        records = _drives(results[0], config, queue)
        delays = {int(r["cycle"]) - int(r["superlane"]) - issued for r in records}
        assert len(delays) == 1, f"{queue} drives {sorted(delays)} cycles after its issue"
        return delays.pop()

    return read_off


def _payload(result: Result, config: Config, queue: str) -> list[bytes]:
    """Data of all words that a queue's unit drives, by time, superlane and stream."""
    records = _drives(result, config, queue)
    order = np.lexsort((records["stream"], records["superlane"], records["cycle"]))
    return [bytes(r["data"][:16]) for r in records[order]]


def _memory(config: Config, queue: str, values: Mapping[int, int]) -> dict:
    """Image: vectors of one repeated byte in bank 0 of a slice, by offset."""
    number = config.queue_by_name[queue].index
    return {(number, 0, at): np.full(config.lanes, v, np.uint8) for at, v in values.items()}


def _program(config: Config, queues: Mapping[str, Sequence[Timed]], **rest: object) -> Program:
    return build(config, queues, **rest)


def _hops(config: Config, source: str, sink: str) -> int:
    return abs(config.queue_by_name[sink].stop - config.queue_by_name[source].stop)


def _reading(config: Config, offset: int = 0, stream: int = STREAM) -> Instruction:
    return make("MEM", **read(0, offset, stream))


# ---- MEM ----------------------------------------------------------------------------------------


def _mem(config: Config) -> Iterator[Experiment]:
    """READ, then WRITE in a slice of the other hemisphere, both directions of flow."""
    for source, sink, stream in ((SOURCE, SINK, STREAM), (SINK, SOURCE, 32 + STREAM)):
        memory = _memory(config, source, {0: PATTERN})
        source_words = [(START, _reading(config, 0, stream))]
        alone = _program(config, {source: source_words}, memory=memory)
        yield Experiment("mem_d_func", [alone], _d_func(config, source, START))

        # With d_func 5 and d_skew 1 the WRITE issues 3 + hops after the READ; it is moved around.
        guess = START + 3 + _hops(config, source, sink)
        target = (config.queue_by_name[sink].index, 1, 7)
        programs = []
        for by in REACH:
            words = [(guess + by, make("MEM", **write(1, 7, stream)))]
            programs.append(_program(config, {source: source_words, sink: words}, memory=memory))

        def skew(results: Sequence[Result], s: str = source, k: str = sink, t=target) -> int:
            at = moved(results, lambda r: bool((r.memory[t] == PATTERN).all()))
            arrival = _arrival(config, results[0], s, k)
            return arrival - (START + 3 + _hops(config, s, k) + at)

        yield Experiment("mem_d_skew", programs, skew)

        def access(results: Sequence[Result], g: int = guess) -> int:
            delays = {int(w["cycle"]) - int(w["superlane"]) - g for w in results[0].writes}
            assert len(delays) == 1
            return delays.pop()

        yield Experiment("mem_access", [programs[REACH.index(0)]], access)


def _maps(config: Config) -> Iterator[Experiment]:
    """GATHER and SCATTER moved over their map, both directions; a map that is not there is 0."""
    for source, sink, stream in ((SOURCE, SINK, STREAM), (SINK, SOURCE, 32 + STREAM)):
        guess = START + 3 + _hops(config, source, sink)
        number = config.queue_by_name[sink].index
        map_ = np.zeros((config.superlanes, 16), np.uint8)
        map_[:, 0] = 9
        memory = _memory(config, sink, {0: 1, 9: PATTERN})
        memory[config.queue_by_name[source].index, 0, 0] = map_.reshape(-1)

        fetch = [(START, _reading(config, 0, stream))]
        shape = {"kind": 2, "map": stream, "stream": stream + 1, "count": 1, "interval": 1}
        programs = {}
        for port in ("read", "write"):
            word = make("MEM", **{f"{port}_{name}": value for name, value in shape.items()})
            programs[port] = [
                _program(config, {source: fetch, sink: [(guess + by, word)]}, memory=memory)
                for by in REACH
            ]

        def gathers(r: Result, k: str = sink) -> bool:
            return set(_payload(r, config, k)) == {bytes([PATTERN] * 16)}

        def scatters(r: Result, q: int = number) -> bool:
            return set(r.writes["queue"].tolist()) == {q} and set(r.writes["offset"].tolist()) == {
                9
            }

        for port, good in (("read", gathers), ("write", scatters)):

            def skew(results: Sequence[Result], s=source, k=sink, g=guess, good=good) -> int:
                return _arrival(config, results[0], s, k) - (g + moved(results, good))

            yield Experiment("mem_d_skew", programs[port], skew)
        centre = REACH.index(0)
        yield Experiment("mem_d_func", [programs["read"][centre]], _d_func(config, sink, guess))

        def access(results: Sequence[Result], g: int = guess) -> set[int]:
            return {int(w["cycle"]) - int(w["superlane"]) - g for w in results[0].writes}

        yield Experiment("mem_access", [programs["write"][centre]], access)


def _arrival(config: Config, result: Result, source: str, sink: str) -> int:
    """Cycle in which superlane 0's word of `source` is on the inputs of `sink`'s stop."""
    record = min(_drives(result, config, source), key=lambda r: (r["cycle"], r["superlane"]))
    return int(record["cycle"]) - int(record["superlane"]) + _hops(config, source, sink) - 1


# ---- VXM ----------------------------------------------------------------------------------------


def _operation(name: str, compute: Compute, moving: int, alu: int) -> Instruction:
    """An operation with one stream operand; the others are small immediates or the same stream."""
    op = VXM_OPS[name]
    fields: dict[str, int] = {"op": op.code, "compute": compute, "saturate": 1}
    fields["result_type"] = Type.INT8
    fields["result_stream"] = 4 * (alu % 4) + 16
    immediates = 0
    for k, x in enumerate("abc"[: op.operands]):
        fields[f"{x}_type"] = Type.INT8
        if k == moving:
            fields[f"{x}_stream"] = STREAM
        else:
            fields[f"{x}_immediate"] = 1
            # SELECT shows b only where c is zero, equality a zero beside a zero.
            value = 2 if k == 1 else int((name, moving) != ("SELECT", 1))
            value *= name not in ("EQ", "NE")
            fields[f"immediate{immediates}"] = value
            immediates += 1
    return make("VXM", **fields)


#: Number of an ALU, and the operation, compute type and operand that are measured there.
_Case = tuple[int, tuple[str, Compute, int]]


def _groups(config: Config) -> Iterator[list[_Case]]:
    """Each operand of each built operation once, in ALUs that have it, sixteen at a time."""
    every = [
        (op.name, compute, moving)
        for op in sorted(VXM_OPS.values(), key=lambda op: not op.special)
        for compute in op.built
        for moving in range(op.operands)
    ]
    while every:
        group = []
        for alu in range(ALUS):
            queue = config.queue_by_name[f"VXM{alu}"]
            able = (case for case in every if has_operation(queue, VXM_OPS[case[0]]))
            if (case := next(able, None)) is not None:
                every.remove(case)
                group.append((alu, case))
        yield group


def _vxm(config: Config) -> Iterator[Experiment]:
    """Each operand of each built operation; sixteen of them at once, one in each ALU."""
    # The MEM next to the VXM reads at START: with d_func 5 and d_skew 1 an ALU issues here.
    guess = [START + 3 + _hops(config, SOURCE, f"VXM{alu}") for alu in range(ALUS)]
    memory = _memory(config, SOURCE, {0: PATTERN})
    for group in _groups(config):
        programs = []
        for by in REACH:
            words: dict[str, list[Timed]] = {SOURCE: [(START, _reading(config))]}
            for alu, (name, compute, moving) in group:
                word = _operation(name, compute, moving, alu)
                words[f"VXM{alu}"] = [(guess[alu] + by, word)]
            programs.append(_program(config, words, memory=memory))

        used = tuple(alu for alu, _ in group)

        def functions(results: Sequence[Result], alus: tuple[int, ...] = used) -> set[int]:
            """Of every position of every operation; the records of a queue agree in it."""
            return {
                _d_func(config, f"VXM{alu}", guess[alu] + by)([result])
                for alu in alus
                for by, result in zip(REACH, results, strict=True)
            }

        def skews(results: Sequence[Result], alus: tuple[int, ...] = used) -> set[int]:
            found = set()
            for alu in alus:
                queue = f"VXM{alu}"
                seen = [_payload(r, config, queue) for r in results]
                still = seen[0]  # what the operation makes of a zero word
                assert still == seen[-1]
                at = moved(results, lambda r, q=queue, s=still: _payload(r, config, q) != s)
                found.add(_arrival(config, results[0], SOURCE, queue) - (guess[alu] + at))
            return found

        yield Experiment("vxm_d_func", programs, functions)
        yield Experiment("vxm_d_skew", programs, skews)


# ---- MXM ----------------------------------------------------------------------------------------


class _Plane:
    """Words of one plane, and a MEM slice of its hemisphere that feeds it."""

    def __init__(self, config: Config, hemisphere: Hemisphere, plane: int) -> None:
        self.config = config
        self.w, self.a, self.r = (f"MXM_{hemisphere.name}{plane}_{x}" for x in "WAR")
        # Inputs flow outward; one slice for weights, one for activations, one for the preload.
        west = 32 * (hemisphere is Hemisphere.W)
        self.sources = [f"MEM_{hemisphere.name}{n}" for n in (0, 2, 4)]
        self.outward = west
        memory: dict = {}
        for source, values in zip(self.sources, ({0: 3, 1: 5}, {0: 2, 1: 7}, {0: 9}), strict=True):
            memory |= _memory(config, source, values)
        self.memory = memory

    def feed(self, which: int, consumer: int, stream: int, offset: int = 0) -> dict:
        """READ such that the word arrives for an operand taken one cycle after `consumer`."""
        source = self.sources[which]
        at = consumer - 3 - _hops(self.config, source, self.w)
        return {source: [(at, _reading(self.config, offset, self.outward + stream))]}

    def results(self, result: Result) -> list[int]:
        """The int32 of the first lane of each emitted vector in superlane 0, by time."""
        records = _drives(result, self.config, self.r)
        records = records[records["superlane"] == 0]
        values = []
        for cycle in sorted({int(c) for c in records["cycle"]}):
            group = sorted(records[records["cycle"] == cycle], key=lambda r: r["stream"])
            raw = bytes(int(r["data"][0]) for r in group)
            values.append(int.from_bytes(raw, "little", signed=True))
        return values

    def program(self, *parts: Mapping[str, Sequence[Timed]]) -> Program:
        queues: dict[str, list[Timed]] = {}
        for part in parts:
            for name, words in part.items():
                queues.setdefault(name, []).extend(words)
        return _program(
            self.config, {k: sorted(v, key=lambda x: x[0]) for k, v in queues.items()},
            memory=self.memory,
        )  # fmt: skip


def _lw(column: int = 0) -> Instruction:
    return make("LW", stream=0, column=column)


def _abc(stream: int, install: int = 0) -> Instruction:
    return make("MXM", install=install, mode=AbcMode.STREAM, stream=stream)


def _mxm(config: Config, hemisphere: Hemisphere, number: int) -> Iterator[Experiment]:
    p = _Plane(config, hemisphere, number)
    rows = config.lanes  # every input has the same weight and the same activation
    late = START + 40 + 2 * config.superlanes  # LW, IW, ABC and ACC well apart
    install = {p.a: [(START + 20, make("MXM", install=1))]}
    emit = make("ACC", mode=AccMode.EMIT, stream=8, type=Type.INT32)

    # The ACC that takes the ABC of `late` is found first; everything else uses it.
    def chain(lw: int, iw: int, abc: int, acc: int) -> Program:
        return p.program(
            p.feed(0, START, 0), {p.w: [(lw, _lw())]}, {p.a: [(iw, make("MXM", install=1))]},
            p.feed(1, late, 20), {p.a: [(abc, _abc(20))]}, {p.r: [(acc, emit)]},
        )  # fmt: skip

    guess = late + 2 * config.superlanes + 1
    product = rows * 3 * 2

    def shows(value: int) -> Callable[[Result], bool]:
        return lambda r: p.results(r)[-1:] == [value]

    def skew(source: int, base: int) -> Callable[[Sequence[Result]], int]:
        def read_off(results: Sequence[Result]) -> int:
            at = moved(results, shows(product))
            return _arrival(config, results[0], p.sources[source], p.w) - (base + at)

        return read_off

    yield Experiment(
        "mxm_d_skew", [chain(START + by, START + 20, late, guess) for by in REACH], skew(0, START)
    )
    # The result of an ABC is held until the next one's: ABC and ACC move together.
    yield Experiment(
        "mxm_d_skew",
        [chain(START, START + 20, late + by, guess + by) for by in REACH],
        skew(1, late),
    )
    yield Experiment(
        "acc_d_func",
        [chain(START, START + 20, late, guess)],
        lambda results: _d_func(config, p.r, guess)(results),
    )

    # Three ABCs in a row with different activations: ACC must hit the middle one.
    def middle(by: int) -> Program:
        return p.program(
            p.feed(0, START, 0), {p.w: [(START, _lw())]}, install,
            p.feed(1, late, 20, 1), {p.a: [(late - 1, _abc(20)), (late, _abc(20)),
                                           (late + 1, _abc(20))]},
            {p.r: [(guess + by, emit)]},
        )  # fmt: skip

    yield Experiment(
        "abc_to_acc",
        [middle(by) for by in REACH],
        lambda results: guess - late + moved(results, shows(rows * 3 * 7)),
    )

    # IW moves over an LW of new weights; before it, others are installed.
    def install_at(by: int) -> Program:
        return p.program(
            p.feed(0, START + 30, 0), {p.w: [(START + 30, _lw())]},
            {p.a: [(START + 30 + by, make("MXM", install=1))]},
            p.feed(1, late, 20), {p.a: [(late, _abc(20))]}, {p.r: [(guess, emit)]},
        )  # fmt: skip

    yield Experiment(
        "lw_to_iw",
        [install_at(by) for by in REACH],
        lambda results: first(results, shows(product)),
    )

    # ABC moves over IW; in IW's own cycle they are one word.
    def compute_at(by: int) -> Program:
        at = late + by
        words = (
            [(late, _abc(20, install=1))]
            if not by
            else [(late, make("MXM", install=1)), (at, _abc(20))]
        )
        return p.program(
            p.feed(0, START, 0), {p.w: [(START, _lw())]}, {p.a: words},
            p.feed(1, at, 20), {p.r: [(guess + by, emit)]},
        )  # fmt: skip

    yield Experiment(
        "iw_to_abc",
        [compute_at(by) for by in REACH],
        lambda results: first(results, shows(product)),
    )
    yield from _entries(config, p, late, guess, install)


def _entries(
    config: Config, p: _Plane, late: int, guess: int, install: Mapping[str, Sequence[Timed]]
) -> Iterator[Experiment]:
    """Activation buffer and accumulators: what is stored now is there for the next word."""
    rows = config.lanes
    emit = make("ACC", mode=AccMode.EMIT, stream=8, type=Type.INT32)
    weights = (p.feed(0, START, 0), {p.w: [(START, _lw())]}, install)

    def again(by: int) -> Program:
        keep = make("MXM", mode=AbcMode.KEEP, stream=20, entry=1)
        use = make("MXM", mode=AbcMode.BUFFER, entry=1)
        return p.program(
            *weights, p.feed(1, late, 20), {p.a: [(late, keep), (late + by, use)]},
            {p.r: [(guess + by, emit)]},
        )  # fmt: skip

    def smallest(expected: int) -> Callable[[Sequence[Result]], int]:
        def read_off(results: Sequence[Result]) -> int:
            right = [by for by, r in zip((1, 2, 3), results, strict=True)
                     if p.results(r)[-1:] == [expected]]  # fmt: skip
            assert right and right == list(range(right[0], 4)), right
            return right[0]

        return read_off

    yield Experiment("keep_to_buffer", [again(by) for by in (1, 2, 3)], smallest(rows * 6))

    def stored(by: int) -> Program:
        put = make("ACC", mode=AccMode.WRITE, entry=2, type=Type.INT32)
        get = make("ACC", mode=AccMode.EMIT_STORED, entry=2, stream=8, type=Type.INT32)
        return p.program(
            *weights, p.feed(1, late, 20), {p.a: [(late, _abc(20))]},
            {p.r: [(guess, put), (guess + by, get)]},
        )  # fmt: skip

    yield Experiment("acc_to_acc", [stored(by) for by in (1, 2, 3)], smallest(rows * 6))

    def preload(by: int) -> Program:
        take = make("ACC", mode=AccMode.PRELOAD, entry=3, stream=12, type=Type.INT32)
        get = make("ACC", mode=AccMode.EMIT_STORED, entry=3, stream=8, type=Type.INT32)
        return p.program(p.feed(2, late, 12), {p.r: [(late + by, take), (late + 20, get)]})

    yield Experiment(
        "acc_d_skew",
        [preload(by) for by in REACH],
        lambda results: (
            _arrival(config, results[0], p.sources[2], p.w)
            - (late + moved(results, lambda r: p.results(r)[-1:] == [9]))
        ),
    )


# ---- SXM ----------------------------------------------------------------------------------------

#: Operation and unit of its queue, fields besides streams, and of each operand its stream and the
#: byte in its vector (None: one that differs from lane to lane). The result then differs from that
#: with a zero operand, whichever of them is missing.
_SWITCHES = (
    ("SHIFT", "SHIFT", {"n": 1}, {"stream": None}),
    ("SHIFT", "SHIFT", {"n": -1}, {"stream": None}),
    ("SELECT", "SHIFT", {"n": 1}, {"stream": None, "mask": 1}),
    ("PERMUTE", "PERMUTE", {}, {"stream": None, "map": 0x95, "map1": -1}),
    ("DISTRIBUTE", "DISTRIBUTE", {}, {"stream": None, "map": 5}),
    ("ROTATE", "ROTATE", {"n": 3}, {"stream": None}),
    ("ROTATE", "ROTATE", {"n": 4}, {"stream": None}),
    ("TRANSPOSE", "TRANSPOSE0", {}, {"stream": None}),
    ("TRANSPOSE", "TRANSPOSE1", {}, {"stream": None}),
)
_STEADY = 16  #: vectors of an operand that does not move


def _sxm(config: Config, hemisphere: Hemisphere) -> Iterator[Experiment]:
    """Every operand of every unit comes in one cycle, the others of its operation in many."""
    outward = 32 * (hemisphere is Hemisphere.W)
    places = {"stream": 0, "mask": 16, "map": 18, "map1": 19}
    for name, unit, fields, operands in _SWITCHES:
        queue = f"SXM_{hemisphere.name}_{unit}"
        sources = {x: f"MEM_{hemisphere.name}{2 * k}" for k, x in enumerate(operands)}
        memory: dict = {}
        for x, value in operands.items():
            top = config.superlanes - 1 if value == -1 else value
            vector = np.arange(1, config.lanes + 1) if top is None else np.full(config.lanes, top)
            memory[config.queue_by_name[sources[x]].index, 0, 0] = vector.astype(np.uint8)
        word = make(
            name,
            **fields,
            **{x: outward + places[x] for x in operands if x != "map1"},
            result=32 - outward,
        )
        for moving, value in operands.items():
            if value == -1 and config.superlanes == 1:
                continue  # the superlane's number is 0 whatever comes
            words: dict[str, list[Timed]] = {}
            for x, source in sources.items():
                early = 0 if x == moving else _STEADY // 2
                count = 1 if x == moving else _STEADY
                at = START - _hops(config, source, queue) - early
                port = read(0, 0, outward + places[x], count=count)
                words[source] = [(at, make("MEM", **port))]
            # With d_func 5 and d_skew 1 the unit issues 3 cycles after START; it is moved around.
            guess = START + 3
            programs = [
                _program(config, {**words, queue: [(guess + by, word)]}, memory=memory)
                for by in REACH
            ]
            yield from _switch(config, unit, queue, sources[moving], guess, programs)


def _switch(
    config: Config, unit: str, queue: str, source: str, guess: int, programs: Sequence[Program]
) -> Iterator[Experiment]:
    """Both entries of a unit, from programs in which it is moved over an operand of `source`."""
    entry = unit.rstrip("01").lower()

    def functions(results: Sequence[Result]) -> set[int]:
        pairs = zip(REACH, results, strict=True)
        return {_d_func(config, queue, guess + by)([result]) for by, result in pairs}

    def skew(results: Sequence[Result]) -> int:
        seen = [_payload(r, config, queue) for r in results]
        assert seen[0] == seen[-1]  # what the operation makes of a zero word
        at = moved(results, lambda r: _payload(r, config, queue) != seen[0])
        return _arrival(config, results[0], source, queue) - (guess + at)

    yield Experiment(f"{entry}_d_func", programs, functions)
    yield Experiment(f"{entry}_d_skew", programs, skew)


# ---- ICU ----------------------------------------------------------------------------------------


def _icu(config: Config) -> Iterator[Experiment]:
    """The barrier from a queue of every stop, and done after a HALT at every stop."""
    ends = [next(q for q in config.queues if q.stop == p) for p in range(config.stops)]
    numbers = {q.index for q in config.queues}
    notify, halt = make("NOTIFY"), make("HALT")
    first_vxm = config.queue_by_name["VXM0"].index

    def released(results: Sequence[Result]) -> int:
        """Queues without text halt in the cycle of their release."""
        events = results[0].events
        cycles = {int(e["cycle"]) for e in events if e["queue"] in numbers - {first_vxm}}
        assert len(cycles) == 1, f"queues are released in cycles {sorted(cycles)}"
        return cycles.pop()

    yield Experiment("sync_release", [_program(config, {})], released)
    for queue in ends:
        others = [q.name for q in config.queues if q is not queue]
        words = {name: [(START, make("SYNC", n=1))] for name in others}
        words[queue.name] = [(START + 5, notify)]

        def second(results: Sequence[Result], number: int = queue.index) -> int:
            events = results[0].events
            last = int(events["segment"].max())
            here = events[events["segment"] == last]
            cycles = {int(e["cycle"]) for e in here if e["queue"] != number}
            assert len(cycles) == 1, f"released in {sorted(cycles)} after {number}'s NOTIFY"
            return cycles.pop()

        yield Experiment("sync_release", [_program(config, words)], second)
        program = _program(config, {queue.name: [(START, halt)]})
        yield Experiment("done_drain", [program], lambda rs: (rs[0].done or 0) - START)


def _fetch(config: Config) -> Iterator[Experiment]:
    """IFETCH: the READ moves, then the cycle in which a word is wanted, then that of its room."""
    hops = _hops(config, support_fetch.SOURCE, support_fetch.QUEUE)
    at = support_fetch.AT
    guess = 3 + hops  # with d_func 5 and d_skew 1 the IFETCH issues so long after the READ

    def runs(result: Result) -> bool:
        return result.stopped is None and result.done is not None

    queue = config.queue_by_name[support_fetch.QUEUE].index
    wanted = 12
    last = at + wanted + support_fetch.count_of(config) - 1

    def whole(result: Result) -> bool:
        """The text began with its first word: its HALT, the last, issues when it should."""
        mine = result.events[result.events["queue"] == queue]
        return runs(result) and int(mine["cycle"].max()) == last

    def skew(results: Sequence[Result]) -> int:
        right = moved(results, whole)
        result = results[REACH.index(right)]
        return _arrival(config, result, support_fetch.SOURCE, support_fetch.QUEUE) - at

    late = [support_fetch.wanted_after(config, wanted, guess + by) for by in REACH]
    yield Experiment("ifetch_d_skew", late, skew)
    early = [support_fetch.wanted_after(config, 7 + by, guess) for by in REACH]
    yield Experiment("ifetch_to_word", early, lambda results: 7 + first(results, runs))
    # What leaves late enough is in the way: the largest delay that still runs.
    room = [support_fetch.room_after(config, 2 - by, guess) for by in REACH]
    yield Experiment("ifetch_to_buffer", room, lambda results: 2 - first(results, runs))
