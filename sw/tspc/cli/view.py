"""``tsp view``: a program's plan, and a record of what happened, as one HTML file."""

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import Config
from tspc.cli.common import (
    Output,
    command,
    config_option,
    error,
    load_program,
    read_bytes,
    write_bytes,
)
from tspc.events import EVENT

if TYPE_CHECKING:
    from tspc.view import Model

__all__ = ["view_command"]

#: Whose events are shown, in this order of preference.
_ENGINES = ("rtl", "golden")


@click.command("view")
@click.argument("obj", metavar="OBJ")
@click.option("--events", metavar="RECORD", help="What happened: a file of 'tsp sim --events'.")
@click.option("-o", "--out", metavar="HTML", help="Page; default: OBJ with .html, or - for -.")
@config_option()
@command
def view_command(
    output: Output, obj: str, events: str | None, out: str | None, config: str | None
) -> None:
    """Write the program in the object file OBJ as a page for a browser.

    The page shows queues and streams by cycle. It needs no network and no other file. With an
    event record of the RTL (or of the golden model) it sets what happened against the plan.
    """
    from tspc.view import model, page

    if obj == "-" and events == "-":
        raise click.UsageError("OBJ and --events cannot both come from standard input")
    target = out or ("-" if obj == "-" else str(Path(obj).with_suffix(".html")))
    output.to_stderr = target == "-"
    if target != "-" and obj != "-" and Path(target).absolute() == Path(obj).absolute():
        raise click.UsageError("the page would overwrite the object file: give --out")
    program = load_program(obj, config)
    engine, record = _record(events, program.config) if events else ("", None)
    try:
        shown = model(program, record, engine)
    except ValueError as problem:  # BadWord is one
        raise error("C0008", f"the program has no schedule: {problem}", file=obj) from None
    text = page(shown).encode()
    write_bytes(target, text)
    _tell(output, target, shown, len(text))


def _tell(output: Output, target: str, shown: "Model", size: int) -> None:
    facts, count = shown.facts, len(shown.columns["event_time"])
    data: dict[str, object] = {
        "out": target,
        "bytes": size,
        **{key: facts[key] for key in ("program", "config")},
        "config_hash": facts["hash"],
        "events": count,
        "cycles": facts["done"],
        "values": len(shown.columns["value_start"]),
        "record": None,
    }
    told = f"{count} events, {facts['done']} cycles"
    if facts["engine"]:
        kinds = [d.kind.name.lower() for d in shown.differences]
        data["record"] = {
            "engine": facts["engine"],
            "events": facts["recorded"],
            "differences": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        }
        told += f"; {facts['engine']}: {len(kinds)} differences from the plan"
    output.result(told if target == "-" else f"{target}: {told}", data)


def _record(path: str, config: Config) -> tuple[str, NDArray[np.void]]:
    """Engine and events of a record; RTL rather than the golden model."""
    remedy = "'tsp sim OBJ --events RECORD' writes one"

    def refuse(message: str) -> Exception:
        return error("C0012", message, file="<stdin>" if path == "-" else path, help=remedy)

    try:
        file = np.load(io.BytesIO(read_bytes(path)))
        names = getattr(file, "files", ())
        engine = next((e for e in _ENGINES if f"{e}_events" in names), None)
        found = None if engine is None else file[f"{engine}_events"]
    except (ValueError, EOFError, OSError, AttributeError, zipfile.BadZipFile):
        raise refuse("not an event record") from None
    if engine is None or found is None:
        raise refuse("the file has no events of an engine")
    if found.dtype != EVENT or found.ndim != 1:
        raise refuse(f"{engine}_events is not a table of events")
    if len(found) and int(found["queue"].max()) >= len(config.queues):
        names = f"queue {found['queue'].max()}, and {config.name} has {len(config.queues)} queues"
        raise refuse(f"an event of {names}")
    return engine, found
