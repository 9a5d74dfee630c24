"""``tsp as`` and ``tsp dis``."""

from pathlib import Path

import click

from tspc.asm import assemble, disassemble
from tspc.asm.codes import Code
from tspc.cli.common import (
    Output,
    command,
    config_option,
    error,
    load_program,
    read_bytes,
    read_config,
    write_bytes,
)
from tspc.objectfile import dumps
from tspc.program import Program

__all__ = ["assemble_command", "disassemble_command", "summary"]


def summary(program: Program) -> dict[str, object]:
    """Figures of a program for reports."""
    last = max((t for plan in program.plan.values() for t in plan), default=0)
    return {
        "program": program.name,
        "config": program.config.name,
        "config_hash": program.config.hash,
        "queues": len(program.text),
        "words": sum(len(words) for words in program.text.values()),
        "instruction_bytes": 16 * sum(len(words) for words in program.text.values()),
        "memory_vectors": len(program.memory),
        "tensors": [t.name for t in program.tensors],
        "last_issue": last,
    }


@click.command("as")
@click.argument("text", metavar="TEXT")
@click.option(
    "-o", "--out", metavar="OBJ", help="Object file; default: TEXT with .tspo, or - for -."
)
@config_option()
@command
def assemble_command(output: Output, text: str, out: str | None, config: str | None) -> None:
    """Assemble TEXT into an object file."""
    target = out or ("-" if text == "-" else None)
    output.to_stderr = target == "-"
    name = "<stdin>" if text == "-" else text
    data = read_bytes(text)
    target = target or str(Path(text).with_suffix(".tspo"))
    if target != "-" and text != "-" and Path(target).absolute() == Path(text).absolute():
        raise click.UsageError("the object file would overwrite the text: give --out")
    try:
        lines = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        message = f"line {line} holds bytes that are no UTF-8 text"
        raise error(Code.ENCODING.code, message, file=name) from None
    chosen = None if config is None else read_config(config)
    program = assemble(lines, name, config=chosen)
    write_bytes(target, dumps(program))
    figures = summary(program)
    queues, words = figures["queues"], figures["words"]
    told = "" if target == "-" else f"{target}: {words} words in {queues} queues"
    output.result(told, {"out": target, **figures})


@click.command("dis")
@click.argument("obj", metavar="OBJ")
@click.option("-o", "--out", metavar="TEXT", default="-", help="Text file; default: -.")
@command
def disassemble_command(output: Output, obj: str, out: str) -> None:
    """Write the object file OBJ as canonical assembly text."""
    program = load_program(obj)
    text = disassemble(program)
    if out != "-" or not output.as_json:
        write_bytes(out, text.encode())
    output.to_stderr = False
    if output.as_json:
        output.result("", {"out": out, **summary(program), "text": text})
