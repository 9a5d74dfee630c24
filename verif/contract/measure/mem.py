"""Delays of MEM: READ and WRITE by address, GATHER and SCATTER over a map."""

from collections.abc import Iterator, Sequence

import numpy as np

from tsp.arch.config import Config
from tsp.arch.isa import make
from tspc.engines.base import Result
from tspc.program import Program
from verif.contract.measure.experiment import (
    PATTERN,
    REACH,
    SINK,
    SOURCE,
    START,
    STREAM,
    Experiment,
    hops,
    memory_image,
    moved,
    reading,
)
from verif.contract.measure.records import access, arrival, d_func, payload
from verif.support_programs import build, write

__all__ = ["experiments"]

#: A source, a sink in the other hemisphere, and a stream that flows to it.
_WAYS = ((SOURCE, SINK, STREAM), (SINK, SOURCE, 32 + STREAM))
_CENTRE = REACH.index(0)
_MAPPED = 9  #: the offset in all entries of a map


def experiments(config: Config) -> Iterator[Experiment]:
    """By address and over maps, both directions of flow."""
    for way in _WAYS:
        yield from _by_address(config, *way)
    for way in _WAYS:
        yield from _over_map(config, *way)


def _guess(config: Config, source: str, sink: str) -> int:
    """With d_func 5 and d_skew 1 the consumer issues 3 + hops after the READ."""
    return START + 3 + hops(config, source, sink)


def _by_address(config: Config, source: str, sink: str, stream: int) -> Iterator[Experiment]:
    """READ, then a WRITE that is moved."""
    memory = memory_image(config, source, {0: PATTERN})
    fetch = [(START, reading(config, 0, stream))]
    alone = build(config, {source: fetch}, memory=memory)
    yield Experiment("mem_d_func", [alone], d_func(config, source, START))

    guess = _guess(config, source, sink)
    target = (config.queue_by_name[sink].index, 1, 7)
    word = make("MEM", **write(1, 7, stream))
    programs = [
        build(config, {source: fetch, sink: [(guess + by, word)]}, memory=memory) for by in REACH
    ]

    def skew(results: Sequence[Result]) -> int:
        at = moved(results, lambda r: bool((r.memory[target] == PATTERN).all()))
        return arrival(config, results[0], source, sink) - (guess + at)

    def one_access(results: Sequence[Result]) -> int:
        delays = access(guess)(results)
        assert len(delays) == 1
        return delays.pop()

    yield Experiment("mem_d_skew", programs, skew)
    yield Experiment("mem_access", [programs[_CENTRE]], one_access)


def _over_map(config: Config, source: str, sink: str, stream: int) -> Iterator[Experiment]:
    """GATHER and SCATTER moved over their map; a map that is not there is 0."""
    guess = _guess(config, source, sink)
    number = config.queue_by_name[sink].index

    def gathers(result: Result) -> bool:
        return set(payload(result, config, sink)) == {bytes([PATTERN] * 16)}

    def scatters(result: Result) -> bool:
        queues, offsets = (set(result.writes[x].tolist()) for x in ("queue", "offset"))
        return queues == {number} and offsets == {_MAPPED}

    programs = {
        port: _moved_over_map(config, source, sink, stream, port) for port in ("read", "write")
    }
    for port, good in (("read", gathers), ("write", scatters)):

        def skew(results: Sequence[Result], good=good) -> int:
            return arrival(config, results[0], source, sink) - (guess + moved(results, good))

        yield Experiment("mem_d_skew", programs[port], skew)
    yield Experiment("mem_d_func", [programs["read"][_CENTRE]], d_func(config, sink, guess))
    yield Experiment("mem_access", [programs["write"][_CENTRE]], access(guess))


def _moved_over_map(
    config: Config, source: str, sink: str, stream: int, port: str
) -> list[Program]:
    """A READ of the map, and a word of one port of `sink` that is moved."""
    map_ = np.zeros((config.superlanes, 16), np.uint8)
    map_[:, 0] = _MAPPED
    memory = memory_image(config, sink, {0: 1, _MAPPED: PATTERN})
    memory[config.queue_by_name[source].index, 0, 0] = map_.reshape(-1)
    fetch = [(START, reading(config, 0, stream))]
    shape = {"kind": 2, "map": stream, "stream": stream + 1, "count": 1, "interval": 1}
    word = make("MEM", **{f"{port}_{name}": value for name, value in shape.items()})
    guess = _guess(config, source, sink)
    return [
        build(config, {source: fetch, sink: [(guess + by, word)]}, memory=memory) for by in REACH
    ]
