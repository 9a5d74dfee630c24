"""``tsp sim``: run a program, and compare schedule, golden model and RTL."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from tspc.cli.check import golden_diagnostic, problem_diagnostics
from tspc.cli.common import (
    Output,
    command,
    config_option,
    console,
    error,
    load_program,
    write_bytes,
)
from tspc.cli.outcome import Outcome
from tspc.cli.tensor_files import Arrays, check_dump, dump_arrays, load_arrays, npz
from tspc.diagnostics import DiagnosticError
from tspc.plan import expand
from tspc.program import Program

if TYPE_CHECKING:
    from tspc.engines.base import Progress, ProgressCallback, Result

__all__ = ["sim_command"]


@click.command("sim")
@click.argument("obj", metavar="OBJ")
@click.argument("what", nargs=-1, metavar="[WHAT]...")
@click.option(
    "--engine",
    type=click.Choice(["golden", "rtl", "both"]),
    default="both",
    show_default=True,
    help="What runs the program.",
)
@click.option(
    "--load",
    "loads",
    multiple=True,
    metavar="WHERE=FILE",
    help="A tensor by name, or vectors at w:slice:bank:offset; .npy.",
)
@click.option("--dump", metavar="OUT", help="Write the outputs, or every WHAT, as .npz.")
@click.option("--events", metavar="OUT", help="Write the event records as .npz.")
@click.option("--deep", is_flag=True, help="Record and compare every word on a stream, too.")
@click.option("--verify/--no-verify", default=True, help="Verify first.  [default: verify]")
@config_option()
@command
def sim_command(
    output: Output,
    obj: str,
    what: tuple[str, ...],
    engine: str,
    loads: tuple[str, ...],
    dump: str | None,
    events: str | None,
    deep: bool,
    verify: bool,
    config: str | None,
) -> int:
    """Run the program in the object file OBJ and compare what happened with its plan.

    WHAT are tensors or MEM ranges such as e:1:0:4+8 to dump.
    """
    if what and dump is None:
        raise click.UsageError(f"{what[0]!r} is something to dump, but --dump is not given")
    if dump == "-" and events == "-":
        raise click.UsageError("--dump and --events cannot both go to standard output")
    output.to_stderr = "-" in (dump, events)
    program = load_program(obj, config)
    check_dump(program, what)
    program, tensors = load_arrays(program, loads)
    if verify:
        _verify(program)
    golden = _run_golden(program, tensors, deep) if engine != "rtl" else None
    rtl = _run_rtl(program, tensors, deep, output) if engine != "golden" else None
    if rtl is not None and rtl.stopped is not None:
        remedy = "" if golden else "run it on the golden model, which names the word"
        raise error("C0010", f"the chip stopped: {rtl.stopped}", help=remedy)
    try:
        outcome = Outcome(program, expand(program), golden, rtl)
    except ValueError as problem:  # BadWord is one
        raise error("C0008", f"the program has no schedule: {problem}", file=obj) from None
    return _report(output, outcome, what, dump, events)


def _verify(program: Program) -> None:
    from tspc.verifier import verify

    report = verify(program)
    if not report.ok:
        raise DiagnosticError(problem_diagnostics(report, program))


def _run_golden(program: Program, tensors: Arrays, deep: bool) -> "Result":
    from tspc.golden.errors import GoldenError
    from tspc.golden.model import GoldenEngine

    try:
        return GoldenEngine().run(program, tensors, deep=deep)
    except GoldenError as problem:
        raise DiagnosticError([golden_diagnostic(problem, program)]) from None
    except ValueError as problem:
        raise error("C0011", str(problem)) from None


def _run_rtl(program: Program, tensors: Arrays, deep: bool, output: Output) -> "Result":
    from tspc.engines.rtl import RtlEngine
    from tspc.engines.verilator import SimulationError

    try:
        with _progress(quiet=output.as_json) as progress:
            return RtlEngine().run_many(program, [tensors], deep=deep, progress=progress)[0]
    except SimulationError as problem:
        remedy = "'tsp doctor' checks what building the chip needs"
        raise error("C0009", f"the simulation failed: {problem}", help=remedy) from None
    except ValueError as problem:
        raise error("C0011", str(problem)) from None


@contextmanager
def _progress(quiet: bool) -> Iterator["ProgressCallback | None"]:
    """A bar on standard error. The last cycle is known, so the time to go is exact."""
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars

    if quiet:
        yield None
        return
    columns = (
        TextColumn("rtl"),
        BarColumn(),
        TextColumn("{task.fields[cycles]}"),
        TextColumn("{task.fields[eta]}"),
    )
    with Bars(*columns, console=console(), transient=True) as bar:
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


def _report(
    output: Output,
    outcome: Outcome,
    what: Sequence[str],
    dump: str | None,
    events: str | None,
) -> int:
    """Write files, then the comparison; returns the exit code."""
    result = outcome.rtl or outcome.golden
    assert result is not None
    if events is not None:
        write_bytes(events, npz(outcome.records()))
    if dump is not None:
        write_bytes(dump, npz(dump_arrays(outcome.program, what, result)))
    different = outcome.compare()
    data = outcome.to_dict()
    if different:
        if output.as_json:
            click.echo(json.dumps(data | {"ok": False}, indent=2), err=output.to_stderr)
            return 1
        click.echo(str(outcome), err=output.to_stderr)
        raise error("C0007", different[0], help="docs/user.md tells how to read the records")
    output.result(str(outcome), data)
    return 0
