"""Delays of the SXM: every operand of every unit of a hemisphere."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tsp.arch.config import Config, Hemisphere
from tsp.arch.isa import make
from tspc.engines.base import Result
from tspc.program import Program
from verif.contract.measure.experiment import REACH, START, Experiment, hops, moved
from verif.contract.measure.records import arrival, d_func, payload
from verif.support_programs import Timed, build, read

__all__ = ["experiments"]

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
_PLACES = {"stream": 0, "mask": 16, "map": 18, "map1": 19}  #: stream of each operand
_STEADY = 16  #: vectors of an operand that does not move
#: With d_func 5 and d_skew 1 the unit issues 3 cycles after START; it is moved around.
_GUESS = START + 3


def experiments(config: Config, hemisphere: Hemisphere) -> Iterator[Experiment]:
    """Every operand of every unit comes in one cycle, the others of its operation in many."""
    outward = 32 * (hemisphere is Hemisphere.W)
    for name, unit, fields, operands in _SWITCHES:
        queue = f"SXM_{hemisphere.name}_{unit}"
        sources = {x: f"MEM_{hemisphere.name}{2 * k}" for k, x in enumerate(operands)}
        memory = _vectors(config, sources, operands)
        streams = {x: outward + _PLACES[x] for x in operands if x != "map1"}
        word = make(name, **fields, **streams, result=32 - outward)
        for moving, value in operands.items():
            if value == -1 and config.superlanes == 1:
                continue  # the superlane's number is 0 whatever comes
            feed = _feed(config, queue, sources, moving, outward)
            programs = [
                build(config, {**feed, queue: [(_GUESS + by, word)]}, memory=memory) for by in REACH
            ]
            yield from _unit(config, unit, queue, sources[moving], programs)


def _vectors(
    config: Config, sources: Mapping[str, str], operands: Mapping[str, int | None]
) -> dict:
    """Image: the vector of each operand; -1 stands for the last superlane's number."""
    memory: dict = {}
    for x, value in operands.items():
        top = config.superlanes - 1 if value == -1 else value
        vector = np.arange(1, config.lanes + 1) if top is None else np.full(config.lanes, top)
        memory[config.queue_by_name[sources[x]].index, 0, 0] = vector.astype(np.uint8)
    return memory


def _feed(
    config: Config, queue: str, sources: Mapping[str, str], moving: str, outward: int
) -> dict[str, list[Timed]]:
    """READs: one vector of operand `moving`, of the others one in every cycle around it."""
    words: dict[str, list[Timed]] = {}
    for x, source in sources.items():
        early = 0 if x == moving else _STEADY // 2
        count = 1 if x == moving else _STEADY
        at = START - hops(config, source, queue) - early
        port = read(0, 0, outward + _PLACES[x], count=count)
        words[source] = [(at, make("MEM", **port))]
    return words


def _unit(
    config: Config, unit: str, queue: str, source: str, programs: Sequence[Program]
) -> Iterator[Experiment]:
    """Both entries of a unit, from programs in which it is moved over an operand of `source`."""
    entry = unit.rstrip("01").lower()

    def functions(results: Sequence[Result]) -> set[int]:
        pairs = zip(REACH, results, strict=True)
        return {d_func(config, queue, _GUESS + by)([result]) for by, result in pairs}

    def skew(results: Sequence[Result]) -> int:
        seen = [payload(r, config, queue) for r in results]
        assert seen[0] == seen[-1]  # what the operation makes of a zero word
        at = moved(results, lambda r: payload(r, config, queue) != seen[0])
        return arrival(config, results[0], source, queue) - (_GUESS + at)

    yield Experiment(f"{entry}_d_func", programs, functions)
    yield Experiment(f"{entry}_d_skew", programs, skew)
