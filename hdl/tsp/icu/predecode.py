"""What a text word means to its queue, worked out one cycle before the word can issue.

The stage between the corrector and the head of the queue stores what :func:`predecode` returns, so
that the cycle that decides on an issue compares counters and nothing else.
"""

from enum import IntEnum

from amaranth import Cat, Module, Signal, Value
from amaranth.hdl import unsigned
from amaranth.lib import data
from amaranth.utils import bits_for

from tsp.arch.config import QueueKind
from tsp.arch.isa import FORMATS, OPCODE_BITS, VXM_OPS, FieldKind, Format, Type, unit_formats

__all__ = ["Cause", "functional_formats", "head_layout", "predecode"]


class Cause(IntEnum):
    """Why a queue stopped the chip; travels along the strip in two bits."""

    NONE = 0
    BAD_WORD = 1
    QUEUE_DRY = 2
    QUEUE_OVERFLOW = 3


#: Built instructions of the queues themselves, by the name of their bit in the head.
_OWN = ("NOP", "REPEAT", "SYNC", "NOTIFY", "HALT", "IFETCH", "CONFIG")


def functional_formats(kind: QueueKind) -> tuple[Format, ...]:
    """The functional words that queues of this kind can issue."""
    return tuple(f for f in unit_formats(kind) if f.built)


def _field_bits(kind: QueueKind) -> int:
    """Bits that a head of this kind must keep, from bit 0 of the word."""
    formats = [*(FORMATS[name] for name in _OWN), *functional_formats(kind)]
    return max(f.low + f.width for form in formats for f in form.fields)


def head_layout(kind: QueueKind) -> data.StructLayout:
    """The word that issues next.

    ``bits`` are the bits above the opcode, without those that no word of the kind has. Of the other
    members at most one is set: ``functional``, one bit for each instruction of the queue's own,
    ``bad``. ``burst`` qualifies ``functional``, and so does ``form`` where there are several words:
    it says which of :func:`functional_formats`.
    """
    flags = ["functional", "burst", *(name.lower() for name in _OWN), "bad"]
    members = {"bits": unsigned(_field_bits(kind) - OPCODE_BITS)}
    members |= {name: unsigned(1) for name in flags}
    if len(functional_formats(kind)) > 1:
        members["form"] = unsigned(bits_for(len(functional_formats(kind)) - 1))
    return data.StructLayout(members)


def _slice(word, field) -> Value:
    return word[field.low : field.low + field.width]


def _one_of(value: Value, legal) -> Value:
    """1 if `value` is one of the numbers `legal`."""
    return Cat(value == n for n in legal).any()


def _undefined(form: Format, word, special) -> list[Value]:
    """Conditions under which `word`, of this format, has an undefined or unbuilt field.

    `special`: 1 if the queue's ALU has the special functions.

    Every condition holds only for words that ``tsp.arch.isa.decode`` refuses or that ``is_built``
    denies; the rules that guard nothing in hardware are left to the tools.
    """
    reserved = Cat(word[n] for n in range(len(word)) if not form.mask >> n & 1)
    found = [reserved.any()]
    fields = {f.name: _slice(word, f) for f in form.fields}
    for f in form.fields:
        value = fields[f.name]
        if f.kind is FieldKind.COUNT and not form.functional:
            found.append(~value.any())  # a wait of no cycles would never end
        elif f.kind is FieldKind.TYPE:
            found.append(value > max(Type))
        elif f.kind is FieldKind.ENUM and form.name != "VXM":
            found.append(~_one_of(value, f.values))
    if form.name == "VXM":
        built = Cat(
            _one_of(fields["op"], [op.code for op in VXM_OPS.values() if compute in op.built])
            for compute in (0, 1)
        )
        found.append(~built.bit_select(fields["compute"], 1))
        found.append(
            _one_of(fields["op"], [o.code for o in VXM_OPS.values() if o.special]) & ~special
        )
    if form.name == "MXM":
        found.append(fields["type"] != Type.INT8)
    if form.name == "ACC":
        found.append(fields["type"] != Type.INT32)
    return found


def predecode(m: Module, kind: QueueKind, word: Signal, special=0):
    """Add the decoder of 128-bit text `word` to `m`; returns a view of :func:`head_layout`.

    `special`: 1 if the queue commands an ALU with the special functions.
    """
    head = Signal(head_layout(kind))
    m.d.comb += [head.bits.eq(word[OPCODE_BITS:]), head.bad.eq(1)]
    with m.Switch(word[:OPCODE_BITS]):
        for name in _OWN:
            form = FORMATS[name]
            with m.Case(form.opcode):
                bad = Cat(_undefined(form, word, special)).any()
                m.d.comb += [head.bad.eq(bad), head[name.lower()].eq(~bad)]
        for number, form in enumerate(functional_formats(kind)):
            with m.Case(form.opcode):
                bad = Cat(_undefined(form, word, special)).any()
                m.d.comb += [head.bad.eq(bad), head.functional.eq(~bad)]
                if number:
                    m.d.comb += head.form.eq(number)
                if form.name == "MEM":
                    counts = [
                        _slice(word, form.by_name[f"{port}_count"]) for port in ("read", "write")
                    ]
                    m.d.comb += head.burst.eq(Cat(count[1:].any() for count in counts).any())
    return head
