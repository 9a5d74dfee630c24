"""Delays of the MXM's planes, from weights, activations and a preload that MEM feeds."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from tsp.arch.config import Config, Hemisphere
from tsp.arch.isa import AbcMode, AccMode, Instruction, Type, make
from tspc.engines.base import Result
from tspc.program import Program
from verif.contract.measure.experiment import (
    REACH,
    START,
    Experiment,
    first,
    hops,
    memory_image,
    moved,
    reading,
)
from verif.contract.measure.records import arrival, d_func, drives
from verif.support_programs import Timed, build

__all__ = ["experiments"]

_Words = Mapping[str, Sequence[Timed]]

#: LW, IW and EMIT as they are used here.
_LW = make("LW", stream=0, column=0)
_IW = make("MXM", install=1)
_EMIT = make("ACC", mode=AccMode.EMIT, stream=8, type=Type.INT32)


def experiments(config: Config, hemisphere: Hemisphere, number: int) -> Iterator[Experiment]:
    """Each entry of one plane."""
    plane = _Plane(config, hemisphere, number)
    yield from _inputs_and_result(plane)
    yield from _result_of_abc(plane)
    yield from _installation(plane)
    yield from _entries(plane)
    yield from _preload(plane)


class _Plane:
    """Words of one plane, and a MEM slice of its hemisphere that feeds it."""

    def __init__(self, config: Config, hemisphere: Hemisphere, plane: int) -> None:
        self.config = config
        self.w, self.a, self.r = (f"MXM_{hemisphere.name}{plane}_{x}" for x in "WAR")
        # Inputs flow outward; one slice for weights, one for activations, one for the preload.
        self.sources = [f"MEM_{hemisphere.name}{n}" for n in (0, 2, 4)]
        self.outward = 32 * (hemisphere is Hemisphere.W)
        memory: dict = {}
        for source, values in zip(self.sources, ({0: 3, 1: 5}, {0: 2, 1: 7}, {0: 9}), strict=True):
            memory |= memory_image(config, source, values)
        self.memory = memory
        # LW, IW, ABC and ACC are well apart; `guess` is that of the ACC which takes the ABC of
        # `late`: it is found first, and everything else uses it.
        self.late = START + 40 + 2 * config.superlanes
        self.guess = self.late + 2 * config.superlanes + 1
        # Every input has the same weight and the same activation.
        self.product = config.lanes * 3 * 2

    def feed(self, which: int, consumer: int, stream: int, offset: int = 0) -> _Words:
        """READ such that the word arrives for an operand taken one cycle after `consumer`."""
        source = self.sources[which]
        at = consumer - 3 - hops(self.config, source, self.w)
        return {source: [(at, reading(self.config, offset, self.outward + stream))]}

    def weights(self) -> tuple[_Words, ...]:
        """LW of the first weights in START, installed long after."""
        return self.feed(0, START, 0), {self.w: [(START, _LW)]}, {self.a: [(START + 20, _IW)]}

    def results(self, result: Result) -> list[int]:
        """The int32 of the first lane of each emitted vector in superlane 0, by time."""
        records = drives(result, self.config, self.r)
        records = records[records["superlane"] == 0]
        values = []
        for cycle in sorted({int(c) for c in records["cycle"]}):
            group = sorted(records[records["cycle"] == cycle], key=lambda r: r["stream"])
            raw = bytes(int(r["data"][0]) for r in group)
            values.append(int.from_bytes(raw, "little", signed=True))
        return values

    def shows(self, value: int) -> Callable[[Result], bool]:
        """Whether the last vector emitted is of this value."""
        return lambda result: self.results(result)[-1:] == [value]

    def skew(self, which: int, good: int, base: int) -> Callable[[Sequence[Result]], int]:
        """Arrival of an input after the issue, `base` and its move included, that shows `good`."""

        def read_off(results: Sequence[Result]) -> int:
            at = moved(results, self.shows(good))
            return arrival(self.config, results[0], self.sources[which], self.w) - (base + at)

        return read_off

    def program(self, *parts: _Words) -> Program:
        queues: dict[str, list[Timed]] = {}
        for part in parts:
            for name, words in part.items():
                queues.setdefault(name, []).extend(words)
        in_order = {name: sorted(words, key=lambda x: x[0]) for name, words in queues.items()}
        return build(self.config, in_order, memory=self.memory)


def _abc(stream: int, install: int = 0) -> Instruction:
    return make("MXM", install=install, mode=AbcMode.STREAM, stream=stream)


def _inputs_and_result(p: _Plane) -> Iterator[Experiment]:
    """When LW and ABC take their operand, and when ACC drives the result."""

    def chain(lw: int, abc: int, acc: int) -> Program:
        return p.program(
            p.feed(0, START, 0),
            {p.w: [(lw, _LW)]},
            {p.a: [(START + 20, _IW)]},
            p.feed(1, p.late, 20),
            {p.a: [(abc, _abc(20))]},
            {p.r: [(acc, _EMIT)]},
        )

    loads = [chain(START + by, p.late, p.guess) for by in REACH]
    yield Experiment("mxm_d_skew", loads, p.skew(0, p.product, START))
    # The result of an ABC is held until the next one's: ABC and ACC move together.
    both = [chain(START, p.late + by, p.guess + by) for by in REACH]
    yield Experiment("mxm_d_skew", both, p.skew(1, p.product, p.late))
    still = chain(START, p.late, p.guess)
    yield Experiment("acc_d_func", [still], d_func(p.config, p.r, p.guess))


def _result_of_abc(p: _Plane) -> Iterator[Experiment]:
    """Three ABCs in a row with different activations: ACC must hit the middle one."""
    three = [(p.late + n, _abc(20)) for n in (-1, 0, 1)]

    def middle(by: int) -> Program:
        computed = p.feed(1, p.late, 20, 1), {p.a: three}
        return p.program(*p.weights(), *computed, {p.r: [(p.guess + by, _EMIT)]})

    yield Experiment(
        "abc_to_acc",
        [middle(by) for by in REACH],
        lambda results: p.guess - p.late + moved(results, p.shows(p.config.lanes * 3 * 7)),
    )


def _installation(p: _Plane) -> Iterator[Experiment]:
    """IW moves over an LW of new weights, then ABC over IW."""

    def threshold(results: Sequence[Result]) -> int:
        return first(results, p.shows(p.product))

    # Before the LW, others are installed.
    def install_at(by: int) -> Program:
        at = START + 30
        return p.program(
            p.feed(0, at, 0),
            {p.w: [(at, _LW)]},
            {p.a: [(at + by, _IW)]},
            p.feed(1, p.late, 20),
            {p.a: [(p.late, _abc(20))]},
            {p.r: [(p.guess, _EMIT)]},
        )

    yield Experiment("lw_to_iw", [install_at(by) for by in REACH], threshold)

    # In IW's own cycle they are one word.
    def compute_at(by: int) -> Program:
        at = p.late + by
        apart = [(p.late, _IW), (at, _abc(20))]
        return p.program(
            p.feed(0, START, 0),
            {p.w: [(START, _LW)]},
            {p.a: apart if by else [(at, _abc(20, install=1))]},
            p.feed(1, at, 20),
            {p.r: [(p.guess + by, _EMIT)]},
        )

    yield Experiment("iw_to_abc", [compute_at(by) for by in REACH], threshold)


def _entries(p: _Plane) -> Iterator[Experiment]:
    """Activation buffer and accumulators: what is stored now is there for the next word."""
    after = (1, 2, 3)

    def smallest(results: Sequence[Result]) -> int:
        shows = p.shows(p.product)
        right = [by for by, result in zip(after, results, strict=True) if shows(result)]
        assert right and right == list(range(right[0], 4)), right
        return right[0]

    def again(by: int) -> Program:
        keep = make("MXM", mode=AbcMode.KEEP, stream=20, entry=1)
        use = make("MXM", mode=AbcMode.BUFFER, entry=1)
        words = {p.a: [(p.late, keep), (p.late + by, use)], p.r: [(p.guess + by, _EMIT)]}
        return p.program(*p.weights(), p.feed(1, p.late, 20), words)

    yield Experiment("keep_to_buffer", [again(by) for by in after], smallest)

    def stored(by: int) -> Program:
        put = make("ACC", mode=AccMode.WRITE, entry=2, type=Type.INT32)
        get = make("ACC", mode=AccMode.EMIT_STORED, entry=2, stream=8, type=Type.INT32)
        words = {p.a: [(p.late, _abc(20))], p.r: [(p.guess, put), (p.guess + by, get)]}
        return p.program(*p.weights(), p.feed(1, p.late, 20), words)

    yield Experiment("acc_to_acc", [stored(by) for by in after], smallest)


def _preload(p: _Plane) -> Iterator[Experiment]:
    """When ACC takes the vector that it stores."""

    def preload(by: int) -> Program:
        take = make("ACC", mode=AccMode.PRELOAD, entry=3, stream=12, type=Type.INT32)
        get = make("ACC", mode=AccMode.EMIT_STORED, entry=3, stream=8, type=Type.INT32)
        return p.program(p.feed(2, p.late, 12), {p.r: [(p.late + by, take), (p.late + 20, get)]})

    yield Experiment("acc_d_skew", [preload(by) for by in REACH], p.skew(2, 9, p.late))
