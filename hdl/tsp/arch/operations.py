"""What an instruction's fields choose among: element types, modes, and the operations of the VXM.

execution.md *Fields*, *MXM* and *VXM*. The codes are ours, the operation set is that of the ISCA
2020 paper.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from tsp.arch.config import Queue

__all__ = [
    "ALUS_OF_STOP",
    "AbcMode",
    "AccMode",
    "BadWord",
    "Compute",
    "PortKind",
    "Type",
    "VXM_OPS",
    "VxmOp",
    "has_operation",
    "vxm_op",
]

ALUS_OF_STOP: Final = 4  #: ALUs at each stop of the VXM


class BadWord(ValueError):
    """A word that is no instruction; the message names the field, its value and the rule."""


class Type(IntEnum):
    """Element types (execution.md *Fields*); 5 .. 7 are bad words."""

    INT8 = 0
    INT16 = 1
    INT32 = 2
    FP16 = 3
    FP32 = 4

    @property
    def bytes(self) -> int:
        """Bytes of an element = streams of an operand."""
        return (1, 2, 4, 2, 4)[self]


class Compute(IntEnum):
    """Type in which a VXM operation computes."""

    INT32 = 0
    FP32 = 1


class PortKind(IntEnum):
    """What a port of a MEM word does."""

    NONE = 0
    DIRECT = 1  #: READ, WRITE
    INDIRECT = 2  #: GATHER, SCATTER


class AbcMode(IntEnum):
    """Where ABC takes its activations from (execution.md *MXM*)."""

    NONE = 0
    STREAM = 1
    KEEP = 2
    BUFFER = 3


class AccMode(IntEnum):
    """What ACC does (execution.md *MXM*)."""

    WRITE = 1
    ADD = 2
    EMIT = 3
    EMIT_SUM = 4
    EMIT_STORED = 5
    PRELOAD = 6


@dataclass(frozen=True)
class VxmOp:
    """One VXM operation: its code, number of operands and the compute types it exists in.

    ``built`` lists the compute types in which this version of the chip executes it; the others
    have their encoding and are refused as a bad word. ``bound`` is the largest error of a special
    function in units in the last place of its fp32 result; None: exact, or rounded once.
    """

    name: str
    code: int
    operands: int
    compute: tuple[Compute, ...]
    built: tuple[Compute, ...]
    doc: str
    bound: float | None = None

    @property
    def special(self) -> bool:
        """True for a special function: ALU 0 of each stop has them."""
        return self.bound is not None


_I, _F = Compute.INT32, Compute.FP32
_VXM: tuple[tuple[str, int, tuple[Compute, ...], tuple[Compute, ...], str], ...] = (
    ("ADD", 2, (_I, _F), (_I, _F), "a + b"),
    ("SUB", 2, (_I, _F), (_I, _F), "a - b"),
    ("MUL", 2, (_I, _F), (_I, _F), "a * b"),
    ("MADD", 3, (_I, _F), (_I, _F), "a * b + c; fp32: one rounding"),
    ("MAX", 2, (_I, _F), (_I, _F), "the larger; fp32: IEEE 754-2019 maximum"),
    ("MIN", 2, (_I, _F), (_I, _F), "the smaller; fp32: IEEE 754-2019 minimum"),
    ("SELECT", 3, (_I, _F), (_I, _F), "a where c != 0 (NaN is not 0), else b"),
    ("RELU", 1, (_I, _F), (_I, _F), "maximum(a, +0)"),
    ("SHL", 2, (_I,), (_I,), "a << (b & 31), exact in 64 bits, then saturated or wrapped"),
    ("SRA", 2, (_I,), (_I,), "a >> (b & 31), arithmetic"),
    ("SRL", 2, (_I,), (_I,), "a >> (b & 31), logical"),
    ("AND", 2, (_I,), (_I,), "bitwise and"),
    ("OR", 2, (_I,), (_I,), "bitwise or"),
    ("XOR", 2, (_I,), (_I,), "bitwise exclusive or"),
    ("NOT", 1, (_I,), (_I,), "bitwise not"),
    ("NEG", 1, (_I, _F), (_I, _F), "-a"),
    ("ABS", 1, (_I, _F), (_I, _F), "|a|"),
    ("EQ", 2, (_I, _F), (_I, _F), "1 if a == b, else 0"),
    ("NE", 2, (_I, _F), (_I, _F), "1 if a != b or unordered, else 0"),
    ("LT", 2, (_I, _F), (_I, _F), "1 if a < b, else 0"),
    ("LE", 2, (_I, _F), (_I, _F), "1 if a <= b, else 0"),
    ("EXP2", 1, (_F,), (_F,), "2 ** a (ALU 0 of a stop)"),
    ("LOG2", 1, (_F,), (_F,), "log2 a (ALU 0 of a stop)"),
    ("RSQRT", 1, (_F,), (_F,), "1 / sqrt a (ALU 0 of a stop)"),
    ("RECIP", 1, (_F,), (_F,), "1 / a (ALU 0 of a stop)"),
    ("TANH", 1, (_F,), (_F,), "tanh a (ALU 0 of a stop)"),
)

#: Claimed for every argument; docs/specials.md has the errors that were measured.
_BOUNDS = {"EXP2": 0.7, "LOG2": 0.7, "RSQRT": 0.7, "RECIP": 0.85, "TANH": 0.85}

#: VXM operations by name; codes count from 1.
VXM_OPS: Final[Mapping[str, VxmOp]] = MappingProxyType(
    {
        name: VxmOp(name, code, operands, compute, built, doc, _BOUNDS.get(name))
        for code, (name, operands, compute, built, doc) in enumerate(_VXM, 1)
    }
)
_VXM_BY_CODE = {op.code: op for op in VXM_OPS.values()}


def vxm_op(code: int) -> VxmOp:
    """The VXM operation with this code; :class:`BadWord` if there is none."""
    if code not in _VXM_BY_CODE:
        raise BadWord(f"op = {code} is no VXM operation")
    return _VXM_BY_CODE[code]


def has_operation(queue: Queue, op: VxmOp) -> bool:
    """True if the ALU of a VXM queue has an operation: ALU 0 of a stop has the special ones."""
    return not op.special or queue.unit % ALUS_OF_STOP == 0
