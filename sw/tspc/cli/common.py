"""What every command shares: options, files, configurations, and how errors leave the process.

Exit codes: 0 fine, 1 what was given is wrong or differs, 2 the command line is wrong. Results go to
standard output, errors to standard error; with ``--json`` both are one JSON object on standard
output, or on standard error where a file is written to standard output.
"""

import functools
import json
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from rich.console import Console

from tsp.arch.config import NAMED, Config, ConfigError
from tspc.diagnostics import Diagnostic, DiagnosticError, Span, render, to_json
from tspc.objectfile import ObjectError, loads, write_atomically
from tspc.program import Program

__all__ = [
    "CODES",
    "Output",
    "command",
    "config_option",
    "console",
    "error",
    "load_program",
    "read_bytes",
    "read_config",
    "write_bytes",
]

#: What the commands themselves can find wrong.
CODES = {
    "C0001": "A file cannot be read.",
    "C0002": "A file cannot be written.",
    "C0003": "A configuration is unknown or impossible, or not the one that the program is for.",
    "C0004": "The program has no such tensor.",
    "C0005": "A tensor's file has another shape or type than the tensor.",
    "C0006": "A MEM range is not in the configuration, or its data does not fit.",
    "C0007": "Schedule, golden model and RTL differ.",
    "C0008": "The program is illegal: it has no schedule.",
    "C0009": "A tool failed; this is not the input's fault.",
    "C0010": "The chip stopped with an error of its own.",
    "C0011": "What is to be dumped was never written by the program.",
    "C0012": "An event record is not one that 'tsp sim --events' wrote of this configuration.",
}

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass
class Output:
    """Where a command's result goes.

    Attributes
    ----------
    as_json
        One JSON object in place of text.
    to_stderr
        Standard output is taken by a file.
    """

    as_json: bool
    to_stderr: bool = False

    def result(self, text: str, data: dict[str, object]) -> None:
        """Write the result in the form that was asked for; `data` gets ``ok``: true."""
        shown = json.dumps({"ok": True, **data}, indent=2) if self.as_json else text
        if shown:
            click.echo(shown, err=self.to_stderr)

    def errors(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        """Write errors in the form that was asked for."""
        if self.as_json:
            click.echo(to_json(diagnostics), err=self.to_stderr)
        else:
            console().print(_coloured(render(diagnostics)), highlight=False, soft_wrap=True)


def console() -> Console:
    """Standard error, with colour where it is a terminal."""
    return Console(stderr=True)


def _coloured(report: str) -> Any:
    from rich.text import Text

    text = Text(report)
    text.highlight_regex(r"(?m)^error\[[^\]]*\]", "bold red")
    text.highlight_regex(r"(?m)^(help|note):", "bold cyan")
    text.highlight_regex(r"(?m)^ *\| +\^+.*$", "bold red")
    text.highlight_regex(r"(?m)^ *\d* *(-->|\|)", "blue")
    return text


def error(code: str, message: str, *, file: str | None = None, help: str = "") -> DiagnosticError:
    """One error of a command as an exception."""
    span = None if file is None else Span(file)
    return DiagnosticError([Diagnostic(code, message, span, help=help)])


def command(function: _Command) -> _Command:
    """Give a command ``--json`` (its argument ``output``) and the exit codes of this project."""

    @click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
    @functools.wraps(function)
    def wrapper(as_json: bool, **arguments: Any) -> None:
        output = Output(as_json)
        try:
            code = function(output=output, **arguments)
        except DiagnosticError as problem:
            output.errors(problem.diagnostics)
            sys.exit(1)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except OSError as problem:  # files are dealt with where they are opened
            _close_output()
            message = f"cannot write the report: {problem.strerror or problem}"
            output.errors((Diagnostic("C0002", message),))
            sys.exit(1)
        except Exception as problem:
            _internal(output, problem)
        sys.exit(code or 0)

    return wrapper  # type: ignore[return-value]


def _internal(output: Output, problem: Exception) -> NoReturn:
    if os.environ.get("TSP_TRACEBACK"):
        traceback.print_exception(problem)
    name = type(problem).__name__
    what = Diagnostic(
        "C0009",
        f"{name}: {problem}",
        help="please report this; TSP_TRACEBACK=1 in the environment shows where it happened",
    )
    output.errors((what,))
    sys.exit(1)


# ---- files -------------------------------------------------------------------------------


def read_bytes(path: str) -> bytes:
    """A file's bytes; ``-`` is standard input."""
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as problem:
        raise error("C0001", f"cannot read: {problem.strerror or problem}", file=path) from None


def write_bytes(path: str, data: bytes) -> None:
    """Write a file whole or not at all; ``-`` is standard output."""
    try:
        if path == "-":
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            write_atomically(path, data)
    except BrokenPipeError:
        raise
    except OSError as problem:
        if path == "-":
            _close_output()
        raise error("C0002", f"cannot write: {problem.strerror or problem}", file=path) from None


def _close_output() -> None:
    """Point standard output elsewhere: Python would try again at its end what just failed."""
    with suppress(OSError, ValueError):  # ValueError: not a file, as in tests
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def load_program(path: str, config: str | None = None) -> Program:
    """Read an object file, and refuse one that is not for `config`."""
    data = read_bytes(path)
    try:
        program = loads(data)
    except ObjectError as problem:
        remedy = "an object file is what 'tsp as' writes"
        remedy = remedy if problem.code == "O0002" else "make it again with 'tsp as'"
        file = "<stdin>" if path == "-" else path
        raise error(problem.code, str(problem), file=file, help=remedy) from None
    if config is not None and read_config(config) != program.config:
        asked = read_config(config)
        message = (
            f"the program is for {program.config.name} ({program.config.hash}), "
            f"not for {asked.name} ({asked.hash})"
        )
        raise error("C0003", message, file=path, help="assemble it for that configuration")
    return program


# ---- configurations ----------------------------------------------------------------------

config_option = functools.partial(
    click.option,
    "--config",
    metavar="CONFIG",
    help=f"{', '.join(NAMED)}, a JSON file of sizes, or superlanes=2,spares=0,...",
)


def read_config(text: str) -> Config:
    """A configuration by name, from a JSON file, or from a list of sizes."""
    if text in NAMED:
        return NAMED[text]
    try:
        if "=" in text:
            return Config.from_dict(_sizes(text))
        sizes = json.loads(read_bytes(text))
        if not isinstance(sizes, dict):
            raise ConfigError("not a JSON object of sizes")
        return Config.from_dict({"name": Path(text).stem, **sizes})
    except DiagnosticError:
        message = f"unknown configuration {text!r}"
        remedy = f"configurations are {', '.join(NAMED)}, or a JSON file, or a list of all sizes"
        raise error("C0003", message, help=remedy) from None
    except ValueError as problem:  # ConfigError is one
        raise error("C0003", f"configuration {text!r}: {problem}") from None


def _sizes(text: str) -> dict[str, int | str]:
    sizes: dict[str, int | str] = {"name": "custom"}
    for item in text.split(","):
        key, _, value = (part.strip() for part in item.partition("="))
        if key == "name":
            sizes[key] = value
        elif not value.isdecimal():
            raise ConfigError(f"{item.strip()!r} is not size=number")
        else:
            sizes[key] = int(value)
    return sizes
