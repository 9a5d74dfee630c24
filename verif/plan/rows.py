"""The rows: every subject that ``tsp.arch`` knows, on each level that is asked of its kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from tsp.arch.errors import ErrorClass
from tsp.arch.isa import FORMATS, VXM_OPS, BadWord, Compute, Instruction, Type, vxm_op
from tsp.arch.timing import ENTRIES
from tspc.asm.syntax import PARTS, parts_of
from tspc.manual import PAGES
from tspc.manual.render import built
from tspc.program import Program, decoded

__all__ = ["LEVELS", "Row", "rows", "subjects_of"]

#: What a level means: docs/verification.md, *Rows*.
LEVELS = ("unit", "slice", "chip", "random", "fault")

#: Classes that only what is named can break; the others are every program's.
_NEEDS = {
    ErrorClass.FETCH_SPACING: ("IFETCH",),
    ErrorClass.BAD_MAP: ("GATHER", "SCATTER", "SELECT", "PERMUTE", "DISTRIBUTE"),
    ErrorClass.NOT_PARKED: ("DESKEW", "RUNTIME_DESKEW", "POLL"),
    ErrorClass.SEND_SPACING: ("SEND",),
}

#: Features beyond instructions: they have rows as soon as ``tsp.arch`` has their module.
_FEATURES = {
    "protection": ("tsp.arch.secded", ("unit", "slice", "chip", "fault")),
    "spare superlane": ("tsp.arch.config", ("unit", "chip", "random", "fault")),
    "host port": ("tsp.arch.csr", ("unit", "chip", "random", "fault")),
}


@dataclass(frozen=True, order=True)
class Row:
    """One thing to be shown.

    Attributes
    ----------
    group
        Kind of the subject: ``instruction``, ``type``, ``delay``, ``error``, ``feature``.
    subject
        E.g. ``READ``, ``ADD.int32``, ``delay mem_d_func``, ``error bank conflict``.
    level
        One of :data:`LEVELS`.
    """

    group: str
    subject: str
    level: str


def rows() -> list[Row]:
    """Every row, in the order of the plan."""
    return [
        Row(group, subject, level) for group, subject, levels in _subjects() for level in levels
    ]


def _subjects() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    ready = list(_instructions())
    for name, functional in ready:
        levels = LEVELS if functional else tuple(level for level in LEVELS if level != "slice")
        yield "instruction", name, levels
    for kind in Type:
        yield "type", f"type {kind.name.lower()}", ("unit", "slice", "random")
    for entry in ENTRIES:
        yield "delay", f"delay {entry.name}", ("chip", "fault")
    names = {name for name, _ in ready}
    for error in ErrorClass:
        if error not in _NEEDS or names & set(_NEEDS[error]):
            # What is loaded at the start cannot overflow a queue: fetched text can.
            stops = error.stops and (error is not ErrorClass.QUEUE_OVERFLOW or "IFETCH" in names)
            levels = ("unit", "chip", "fault") if stops else ("unit", "fault")
            yield "error", f"error {error.value}", levels
    for name, (module, levels) in _FEATURES.items():
        if find_spec(module) is not None:
            yield "feature", name, levels


def _instructions() -> Iterator[tuple[str, bool]]:
    """Every mnemonic that the chip executes, and whether a slice does it."""
    for page in PAGES.values():
        ready = {word.split()[0] for word in built(page)}
        for part in PARTS.values():
            if part.form == page.form and part.mnemonic in ready and not page.operations:
                yield part.mnemonic, FORMATS[part.form].functional
        for op in (VXM_OPS[name] for name in page.operations):
            for compute in op.built:
                yield f"{op.name}.{Compute(compute).name.lower()}", True


def subjects_of(program: Program) -> set[str]:
    """Instructions in a program's text, and types that its VXM words convert."""
    found: set[str] = set()
    for text in program.text.values():
        for word in set(text):
            try:
                found |= subjects_of_word(decoded(word))
            except BadWord:
                continue
    return found


def subjects_of_word(i: Instruction) -> set[str]:
    """The subjects that one word is about."""
    if i.name != "VXM":
        return {part.mnemonic for part in parts_of(i)}
    op = vxm_op(i["op"])
    kinds = [i[f"{x}_type"] for x in "abc"[: op.operands]] + [i["result_type"]]
    types = {f"type {Type(kind).name.lower()}" for kind in kinds}
    return {f"{op.name}.{Compute(i['compute']).name.lower()}"} | types
