"""Every instruction word as pure data: opcode, fields and their bits.

One instruction is one 16-byte word: a 6-bit opcode in bits 5:0, then fields in the order of the
tables below, zero elsewhere. This module is the only place where a bit position stands; RTL,
assembler, golden model and the manual read it. Architecture section 5, execution.md *Fields*; the
encodings are ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from types import MappingProxyType
from typing import Final, NamedTuple

from tsp.arch.config import QueueKind
from tsp.arch.operations import VXM_OPS, BadWord, Type

__all__ = [
    "ENCODING_VERSION",
    "FORMATS",
    "Field",
    "FieldKind",
    "Format",
    "OPCODE_BITS",
    "WORD_BYTES",
    "format_of",
    "unit_formats",
]

ENCODING_VERSION: Final = 1  #: part of every configuration's hash
WORD_BYTES: Final = 16  #: bytes of an instruction word
OPCODE_BITS: Final = 6


class FieldKind(Enum):
    """How a field's bits are to be read and written."""

    COUNT = "count"  #: unsigned, at least 1
    UINT = "uint"  #: unsigned
    SINT = "sint"  #: two's complement
    FLAG = "flag"
    STREAM = "stream"  #: 6 bits: bit 5 direction (0 east, 1 west), bits 4:0 index
    INDEX = "index"  #: 5 bits: a stream's index; the direction is the MXM's own
    TYPE = "type"
    ENUM = "enum"
    PATTERN = "pattern"  #: a 32-bit immediate


@dataclass(frozen=True)
class Field:
    """A field of an instruction word: bits ``low + width - 1 : low``."""

    name: str
    low: int
    width: int
    kind: FieldKind
    doc: str
    group: int = 1  #: streams of an aligned group: the base is a multiple of it
    values: tuple[int, ...] | None = None  #: the legal values of an ENUM

    @property
    def minimum(self) -> int:
        """Smallest value that may be encoded."""
        if self.kind is FieldKind.SINT:
            return -(1 << (self.width - 1))
        return 1 if self.kind is FieldKind.COUNT else 0

    @property
    def maximum(self) -> int:
        """Largest value that may be encoded."""
        return (1 << (self.width - (self.kind is FieldKind.SINT))) - 1

    def check(self, value: int) -> None:
        """Raise :class:`BadWord` unless `value` may stand in this field."""
        if not self.minimum <= value <= self.maximum:
            raise BadWord(f"{self.name} = {value} is not in {self.minimum} .. {self.maximum}")
        if self.kind is FieldKind.TYPE and value not in list(Type):
            raise BadWord(f"{self.name} = {value} is no type (0 .. 4)")
        if self.values is not None and value not in self.values:
            raise BadWord(f"{self.name} = {value} is not one of {list(self.values)}")
        if value % self.group:
            raise BadWord(f"{self.name} = {value} is not a multiple of its group {self.group}")


@dataclass(frozen=True)
class Format:
    """One kind of instruction word.

    Attributes
    ----------
    name
        Mnemonic of the word as a whole (a MEM word is ``MEM``; its ports are READ, WRITE, ...).
    opcode
        Bits 5:0; 0 is no instruction.
    queues
        Kinds of queue that may hold it.
    functional
        True if a slice executes it, False if the queue does.
    built
        False: it has its encoding, and this version of the chip refuses it as a bad word.
    """

    name: str
    opcode: int
    queues: frozenset[QueueKind]
    functional: bool
    built: bool
    doc: str
    fields: tuple[Field, ...]

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Field of each name."""
        return {f.name: f for f in self.fields}

    @cached_property
    def mask(self) -> int:
        """Bits of opcode and fields; all others are reserved and zero."""
        mask = (1 << OPCODE_BITS) - 1
        for f in self.fields:
            mask |= ((1 << f.width) - 1) << f.low
        return mask


class _Row(NamedTuple):
    """A field that has no place yet: it follows the one before it."""

    name: str
    width: int
    kind: FieldKind
    doc: str
    group: int = 1
    values: tuple[int, ...] | None = None


def _placed(rows: tuple[_Row, ...]) -> tuple[Field, ...]:
    low, found = OPCODE_BITS, []
    for row in rows:
        found.append(Field(row.name, low, *row[1:]))
        low += row.width
    assert low <= 8 * WORD_BYTES
    return tuple(found)


_K, _Q = FieldKind, QueueKind


def _icu(name: str, opcode: int, built: bool, doc: str, *rows: _Row) -> Format:
    """A word that every queue executes itself."""
    return Format(name, opcode, frozenset(QueueKind), False, built, doc, _placed(rows))


def _unit(name: str, opcode: int, kind: QueueKind, built: bool, doc: str, *rows: _Row) -> Format:
    """A word that the unit behind a queue of this kind executes."""
    return Format(name, opcode, frozenset({kind}), True, built, doc, _placed(rows))


def _mem_port(port: str, verb: str) -> list[_Row]:
    return [
        _Row(f"{port}_kind", 2, _K.ENUM, f"0 none, 1 direct, 2 indirect {verb}", 1, (0, 1, 2)),
        _Row(f"{port}_bank", 1, _K.UINT, "bank"),
        _Row(f"{port}_offset", 12, _K.UINT, "offset in the bank of the first access (direct)"),
        _Row(f"{port}_stream", 6, _K.STREAM, "stream of the data"),
        _Row(f"{port}_map", 6, _K.STREAM, "stream of the map (indirect)"),
        _Row(f"{port}_stride", 12, _K.UINT, "added to the offset at each access, modulo the bank"),
        _Row(f"{port}_count", 12, _K.UINT, "accesses, at least 1; 0 if the port does nothing"),
        _Row(
            f"{port}_interval", 10, _K.UINT, "cycles from an access to the next, at least 1; or 0"
        ),
    ]


def _operand(name: str) -> list[_Row]:
    return [
        _Row(f"{name}_type", 3, _K.TYPE, f"source type of operand {name}"),
        _Row(f"{name}_stream", 6, _K.STREAM, f"first stream of operand {name}"),
        _Row(f"{name}_immediate", 1, _K.FLAG, f"operand {name} is the next immediate"),
    ]


# fmt: off
_ICU = (
    _icu("NOP", 1, True, "Wait: the next word issues n cycles later.",
         _Row("n", 16, _K.COUNT, "cycles to the next issue")),
    _icu("REPEAT", 2, True, "Issue the previous functional word again n times, d apart.",
         _Row("n", 16, _K.COUNT, "copies"),
         _Row("d", 16, _K.COUNT, "cycles between copies")),
    _icu("SYNC", 3, True, "Park until the n-th NOTIFY from now.",
         _Row("n", 16, _K.COUNT, "NOTIFYs to wait for")),
    _icu("NOTIFY", 4, True, "Begin a segment and release every parked queue."),
    _icu("HALT", 5, True, "End this queue for good."),
    _icu("IFETCH", 6, True, "Fetch n pairs of vectors of program text from a stream.",
         _Row("stream", 6, _K.STREAM, "stream of the text"),
         _Row("n", 8, _K.COUNT, "pairs of vectors")),
    _icu("CONFIG", 7, True, "Set the number of superlanes in which later operations act.",
         _Row("n", 8, _K.COUNT, "superlanes that act")),
    _icu("DESKEW", 8, False, "Park until the next HAC overflow."),
    _icu("RUNTIME_DESKEW", 9, False, "Stall k + (SAC - HAC) cycles, then SAC = HAC.",
         _Row("k", 16, _K.COUNT, "cycles")),
    _icu("POLL", 10, False, "Park until a link holds a vector at an epoch boundary.",
         _Row("link", 8, _K.UINT, "link of this chip")),
)

_MEM = (
    _unit("MEM", 16, _Q.MEM, True, "One read, one write, or one of each in different banks.",
          *_mem_port("read", "read"), *_mem_port("write", "write")),
)

_MXM = (
    _unit("LW", 20, _Q.MXM_W, True, "Load the weights of 16 outputs into the load buffer.",
          _Row("stream", 5, _K.INDEX, "first of 16 streams", group=16),
          _Row("column", 8, _K.UINT, "column group c: outputs 16 c .. 16 c + 15")),
    _unit("MXM", 21, _Q.MXM_A, True, "Install the load buffer and/or compute activations.",
          _Row("install", 1, _K.FLAG, "IW: install the load buffer"),
          _Row("mode", 2, _K.ENUM, "ABC: 0 none, 1 stream, 2 keep, 3 buffer",
               values=(0, 1, 2, 3)),
          _Row("stream", 5, _K.INDEX, "stream of the activations (stream, keep)"),
          _Row("entry", 8, _K.UINT, "activation buffer entry (keep, buffer)"),
          _Row("type", 3, _K.TYPE, "int8; fp16 with two planes in tandem")),
    _unit("ACC", 22, _Q.MXM_R, True, "Accumulate and emit a result vector.",
          _Row("mode", 3, _K.ENUM,
               "1 write, 2 add, 3 emit, 4 emit sum, 5 emit stored, 6 preload",
               values=(1, 2, 3, 4, 5, 6)),
          _Row("entry", 8, _K.UINT, "accumulator entry"),
          _Row("stream", 5, _K.INDEX, "first of 4 streams: result, or source of preload",
               group=4),
          _Row("type", 3, _K.TYPE, "int32; fp32 with fp16 activations")),
)

_VXM = (
    _unit("VXM", 24, _Q.VXM, True, "One vector operation with conversion of each operand.",
          _Row("op", 6, _K.ENUM, "operation",
               values=tuple(op.code for op in VXM_OPS.values())),
          _Row("compute", 1, _K.ENUM, "0 int32, 1 fp32", values=(0, 1)),
          _Row("saturate", 1, _K.FLAG, "integers saturate; 0: wrap"),
          _Row("result_type", 3, _K.TYPE, "type of the result"),
          _Row("result_stream", 6, _K.STREAM, "first stream of the result"),
          *_operand("a"), *_operand("b"), *_operand("c"),
          _Row("immediate0", 32, _K.PATTERN, "first immediate"),
          _Row("immediate1", 32, _K.PATTERN, "second immediate")),
)

_SXM = (
    _unit("SHIFT", 32, _Q.SXM_SHIFT, True, "Shift lanes north (n > 0) or south, zero fill.",
          _Row("stream", 6, _K.STREAM, "source"), _Row("result", 6, _K.STREAM, "result"),
          _Row("n", 6, _K.SINT, "lanes, 1 <= |n| <= 16")),
    _unit("SELECT", 33, _Q.SXM_SHIFT, True, "Per lane: unshifted, north, south or zero.",
          _Row("stream", 6, _K.STREAM, "source"), _Row("result", 6, _K.STREAM, "result"),
          _Row("mask", 6, _K.STREAM, "mask"),
          _Row("n", 5, _K.COUNT, "lanes, 1 .. 16")),
    _unit("PERMUTE", 34, _Q.SXM_PERMUTE, True, "Any permutation or multicast of all lanes.",
          _Row("stream", 6, _K.STREAM, "source"), _Row("result", 6, _K.STREAM, "result"),
          _Row("map", 6, _K.STREAM, "first of 2 streams of the map", group=2)),
    _unit("DISTRIBUTE", 35, _Q.SXM_DISTRIBUTE, True,
          "Permute or multicast within each superlane.",
          _Row("stream", 6, _K.STREAM, "source"), _Row("result", 6, _K.STREAM, "result"),
          _Row("map", 6, _K.STREAM, "map")),
    _unit("ROTATE", 36, _Q.SXM_ROTATE, True, "All rotations of an n x n patch.",
          _Row("stream", 6, _K.STREAM, "source"),
          _Row("result", 6, _K.STREAM, "first of 16", group=16),
          _Row("n", 3, _K.ENUM, "3 or 4", values=(3, 4))),
    _unit("TRANSPOSE", 37, _Q.SXM_TRANSPOSE, True, "Transpose 16 streams x 16 lanes.",
          _Row("stream", 6, _K.STREAM, "first of 16", group=16),
          _Row("result", 6, _K.STREAM, "first of 16", group=16)),
)

_C2C = (
    _unit("SEND", 48, _Q.C2C, False, "Send a vector on this link.",
          _Row("stream", 6, _K.STREAM, "source")),
    _unit("RECEIVE", 49, _Q.C2C, False, "Put the next vector of this link on a stream.",
          _Row("stream", 6, _K.STREAM, "result")),
)
# fmt: on

#: Every instruction word by name.
FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {f.name: f for f in (*_ICU, *_MEM, *_MXM, *_VXM, *_SXM, *_C2C)}
)
_BY_OPCODE = {f.opcode: f for f in FORMATS.values()}
_UNIT_FORMATS = {
    kind: tuple(f for f in FORMATS.values() if f.functional and kind in f.queues)
    for kind in QueueKind
}


def format_of(opcode: int) -> Format:
    """The format with this opcode; :class:`BadWord` if there is none."""
    if opcode not in _BY_OPCODE:
        raise BadWord(f"opcode {opcode} is no instruction")
    return _BY_OPCODE[opcode]


def unit_formats(kind: QueueKind) -> tuple[Format, ...]:
    """Words that a unit of this kind executes, built or not, by opcode."""
    return _UNIT_FORMATS[kind]
