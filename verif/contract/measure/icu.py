"""Delays of the ICU: the barrier, the end of a program, and the fetch of text."""

from collections.abc import Callable, Iterator, Sequence

from tsp.arch.config import Config
from tsp.arch.isa import make
from tspc.engines.base import Result
from verif import support_fetch
from verif.contract.measure.experiment import REACH, START, Experiment, first, hops, moved
from verif.contract.measure.records import arrival
from verif.support_programs import build

__all__ = ["experiments"]


def experiments(config: Config) -> Iterator[Experiment]:
    """The barrier from a queue of every stop, done after a HALT at every stop, and IFETCH."""
    yield Experiment("sync_release", [build(config, {})], _first_release(config))
    for stop in range(config.stops):
        yield from _barrier(config, next(q.name for q in config.queues if q.stop == stop))
    yield from _fetch(config)


def _first_release(config: Config) -> Callable[[Sequence[Result]], int]:
    numbers = {q.index for q in config.queues}
    first_vxm = config.queue_by_name["VXM0"].index

    def released(results: Sequence[Result]) -> int:
        """Queues without text halt in the cycle of their release."""
        events = results[0].events
        cycles = {int(e["cycle"]) for e in events if e["queue"] in numbers - {first_vxm}}
        assert len(cycles) == 1, f"queues are released in cycles {sorted(cycles)}"
        return cycles.pop()

    return released


def _barrier(config: Config, queue: str) -> Iterator[Experiment]:
    """A NOTIFY of this queue that all others wait for; its HALT, the only one that is late."""
    number = config.queue_by_name[queue].index
    others = [q.name for q in config.queues if q.name != queue]
    words = {name: [(START, make("SYNC", n=1))] for name in others}
    words[queue] = [(START + 5, make("NOTIFY"))]

    def released(results: Sequence[Result]) -> int:
        events = results[0].events
        last = int(events["segment"].max())
        here = events[events["segment"] == last]
        cycles = {int(e["cycle"]) for e in here if e["queue"] != number}
        assert len(cycles) == 1, f"released in {sorted(cycles)} after {number}'s NOTIFY"
        return cycles.pop()

    yield Experiment("sync_release", [build(config, words)], released)
    late = build(config, {queue: [(START, make("HALT"))]})
    yield Experiment("done_drain", [late], lambda rs: (rs[0].done or 0) - START)


def _fetch(config: Config) -> Iterator[Experiment]:
    """IFETCH: the READ moves, then the cycle in which a word is wanted, then that of its room."""
    at = support_fetch.AT
    # With d_func 5 and d_skew 1 the IFETCH issues so long after the READ.
    guess = 3 + hops(config, support_fetch.SOURCE, support_fetch.QUEUE)

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
        return arrival(config, result, support_fetch.SOURCE, support_fetch.QUEUE) - at

    late = [support_fetch.wanted_after(config, wanted, guess + by) for by in REACH]
    yield Experiment("ifetch_d_skew", late, skew)
    early = [support_fetch.wanted_after(config, 7 + by, guess) for by in REACH]
    yield Experiment("ifetch_to_word", early, lambda results: 7 + first(results, runs))
    # What leaves late enough is in the way: the largest delay that still runs.
    room = [support_fetch.room_after(config, 2 - by, guess) for by in REACH]
    yield Experiment("ifetch_to_buffer", room, lambda results: 2 - first(results, runs))
