"""Runs a scheduled workload on the engines and compares every run; one process for each lane."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tspc.compare import Counts, compare, explain
from tspc.engines.base import Progress, Result
from tspc.plan import expand
from tspc.program import Program

__all__ = ["Outcome", "Workload", "execute"]

#: Called with (workload's name, cycles done, cycles in all, seconds to go or None).
Report = Callable[[str, int, int, float | None], None]


@dataclass(frozen=True, eq=False)
class Workload:
    """A program and the inputs of each of its runs."""

    name: str
    program: Program
    inputs: Sequence[dict[str, NDArray[Any]]]
    lower_bound: int


@dataclass(eq=False)
class Outcome:
    """What the runs of a workload gave.

    Attributes
    ----------
    golden, rtl
        Outputs of each run by name; ``rtl`` is empty if only the golden model ran.
    scheduled, golden_cycles, rtl_cycles
        Cycle of ``done``, the same for all runs, else None.
    events, bits
        Compared and different, over all runs.
    first_difference
        For people; None if there is none.
    first_events
        Events of the first run, of the RTL if it ran.
    seconds
        Of simulation between start and done, over all runs.
    total_cycles
        Over all runs.
    """

    golden: list[dict[str, NDArray[Any]]] = field(default_factory=list)
    rtl: list[dict[str, NDArray[Any]]] = field(default_factory=list)
    scheduled: int = 0
    golden_cycles: int | None = None
    rtl_cycles: int | None = None
    events: Counts = field(default_factory=lambda: Counts(0, 0))
    bits: Counts = field(default_factory=lambda: Counts(0, 0))
    first_difference: str | None = None
    first_events: NDArray[np.void] | None = None
    seconds: float = 0.0
    total_cycles: int = 0

    @property
    def equal(self) -> bool:
        """True if nothing differed anywhere."""
        different = self.events.different or self.bits.different
        return not different and self.first_difference is None


def execute(work: Workload, *, rtl: bool, report: Report) -> Outcome:
    """Run a workload on the golden model and, if asked, on the RTL; compare run by run."""
    from tspc.golden.model import GoldenEngine

    schedule = expand(work.program)
    outcome = Outcome(scheduled=schedule.done)
    start = time.perf_counter()
    golden = GoldenEngine().run_many(work.program, work.inputs)
    outcome.golden = [dict(r.outputs) for r in golden]
    outcome.golden_cycles = _common(r.done for r in golden)
    outcome.first_events = golden[0].events
    if rtl:
        _execute_rtl(work, outcome, golden, report)
        return outcome
    outcome.seconds = time.perf_counter() - start
    outcome.total_cycles = sum(r.done or 0 for r in golden)
    for number, result in enumerate(golden):
        same = np.array_equal(result.events, schedule.events)
        odd = 0 if same else max(len(result.events), len(schedule.events))
        _count(outcome, Counts(len(schedule.events), odd), Counts(0, 0))
        if not same or result.done != schedule.done:
            outcome.first_difference = f"run {number}: golden model and schedule differ"
    report(work.name, outcome.total_cycles, outcome.total_cycles, 0.0)
    return outcome


def _execute_rtl(
    work: Workload, outcome: Outcome, golden: Sequence[Result], report: Report
) -> None:
    from tspc.engines.rtl import RtlEngine

    schedule = expand(work.program)
    config = work.program.config
    differing: list[int] = []
    done: list[int | None] = []

    def each(number: int, result: Result) -> None:
        found = compare(config, schedule.events, schedule.done, golden[number], result)
        _count(outcome, found.events, found.bits)
        if not found.equal:
            differing.append(number)
            if outcome.first_difference is None:
                outcome.first_difference = f"{work.name}, run {number}: {found.first}"
        outcome.rtl.append(dict(result.outputs))
        outcome.seconds += result.seconds
        outcome.total_cycles += result.done or 0
        done.append(result.done)
        if number == 0:
            outcome.first_events = result.events

    def progress(p: Progress) -> None:
        report(work.name, p.cycles, p.total_cycles, p.remaining)

    RtlEngine(each=each).run_many(work.program, work.inputs, progress=progress)
    outcome.rtl_cycles = _common(done)
    if differing:
        outcome.first_difference = _explain(work, differing[0], outcome.first_difference or "")


def _explain(work: Workload, number: int, text: str) -> str:
    """Repeat a differing run deep, to name the first word on a stream that differs."""
    from tspc.engines.rtl import RtlEngine
    from tspc.golden.model import GoldenEngine

    inputs = work.inputs[number]
    golden = GoldenEngine().run(work.program, inputs, deep=True)
    rtl = RtlEngine().run(work.program, inputs, deep=True)
    more = explain(work.program.config, golden, rtl)
    return text + (f"\n{more}" if more else "")


def _common(values: Any) -> int | None:
    """The value that all share, or None."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _count(outcome: Outcome, events: Counts, bits: Counts) -> None:
    def plus(a: Counts, b: Counts) -> Counts:
        return Counts(a.compared + b.compared, a.different + b.different)

    outcome.events = plus(outcome.events, events)
    outcome.bits = plus(outcome.bits, bits)
