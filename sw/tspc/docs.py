"""Reference pages and pictures, written from tsp.arch: ``python -m tspc.docs [--check]``.

With ``--check`` nothing is written, and a page that is not what it would be written as is named.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tsp.arch.config import FULL, NAMED, NANO, SMALL, Config, Hemisphere, QueueKind
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import FORMATS, OPCODE_BITS, VXM_OPS, Compute, Field, Format, Type
from tsp.arch.timing import ENTRIES, timing
from tspc.asm.codes import Code
from tspc.asm.syntax import PARTS
from tspc.cli.common import CODES as CLI_CODES
from tspc.manual import MANUAL
from tspc.objectfile import CODES as OBJECT_CODES
from tspc.objectfile import write_atomically
from tspc.optiming import entries_of
from tspc.pictures import floorplan, timeline

__all__ = ["PAGES", "main"]

FOLDER = Path(__file__).resolve().parents[2] / "docs"
_HEAD = "<!-- Written by python -m tspc.docs from tsp.arch; make no change here. -->\n"
_ROW = 32  #: bits in a row of an encoding drawing


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    def line(cells: Iterable[object]) -> str:
        return "| " + " | ".join(str(c).replace("|", "\\|") for c in cells) + " |"

    return [line(heads), "|" + "---|" * len(heads), *(line(row) for row in rows), ""]


# ---- instructions ------------------------------------------------------------------------


def _segments(form: Format) -> list[tuple[str, int, int]]:
    """Name, low bit and width of everything in a word, the reserved rest included."""
    found = [("opcode", 0, OPCODE_BITS)]
    found += [(f.name, f.low, f.width) for f in form.fields]
    end = found[-1][1] + found[-1][2]
    return found + ([("0", end, 128 - end)] if end < 128 else [])


def _drawing(form: Format) -> list[str]:
    """The word as boxes, 32 bits a row, bit 0 to the right. Narrow fields are numbered."""
    keys = {f.name: f"{n}" for n, f in enumerate(form.fields, 1)}
    used = _segments(form)
    top = -(-(form.fields[-1].low + form.fields[-1].width if form.fields else OPCODE_BITS) // _ROW)
    lines = ["```text"]
    for row in reversed(range(top)):
        low, high = row * _ROW, (row + 1) * _ROW
        cells, ruler = "|", ""
        for name, start, width in reversed(used):
            first, last = max(start, low), min(start + width, high)
            if first >= last:
                continue
            room = 3 * (last - first) - 1
            shown = name if len(name) <= room else keys.get(name, "")
            cells += shown.center(room) + "|"
            marks = f"{last - 1}" + (
                f"{first}".rjust(room - len(f"{last - 1}")) if room > 5 else ""
            )
            ruler += " " + marks.ljust(room)[:room]
        lines += [ruler.rstrip(), cells]
    if top * _ROW < 128:
        lines.append(f"bits 127:{top * _ROW} are zero")
    return [*lines, "```", ""]


def _values(field: Field) -> str:
    if field.values is not None and len(field.values) <= 8:
        return ", ".join(str(v) for v in field.values)
    if field.values is not None:
        return "the codes below"
    if field.kind.value in ("stream", "index"):
        step = f", a multiple of {field.group}" if field.group > 1 else ""
        return f"{field.minimum} .. {field.maximum}{step}"
    if field.kind.value == "type":
        return "types"
    return f"{field.minimum} .. {field.maximum}"


def _bits(field: Field) -> str:
    high = field.low + field.width - 1
    return f"{high}:{field.low}" if field.width > 1 else f"{high}"


def _where(form: Format) -> str:
    if form.queues == frozenset(QueueKind):
        return "every queue"
    kinds = [k for k in QueueKind if k in form.queues]
    names = [next(q.name for q in NANO.queues if q.kind is k) for k in kinds]
    return f"queues of kind {', '.join(k.value for k in kinds)} (`{names[0]}` ..)"


def _built(form: Format) -> str:
    if form.name == "VXM":
        ready = [op.name for op in VXM_OPS.values() if op.built]
        return f"Built in this version: {', '.join(ready)}."
    if form.name == "MEM":
        return "Built in this version: READ and WRITE."
    if form.name in ("MXM", "ACC"):
        kind = "int8" if form.name == "MXM" else "int32"
        return f"Built in this version: type {kind}."
    return "Built." if form.built else "**Not built in this version**: the chip flags a bad word."


def _instruction(form: Format) -> list[str]:
    manual = MANUAL[form.name]
    lines = [f"## {form.name}", "", form.doc, "", manual.effect, ""]
    lines += [f"Opcode {form.opcode}, {_where(form)}. {_built(form)}", ""]
    lines += ["Examples:", "", "```tsp", *manual.examples, "```", ""]
    syntax = [(p.mnemonic, p.template) for p in PARTS.values() if p.form == form.name]
    if form.name == "VXM":
        syntax = [("OP.compute[.sat]", "a:type, b:type, c:type -> result:type")]
    if any(template for _, template in syntax):
        text = [f"{name} {template}".replace(" :", ":").replace(": ", ":").replace(" ,", ",")
                for name, template in syntax]  # fmt: skip
        lines += ["Syntax (`{field=value}` may be left out):", "", "```text", *text, "```", ""]
    lines += _drawing(form)
    if form.fields:
        rows = [
            (n, f.name, _bits(f), f.kind.value, _values(f), f.doc)
            for n, f in enumerate(form.fields, 1)
        ]
        lines += _table(("", "field", "bits", "kind", "values", "meaning"), rows)
    lines += [f"* {rule}" for rule in manual.rules] + ([""] if manual.rules else [])
    if names := entries_of(form.name):
        links = ", ".join(f"[{n}](timing.md)" for n in names)
        lines += [f"Timing: {links}.", ""]
    return lines


def isa_page() -> str:
    """docs/reference/isa.md"""
    lines = ["# Instructions", ""]
    lines += [
        "An instruction is a word of 128 bits: the opcode in bits 5:0, then its fields, zero where",
        "nothing is specified. `MEM`, `MXM` and `ACC` words have one mnemonic for each thing that",
        "they can do; parts that share a word are joined by a bar. Times are in",
        "[timing.md](timing.md), the language of the examples in the [user guide](../user.md).",
        "",
    ]
    rows = [
        (f"[{f.name}](#{f.name.lower()})", f.opcode, _where(f), f.doc) for f in FORMATS.values()
    ]
    lines += _table(("word", "opcode", "where", "does"), rows)
    lines += ["Types:", ""]
    types = [(int(t), t.name.lower(), t.bytes) for t in Type]
    lines += _table(("code", "type", "bytes = streams"), types)
    for form in FORMATS.values():
        lines += _instruction(form)
        if form.name == "VXM":
            lines += ["Operations:", ""]
            ops = [
                (
                    op.code,
                    op.name,
                    op.operands,
                    ", ".join(c.name.lower() for c in op.compute),
                    ", ".join(Compute(c).name.lower() for c in op.built) or "-",
                    op.doc,
                )
                for op in VXM_OPS.values()
            ]
            lines += _table(("code", "name", "operands", "computes in", "built in", "result"), ops)
    return "\n".join(lines)


# ---- the other pages ---------------------------------------------------------------------


def timing_page() -> str:
    """docs/reference/timing.md"""
    lines = ["# Timing", ""]
    lines += [
        "Every delay of the chip in cycles; t is the issue cycle at superlane 0. An operand is on",
        "the unit's inputs in t + d_skew; the result is in the stop's stream register in",
        "t + d_func; a consumer q >= 1 stops further has it on its inputs in t + d_func + q - 1.",
        "Superlane y does everything y cycles later. T: superlanes, M: MEM slices of a hemisphere,",
        "P = M + 10: stops.",
        "",
        "Software reads this table, hardware is measured against it. `tsp timing --config C` shows",
        "it for any configuration, `tsp timing OP` the part that governs an operation.",
        "",
    ]
    shown = (NANO, SMALL, FULL)
    rows = [
        (f"`{e.name}`", e.doc, e.formula, *(getattr(timing(c), e.name) for c in shown))
        for e in ENTRIES
    ]
    lines += _table(("entry", "meaning", "formula", *(c.name for c in shown)), rows)
    lines += ["## By operation", ""]
    governed = [
        (f"`{name}`", ", ".join(f"`{e}`" for e in entries_of(name)))
        for name in [*PARTS, "VXM"]
        if entries_of(name)
    ]
    lines += _table(("operation", "entries"), governed)
    return "\n".join(lines)


_CLASSES = {
    ErrorClass.STREAM_CONFLICT: "A stream is driven twice at a stop in one cycle.",
    ErrorClass.EMPTY_STREAM: "A stream is read that carries nothing: late or missing operand.",
    ErrorClass.BANK_CONFLICT: "Two accesses of one bank of a MEM slice in one cycle.",
    ErrorClass.PORT_BUSY: "A port of a MEM slice is named while its burst goes on.",
    ErrorClass.UNINITIALISED: "MEM, accumulator, weights or buffer are read before being written.",
    ErrorClass.QUEUE_DRY: "A queue has no word to issue, and has not halted.",
    ErrorClass.QUEUE_OVERFLOW: "More text than a queue's buffer holds.",
    ErrorClass.LATE_TO_BARRIER: "A SYNC issues 2 .. D cycles after a NOTIFY.",
    ErrorClass.BARRIER_SPACING: "NOTIFYs are closer than D cycles.",
    ErrorClass.FETCH_SPACING: "IFETCHes at a stop are closer than 2 T n cycles.",
    ErrorClass.NOT_PARKED: "DESKEW, RUNTIME_DESKEW or POLL while another queue runs.",
    ErrorClass.ACCUMULATOR_RANGE: "An accumulator could exceed int32.",
    ErrorClass.BAD_MAP: "A map has unused bits set, or names a superlane that is not there.",
    ErrorClass.BAD_WORD: "A word is no instruction of its queue, or breaks a rule of its format.",
    ErrorClass.SEND_SPACING: "Vectors are sent faster than the link takes them.",
    ErrorClass.UNFINISHED: "A queue stays parked for ever, or has text after HALT.",
}


def errors_page() -> str:
    """docs/reference/errors.md"""
    lines = ["# Errors", ""]
    lines += [
        "Errors name code, file, line and column, show the line, name the other party of a",
        "conflict and say what to do. Exit code 1. With `--json` the same is under the key",
        "`errors`.",
        "",
        "## Illegal programs",
        "",
        "The closed list of what can be wrong with a program that assembles. Verifier and golden",
        "model report them; the chip itself stops on the marked ones and runs on otherwise.",
        "",
    ]
    rows = [(c.value, "yes" if c.stops else "", _CLASSES[c]) for c in ErrorClass]
    lines += _table(("class", "stops the chip", "meaning"), rows)
    for title, codes in (
        ("Assembler", [(c.code, c.doc) for c in Code]),
        ("Object file", list(OBJECT_CODES.items())),
        ("Command line", list(CLI_CODES.items())),
    ):
        lines += [f"## {title}", "", *_table(("code", "meaning"), codes)]
    return "\n".join(lines)


def _sizes(config: Config) -> dict[str, object]:
    t = config.superlanes
    return {
        "T, superlanes": t,
        "spare superlanes": config.spares,
        "V, bytes of a vector": config.lanes,
        "M, MEM slices of a hemisphere": config.mem_slices,
        "words of a MEM tile, two banks": config.words,
        "MEM in all, KiB": 2 * config.mem_slices * config.words * config.lanes // 1024,
        "MXM planes of a hemisphere": config.planes,
        "accumulator entries of a plane": config.accumulators,
        "activation buffer entries of a plane": config.activations,
        "words of a queue's buffer": config.queue_words,
        "C2C links of a hemisphere": config.links,
        "instruction queues": len(config.queues),
        "P, stops of a stream": config.stops,
        "multiply-accumulators": 2 * config.planes * config.lanes**2,
        "vector ALUs, lanes of 16": 16 * config.lanes,
        "hash": f"`{config.hash}`",
    }


def configurations_page() -> str:
    """docs/reference/configurations.md"""
    configs = list(NAMED.values())
    lines = ["# Configurations", ""]
    lines += [
        "Sizes of one validated class; every binary, trace and Verilog file carries the hash. A",
        "command takes a name, a JSON file, or a list of every size. An impossible one is refused",
        "with the reason. `node` is nano with more links, for runs of many chips.",
        "",
    ]
    sizes = [_sizes(c) for c in configs]
    rows = [(key, *(s[key] for s in sizes)) for key in sizes[0]]
    lines += _table(("size", *(c.name for c in configs)), rows)
    lines += ["## Floor plan", "", "Stops p of each unit, west to east:", ""]

    def stops(c: Config) -> list[tuple[str, str]]:
        west, east = Hemisphere
        last = c.mem_slices - 1
        return [
            ("MXM_W", f"{c.mxm_stop(west)}"),
            ("C2C_W", f"{c.c2c_stop(west)}"),
            ("SXM_W", f"{c.sxm_stop(west)}"),
            ("MEM_W(M-1) .. MEM_W0", f"{c.mem_stop(west, last)} .. {c.mem_stop(west, 0)}"),
            ("VXM0-3, 4-7, 8-11, 12-15", f"{c.vxm_stop(0)} .. {c.vxm_stop(15)}"),
            ("MEM_E0 .. MEM_E(M-1)", f"{c.mem_stop(east, 0)} .. {c.mem_stop(east, last)}"),
            ("SXM_E", f"{c.sxm_stop(east)}"),
            ("C2C_E", f"{c.c2c_stop(east)}"),
            ("MXM_E", f"{c.mxm_stop(east)}"),
        ]

    columns = [stops(c) for c in configs]
    places = [(row[0][0], *(cell for _, cell in row)) for row in zip(*columns)]
    lines += _table(("unit", *(c.name for c in configs)), places)
    lines += ["## Queues of nano", ""]
    kinds = [(q.index, f"`{q.name}`", q.kind.value, q.stop) for q in NANO.queues]
    lines += _table(("number", "name", "kind", "stop"), kinds)
    return "\n".join(lines)


PAGES: dict[str, Callable[[], str]] = {
    "reference/isa.md": isa_page,
    "reference/timing.md": timing_page,
    "reference/errors.md": errors_page,
    "reference/configurations.md": configurations_page,
    "images/floorplan.svg": lambda: floorplan(NANO),
    "images/timeline.svg": lambda: timeline(NANO),
}


def main(argv: Sequence[str] | None = None, folder: Path = FOLDER) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tspc.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, name stale pages")
    options = parser.parse_args(argv)
    stale = []
    for name, page in PAGES.items():
        path, text = folder / name, _HEAD + "\n" + page().rstrip() + "\n"
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(str(path))
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text.encode())
            print(f"wrote {path}")
    if options.check and stale:
        for name in stale:
            print(f"stale: {name}\n  = help: python -m tspc.docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
