"""What the RTL's records say: the words that units drive, and when."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import Config
from tspc.engines.base import Result
from verif.contract.measure.experiment import hops

__all__ = ["access", "arrival", "d_func", "drives", "payload"]


def drives(result: Result, config: Config, queue: str) -> NDArray[np.void]:
    """Records of the words that a queue's unit drives."""
    assert result.drives is not None
    return result.drives[result.drives["queue"] == config.queue_by_name[queue].index]


def d_func(config: Config, queue: str, issued: int) -> Callable[[Sequence[Result]], int]:
    """Cycle of the first word in a stream register, less issue and superlane; one for all."""

    def read_off(results: Sequence[Result]) -> int:
        records = drives(results[0], config, queue)
        delays = {int(r["cycle"]) - int(r["superlane"]) - issued for r in records}
        assert len(delays) == 1, f"{queue} drives {sorted(delays)} cycles after its issue"
        return delays.pop()

    return read_off


def payload(result: Result, config: Config, queue: str) -> list[bytes]:
    """Data of all words that a queue's unit drives, by time, superlane and stream."""
    records = drives(result, config, queue)
    order = np.lexsort((records["stream"], records["superlane"], records["cycle"]))
    return [bytes(r["data"][:16]) for r in records[order]]


def arrival(config: Config, result: Result, source: str, sink: str) -> int:
    """Cycle in which superlane 0's word of `source` is on the inputs of `sink`'s stop."""
    record = min(drives(result, config, source), key=lambda r: (r["cycle"], r["superlane"]))
    return int(record["cycle"]) - int(record["superlane"]) + hops(config, source, sink) - 1


def access(issued: int) -> Callable[[Sequence[Result]], set[int]]:
    """Cycles of all writes, less issue and superlane."""

    def read_off(results: Sequence[Result]) -> set[int]:
        return {int(w["cycle"]) - int(w["superlane"]) - issued for w in results[0].writes}

    return read_off
