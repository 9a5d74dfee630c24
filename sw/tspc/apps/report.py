"""The report of the main job: ``report.json`` for tools, tables for people."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsp.arch.isa import WORD_BYTES
from tspc.apps.runs import Outcome, Workload
from tspc.objectfile import write_atomically

__all__ = ["Verdict", "class_table", "judge", "record", "summary_table", "write"]

#: Accuracy that the quantised network must exceed, and how far it may be from floating point.
LEAST_ACCURACY, MOST_LOSS = 0.95, 0.01


@dataclass(frozen=True, eq=False)
class Verdict:
    """Answers to a workload's samples: what is right, and what each column says."""

    right: NDArray[Any]
    float_: NDArray[Any] | None
    golden: NDArray[Any]
    rtl: NDArray[Any] | None
    samples: int

    def accuracy(self, column: str) -> float | None:
        """Share of right answers of ``float``, ``golden`` or ``rtl``."""
        answers = {"float": self.float_, "golden": self.golden, "rtl": self.rtl}[column]
        return None if answers is None else float((answers == self.right).mean())


def record(work: Workload, outcome: Outcome, verdict: Verdict, engine: str) -> dict[str, Any]:
    """One entry of ``report.json``."""
    config = work.program.config
    rate = outcome.total_cycles / outcome.seconds if outcome.seconds else None
    return {
        "program": work.program.name,
        "config": config.name,
        "config_hash": config.hash,
        "engine": engine,
        "samples": verdict.samples,
        "runs": len(work.inputs),
        "accuracy": {c: verdict.accuracy(c) for c in ("float", "golden", "rtl")},
        "cycles": {
            "scheduled": outcome.scheduled,
            "golden": outcome.golden_cycles,
            "rtl": outcome.rtl_cycles,
        },
        "lower_bound_cycles": work.lower_bound,
        "events": vars(outcome.events),
        "bits": vars(outcome.bits),
        "instruction_bytes": WORD_BYTES * sum(len(t) for t in work.program.text.values()),
        "seconds": round(outcome.seconds, 3),
        "cycles_per_second": rate and round(rate, 1),
        "first_difference": outcome.first_difference,
    }


def judge(entry: dict[str, Any], *, exact: bool) -> list[str]:
    """What is wrong with a run; empty if nothing is.

    Parameters
    ----------
    entry
        Of the report.
    exact
        True if every answer has to be right (it is arithmetic), false for a network.
    """
    wrong = []
    name, accuracy = entry["program"], entry["accuracy"]
    rtl = entry["engine"] == "rtl"
    if entry["first_difference"] is not None:
        wrong.append(f"{name}: {entry['first_difference']}")
    elif entry["events"]["different"] or entry["bits"]["different"]:
        wrong.append(f"{name}: events or bits differ")
    cycles = [c for k, c in entry["cycles"].items() if rtl or k != "rtl"]
    if None in cycles or len(set(cycles)) != 1:
        wrong.append(f"{name}: cycles differ: {entry['cycles']}")
    if entry["cycles"]["scheduled"] < entry["lower_bound_cycles"]:
        wrong.append(f"{name}: faster than its lower bound, which is therefore wrong")
    if rtl and accuracy["rtl"] != accuracy["golden"]:
        wrong.append(f"{name}: accuracy of rtl and golden differ")
    if exact and accuracy["golden"] != 1.0:
        wrong.append(f"{name}: differs from NumPy")
    if not exact and accuracy["golden"] <= LEAST_ACCURACY:
        wrong.append(f"{name}: accuracy {accuracy['golden']:.4f} is not above {LEAST_ACCURACY}")
    if not exact and abs(accuracy["golden"] - accuracy["float"]) > MOST_LOSS:
        wrong.append(f"{name}: accuracy is more than a point off floating point")
    return wrong


def class_table(verdicts: dict[str, Verdict]) -> Any:
    """Accuracy by digit, a column for each workload and engine."""
    from rich.table import Table

    columns: dict[str, NDArray[Any]] = {}
    first = next(iter(verdicts.values()))
    if first.float_ is not None:
        columns["float"] = first.float_
    for name, v in verdicts.items():
        columns[f"{name} golden"] = v.golden
        if v.rtl is not None:
            columns[f"{name} rtl"] = v.rtl
    table = Table("digit", "images", *columns, title="Right answers by class (%)")
    for digit in [*sorted(set(first.right.tolist())), None]:
        chosen = np.ones(len(first.right), bool) if digit is None else first.right == digit
        cells = [100 * (c[chosen] == first.right[chosen]).mean() for c in columns.values()]
        name = "all" if digit is None else str(digit)
        table.add_row(
            name,
            str(int(chosen.sum())),
            *(f"{c:.2f}" for c in cells),
            style="bold" if digit is None else "",
            end_section=digit == 9,
        )
    return table


def summary_table(entries: list[dict[str, Any]]) -> Any:
    """One row for each entry: cycles three ways, bound, differences, rate."""
    from rich.table import Table

    table = Table(
        "program", "runs", "scheduled", "golden", "rtl", "bound", "events (diff.)",
        "bits (diff.)", "cycles/s", title="Cycles of a run, three ways",
    )  # fmt: skip
    for e in entries:
        cycles = e["cycles"]
        rate = e["cycles_per_second"]
        table.add_row(
            e["program"],
            str(e["runs"]),
            *(str(cycles[k]) if cycles[k] is not None else "-" for k in cycles),
            str(e["lower_bound_cycles"]),
            *(f"{e[k]['compared']:,} ({e[k]['different']})" for k in ("events", "bits")),
            f"{rate:,.0f}" if rate else "-",
        )
    return table


def write(path: Path, entries: list[dict[str, Any]]) -> None:
    """Write ``report.json``; a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (json.dumps(entries, indent=2) + "\n").encode())
