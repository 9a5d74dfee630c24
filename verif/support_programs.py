"""Programs by hand: what each queue issues and when; NOPs, the boot NOTIFY and HALT are added.

build(NANO, {"MEM_W0": [(40, make("MEM", ...))], "MEM_W4": [...]})
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tsp.arch.config import Config
from tsp.arch.isa import Instruction, make
from tsp.arch.timing import Timing, timing
from tspc.program import Program

__all__ = ["Timed", "build", "encode", "read", "write"]

#: (cycle since the first NOTIFY, instruction); a REPEAT has any cycle, it takes none.
Timed = tuple[int, Instruction]


def read(bank: int, offset: int, stream: int, **more: int) -> dict[str, int]:
    """Fields of the read port of a MEM word; `more`: stride, count, interval."""
    return _port("read", bank, offset, stream, more)


def write(bank: int, offset: int, stream: int, **more: int) -> dict[str, int]:
    """Fields of the write port of a MEM word."""
    return _port("write", bank, offset, stream, more)


def _port(
    port: str, bank: int, offset: int, stream: int, more: Mapping[str, int]
) -> dict[str, int]:
    fields = {"kind": 1, "bank": bank, "offset": offset, "stream": stream, "count": 1}
    return {f"{port}_{name}": v for name, v in {**fields, "interval": 1, **more}.items()}


def encode(
    config: Config, queues: Mapping[str, Sequence[Timed]], table: Timing | None = None
) -> tuple[dict[int, tuple[int, ...]], dict[int, tuple[int, ...]]]:
    """Text and plan of each queue: gaps become NOPs, nothing else is added.

    Raises
    ------
    ValueError
        If a word's cycle is before the first in which its queue can issue it.
    """
    table = table or timing(config)
    notifies = sorted(t for words in queues.values() for t, i in words if i.name == "NOTIFY")
    text, plan = {}, {}
    for name, words in queues.items():
        queue = config.queue_by_name[name]
        now = 0 if name == "VXM0" else table.sync_release
        found: list[tuple[int, int]] = []
        last = 0
        for cycle, i in words:
            if i.name == "REPEAT":
                found.append((last, i.encode()))
                now = last + i["n"] * i["d"] + 1
                continue
            if cycle < now:
                raise ValueError(f"{name} cannot issue {i.name} in cycle {cycle}, only from {now}")
            while cycle > now:
                gap = min(cycle - now, 0xFFFF)
                found.append((now, make("NOP", n=gap).encode()))
                now += gap
            found.append((cycle, i.encode()))
            last, now = cycle, cycle + (i["n"] if i.name == "NOP" else 1)
            if i.name == "SYNC":
                released = [t for t in notifies if t >= cycle - 1][i["n"] - 1 :]
                now = released[0] + table.sync_release if released else now
        plan[queue.index] = tuple(cycle for cycle, _ in found)
        text[queue.index] = tuple(word for _, word in found)
    return text, plan


def build(
    config: Config,
    queues: Mapping[str, Sequence[Timed]],
    *,
    name: str = "by hand",
    boot: bool = True,
    halt: bool = True,
    **rest: Any,
) -> Program:
    """A program of these words.

    Parameters
    ----------
    config, queues
        As for :func:`encode`.
    boot
        Let VXM0 begin with NOTIFY in cycle 0.
    halt
        End each queue with HALT, in the cycle after its last word, unless it ends with one.
    rest
        Further attributes of :class:`Program`.
    """
    full = {queue: list(words) for queue, words in queues.items()}
    if boot:
        full["VXM0"] = [(0, make("NOTIFY")), *full.get("VXM0", [])]
    text, plan = encode(config, full)
    end = make("HALT").encode()
    for queue, words in text.items():
        if halt and words[-1] != end:
            text[queue] = (*words, end)
    return Program(name, config, text, plan, **rest)
