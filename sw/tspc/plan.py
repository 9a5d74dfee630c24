"""The schedule's own prediction: every event and the cycle of ``done``, from plan and text.

The first of the three columns that each run compares. Times are those that the program's maker
planned for each word; nothing is executed, and no time is found by counting NOPs, so a scheduler
or assembler that miscounts disagrees with the machines. Only what the plan cannot know comes from
the timing table: when queues without text issue the loader's HALT, and how long draining takes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import Config
from tsp.arch.isa import FORMATS, WORD_BYTES, AbcMode, AccMode, Field, Instruction
from tsp.arch.timing import Timing
from tsp.arch.timing import timing as timing_table
from tspc.events import EVENT, event_order
from tspc.program import Program, decoded

__all__ = ["Schedule", "expand"]


@dataclass(frozen=True, eq=False)
class Schedule:
    """What a program's plan says.

    Attributes
    ----------
    events
        ``EVENT`` array, sorted.
    origin
        For each event the index of the word in its queue's text: of the word that a REPEAT
        repeats, of the MEM word that a burst belongs to; -1 for the loader's HALT.
    done
        Cycle in which ``done`` is due, counted from the first NOTIFY.
    notifies
        Cycles of the NOTIFYs; segment k begins with the k-th.
    """

    events: NDArray[np.void]
    origin: NDArray[np.int32]
    done: int
    notifies: tuple[int, ...]


def expand(program: Program, *, timing: Timing | None = None) -> Schedule:
    """Expand a program's plan into events.

    Parameters
    ----------
    timing
        Another timing table than the configuration's (tests).

    Raises
    ------
    ValueError
        If text and plan do not fit each other.
    tsp.arch.isa.BadWord
        If a word is no instruction.
    """
    config = program.config
    table = timing_table(config) if timing is None else timing
    found: list[tuple[int, int, int, int]] = []  # cycle, queue, word, index in the text
    last = 0
    for queue, text in program.text.items():
        plan = program.plan.get(queue)
        if plan is None or len(plan) != len(text):
            name = config.queues[queue].name
            raise ValueError(
                f"{name} has {len(text)} words, but {len(plan or ())} planned issue times"
            )
        for cycle, word, index, ends in _queue_events(text, plan, config):
            found.append((cycle, queue, word, index))
            if ends:
                last = max(last, cycle)
    halt = FORMATS["HALT"].opcode
    for q in config.queues:
        if not program.text.get(q.index):
            found.append((table.sync_release, q.index, halt, -1))
            last = max(last, table.sync_release)
    notify = FORMATS["NOTIFY"].opcode
    notifies = tuple(sorted({cycle for cycle, _, word, _ in found if word == notify}))
    events, origin = _record(found, notifies)
    return Schedule(events, origin, last + table.done_drain, notifies)


def _record(
    found: list[tuple[int, int, int, int]], notifies: tuple[int, ...]
) -> tuple[NDArray[np.void], NDArray[np.int32]]:
    events = np.zeros(len(found), EVENT)
    if not found:
        return events, np.zeros(0, np.int32)
    cycles, queues, words, indices = zip(*found)
    starts = np.array(notifies or (0,), np.int64)
    absolute = np.array(cycles, np.int64)
    segment = np.maximum(np.searchsorted(starts, absolute, side="right") - 1, 0)
    events["segment"] = segment
    events["cycle"] = absolute - starts[segment]
    events["queue"] = queues
    raw = b"".join(word.to_bytes(WORD_BYTES, "little") for word in words)
    events["word"] = np.frombuffer(raw, np.uint8).reshape(-1, WORD_BYTES)
    order = event_order(events)
    return events[order], np.array(indices, np.int32)[order]


def _queue_events(
    text: tuple[int, ...], plan: tuple[int, ...], config: Config
) -> Iterator[tuple[int, int, int, bool]]:
    """Cycle, word and origin of each event of a queue, and whether it keeps ``done`` waiting."""
    previous: tuple[int, Instruction] | None = None
    for index, (cycle, word) in enumerate(zip(plan, text)):
        instruction = decoded(word)
        if instruction.name == "NOP":
            previous = None
        elif instruction.name == "REPEAT":
            if previous is None:
                raise ValueError(f"a REPEAT planned for cycle {cycle} follows no functional word")
            start, repeated = previous
            for copy in range(1, instruction["n"] + 1):
                at = start + copy * instruction["d"]
                for issued in _issue(repeated, copy, config):
                    yield at, issued, index - 1, repeated.name == "MEM"
            previous = None
        elif instruction.name == "MEM":
            for at, issued in _burst(instruction, cycle, config):
                yield at, issued, index, True
            previous = None if instruction.has_burst else (cycle, instruction)
        else:
            yield cycle, word, index, instruction.name == "HALT"
            previous = (cycle, instruction) if instruction.format.functional else None


def _issue(instruction: Instruction, copy: int, config: Config) -> Iterator[int]:
    """The words of a REPEAT's copy, stepped (architecture section 5)."""
    if instruction.name == "MEM":
        for port in ("read", "write"):
            if instruction[f"{port}_kind"]:
                yield _access(instruction, port, copy, config)
        return
    field, modulus = _stepping(instruction, config)
    word = instruction.encode()
    if field is not None:
        value = instruction[field.name]
        word ^= (value ^ (value + copy) % modulus) << field.low
    yield word


def _stepping(instruction: Instruction, config: Config) -> tuple[Field | None, int]:
    """The field of a word that REPEAT steps, and what it wraps at."""
    form = instruction.format
    if instruction.name == "LW":
        return form.by_name["column"], config.superlanes
    if instruction.name == "MXM" and instruction["mode"] in (AbcMode.KEEP, AbcMode.BUFFER):
        return form.by_name["entry"], config.activations
    if instruction.name == "ACC" and instruction["mode"] != AccMode.EMIT:
        return form.by_name["entry"], config.accumulators
    return None, 1


def _burst(instruction: Instruction, cycle: int, config: Config) -> Iterator[tuple[int, int]]:
    """Cycle and word of every access of a MEM word."""
    for port in ("read", "write"):
        if instruction[f"{port}_kind"]:
            for i in range(instruction[f"{port}_count"]):
                at = cycle + i * instruction[f"{port}_interval"]
                yield at, _access(instruction, port, i, config)


def _access(instruction: Instruction, port: str, step: int, config: Config) -> int:
    """The MEM word that does one access of one port (:data:`tspc.events.EVENT`)."""
    fields = FORMATS["MEM"].by_name
    stride = instruction[f"{port}_stride"]
    offset = (instruction[f"{port}_offset"] + step * stride) % config.bank_words
    values = {
        f"{port}_offset": offset,
        f"{port}_count": 1,
        f"{port}_interval": 1,
    }
    for name in ("kind", "bank", "stream", "map"):
        values[f"{port}_{name}"] = instruction[f"{port}_{name}"]
    word = FORMATS["MEM"].opcode
    for name, value in values.items():
        word |= value << fields[name].low
    return word
