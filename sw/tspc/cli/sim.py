"""``tsp sim``: run a program, and compare schedule, golden model and RTL."""

import json
from collections.abc import Sequence

import click

from tsp.arch.config import Config
from tspc.cli.check import problem_diagnostics
from tspc.cli.common import Output, command, config_option, error, load_program, write_bytes
from tspc.cli.outcome import Outcome
from tspc.cli.running import run_golden, run_rtl
from tspc.cli.tensor_files import Arrays, check_dump, dump_arrays, load_arrays, npz
from tspc.diagnostics import Diagnostic, DiagnosticError, Note
from tspc.plan import expand
from tspc.program import Program

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
@click.option(
    "--bypass",
    type=click.IntRange(0),
    metavar="ROW",
    help="On a chip with a spare superlane: the row that its fuses bypass.  [default: the spare]",
)
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
    bypass: int | None,
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
    _check_bypass(program.config, engine, bypass)
    check_dump(program, what)
    program, tensors = load_arrays(program, loads)
    if verify:
        _verify(program)
    outcome = _run(program, tensors, engine, deep, bypass, output.as_json)
    if outcome.first is not None and engine == "both" and not deep:
        # A difference is looked for again where it first shows: on a stream.
        again = _run(program, tensors, engine, True, bypass, output.as_json)
        outcome.first_drive = again.first_drive
    return _report(output, outcome, what, dump, events)


def _check_bypass(config: Config, engine: str, row: int | None) -> None:
    if row is None:
        return
    if engine == "golden":
        raise click.UsageError("--bypass is of the RTL: the golden model has no row to bypass")
    if not config.spares:
        raise click.UsageError(f"--bypass: a {config.name} chip has no spare superlane")
    if row >= config.rows:
        rows = f"rows 0 .. {config.rows - 1}"
        raise click.UsageError(f"--bypass {row}: a {config.name} chip has {rows}")


def _verify(program: Program) -> None:
    from tspc.verifier import verify

    report = verify(program)
    if not report.ok:
        raise DiagnosticError(problem_diagnostics(report, program))


def _run(
    program: Program, tensors: Arrays, engine: str, deep: bool, bypassed: int | None, quiet: bool
) -> Outcome:
    golden = run_golden(program, tensors, deep) if engine != "rtl" else None
    rtl = run_rtl(program, tensors, deep, quiet, bypassed) if engine != "golden" else None
    try:
        schedule = expand(program)
    except ValueError as problem:  # BadWord is one
        raise error("C0008", f"the program has no schedule: {problem}") from None
    return Outcome(program, schedule, golden, rtl)


def _report(
    output: Output,
    outcome: Outcome,
    what: Sequence[str],
    dump: str | None,
    events: str | None,
) -> int:
    """Write files, then the comparison; returns the exit code."""
    if events is not None:
        write_bytes(events, npz(outcome.records()))
    if dump is not None:
        write_bytes(dump, npz(dump_arrays(outcome.program, what, outcome.result)))
    data = outcome.to_dict()
    if outcome.first is not None:
        if output.as_json:
            click.echo(json.dumps(data | {"ok": False}, indent=2), err=output.to_stderr)
            return 1
        click.echo(str(outcome), err=output.to_stderr)
        notes = () if outcome.first_drive is None else (Note(outcome.first_drive),)
        raise DiagnosticError([Diagnostic("C0007", outcome.first, notes=notes)])
    output.result(str(outcome), data)
    return 0
