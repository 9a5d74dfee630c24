"""The grammar of instructions as data: parser and printer read the same table.

A statement is one or more *parts* joined by ``|``; all parts fill one instruction word. A part is
a mnemonic and a template: ``{field}`` stands for the value of a field of the word, written as its
kind demands, ``{field=value}`` may be left out and is then `value`, ``key={field}`` may stand
anywhere after the mnemonic, and everything else stands for itself. VXM operations have a form of
their own (:mod:`tspc.asm.vxm`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from tsp.arch.isa import FORMATS, VXM_OPS, Field, FieldKind, Instruction, Type, stream_name

__all__ = ["PARTS", "TYPES", "Item", "Part", "find_part", "format_part", "mnemonics", "parts_of"]

#: Element types by the names that text uses.
TYPES = {t.name.lower(): t for t in Type}


@dataclass(frozen=True)
class Item:
    """A piece of a template: a mark (``field`` is None), a value, or an option with its key."""

    mark: str = ""
    key: str = ""
    field: Field | None = None
    default: int | None = None


@dataclass(frozen=True)
class Part:
    """One mnemonic.

    Attributes
    ----------
    mnemonic
        As written.
    form
        Name of the format of the word that it fills.
    fixed
        Values that the mnemonic itself gives.
    template
        Its operands.
    """

    mnemonic: str
    form: str
    fixed: Mapping[str, int]
    template: str

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """The template, read."""
        return tuple(_items(self))

    @property
    def fields(self) -> set[str]:
        """Names of all fields that it sets."""
        return set(self.fixed) | {i.field.name for i in self.items if i.field}


_ITEM = re.compile(r"(?:(?P<key>\w+)=)?\{(?P<field>\w+)(?:=(?P<default>\w+))?\}|(?P<mark>[^\s{}]+)")


def _items(part: Part) -> Iterator[Item]:
    for match in _ITEM.finditer(part.template):
        if match["mark"]:
            yield Item(mark=match["mark"])
            continue
        field = FORMATS[part.form].by_name[match["field"]]
        text = match["default"]
        default = None if text is None else int(text) if text.isdecimal() else int(TYPES[text])
        yield Item(key=match["key"] or "", field=field, default=default)


def _parts() -> Iterator[Part]:
    def part(mnemonic: str, form: str, template: str = "", **fixed: int) -> Part:
        return Part(mnemonic, form, MappingProxyType(fixed), template)

    for name, template in {
        "NOP": "{n}", "REPEAT": "{n} , {d}", "SYNC": "{n=1}", "NOTIFY": "", "HALT": "",
        "IFETCH": "{stream} , {n}", "CONFIG": "{n}", "DESKEW": "", "RUNTIME_DESKEW": "{k}",
        "POLL": "{link}", "LW": "{stream} column={column}",
        "SHIFT": "{stream} -> {result} n={n}",
        "SELECT": "{stream} -> {result} mask={mask} n={n}",
        "PERMUTE": "{stream} -> {result} map={map}",
        "DISTRIBUTE": "{stream} -> {result} map={map}",
        "ROTATE": "{stream} -> {result} n={n}", "TRANSPOSE": "{stream} -> {result}",
        "SEND": "{stream}", "RECEIVE": "-> {stream}",
    }.items():  # fmt: skip
        yield part(name, name, template)

    burst = "count={{{0}_count=1}} stride={{{0}_stride=0}} every={{{0}_interval=1}}"
    spread = "map={{{0}_map}} count={{{0}_count=1}} every={{{0}_interval=1}}"
    for direct, indirect, port, arrow in (
        ("READ", "GATHER", "read", "->"),
        ("WRITE", "SCATTER", "write", "<-"),
    ):
        data = f"{arrow} {{{port}_stream}} "
        place = f"{{{port}_bank}} : {{{port}_offset}} {data}{burst.format(port)}"
        yield Part(direct, "MEM", {f"{port}_kind": 1}, place)
        place = f"{{{port}_bank}} {data}{spread.format(port)}"
        yield Part(indirect, "MEM", {f"{port}_kind": 2}, place)

    yield part("IW", "MXM", install=1)
    yield part("ABC.stream", "MXM", "{stream} type={type=int8}", mode=1)
    yield part("ABC.keep", "MXM", "{stream} entry={entry} type={type=int8}", mode=2)
    yield part("ABC.buffer", "MXM", "entry={entry} type={type=int8}", mode=3)
    kind = "type={type=int32}"
    yield part("ACC.write", "ACC", f"{{entry}} {kind}", mode=1)
    yield part("ACC.add", "ACC", f"{{entry}} {kind}", mode=2)
    yield part("ACC.emit", "ACC", f"-> {{stream}} {kind}", mode=3)
    yield part("ACC.emit_sum", "ACC", f"{{entry}} -> {{stream}} {kind}", mode=4)
    yield part("ACC.emit_stored", "ACC", f"{{entry}} -> {{stream}} {kind}", mode=5)
    yield part("ACC.preload", "ACC", f"{{entry}} <- {{stream}} {kind}", mode=6)


#: Every part by mnemonic, VXM operations excepted.
PARTS: Mapping[str, Part] = MappingProxyType({p.mnemonic: p for p in _parts()})

_UPPER = {name.upper(): part for name, part in PARTS.items()}


def find_part(mnemonic: str) -> Part | None:
    """The part of this mnemonic; letter case does not matter."""
    return _UPPER.get(mnemonic.upper())


def mnemonics() -> list[str]:
    """All mnemonics, those of the VXM with their compute types."""
    vxm = [f"{op.name}.{c.name.lower()}" for op in VXM_OPS.values() for c in op.compute]
    return [*PARTS, *vxm]


def parts_of(i: Instruction) -> list[Part]:
    """The parts that write an instruction, in canonical order; none for a VXM word."""
    found = [
        p
        for p in PARTS.values()
        if p.form == i.name and all(i[name] == value for name, value in p.fixed.items())
    ]
    order = {"READ": 0, "GATHER": 0}
    return sorted(found, key=lambda p: order.get(p.mnemonic, 1)) if i.name == "MEM" else found


def format_value(field: Field, value: int) -> str:
    """A field's value as text."""
    if field.kind is FieldKind.STREAM:
        return stream_name(value)
    if field.kind is FieldKind.INDEX:
        return f"s{value}"
    if field.kind is FieldKind.TYPE:
        return Type(value).name.lower()
    return str(value)


def format_part(part: Part, i: Instruction) -> str:
    """One part of an instruction as canonical text."""
    text = part.mnemonic
    for item in part.items:
        if item.field is None:
            text += item.mark if item.mark in (":", ",") else f" {item.mark}"
            continue
        value = i[item.field.name]
        if value == item.default:
            continue
        written = format_value(item.field, value)
        glue = "" if text.endswith(":") else " "
        text += f"{glue}{item.key}={written}" if item.key else f"{glue}{written}"
    return text
