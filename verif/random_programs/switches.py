"""Random SXM operations: what their maps are, and which bins they hit."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import LANES, STREAMS, Config, Hemisphere, Queue
from tsp.arch.isa import FORMATS, Type
from verif.random_programs.bins import Bin, sxm_bins
from verif.random_programs.board import Series
from verif.random_programs.flows import Flows, Value

__all__ = ["Switches"]

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class _Choice:
    """An operation without its times: fields, and the unit of its hemisphere."""

    name: str
    queue: Queue
    fields: dict[str, int]


class Switches:
    """Places SXM operations with everything before and behind them on a board.

    Operands come from MEM or the VXM, so they flow outward, and results go back.
    """

    def __init__(self, flows: Flows, wanted: list[Bin]) -> None:
        self.flows, self.board, self._rng = flows, flows.board, flows.board.rng
        self.left = sorted((b for b in wanted if str(b[0]).startswith("SXM")), key=str)
        self._units = [q for q in self.board.config.queues if q.kind.value.startswith("sxm")]

    def operation(self, series: Series) -> None:
        """One operation and its copies; raises ``NoPlace`` if it does not fit."""
        choice = self._choose()
        timing = self.board.timing
        unit = choice.queue.kind.value.removeprefix("sxm_")
        arrives = series.later(getattr(timing, f"{unit}_d_skew"))
        driven = series.later(getattr(timing, f"{unit}_d_func"))
        widths = _widths(choice)
        with self.board.attempt():
            avoid: set[int] = set()
            for name, width in widths.items():
                for k in range(width):
                    self._feed(choice, name, k, arrives, avoid)
            result = choice.fields["result"]
            count = _results(choice)
            owner = self.board.owner()
            for k in range(count):
                self.board.carry(result + k, choice.queue.stop, choice.queue.stop, driven, owner)
            self.board.place(choice.queue, series, choice.name, choice.fields)
            for k in range(count):
                self.flows.consume(Value(result + k, 1, choice.queue.stop, driven, owner), 1)
        hit = set(sxm_bins(choice.queue, choice.name, choice.fields))
        self.left = [b for b in self.left if b not in hit]

    def _feed(
        self, choice: _Choice, name: str, number: int, arrives: Series, avoid: set[int]
    ) -> None:
        stream = choice.fields[name] + number
        if name == "stream":
            depth = 1 if choice.name != "TRANSPOSE" else 0
            self.flows.feed(choice.queue.stop, arrives, stream, Type.INT8, depth, avoid)
        else:
            draw = _maps(self._rng, choice.name, number, self.board.config)
            self.flows.load_map(choice.queue.stop, arrives, stream, draw, avoid)

    # ---- which one -----------------------------------------------------------------------

    def _choose(self) -> _Choice:
        """A random operation, or one that hits a wanted bin."""
        rng = self._rng
        if self.left and rng.random() < 0.9:
            return self._aimed(rng.choice(self.left))
        queue = rng.choice(self._units)
        forms = [f.name for f in FORMATS.values() if f.functional and queue.kind in f.queues]
        return self._drawn(queue, rng.choice(forms))

    def _drawn(self, queue: Queue, name: str) -> _Choice:
        rng, fields = self._rng, dict[str, int]()
        outward = STREAMS * (queue.hemisphere is Hemisphere.W)
        for field in FORMATS[name].fields:
            if field.name == "n":
                distance = rng.randint(1, 16)
                signed = distance * (rng.choice((1, -1)) if name == "SHIFT" else 1)
                fields["n"] = rng.choice((3, 4)) if name == "ROTATE" else signed
                continue
            index = rng.randrange(STREAMS) // field.group * field.group
            fields[field.name] = index + (STREAMS - outward if field.name == "result" else outward)
        return _Choice(name, queue, fields)

    def _aimed(self, aim: Bin) -> _Choice:
        """An operation that hits a bin (:func:`~verif.random_programs.bins.sxm_bins`)."""
        number, name = int(aim[1]), str(aim[2])
        choice = self._drawn(self.board.config.queues[number], name)
        if aim[0] == "SXM n":
            choice.fields["n"] = int(aim[3])
        elif aim[0] == "SXM stream":
            choice.fields[str(aim[3])] = int(aim[4])
        return choice


def _widths(choice: _Choice) -> dict[str, int]:
    """Streams of each operand field."""
    found = {"stream": LANES if choice.name == "TRANSPOSE" else 1}
    for name in ("mask", "map"):
        if name in choice.fields:
            found[name] = 2 if choice.name == "PERMUTE" else 1
    return found


def _results(choice: _Choice) -> int:
    """Streams that an operation drives."""
    if choice.name == "ROTATE":
        return choice.fields["n"] ** 2
    return LANES if choice.name == "TRANSPOSE" else 1


def _maps(rng: Random, name: str, number: int, config: Config) -> Callable[[], Bytes]:
    """Vectors of byte `number` of random maps."""
    if name == "SELECT":
        legal = list(range(4))
    elif name == "DISTRIBUTE":
        legal = [*range(16), *range(128, 144)]
    else:
        legal = list(range(config.superlanes if number else 256))
    return lambda: np.array(rng.choices(legal, k=config.lanes), np.uint8)
