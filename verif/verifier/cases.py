"""What a case is: an illegal program, its legal twin, and what the verifier must say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tsp.arch.config import NANO, Config
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import AccMode, Instruction, Type, make
from tsp.arch.timing import timing
from tspc.program import Address, Program
from tspc.verifier import Party, verify

__all__ = ["Case", "D", "T", "acc", "at", "check", "image", "mem", "plane"]

T = timing(NANO)
D = T.sync_release


@dataclass(frozen=True)
class Case:
    """One illegal program.

    ``make(0)`` is the legal twin, ``make(1)`` the illegal program. ``cycle`` is the problem's;
    ``party`` and ``other`` are (queue, issue cycle) of the two words; other None: there is none.
    """

    error_class: ErrorClass
    make: Callable[[int], Program]
    cycle: int
    party: tuple[str, int | None]
    other: tuple[str, int | None] | None

    def __str__(self) -> str:
        return self.make.__name__


def check(case: Case) -> None:
    """The twin is legal; the program has this problem alone, with both parties and the cycle."""
    twin = verify(case.make(0))
    assert twin.ok, f"the legal twin: {twin}"
    report = verify(case.make(1))
    assert [p.error_class for p in report.problems] == [case.error_class], str(report)
    problem = report.problems[0]

    def named(party: Party | None) -> tuple[str, int | None] | None:
        return None if party is None else (party.queue, party.cycle)

    assert (problem.cycle, named(problem.party), named(problem.other)) == (
        case.cycle,
        case.party,
        case.other,
    ), str(report)
    assert problem.help and problem.party.text
    assert case.error_class.value in report.to_json()


def mem(**fields: int) -> Instruction:
    """A MEM word."""
    return make("MEM", **fields)


def acc(mode: AccMode, **fields: int) -> Instruction:
    """An ACC word."""
    return make("ACC", mode=mode, type=Type.INT32, **fields)


def image(*places: tuple[str, int, int]) -> dict[Address, np.ndarray]:
    """Zeros at (slice, bank, offset)."""
    zeros = np.zeros(NANO.lanes, np.uint8)
    return {(NANO.queue_by_name[name].index, bank, offset): zeros for name, bank, offset in places}


def at(driver: str, reader: str, cycle: int, d_func: int = T.mem_d_func) -> int:
    """Issue cycle in which `reader` (d_skew 1) meets what `driver` drives from `cycle` on."""
    stops = NANO.queue_by_name
    return cycle + d_func + abs(stops[reader].stop - stops[driver].stop) - 1 - 1


def plane(
    weights: list[tuple[int, Instruction]],
    activations: list[tuple[int, Instruction]],
    results: list[tuple[int, Instruction]],
    config: Config = NANO,
) -> Mapping[str, list[tuple[int, Instruction]]]:
    """Words for plane 0 of the west, whose streams W0 .. W15 the 16 ALUs feed without end."""
    words = {}
    for k in range(16):
        drive = make("VXM", op=8, result_stream=32 + k, a_immediate=1, immediate0=k)
        words[f"VXM{k}"] = [(1 if k == 0 else timing(config).sync_release, drive)]
        words[f"VXM{k}"] += [(0, make("REPEAT", n=400, d=1))]
    queues = {"MXM_W0_W": weights, "MXM_W0_A": activations, "MXM_W0_R": results}
    return words | {name: found for name, found in queues.items() if found}
