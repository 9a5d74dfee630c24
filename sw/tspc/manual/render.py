"""Pages of the manual as Markdown."""

import importlib
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tsp.arch.config import FULL, NANO, SMALL, QueueKind
from tsp.arch.isa import (
    FORMATS,
    OPCODE_BITS,
    VXM_OPS,
    Compute,
    Field,
    Format,
    Instruction,
    Type,
    decode,
    is_built,
)
from tsp.arch.timing import ENTRIES, timing
from tspc.asm import assemble
from tspc.asm.syntax import PARTS
from tspc.manual import PAGES
from tspc.manual.page import Example, Page
from tspc.markdown import table

__all__ = ["built", "example_code", "index_page", "instruction_page", "sample"]

_ROW = 32  #: bits in a row of an encoding drawing


def sample(page: Page, word: str) -> Instruction:
    """An example word of a page as an instruction."""
    kind = next(k for k in QueueKind if k in FORMATS[page.form].queues)
    queue = next(q for q in NANO.queues if q.kind is kind)
    program = assemble(f".config nano\n{queue.name}:\n{word}", unchecked=True)
    (found,) = program.text[queue.index]
    return decode(found)


def built(page: Page) -> list[str]:
    """What of a page this version of the chip executes: example words, or operations."""
    if page.operations:
        return [o for o in page.operations if VXM_OPS[o].built]
    return [word for word in page.words if is_built(sample(page, word))]


def _built(page: Page) -> str:
    every = list(page.operations or page.words)
    ready = built(page)
    if not ready:
        return "**Not built in this version**: the chip flags a bad word."
    if ready != every:
        missing = ", ".join(f"`{word}`" for word in every if word not in ready)
        return f"Built in this version, but for {missing}, which the chip flags as a bad word."
    return "Built in this version."


def _where(form: Format) -> str:
    if form.queues == frozenset(QueueKind):
        return "every queue"
    kinds = [k for k in QueueKind if k in form.queues]
    names = [next(q.name for q in NANO.queues if q.kind is k) for k in kinds]
    return f"queues of kind {', '.join(k.value for k in kinds)} (`{names[0]}` ..)"


# ---- encoding ----------------------------------------------------------------------------


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
        return "codes of the operations"
    if field.kind.value in ("stream", "index"):
        step = f", a multiple of {field.group}" if field.group > 1 else ""
        return f"{field.minimum} .. {field.maximum}{step}"
    if field.kind.value == "type":
        return "[types](../isa.md#types)"
    return f"{field.minimum} .. {field.maximum}"


def _bits(field: Field) -> str:
    high = field.low + field.width - 1
    return f"{high}:{field.low}" if field.width > 1 else f"{high}"


def _encoding(page: Page) -> Iterator[str]:
    form = FORMATS[page.form]
    yield from ["## Encoding", ""]
    others = [p.name for p in PAGES.values() if p.form == page.form and p is not page]
    shared = f" of a `{form.name}` word" if others else ""
    yield from [f"Opcode {form.opcode}{shared}, {_where(form)}.", ""]
    yield from _drawing(form)
    rows = [
        (n, f.name, _bits(f), f.kind.value, _values(f), f.doc) for n, f in enumerate(form.fields, 1)
    ]
    if rows:
        yield from table(("", "field", "bits", "kind", "values", "meaning"), rows)


# ---- operation ---------------------------------------------------------------------------


def _name_of(function: Callable[..., Any]) -> str:
    """What the golden model does, in a few words of Python."""
    if isinstance(function, partial):
        inside = [_name_of(a) if callable(a) else repr(a) for a in function.args]
        return f"{_name_of(function.func)}({', '.join(inside)}, ..)"
    name: str = getattr(function, "__name__", repr(function))
    if name == "<lambda>":
        source = inspect.getsource(function).strip().rstrip(",")
        return source.partition("lambda ")[2].partition(": ")[2]
    module = {"_operator": "operator.", "numpy": "np."}.get(str(inspect.getmodule(function)), "")
    home = getattr(function, "__module__", "") or type(function).__module__
    return {"_operator": "operator.", "numpy": "np."}.get(home, module) + name


def _operations(page: Page) -> list[str]:
    from tspc.golden.numerics import OPERATIONS

    rows = []
    for op in (VXM_OPS[name] for name in page.operations):
        for compute in op.compute:
            has = "yes" if compute in op.built else "no"
            golden = f"`{_name_of(OPERATIONS[compute][op.name])}`"
            rows.append((op.code, op.name, op.operands, compute.name.lower(), has, op.doc, golden))
    heads = ("code", "operation", "operands", "computes in", "built", "result", "golden model")
    return table(heads, rows) if rows else []


def _model(where: str) -> list[str]:
    """Source of what defines the instruction."""
    module, _, path = where.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    text = textwrap.dedent(inspect.getsource(found))
    return [f"`{path}` of `{module}`:", "", "```python", *text.rstrip().split("\n"), "```", ""]


def _operation(page: Page) -> Iterator[str]:
    yield from ["## Operation", "", page.effect, ""]
    yield from _operations(page)
    yield from (f"* {rule}" for rule in page.rules)
    yield ""
    if page.model and built(page):
        yield from ["In the golden model, which defines it to the last bit:", ""]
        for where in page.model:
            yield from _model(where)


# ---- timing, errors, examples ------------------------------------------------------------


def _timing(page: Page) -> Iterator[str]:
    """Delays as functions of the configuration."""
    shown = (NANO, SMALL, FULL)
    rows = [
        (f"`{e.name}`", e.doc, e.formula, *(getattr(timing(c), e.name) for c in shown))
        for e in ENTRIES
        if e.name in page.timing
    ]
    if rows:
        yield from ["## Timing", ""]
        yield "Cycles after the issue, T superlanes, M MEM slices of a hemisphere, P = M + 10 stops"
        yield from ["([the whole table](../timing.md)):", ""]
        yield from table(("entry", "meaning", "formula", *(c.name for c in shown)), rows)


def _errors(page: Page) -> Iterator[str]:
    names = [e.value for e in page.errors]
    yield from ["## Errors", ""]
    own = f"{', '.join(names)}; and " if names else ""
    yield from [
        f"{own}bad word, if a field is out of range or a reserved bit is set "
        "([all of them](../errors.md)).".replace("and bad", "bad" if not own else "and bad"),
        "",
    ]


def example_code(example: Example) -> str:
    """What an example takes and leaves, as lines of Python."""
    given = [f"{name} = {value}" for name, value in example.given.items()]
    about = f"  # to {example.close:g} of it" if example.close else ""
    leaves = [f"{name} = {value}{about}" for name, value in example.leaves.items()]
    return "\n".join([*given, "# and the chip leaves", *leaves])


def _example(example: Example) -> Iterator[str]:
    yield from [example.shows, "", "```tsp", example.text().rstrip(), "```", ""]
    yield from ["```python", example_code(example), "```", ""]
    for queue, cycles in example.issues.items():
        at = ", ".join(map(str, cycles))
        yield from [f"`{queue}` issues in cycles {at}, each counted in its segment.", ""]


def instruction_page(page: Page) -> str:
    """docs/reference/isa/NAME.md"""
    parts = [p for p in PARTS.values() if p.form == page.form and p.mnemonic in _mnemonics(page)]
    lines = [f"# {page.name}", "", _built(page), ""]
    lines += ["## Syntax", "", "```tsp", *page.words, "```", ""]
    if page.operations:
        templates = ["OP.compute[.sat] a:type, b:type, c:type -> result:type"]
    else:
        templates = [f"{p.mnemonic} {p.template}" for p in parts if p.template]
    if templates:
        tidy = [t.replace(" :", ":").replace(": ", ":").replace(" ,", ",") for t in templates]
        lines += ["In general (`{field=value}` may be left out):", "", "```text", *tidy, "```", ""]
    lines += [*_operation(page), *_encoding(page), *_timing(page), *_errors(page)]
    if page.examples and built(page):
        lines += ["## Example", ""]
        lines += ["For `nano`: V = 32 lanes, T = 2 superlanes. A test runs it.", ""]
        lines += [line for e in page.examples for line in _example(e)]
    return "\n".join(lines)


def _mnemonics(page: Page) -> set[str]:
    return {word.split()[0] for text in page.words for word in text.split(" | ")[:1]}


# ---- the index ---------------------------------------------------------------------------


def index_page() -> str:
    """docs/reference/isa.md"""
    lines = ["# Instructions", ""]
    lines += [
        "An instruction is a word of 128 bits: the opcode in bits 5:0, then its fields, zero where",
        "nothing is specified. `MEM`, `MXM` and `ACC` words have one mnemonic for each thing that",
        "they can do; parts that share a word are joined by a bar. Times are in",
        "[timing.md](timing.md), the language of the examples in the [user guide](../user.md).",
        "",
    ]
    rows = []
    for page in PAGES.values():
        form, ready = FORMATS[page.form], built(page)
        every = list(page.operations or page.words)
        has = "yes" if ready == every else "in part" if ready else "no"
        does = ", ".join(page.operations) or page.effect.partition(". ")[0].rstrip(".") + "."
        link = f"[{page.name}](isa/{page.file})"
        rows.append((link, f"`{form.name}`", form.opcode, _where(form), has, does))
    lines += table(("page", "word", "opcode", "where", "built", "does"), rows)
    lines += ["## Types", ""]
    types = [(int(t), t.name.lower(), t.bytes) for t in Type]
    lines += table(("code", "type", "bytes = streams"), types)
    lines += ["## Operations of the VXM", ""]
    where = {op: page for page in PAGES.values() for op in page.operations}
    ops = [
        (
            op.code,
            f"[{op.name}](isa/{where[op.name].file})",
            op.operands,
            ", ".join(c.name.lower() for c in op.compute),
            ", ".join(Compute(c).name.lower() for c in op.built) or "-",
            op.doc,
        )
        for op in VXM_OPS.values()
    ]
    lines += table(("code", "name", "operands", "computes in", "built in", "result"), ops)
    return "\n".join(lines)
