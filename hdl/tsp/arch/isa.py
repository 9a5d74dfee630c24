"""Instructions: built from fields, read from words, held to the rules of encoding.

The words themselves are in :mod:`tsp.arch.formats`, what their fields choose among in
:mod:`tsp.arch.operations`; whoever needs any of it imports it from here. Architecture section 5.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tsp.arch.config import STREAMS, Config, Queue
from tsp.arch.formats import (
    ENCODING_VERSION,
    FORMATS,
    OPCODE_BITS,
    WORD_BYTES,
    Field,
    FieldKind,
    Format,
    format_of,
    unit_formats,
)
from tsp.arch.operations import (
    ALUS_OF_STOP,
    VXM_OPS,
    AbcMode,
    AccMode,
    BadWord,
    Compute,
    PortKind,
    Type,
    VxmOp,
    has_operation,
    vxm_op,
)

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
    form = format_of(opcode)
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
