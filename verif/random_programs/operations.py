"""Random VXM operations, steered to the bins that are still wanted."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from tsp.arch.isa import VXM_OPS, Compute, Type, VxmOp
from verif.random_programs.bins import EAST, IMMEDIATE, WEST, Bin
from verif.random_programs.vectors import element

__all__ = ["Operand", "Operation", "Wanted", "operation"]

_SOURCES = (EAST, WEST, EAST, WEST, IMMEDIATE)


@dataclass
class Operand:
    """Type of an operand, and where it comes from: ``E``, ``W`` or ``I`` (immediate)."""

    type: Type
    source: str
    value: int = 0


@dataclass
class Operation:
    """A VXM operation without its times and streams."""

    op: VxmOp
    compute: Compute
    saturate: int
    result: Type
    flow: str
    operands: list[Operand]
    alu: int | None = None

    def bins(self, alu: int) -> set[Bin]:
        """The bins it hits on an ALU."""
        op, compute = self.op.name, self.compute.name
        found: set[Bin] = {
            ("VXM operand", op, compute, letter, o.type.name, o.source)
            for letter, o in zip("abc", self.operands)
        }
        return found | {
            ("VXM result", op, compute, self.result.name, self.flow, self.saturate),
            ("VXM types", op, compute, self.operands[0].type.name, self.result.name),
            ("VXM unit", op, compute, alu),
        }


@dataclass
class Wanted:
    """Bins that are still to be hit, VXM bins by operation and compute type."""

    left: dict[tuple[str | int, str | int], list[Bin]] = field(default_factory=dict)

    @classmethod
    def of(cls, bins: Iterable[Bin]) -> "Wanted":
        """Sort VXM bins; the others need no steering."""
        wanted = cls()
        for one in bins:
            if str(one[0]).startswith("VXM"):
                wanted.left.setdefault((one[1], one[2]), []).append(one)
        return wanted

    def done(self, hit: set[Bin]) -> None:
        """Take hit bins off the list."""
        for key in {(b[1], b[2]) for b in hit} & set(self.left):
            rest = [b for b in self.left[key] if b not in hit]
            if rest:
                self.left[key] = rest
            else:
                del self.left[key]


def operation(
    rng: Random, wanted: Wanted, width: int | None = None, flow: str | None = None
) -> Operation:
    """A random operation.

    Parameters
    ----------
    rng
        The source of chance.
    wanted
        Bins to aim at; not changed.
    width
        Bytes that the result must have.
    flow
        Direction that the result must have.
    """
    every = [(op, c) for op in VXM_OPS.values() for c in op.built]
    op, compute = rng.choice(every)
    aims: list[Bin] = []
    if wanted.left and rng.random() < 0.9:
        key = rng.choice(sorted(wanted.left))
        op, compute = VXM_OPS[str(key[0])], Compute[str(key[1])]
        aims = rng.sample(wanted.left[key], len(wanted.left[key]))
    types = [t for t in Type if width in (None, t.bytes)]
    found = Operation(
        op,
        compute,
        rng.randrange(2),
        rng.choice(types),
        flow or rng.choice((EAST, WEST)),
        [Operand(rng.choice(list(Type)), rng.choice(_SOURCES)) for _ in range(op.operands)],
    )
    fixed: set[str] = set()
    for aim in aims:
        _aim(found, aim, fixed, types, flow)
    _limit_immediates(rng, found, fixed)
    for operand in found.operands:
        if operand.source == IMMEDIATE:
            operand.value = element(rng, operand.type)
    return found


def _aim(found: Operation, aim: Bin, fixed: set[str], types: list[Type], flow: str | None) -> None:
    """Change what is not yet fixed so that the operation hits `aim`, if that can be."""
    kind, rest = aim[0], [str(part) for part in aim[3:]]
    changes: dict[str, str]
    if kind == "VXM operand":
        changes = {f"{rest[0]} type": rest[1], f"{rest[0]} source": rest[2]}
    elif kind == "VXM result":
        changes = {"result": rest[0], "flow": rest[1], "saturate": rest[2]}
    elif kind == "VXM types":
        changes = {"a type": rest[0], "result": rest[1]}
    else:
        changes = {"alu": rest[0]}
    if fixed & set(changes):
        return
    if "result" in changes and Type[changes["result"]] not in types:
        return
    if flow is not None and changes.get("flow", flow) != flow:
        return
    sources = [v for k, v in changes.items() if k.endswith("source")]
    if sources == [IMMEDIATE]:
        planned = {k[0] for k in fixed if k.endswith("source")}
        others = [o for n, o in enumerate(found.operands) if "abc"[n] in planned]
        if sum(o.source == IMMEDIATE for o in others) == 2:
            return
    fixed |= set(changes)
    for what, value in changes.items():
        _set(found, what, value)


def _set(found: Operation, what: str, value: str) -> None:
    if what == "result":
        found.result = Type[value]
    elif what == "flow":
        found.flow = value
    elif what == "saturate":
        found.saturate = int(value)
    elif what == "alu":
        found.alu = int(value)
    else:
        operand = found.operands["abc".index(what[0])]
        if what.endswith("type"):
            operand.type = Type[value]
        else:
            operand.source = value


def _limit_immediates(rng: Random, found: Operation, fixed: set[str]) -> None:
    """A word has room for two."""
    immediate = [n for n, o in enumerate(found.operands) if o.source == IMMEDIATE]
    free = [n for n in immediate if f"{'abc'[n]} source" not in fixed]
    for n in free[: max(0, len(immediate) - 2)]:
        found.operands[n].source = rng.choice((EAST, WEST))
