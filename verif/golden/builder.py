"""Programs by hand: words at issue times, queue by queue, without the assembler.

Times count from the first NOTIFY, which is VXM queue 0's first word and given by itself. NOPs fill
the gaps, and a HALT ends each text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import NANO, STREAMS, Config
from tsp.arch.isa import VXM_OPS, Compute, Instruction, Type, make, stream_number
from tsp.arch.timing import timing
from tspc.golden.simulate import Run, simulate
from tspc.program import Address, Program

#: (issue cycle, word), or for SYNC (issue cycle, word, cycle in which the next word issues).
Item = tuple[int, Instruction] | tuple[int, Instruction, int]

NOTIFY, HALT = make("NOTIFY"), make("HALT")
NEVER = 1 << 30  #: release of a SYNC behind which nothing stands


def nop(n: int) -> Instruction:
    return make("NOP", n=n)


def repeat(n: int, d: int = 1) -> Instruction:
    return make("REPEAT", n=n, d=d)


def sync(n: int = 1) -> Instruction:
    return make("SYNC", n=n)


def read(bank: int, offset: int, stream: str, count: int = 1, interval: int = 1, stride: int = 0):
    return _mem("read", bank, offset, stream, count, interval, stride)


def write(bank: int, offset: int, stream: str, count: int = 1, interval: int = 1, stride: int = 0):
    return _mem("write", bank, offset, stream, count, interval, stride)


def _mem(port, bank, offset, stream, count, interval, stride):
    fields = {
        "kind": 1,
        "bank": bank,
        "offset": offset,
        "stream": stream_number(stream),
        "count": count,
        "interval": interval,
        "stride": stride,
    }
    return make("MEM", **{f"{port}_{name}": value for name, value in fields.items()})


def both(one: Instruction, other: Instruction) -> Instruction:
    """One MEM word with the read of one and the write of the other."""
    fields = {name: one[name] | other[name] for name in one.values}
    return make("MEM", **fields)


def vxm(
    op: str,
    operands: Sequence[str | int],
    result: str,
    types: Sequence[Type] = (Type.INT8,) * 3,
    result_type: Type = Type.INT8,
    compute: Compute = Compute.INT32,
    saturate: int = 0,
) -> Instruction:
    """An operand is a stream's name, or an immediate's bits."""
    fields = {
        "op": VXM_OPS[op].code,
        "compute": compute,
        "saturate": saturate,
        "result_type": result_type,
        "result_stream": stream_number(result),
    }
    immediates = 0
    for name, operand, kind in zip("abc", operands, types):
        fields[f"{name}_type"] = kind
        if isinstance(operand, str):
            fields[f"{name}_stream"] = stream_number(operand)
        else:
            fields[f"{name}_immediate"] = 1
            fields[f"immediate{immediates}"] = operand
            immediates += 1
    return make("VXM", **fields)


@dataclass
class Maker:
    """A program under construction.

    Attributes
    ----------
    config
        Chip that it is for.
    memory
        Initial image, filled by :meth:`put`.
    """

    config: Config = NANO

    def __post_init__(self) -> None:
        self.timing = timing(self.config)
        self.start = self.timing.sync_release  #: first issue of every queue but VXM0
        self.memory: dict[Address, NDArray[np.uint8]] = {}
        self.bound: int | None = None
        self.fetched: dict[str, tuple[Address, ...]] = {}  #: places of text by queue

    def queue(self, name: str) -> int:
        return self.config.queue_by_name[name].index

    def put(self, slice_: str, bank: int, offset: int, values: object) -> None:
        """Put a vector into the image; a scalar fills it."""
        vector = np.broadcast_to(np.asarray(values), (self.config.lanes,))
        self.memory[self.queue(slice_), bank, offset] = vector.astype(np.uint8)

    def text(self, name: str, items: Sequence[Item]) -> tuple[int, ...]:
        """Words of one queue, NOPs and HALT included."""
        first = name == "VXM0"
        words = [NOTIFY] if first else []
        cursor = 1 if first else self.start
        for cycle, word, *release in items:
            if word.name == "REPEAT":
                last = next(w for w in reversed(words) if w.name != "NOP")
                assert last.format.functional
                words.append(word)
                cursor += word["n"] * word["d"]
                continue
            assert cycle >= cursor, f"{name}: cycle {cycle} is before {cursor}"
            if cycle > cursor:
                words.append(nop(cycle - cursor))
            words.append(word)
            cursor = release[0] if release else cycle + 1
        return tuple(w.encode() for w in [*words, HALT] if cursor < NEVER or w is not HALT)

    def program(self, queues: Mapping[str, Sequence[Item]]) -> Program:
        text = {self.queue(name): self.text(name, items) for name, items in queues.items()}
        first = self.queue("VXM0")
        text.setdefault(first, self.text("VXM0", ()))
        fetched = {self.queue(name): places for name, places in self.fetched.items()}
        return Program(
            "by hand", self.config, text, {}, self.memory, (), self.bound, fetched=fetched
        )

    def fetch(
        self, queue: str, at: int, stream: str, slice_: str
    ) -> tuple[Item, dict[str, list[Item]]]:
        """An IFETCH of one pair in `at`, and the READ that feeds it from bank 1 of a slice."""
        self.fetched[queue] = ((self.queue(slice_), 1, 0), (self.queue(slice_), 1, 1))
        hops = abs(self.hops(slice_, queue))
        issue = at + self.timing.ifetch_d_skew - self.timing.mem_d_func - hops + 1
        word = make("IFETCH", stream=stream_number(stream), n=1)
        return (at, word), {slice_: [(issue, read(1, 0, stream, count=2, stride=1))]}

    def run(self, queues: Mapping[str, Sequence[Item]], **options) -> Run:
        return simulate(self.program(queues), [{}], **options)[0]

    def vector(self, run: Run, slice_: str, bank: int, offset: int) -> NDArray[np.uint8]:
        return run.memory[self.queue(slice_), bank, offset]

    # ---- geometry ------------------------------------------------------------------------

    def hops(self, source: str, sink: str) -> int:
        """Stops from one queue's unit to another's, eastward."""
        stops = self.config.queue_by_name
        return stops[sink].stop - stops[source].stop

    def arrival(self, issue: int, d_func: int, source: str, sink: str) -> int:
        """Cycle in which a result is on the inputs of another unit."""
        return issue + d_func + abs(self.hops(source, sink)) - 1


def directions(config: Config) -> range:
    return range(2 * STREAMS)
