"""The instruction set as pure data: every word, field and rule of encoding.

One instruction is one 16-byte word: a 6-bit opcode in bits 5:0, then fields, zero elsewhere. This
module is the only place where a bit position stands; RTL, assembler, golden model and the manual
read it. Architecture section 5, execution.md *Fields*; the encodings are ours, the operation set
is that of the ISCA 2020 paper.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from functools import cached_property
from types import MappingProxyType
from typing import Final

from tsp.arch.config import STREAMS, Config, Queue, QueueKind

__all__ = [
    "ALUS_OF_STOP",
    "AbcMode",
    "AccMode",
    "BadWord",
    "Compute",
    "ENCODING_VERSION",
    "FORMATS",
    "Field",
    "FieldKind",
    "Format",
    "Instruction",
    "OPCODE_BITS",
    "PortKind",
    "Type",
    "VXM_OPS",
    "VxmOp",
    "WORD_BYTES",
    "decode",
    "config_problems",
    "has_operation",
    "is_built",
    "make",
    "stream_name",
    "stream_number",
    "unit_formats",
    "vxm_op",
]

ENCODING_VERSION: Final = 1  #: part of every configuration's hash
WORD_BYTES: Final = 16  #: bytes of an instruction word
OPCODE_BITS: Final = 6


class BadWord(ValueError):
    """A word that is no instruction; the message names the field, its value and the rule."""


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


@dataclass(frozen=True)
class Instruction:
    """A decoded word: its format and the value of every field (0 where not given).

    Build one with :func:`make`, from a word with :func:`decode`; both raise :class:`BadWord` on
    anything that could not be read back.
    """

    format: Format
    values: Mapping[str, int] = field(hash=False)

    def __getitem__(self, name: str) -> int:
        return self.values[name]

    def __hash__(self) -> int:
        return hash(self.encode())

    @property
    def name(self) -> str:
        """Name of the format."""
        return self.format.name

    def encode(self) -> int:
        """The 128-bit word."""
        word = self.format.opcode
        for f in self.format.fields:
            word |= (self.values[f.name] & ((1 << f.width) - 1)) << f.low
        return word

    def replace(self, **values: int) -> "Instruction":
        """The same instruction with some fields changed."""
        return make(self.name, **{**self.values, **values})

    @property
    def has_burst(self) -> bool:
        """True for a MEM word of which a port accesses more than once."""
        return self.name == "MEM" and (self["read_count"] > 1 or self["write_count"] > 1)


def _fields(*rows: tuple[object, ...]) -> tuple[Field, ...]:
    low, found = OPCODE_BITS, []
    for name, width, kind, doc, *more in rows:
        options = dict(more[0]) if more else {}  # type: ignore[call-overload]
        found.append(Field(name, low, width, kind, doc, **options))  # type: ignore[arg-type]
        low += width  # type: ignore[operator]
    assert low <= 8 * WORD_BYTES
    return tuple(found)


def _mem_port(prefix: str, verb: str) -> list[tuple[object, ...]]:
    k = FieldKind
    kinds = {"values": (0, 1, 2)}
    return [
        (f"{prefix}_kind", 2, k.ENUM, f"0 none, 1 direct, 2 indirect {verb}", kinds),
        (f"{prefix}_bank", 1, k.UINT, "bank"),
        (f"{prefix}_offset", 12, k.UINT, "offset in the bank of the first access (direct)"),
        (f"{prefix}_stream", 6, k.STREAM, "stream of the data"),
        (f"{prefix}_map", 6, k.STREAM, "stream of the map (indirect)"),
        (f"{prefix}_stride", 12, k.UINT, "added to the offset at each access, modulo the bank"),
        (f"{prefix}_count", 12, k.UINT, "accesses, at least 1; 0 if the port does nothing"),
        (f"{prefix}_interval", 10, k.UINT, "cycles from an access to the next, at least 1; or 0"),
    ]


def _operand(name: str) -> list[tuple[object, ...]]:
    return [
        (f"{name}_type", 3, FieldKind.TYPE, f"source type of operand {name}"),
        (f"{name}_stream", 6, FieldKind.STREAM, f"first stream of operand {name}"),
        (f"{name}_immediate", 1, FieldKind.FLAG, f"operand {name} is the next immediate"),
    ]


def _formats() -> Iterator[Format]:
    k, q = FieldKind, QueueKind
    every = frozenset(QueueKind)

    def icu(name: str, opcode: int, built: bool, doc: str, *rows: tuple[object, ...]) -> Format:
        return Format(name, opcode, every, False, built, doc, _fields(*rows))

    def unit(
        name: str, opcode: int, kind: QueueKind, built: bool, doc: str, *rows: tuple[object, ...]
    ) -> Format:
        return Format(name, opcode, frozenset({kind}), True, built, doc, _fields(*rows))

    yield icu("NOP", 1, True, "Wait: the next word issues n cycles later.",
              ("n", 16, k.COUNT, "cycles to the next issue"))  # fmt: skip
    yield icu("REPEAT", 2, True, "Issue the previous functional word again n times, d apart.",
              ("n", 16, k.COUNT, "copies"),
              ("d", 16, k.COUNT, "cycles between copies"))  # fmt: skip
    yield icu("SYNC", 3, True, "Park until the n-th NOTIFY from now.",
              ("n", 16, k.COUNT, "NOTIFYs to wait for"))  # fmt: skip
    yield icu("NOTIFY", 4, True, "Begin a segment and release every parked queue.")
    yield icu("HALT", 5, True, "End this queue for good.")
    yield icu("IFETCH", 6, True, "Fetch n pairs of vectors of program text from a stream.",
              ("stream", 6, k.STREAM, "stream of the text"),
              ("n", 8, k.COUNT, "pairs of vectors"))  # fmt: skip
    yield icu("CONFIG", 7, True, "Set the number of superlanes in which later operations act.",
              ("n", 8, k.COUNT, "superlanes that act"))  # fmt: skip
    yield icu("DESKEW", 8, False, "Park until the next HAC overflow.")
    yield icu("RUNTIME_DESKEW", 9, False, "Stall k + (SAC - HAC) cycles, then SAC = HAC.",
              ("k", 16, k.COUNT, "cycles"))  # fmt: skip
    yield icu("POLL", 10, False, "Park until a link holds a vector at an epoch boundary.",
              ("link", 8, k.UINT, "link of this chip"))  # fmt: skip

    yield unit("MEM", 16, q.MEM, True, "One read, one write, or one of each in different banks.",
               *_mem_port("read", "read"), *_mem_port("write", "write"))  # fmt: skip

    yield unit("LW", 20, q.MXM_W, True, "Load the weights of 16 outputs into the load buffer.",
               ("stream", 5, k.INDEX, "first of 16 streams", {"group": 16}),
               ("column", 8, k.UINT, "column group c: outputs 16 c .. 16 c + 15"))  # fmt: skip
    yield unit("MXM", 21, q.MXM_A, True, "Install the load buffer and/or compute activations.",
               ("install", 1, k.FLAG, "IW: install the load buffer"),
               ("mode", 2, k.ENUM, "ABC: 0 none, 1 stream, 2 keep, 3 buffer",
                {"values": (0, 1, 2, 3)}),
               ("stream", 5, k.INDEX, "stream of the activations (stream, keep)"),
               ("entry", 8, k.UINT, "activation buffer entry (keep, buffer)"),
               ("type", 3, k.TYPE, "int8; fp16 with two planes in tandem"))  # fmt: skip
    yield unit("ACC", 22, q.MXM_R, True, "Accumulate and emit a result vector.",
               ("mode", 3, k.ENUM,
                "1 write, 2 add, 3 emit, 4 emit sum, 5 emit stored, 6 preload",
                {"values": (1, 2, 3, 4, 5, 6)}),
               ("entry", 8, k.UINT, "accumulator entry"),
               ("stream", 5, k.INDEX, "first of 4 streams: result, or source of preload",
                {"group": 4}),
               ("type", 3, k.TYPE, "int32; fp32 with fp16 activations"))  # fmt: skip

    yield unit("VXM", 24, q.VXM, True, "One vector operation with conversion of each operand.",
               ("op", 6, k.ENUM, "operation",
                {"values": tuple(op.code for op in VXM_OPS.values())}),
               ("compute", 1, k.ENUM, "0 int32, 1 fp32", {"values": (0, 1)}),
               ("saturate", 1, k.FLAG, "integers saturate; 0: wrap"),
               ("result_type", 3, k.TYPE, "type of the result"),
               ("result_stream", 6, k.STREAM, "first stream of the result"),
               *_operand("a"), *_operand("b"), *_operand("c"),
               ("immediate0", 32, k.PATTERN, "first immediate"),
               ("immediate1", 32, k.PATTERN, "second immediate"))  # fmt: skip

    sg16 = {"group": 16}
    yield unit("SHIFT", 32, q.SXM_SHIFT, True, "Shift lanes north (n > 0) or south, zero fill.",
               ("stream", 6, k.STREAM, "source"), ("result", 6, k.STREAM, "result"),
               ("n", 6, k.SINT, "lanes, 1 <= |n| <= 16"))  # fmt: skip
    yield unit("SELECT", 33, q.SXM_SHIFT, True, "Per lane: unshifted, north, south or zero.",
               ("stream", 6, k.STREAM, "source"), ("result", 6, k.STREAM, "result"),
               ("mask", 6, k.STREAM, "mask"), ("n", 5, k.COUNT, "lanes, 1 .. 16"))  # fmt: skip
    yield unit("PERMUTE", 34, q.SXM_PERMUTE, True, "Any permutation or multicast of all lanes.",
               ("stream", 6, k.STREAM, "source"), ("result", 6, k.STREAM, "result"),
               ("map", 6, k.STREAM, "first of 2 streams of the map", {"group": 2}))  # fmt: skip
    yield unit("DISTRIBUTE", 35, q.SXM_DISTRIBUTE, True,
               "Permute or multicast within each superlane.",
               ("stream", 6, k.STREAM, "source"), ("result", 6, k.STREAM, "result"),
               ("map", 6, k.STREAM, "map"))  # fmt: skip
    yield unit("ROTATE", 36, q.SXM_ROTATE, True, "All rotations of an n x n patch.",
               ("stream", 6, k.STREAM, "source"), ("result", 6, k.STREAM, "first of 16", sg16),
               ("n", 3, k.ENUM, "3 or 4", {"values": (3, 4)}))  # fmt: skip
    yield unit("TRANSPOSE", 37, q.SXM_TRANSPOSE, True, "Transpose 16 streams x 16 lanes.",
               ("stream", 6, k.STREAM, "first of 16", sg16),
               ("result", 6, k.STREAM, "first of 16", sg16))  # fmt: skip

    yield unit("SEND", 48, q.C2C, False, "Send a vector on this link.",
               ("stream", 6, k.STREAM, "source"))  # fmt: skip
    yield unit("RECEIVE", 49, q.C2C, False, "Put the next vector of this link on a stream.",
               ("stream", 6, k.STREAM, "result"))  # fmt: skip


#: Every instruction word by name.
FORMATS: Final[Mapping[str, Format]] = MappingProxyType({f.name: f for f in _formats()})
_BY_OPCODE = {f.opcode: f for f in FORMATS.values()}
ALUS_OF_STOP: Final = 4  #: ALUs at each stop of the VXM
_UNIT_FORMATS = {
    kind: tuple(f for f in FORMATS.values() if f.functional and kind in f.queues)
    for kind in QueueKind
}
_VXM_BY_CODE = {op.code: op for op in VXM_OPS.values()}


def unit_formats(kind: QueueKind) -> tuple[Format, ...]:
    """Words that a unit of this kind executes, built or not, by opcode."""
    return _UNIT_FORMATS[kind]


def vxm_op(code: int) -> VxmOp:
    """The VXM operation with this code; :class:`BadWord` if there is none."""
    if code not in _VXM_BY_CODE:
        raise BadWord(f"op = {code} is no VXM operation")
    return _VXM_BY_CODE[code]


def make(name: str, /, **values: int) -> Instruction:
    """Build an instruction; fields not given are 0.

    Raises
    ------
    BadWord
        If the name or a field is unknown, a value out of its range, or the word breaks a rule of
        its format (:func:`decode` lists them).
    """
    if name not in FORMATS:
        raise BadWord(f"{name!r} is no instruction")
    form = FORMATS[name]
    if unknown := set(values) - set(form.by_name):
        raise BadWord(f"{name} has no field {', '.join(sorted(unknown))}")
    full = {f.name: int(values.get(f.name, 0)) for f in form.fields}
    for f in form.fields:
        f.check(full[f.name])
    instruction = Instruction(form, MappingProxyType(full))
    _check_rules(instruction)
    return instruction


def decode(word: int) -> Instruction:
    """Read a 128-bit word.

    Raises
    ------
    BadWord
        If the opcode is unknown, a reserved bit is set, a field is out of range, a MEM port that
        does nothing has a field set, one that acts lacks count or interval, names a map without
        need or an offset it does not use, both ports name the same bank, an MXM word does
        nothing or names what its mode does not use, or a VXM word names an operand or immediate
        that its operation does not use, a group that is not aligned, or three immediates.
        Limits that depend on a configuration are the business of :func:`config_problems`.
    """
    opcode = word & ((1 << OPCODE_BITS) - 1)
    if word >> (8 * WORD_BYTES):
        raise BadWord("a word has 128 bits")
    if opcode not in _BY_OPCODE:
        raise BadWord(f"opcode {opcode} is no instruction")
    form = _BY_OPCODE[opcode]
    if word & ~form.mask:
        raise BadWord(f"{form.name}: reserved bits {word & ~form.mask:#x} are not zero")
    values = {}
    for f in form.fields:
        value = (word >> f.low) & ((1 << f.width) - 1)
        if f.kind is FieldKind.SINT and value >> (f.width - 1):
            value -= 1 << f.width
        values[f.name] = value
    return make(form.name, **values)


def _check_rules(i: Instruction) -> None:
    if i.name == "MEM":
        _check_mem(i)
    elif i.name == "MXM":
        _check_mxm(i)
    elif i.name == "VXM":
        _check_vxm(i)
    elif i.name == "ACC" and i["type"] not in (Type.INT32, Type.FP32):
        raise BadWord("ACC works on int32 or fp32")
    elif i.name == "ACC" and i["mode"] in (AccMode.WRITE, AccMode.ADD) and i["stream"]:
        raise BadWord("ACC write and add use no stream")
    elif i.name == "ACC" and i["mode"] == AccMode.EMIT and i["entry"]:
        raise BadWord("ACC emit uses no accumulator entry")
    elif i.name == "SHIFT" and not 1 <= abs(i["n"]) <= 16:
        raise BadWord("SHIFT moves 1 .. 16 lanes")
    elif i.name == "SELECT" and i["n"] > 16:
        raise BadWord("SELECT moves 1 .. 16 lanes")


def _check_mem(i: Instruction) -> None:
    if not i["read_kind"] and not i["write_kind"]:
        raise BadWord("a MEM word needs a read or a write")
    for port in ("read", "write"):
        kind = i[f"{port}_kind"]
        used = {"kind", "bank", "stream", "stride", "count", "interval"}
        used |= {"offset"} if kind == PortKind.DIRECT else {"map"}
        used = used if kind else set()
        for name in ("bank", "offset", "stream", "map", "stride", "count", "interval"):
            if name not in used and i[f"{port}_{name}"]:
                raise BadWord(f"{port}_{name} is set, but the {port} port does not use it")
        if kind and not (i[f"{port}_count"] and i[f"{port}_interval"]):
            raise BadWord(f"{port} count and interval are at least 1")
        if kind == PortKind.INDIRECT and i[f"{port}_stride"]:
            raise BadWord(f"{port}_stride is set, but offsets come from the map")
    if i["read_kind"] and i["write_kind"] and i["read_bank"] == i["write_bank"]:
        raise BadWord("read and write of one word are in different banks")


def _check_mxm(i: Instruction) -> None:
    mode = i["mode"]
    if not i["install"] and not mode:
        raise BadWord("an MXM word needs IW or ABC")
    if i["stream"] and mode not in (AbcMode.STREAM, AbcMode.KEEP):
        raise BadWord("stream is set, but the mode does not use it")
    if i["entry"] and mode not in (AbcMode.KEEP, AbcMode.BUFFER):
        raise BadWord("entry is set, but the mode does not use it")
    if i["type"] not in (Type.INT8, Type.FP16) or (i["type"] and not mode):
        raise BadWord("activations are int8 or fp16")


def _check_vxm(i: Instruction) -> None:
    op = vxm_op(i["op"])
    if Compute(i["compute"]) not in op.compute:
        raise BadWord(f"{op.name} does not exist in {Compute(i['compute']).name.lower()}")
    if i["result_stream"] % Type(i["result_type"]).bytes:
        raise BadWord("result_stream is not aligned to the result type")
    immediates = 0
    for n, name in enumerate("abc"):
        kind, stream, flag = (i[f"{name}_{x}"] for x in ("type", "stream", "immediate"))
        if n >= op.operands and (kind or stream or flag):
            raise BadWord(f"{op.name} has no operand {name}")
        if flag and stream:
            raise BadWord(f"operand {name} is an immediate and names a stream")
        if stream % Type(kind).bytes:
            raise BadWord(f"{name}_stream is not aligned to its type")
        if flag:
            if immediates == 2:
                raise BadWord("at most two operands are immediates")
            if i[f"immediate{immediates}"] >> (8 * Type(kind).bytes):
                raise BadWord(f"immediate{immediates} has bits above its type")
            immediates += 1
    for unused in range(immediates, 2):
        if i[f"immediate{unused}"]:
            raise BadWord(f"immediate{unused} is set, but no operand uses it")


def is_built(i: Instruction) -> bool:
    """True if this version of the chip executes the instruction."""
    if i.name == "VXM":
        return Compute(i["compute"]) in vxm_op(i["op"]).built
    if i.name == "MXM":
        return i["type"] == Type.INT8
    if i.name == "ACC":
        return i["type"] == Type.INT32
    return i.format.built


def has_operation(queue: Queue, op: VxmOp) -> bool:
    """True if the ALU of a VXM queue has an operation: ALU 0 of a stop has the special ones."""
    return not op.special or queue.unit % ALUS_OF_STOP == 0


def stream_name(number: int) -> str:
    """``E0`` .. ``E31``, ``W0`` .. ``W31`` for 0 .. 63."""
    if not 0 <= number < 2 * STREAMS:
        raise ValueError(f"stream {number} is not in 0 .. {2 * STREAMS - 1}")
    return f"{'EW'[number // STREAMS]}{number % STREAMS}"


def stream_number(name: str) -> int:
    """Inverse of :func:`stream_name`; ValueError for anything else."""
    if name[:1] not in ("E", "W") or not name[1:].isdecimal() or int(name[1:]) >= STREAMS:
        raise ValueError(f"{name!r} is no stream (E0 .. E31, W0 .. W31)")
    return STREAMS * (name[0] == "W") + int(name[1:])


def config_problems(i: Instruction, config: Config, queue: Queue) -> list[str]:
    """What makes a well-formed instruction a bad word in one queue of one configuration.

    Returns an empty list if the queue may hold it.
    """
    found = []
    if queue.kind not in i.format.queues:
        found.append(f"{i.name} is no instruction of {queue.name} ({queue.kind.value})")
    elif i.name == "VXM" and not has_operation(queue, vxm_op(i["op"])):
        found.append(f"{vxm_op(i['op']).name} is in ALU 0 of each stop, not in {queue.name}")
    if not is_built(i):
        found.append(f"{i.name} is not built in this version of the chip")

    def below(name: str, limit: int, what: str) -> None:
        if i[name] >= limit:
            found.append(f"{name} = {i[name]} is not below {limit} ({what})")

    if i.name == "MEM":
        for port in ("read", "write"):
            below(f"{port}_offset", config.bank_words, "words of a bank")
            below(f"{port}_stride", config.bank_words, "words of a bank")
    elif i.name == "LW":
        below("column", config.superlanes, "superlanes")
    elif i.name == "MXM":
        below("entry", config.activations, "activation buffer entries")
    elif i.name == "ACC":
        below("entry", config.accumulators, "accumulator entries")
    elif i.name == "CONFIG" and i["n"] > config.superlanes:
        found.append(f"n = {i['n']} exceeds {config.superlanes} superlanes")
    elif i.name == "POLL":
        below("link", 2 * config.links, "links")
    return found
