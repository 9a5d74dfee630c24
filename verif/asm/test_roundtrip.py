"""``dis(as(x)) == x`` and ``as(dis(p)) == p``, for every instruction and every field."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsp.arch.config import FULL
from tsp.arch.isa import FORMATS, VXM_OPS, Compute, FieldKind, Instruction, Type, decode, make
from tspc.asm import assemble, disassemble, format_word
from tspc.asm.syntax import PARTS, parts_of
from tspc.objectdata import to_payload
from tspc.program import Program
from verif.asm.strategies import instructions, programs


def same(a: Program, b: Program) -> bool:
    """Equal in everything but the source map and the configuration's name, which is no part."""
    return to_payload(a, source=False) == to_payload(b, source=False)


@settings(max_examples=150, deadline=None)
@given(programs())
def test_legal_program(program):
    text = disassemble(program)
    again = assemble(text, "other name.tsp")
    assert same(again, program)
    assert disassemble(again) == text


@settings(max_examples=150, deadline=None)
@given(programs(unchecked=True))
def test_any_words(program):
    text = disassemble(program)
    again = assemble(text, unchecked=True)
    assert same(again, program)
    assert disassemble(again) == text


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_every_word(data):
    """Each instruction alone, in a queue of each kind: text gives back the same 128 bits."""
    queue = data.draw(st.sampled_from(FULL.queues))
    i = data.draw(instructions(FULL, queue))
    written = format_word(i.encode())
    assert "WORD" not in written
    source = f".config full\n{queue.name}:\n{written}\n"
    assert assemble(source, unchecked=True).text[queue.index] == (i.encode(),)


def test_every_mnemonic_has_a_word():
    """The table of syntax covers every format and every field of it, and nothing twice."""
    for form in FORMATS.values():
        if form.name == "VXM":
            continue
        parts = [p for p in PARTS.values() if p.form == form.name]
        covered = set().union(*(p.fields for p in parts))
        assert covered == set(form.by_name), form.name


@pytest.mark.parametrize("op", VXM_OPS.values(), ids=lambda op: op.name)
def test_every_vxm_operation(op):
    for compute in op.compute:
        for kind in Type:
            values = {f"{n}_type": kind for n in "abc"[: op.operands]}
            i = make("VXM", op=op.code, compute=compute, result_type=kind, saturate=1, **values)
            text = format_word(i)
            assert text.startswith(f"{op.name}.{Compute(compute).name.lower()}.sat E0:")
            source = f".config nano\nVXM3:\n{text}"
            assert decode(assemble(source, unchecked=True).text[32][0]).values == i.values


def test_immediates_are_exact():
    """Patterns of each exponent, subnormals, infinities and NaNs survive the decimal text."""
    patterns = {Type.FP16: range(0, 1 << 16, 31), Type.FP32: range(0, 1 << 32, 0x0036DCBB)}
    for kind, values in patterns.items():
        lines = []
        for n in values:
            i = make("VXM", op=1, a_immediate=1, a_type=kind, b_type=kind, immediate0=n)
            lines.append((format_word(i), i.encode()))
        text = ".config nano\nVXM1:\n" + "\n".join(line for line, _ in lines)
        program = assemble(text, unchecked=True)
        assert program.text[30] == tuple(word for _, word in lines)


def test_immediates_written_by_hand():
    def word(text: str) -> Instruction:
        source = f".config nano\nVXM1:\nADD.fp32 {text}, E0 -> E4"
        return decode(assemble(source, unchecked=True).text[30][0])

    assert word("#1")["immediate0"] == 0x3F800000
    assert word("#-0.0")["immediate0"] == 0x80000000
    assert word("#1e-3:fp16")["immediate0"] == int(np.float16(1e-3).view(np.uint16))
    assert word("#-inf:fp16")["immediate0"] == 0xFC00
    assert word("#nan")["immediate0"] == 0x7FC00000
    assert word("#0xff:int8")["immediate0"] == 0xFF
    assert word("#-1:int16")["immediate0"] == 0xFFFF
    assert word("#5:int32")["a_type"] == Type.INT32


def test_written_form():
    """What the manual shows is what the disassembler writes."""
    lines = """\
    @30      READ 0:12 -> E3 count=8 every=2 | WRITE 1:5 <- W2 stride=3
    @31      READ 0:12 -> E3
             REPEAT 3, 2
    @50      SYNC
    @30      WRITE 1:0 <- W31
    @70000   SYNC 2
    @30      HALT
"""
    notify = "VXM0:\n    @0       NOTIFY\n    @200     NOTIFY\n"
    more = "    @100000  NOTIFY\n    @100100  NOTIFY\n    @100101  HALT\n"
    text = f'.config nano\n.name "x"\n\n{notify}{more}\nMEM_E3:\n{lines}'
    assert disassemble(assemble(text)) == text


def test_parts_of_a_word_are_in_reading_order():
    i = make("MXM", install=1, mode=2, entry=3, stream=5)
    assert [p.mnemonic for p in parts_of(i)] == ["IW", "ABC.keep"]
    assert format_word(i) == "IW | ABC.keep s5 entry=3"


def test_field_kinds_all_occur():
    """A new kind of field needs a way to be written."""
    kinds = {f.kind for form in FORMATS.values() for f in form.fields}
    assert kinds == set(FieldKind)
