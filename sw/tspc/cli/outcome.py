"""What a simulation left, beside its plan: the three columns and what differs between them."""

import numpy as np
from numpy.typing import NDArray

from tspc.compare import compare, explain
from tspc.engines.base import Result
from tspc.plan import Schedule
from tspc.program import Program

__all__ = ["Outcome"]


class Outcome:
    """One program's schedule and runs, compared.

    An engine that did not run has no column: the comparison is then between the other two.

    Parameters
    ----------
    program, schedule
        What ran and what was planned.
    golden, rtl
        What each engine did; at least one of them.

    Attributes
    ----------
    first
        What differs first, None if nothing does.
    first_drive
        The first word on a stream that differs, of deep runs of both engines.
    """

    def __init__(
        self, program: Program, schedule: Schedule, golden: Result | None, rtl: Result | None
    ) -> None:
        one, other = golden or rtl, rtl or golden
        if one is None or other is None:
            raise ValueError("nothing has run")
        self.program, self.schedule, self.golden, self.rtl = program, schedule, golden, rtl
        self.result = other
        config = program.config
        self.comparison = compare(config, schedule.events, schedule.done, one, other)
        self.first, self.first_drive = self.comparison.first, None
        if one is not other and one.drives is not None and other.drives is not None:
            self.first_drive = explain(config, one, other)
            self.first = self.first or self.first_drive

    def records(self) -> dict[str, NDArray[np.void]]:
        """All records by column and kind, for a file."""
        found = {"schedule_events": self.schedule.events}
        for name, result in (("golden", self.golden), ("rtl", self.rtl)):
            if result is not None:
                found[f"{name}_events"] = result.events
                found[f"{name}_writes"] = result.writes
                if result.drives is not None:
                    found[f"{name}_drives"] = result.drives
        return found

    def to_dict(self) -> dict[str, object]:
        """For ``--json``."""
        runs = {"golden": self.golden, "rtl": self.rtl}
        return {
            "program": self.program.name,
            "config": self.program.config.name,
            "config_hash": self.program.config.hash,
            "engines": [name for name, result in runs.items() if result is not None],
            "cycles": {
                "scheduled": self.schedule.done,
                **{name: None if r is None else r.done for name, r in runs.items()},
            },
            "events": vars(self.comparison.events),
            "bits": vars(self.comparison.bits),
            "first_difference": self.first,
            "first_drive": self.first_drive,
            "seconds": {name: r.seconds for name, r in runs.items() if r is not None},
        }

    def __str__(self) -> str:
        schedule, config = self.schedule, self.program.config
        heads = ["", "schedule"]
        rows = [
            ["events", f"{len(schedule.events)}"],
            ["words written", "-"],
            ["done in cycle", f"{schedule.done}"],
        ]
        for name, result in (("golden", self.golden), ("rtl", self.rtl)):
            heads.append(name)
            cells = ["-", "-", "-"]
            if result is not None:
                done = "never" if result.done is None else str(result.done)
                cells = [str(len(result.events)), str(len(result.writes)), done]
            for row, cell in zip(rows, cells):
                row.append(cell)
        lines = [f"{self.program.name} on {config.name} ({config.hash})"]
        for row in (heads, *rows):
            lines.append(f"{row[0]:14}" + "".join(f"{cell:>12}" for cell in row[1:]))
        events, bits = self.comparison.events, self.comparison.bits
        lines.append(f"{events.different} of {events.compared} events differ")
        if self.golden is not None and self.rtl is not None:
            lines[-1] += f", {bits.different} of {bits.compared} bits"
        if self.rtl is not None and self.rtl.done and self.rtl.seconds:
            rate = self.rtl.done / self.rtl.seconds
            lines.append(f"rtl: {self.rtl.seconds:.1f} s, {rate:,.0f} cycles/s")
        return "\n".join(lines)
