"""``tsp timing``, ``tsp doctor`` and ``tsp verilog``."""

import json
import subprocess
import sys
from pathlib import Path

import click

from tsp.arch.config import FULL, NANO, SMALL, Config
from tsp.arch.timing import ENTRIES, timing
from tspc.asm.syntax import mnemonics
from tspc.cli.common import Output, command, config_option, error, read_config
from tspc.optiming import entries_of

__all__ = ["doctor_command", "timing_command", "verilog_command"]


@click.command("timing")
@click.argument("op", metavar="[OP]", required=False)
@config_option()
@command
def timing_command(output: Output, op: str | None, config: str | None) -> None:
    """Show the timing table, or what of it governs the operation OP."""
    chosen = [NANO, SMALL, FULL] if config is None else [read_config(config)]
    names = [e.name for e in ENTRIES] if op is None else entries_of(op)
    if not names:
        known = ", ".join(mnemonics())
        raise click.UsageError(f"{op!r} is no operation with a time of its own; known: {known}")
    rows = [e for e in ENTRIES if e.name in names]
    data: dict[str, object] = {
        "configurations": {c.name: c.hash for c in chosen},
        "entries": [
            {
                "name": e.name,
                "meaning": e.doc,
                "formula": e.formula,
                "cycles": {c.name: getattr(timing(c), e.name) for c in chosen},
            }
            for e in rows
        ],
    }
    output.result(_table([(e.name, e.formula, e.doc) for e in rows], chosen), data)


def _table(rows: list[tuple[str, str, str]], chosen: list[Config]) -> str:
    heads = ["entry", "formula", *(c.name for c in chosen), "meaning"]
    lines = [heads]
    for name, formula, doc in rows:
        values = [str(getattr(timing(c), name)) for c in chosen]
        lines.append([name, formula, *values, doc])
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    numbers = range(2, 2 + len(chosen))
    return "\n".join(
        "  ".join(
            cell.rjust(widths[i]) if i in numbers else cell.ljust(widths[i])
            for i, cell in enumerate(line)
        ).rstrip()
        for line in lines
    )


@click.command("doctor")
@command
def doctor_command(output: Output) -> int:
    """Check what the project needs from the system, and name what is missing."""
    from tspc import doctor

    return doctor.main(["--json"] if output.as_json else [])


@click.command("verilog")
@config_option(default="nano", show_default=True)
@click.option("--out", metavar="DIR", help="Folder; default: sim_build/verilog/CONFIG.")
@command
def verilog_command(output: Output, config: str, out: str | None) -> None:
    """Write the Verilog of a chip, one file a module, and manifest.json."""
    chosen = read_config(config)
    folder = Path(out or f"sim_build/verilog/{chosen.name}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        message = f"cannot make the folder: {problem.strerror or problem}"
        raise error("C0002", message, file=str(folder)) from None
    # A process of its own: the tools never import the RTL.
    done = subprocess.run(
        [sys.executable, "-m", "tsp.export", "--config", json.dumps(chosen.to_dict()), "--out",
         str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise error("C0009", f"writing the Verilog failed: {last}", file=str(folder))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    output.result(
        f"{folder}: {len(manifest['modules'])} modules of {chosen.name} ({chosen.hash})",
        {"out": str(folder), **manifest},
    )
