"""Run one program on an engine for the command line: errors as diagnostics, progress as a bar."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tspc.cli.check import golden_diagnostic
from tspc.cli.common import console, error
from tspc.cli.tensor_files import Arrays
from tspc.diagnostics import DiagnosticError
from tspc.program import Program

if TYPE_CHECKING:
    from tspc.engines.base import Progress, ProgressCallback, Result

__all__ = ["run_golden", "run_rtl"]


def run_golden(program: Program, tensors: Arrays, deep: bool) -> "Result":
    """Run on the golden model; what it finds illegal leaves as a diagnostic."""
    from tspc.golden.errors import GoldenError
    from tspc.golden.model import GoldenEngine

    try:
        return GoldenEngine().run(program, tensors, deep=deep)
    except GoldenError as problem:
        raise DiagnosticError([golden_diagnostic(problem, program)]) from None
    except ValueError as problem:
        raise error("C0011", str(problem)) from None


def run_rtl(
    program: Program, tensors: Arrays, deep: bool, quiet: bool, bypassed: int | None = None
) -> "Result":
    """Run on the RTL with a progress bar; a chip that stops is an error."""
    from tspc.engines.rtl import RtlEngine
    from tspc.engines.verilator import SimulationError

    try:
        with _progress(quiet) as progress:
            chip = RtlEngine(bypassed=bypassed)
            runs = chip.run_many(program, [tensors], deep=deep, progress=progress)
    except SimulationError as problem:
        remedy = "'tsp doctor' checks what building the chip needs; TSP_TRACEBACK=1 shows all"
        raise error(
            "C0009", f"the simulation failed: {_short(str(problem))}", help=remedy
        ) from None
    except ValueError as problem:
        raise error("C0011", str(problem)) from None
    if runs[0].stopped is not None:
        remedy = "the golden model names the word: --engine golden"
        raise error("C0010", f"the chip stopped: {runs[0].stopped}", help=remedy)
    return runs[0]


def _short(report: str) -> str:
    """A tool's report without its traceback: the first and the last line."""
    lines = [line.strip() for line in report.splitlines() if line.strip()] or ["no message"]
    if os.environ.get("TSP_TRACEBACK") or len(lines) <= 2:
        return report
    return f"{lines[0]} {lines[-1]}"


@contextmanager
def _progress(quiet: bool) -> Iterator["ProgressCallback | None"]:
    """A bar on standard error. The last cycle is known, so the time to go is exact."""
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars

    shown = console()
    if quiet or not shown.is_terminal:
        yield None
        return
    columns = (
        TextColumn("rtl"),
        BarColumn(),
        TextColumn("{task.fields[cycles]}"),
        TextColumn("{task.fields[eta]}"),
    )
    with Bars(*columns, console=shown, transient=True) as bar:
        task = bar.add_task("", total=None, cycles="building the chip", eta="")

        def show(p: "Progress") -> None:
            left = p.remaining
            bar.update(
                task,
                completed=p.cycles,
                total=p.total_cycles,
                cycles=f"{p.cycles} of {p.total_cycles} cycles",
                eta="" if left is None else f"{left:.0f} s to go",
            )

        yield show
