"""``tsp verify``, and the verifier's and golden model's findings as diagnostics."""

from typing import TYPE_CHECKING, Protocol

import click

from tspc.cli.common import Output, command, config_option, load_program
from tspc.diagnostics import Diagnostic, Note, Span, render
from tspc.program import Program

if TYPE_CHECKING:
    from tspc.golden.errors import GoldenError
    from tspc.verifier import Problem, Remark, Report

__all__ = ["golden_diagnostic", "problem_diagnostics", "verify_command"]


class _Party(Protocol):
    """What verifier and golden model call a party, as far as its place goes."""

    @property
    def queue(self) -> str: ...
    @property
    def word(self) -> int: ...


def _place(party: _Party, program: Program) -> tuple[Span, str | None]:
    """Where a word stands: the line of its text if the object file has the source map."""
    fallback = Span(f"{program.name}:{party.queue}[{party.word}]")
    queue = program.config.queue_by_name.get(party.queue)
    source = program.source
    if source is None or queue is None:
        return fallback, None
    lines = source.lines.get(queue.index, ())
    if not 0 <= party.word < len(lines):
        return fallback, None
    number = lines[party.word]
    text = source.text.split("\n")[number - 1 : number] or [""]
    body = text[0].split(";")[0].rstrip()
    start = len(body) - len(body.lstrip())
    return Span(source.name, number, start + 1, max(1, len(body) - start)), text[0]


def problem_diagnostics(report: "Report", program: Program) -> tuple[Diagnostic, ...]:
    """The verifier's problems, each with the source line of both parties."""

    def one(p: "Problem") -> Diagnostic:
        span, source = _place(p.party, program)
        notes = []
        if p.other is not None:
            notes.append(Note(str(p.other), _place(p.other, program)[0]))
        segment, since = report.segment(p.cycle)
        times = f", {p.count} times" if p.count > 1 else ""
        message = f"{p.message} (segment {segment}, @{since}{times})"
        return Diagnostic(
            p.error_class.value, message, span, str(p.party), source, tuple(notes), p.help
        )

    return tuple(one(p) for p in report.problems)


def golden_diagnostic(problem: "GoldenError", program: Program) -> Diagnostic:
    """What the golden model stopped at, with the source line of both parties."""
    notes = tuple(Note(str(p), _place(p, program)[0]) for p in problem.parties[1:])
    span, source = _place(problem.parties[0], program) if problem.parties else (None, None)
    label = str(problem.parties[0]) if problem.parties else ""
    return Diagnostic(
        problem.error_class.value, problem.message, span, label, source, notes, problem.remedy
    )


@click.command("verify")
@click.argument("obj", metavar="OBJ")
@config_option()
@command
def verify_command(output: Output, obj: str, config: str | None) -> int:
    """Prove the program in the object file OBJ legal, or list what is wrong with it."""
    from tspc.verifier import verify

    program = load_program(obj, config)
    report = verify(program)
    if output.as_json:
        found = problem_diagnostics(report, program)
        data = report.to_dict() | {"errors": [d.to_dict() for d in found]}
        output.result("", data)
        return 0 if report.ok else 1
    if not report.ok:
        output.errors(problem_diagnostics(report, program))
    for warning in report.warnings:
        click.echo(_warning(warning, program), err=True)
    head = f"{report.issues} functional issues in {report.busy} queues"
    if report.ok:
        click.echo(f"{program.name}: legal; {head}, done in cycle {report.done}")
        return 0
    click.echo(f"{program.name}: {len(report.problems)} problems; {head}", err=True)
    return 1


def _warning(warning: "Remark", program: Program) -> str:
    span, source = _place(warning.party, program)
    times = f", {warning.count} times" if warning.count > 1 else ""
    message = f"{warning.message}, cycle {warning.cycle}{times}"
    shown = Diagnostic("", message, span, str(warning.party), source)
    return render([shown]).replace("error[]", "warning", 1)
