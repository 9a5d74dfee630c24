"""Reference pages and pictures, written from tsp.arch: ``python -m tspc.docs [--check]``.

With ``--check`` nothing is written, and a page that is not what it would be written as is named.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tsp.arch.config import FULL, NAMED, NANO, SMALL, Config, Hemisphere
from tsp.arch.errors import ErrorClass
from tsp.arch.secded import SECDED
from tsp.arch.timing import ENTRIES, timing
from tspc.asm.codes import Code
from tspc.asm.syntax import PARTS
from tspc.cli.common import CODES as CLI_CODES
from tspc.host.page import host_page
from tspc.manual import PAGES as MANUAL
from tspc.manual.render import index_page, instruction_page
from tspc.markdown import table as _table
from tspc.objectfile import CODES as OBJECT_CODES
from tspc.objectfile import write_atomically
from tspc.optiming import entries_of
from tspc.pictures import floorplan, timeline

__all__ = ["PAGES", "main"]

FOLDER = Path(__file__).resolve().parents[2] / "docs"
_HEAD = "<!-- Written by python -m tspc.docs from tsp.arch; make no change here. -->\n"


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


def secded_page() -> str:
    """docs/reference/secded.md"""
    code, lanes = SECDED, range(SECDED.data_bits // 8)
    lines = ["# Error protection: the code", ""]
    lines += [
        "A superlane word is 128 data bits and, above them, 9 check bits, at rest in MEM and on",
        "its way on a stream; an instruction word likewise. The code is Hsiao's (137,128): every",
        "single error is corrected, every double error is found, and the word of zeros is a",
        "codeword.",
        "",
        "Each bit of a word has a column of nine bits; all differ and have an odd number of ones.",
        "The syndrome of a word is the exclusive or of the columns of its set bits: 0 in a",
        "codeword, the column of the wrong bit after a single error, an even number of ones after",
        "a double one. Check bit i has the column with bit i alone. The data bits have the 84",
        "columns of weight 3 and then 44 of weight 5; within a weight they come orbit by orbit, an",
        "orbit being the rotations of its smallest member. `tsp.arch.secded` computes them so.",
        "",
        "Bit n of the data is bit n % 8 of lane n // 8. Columns, in hexadecimal:",
        "",
    ]
    heads = ("lane", *(f"bit {k}" for k in range(8)))
    rows = [(lane, *(f"{c:03x}" for c in code.columns[8 * lane : 8 * lane + 8])) for lane in lanes]
    lines += _table(heads, rows)
    lines += ["Check bit i is the parity of the data bits in this mask:", ""]
    masks = [(i, f"`{row:032x}`", row.bit_count()) for i, row in enumerate(code.rows)]
    lines += _table(("check bit", "data bits", "number"), masks)
    return "\n".join(lines)


PAGES: dict[str, Callable[[], str]] = {
    "reference/isa.md": index_page,
    **{f"reference/isa/{p.file}": partial(instruction_page, p) for p in MANUAL.values()},
    "reference/timing.md": timing_page,
    "reference/errors.md": errors_page,
    "reference/configurations.md": configurations_page,
    "reference/host.md": host_page,
    "reference/secded.md": secded_page,
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
