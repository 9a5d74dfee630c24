"""What bad text gets: code, place, and a report in rustc's manner. Never a traceback."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsp.arch.config import NANO, SMALL
from tspc.asm import assemble
from tspc.asm.codes import Code
from tspc.diagnostics import Diagnostic, DiagnosticError, to_json

START = ".config nano\nVXM0:\nNOTIFY\nHALT\n"  # lines 1 .. 4


def errors(text: str, **options) -> tuple[Diagnostic, ...]:
    with pytest.raises(DiagnosticError) as caught:
        assemble(text, "t.tsp", **options)
    return caught.value.diagnostics


#: Words of MEM_E0 on line 6: text, code, column, a piece of the message.
WORDS = [
    ("READ 0:1", "A0001", 9, "expected '->' in READ, found the end of the line"),
    ("READ 0:1 -> E0 E1", "A0001", 16, "unexpected 'E1'"),
    ("READ 0:1 -> E0 $", "A0001", 16, "unexpected '$'"),
    ('READ 0:1 -> "E0', "A0001", 13, "without its closing quote"),
    ("READ 0:1 -> E0 step=3", "A0001", 16, "no option 'step'"),
    ("GATHER 0 -> E0", "A0001", 15, "needs map="),
    ("READ 0:1 -> E0 | 5", "A0001", 18, "expected an operation"),
    ("@x READ 0:1 -> E0", "A0001", 2, "expected an issue time"),
    ("@", "A0001", 2, "expected an issue time"),
    ("@50", "A0001", 4, "expected an operation"),
    ("REED 0:1 -> E0", "A0003", 1, "unknown operation 'REED'"),
    ("frobnicate", "A0003", 1, "unknown operation"),
    ("ADD E0, E1 -> E2", "A0003", 1, "unknown operation 'ADD'"),
    ("READ 0:1 -> E0 count=2 count=3", "A0005", 24, "option 'count' is given twice"),
    ("READ 0:4096 -> E0", "A0006", 8, "read_offset = 4096 is not in 0 .. 4095"),
    ("READ 0:256 -> E0", "A0006", 8, "read_offset = 256 is not below 256"),
    ("READ 2:0 -> E0", "A0006", 6, "read_bank = 2"),
    ("READ 0:-1 -> E0", "A0006", 8, "read_offset = -1"),
    ("READ 0:0 -> E32", "A0006", 13, "'E32' is no stream"),
    ("READ 0:0 -> s3", "A0006", 13, "'s3' is no stream"),
    ("READ 0:0 -> E0 stride=300", "A0006", 23, "read_stride = 300 is not below 256"),
    ("NOP 0", "A0006", 5, "n = 0 is not in 1 .. 65535"),
    ("NOP 65536", "A0006", 5, "n = 65536"),
    ("@-1 NOP 3", "A0006", 1, "issue time -1"),
    ("@4294967296 HALT", "A0006", 1, "issue time 4294967296"),
    ("NOP " + "9" * 5000, "A0006", 5, "the number is too long"),
    ("@12 READ 0:1 -> E0", "A0007", 1, "issue time @12 is in the past"),
    ("GATHER 0 -> E0 map=E1 stride=2", "A0001", 23, "no option"),
    ("DESKEW", "A0010", 1, "not built"),
    ("LW s0 column=0", "A0011", 1, "LW is no instruction of MEM_E0"),
    ("ADD.int32 E0, E4 -> E8", "A0011", 1, "VXM is no instruction of MEM_E0"),
    ("REPEAT 2, 3", "A0012", 1, "REPEAT follows nothing"),
    ("READ 0:1 -> E0 | WRITE 0:2 <- E0", "A0013", 1, "different banks"),
    ("READ 0:1 -> E0 | READ 1:2 -> E0", "A0013", 18, "READ sets what READ has set"),
    ("READ 0:1 -> E0 | HALT", "A0013", 18, "cannot share a word"),
    ("READ 0:1 -> E0 count=0", "A0013", 1, "read count and interval are at least 1"),
    ("WORD 0", "A0013", 1, "bad word: opcode 0 is no instruction"),
    ("WORD 0x1" + "0" * 32, "A0006", 6, "128 bits"),
    ("SYNC 5\nHALT", "A0014", 1, "no NOTIFY releases MEM_E0"),
]

VXM_WORDS = [
    ("ADD.int32 E0 -> E8", "A0001", 14, "between the 2 operands of ADD"),
    ("ADD.int32 E0, E4, E8 -> E8", "A0001", 17, "after the operands of ADD"),
    ("NOT.fp32 E0 -> E8", "A0003", 1, "unknown operation"),
    ("ADD.int32 E0, #128:int8 -> E8", "A0006", 16, "128 is not in -128 .. 127"),
    ("ADD.int32 E0, #1.5 -> E8", "A0006", 16, "1.5 is no int32"),
    ("ADD.int32 E0, #nan -> E8", "A0006", 16, "nan is no int32"),
    ("ADD.int32 E0, #-inf -> E8", "A0006", 16, "-inf is no int32"),
    ("ADD.int32 E0, #E8 -> E8", "A0001", 16, "expected a number"),
    ("ADD.fp32 E0, #1e39 -> E8", "A0006", 15, "overflows fp32"),
    ("ADD.int32 E0, #0x100:int8 -> E8", "A0006", 16, "8 bits"),
    ("ADD.int32 E0, E4:int4 -> E8", "A0006", 18, "no element type"),
    ("EXP2.fp32 E0 -> E8", "A0011", 1, "EXP2 is a special function, which VXM1 does not have"),
    ("ADD.int32 E1, E4 -> E8", "A0013", 11, "E1 cannot hold int32"),
    ("MADD.int32 #1, #2, #3 -> E8", "A0013", 20, "at most two"),
]

MXM_WORDS = [
    ("MXM_W0_W", "LW s8 column=0", "A0006", 4, "group"),
    ("MXM_W0_W", "LW E0 column=0", "A0006", 4, "'E0' is no stream of the MXM"),
    ("MXM_W0_W", "LW s0 column=2", "A0006", 14, "column = 2 is not below 2"),
    ("MXM_W0_A", "ABC.keep s0", "A0001", 12, "needs entry="),
    ("MXM_W0_A", "ABC.keep s0 entry=32", "A0006", 19, "entry = 32 is not below 32"),
    ("MXM_W0_A", "ABC.stream s0 type=fp16", "A0010", 1, "not built"),
    ("MXM_W0_R", "ACC.write 32", "A0006", 11, "entry = 32 is not below 32"),
    ("MXM_W0_R", "ACC.emit -> s2", "A0006", 13, "group"),
    ("MXM_W0_R", "ACC.emit -> s4 type=int8", "A0013", 1, "int32 or fp32"),
]

CASES = [("MEM_E0", *c) for c in WORDS] + [("VXM1", *c) for c in VXM_WORDS] + MXM_WORDS


@pytest.mark.parametrize("queue, word, code, column, message", CASES)
def test_word(queue, word, code, column, message):
    first = errors(f"{START}{queue}:\n{word}\n")[0]
    assert (first.code, first.span.file, first.span.column) == (code, "t.tsp", column)
    assert first.span.line == 6 + word.count("\n")
    assert message in first.message
    assert first.source == word.split("\n")[-1]


HEADS = [
    (".confg nano", "A0002", 1, 1, "unknown directive '.confg'"),
    (".config nan", "A0008", 1, 9, "unknown configuration 'nan'"),
    (".config superlanes=2", "A0008", 1, 1, "missing"),
    (
        ".config superlanes=2 spares=0 mem_slices=3 words=512 planes=1 accumulators=32"
        " activations=32 links=2",
        "A0008", 1, 1, "mem_slices = 3 is impossible",
    ),
    (".config nano\n.config small", "A0005", 2, 1, "twice"),
    (".config nano\n.name a\n.name b", "A0005", 3, 1, "twice"),
    (".config nano\n.name \"\\q\"", "A0001", 2, 7, "no string"),
    (".config nano\n.name \"\\ud800\"", "A0001", 2, 7, "no string"),
    (".config nano\n.bound -1", "A0006", 2, 8, "bound -1"),
    (".config nano\n.bound", "A0001", 2, 7, "expected the bound"),
    (".config nano\nMEM_E18:", "A0004", 2, 1, "nano has no queue 'MEM_E18'"),
    (".config nano\nMEM_E0: HALT", "A0001", 2, 9, "after the label"),
    (".config nano\nHALT", "A0001", 2, 1, "stands in no queue"),
    (".config nano\nMEM_E0:\nHALT\nMEM_E0:\n", "A0005", 4, 1, "MEM_E0 is given twice"),
    (".config nano\n.tensor a int7[2] input {MEM_E0:0:0}", "A0015", 2, 11, "type 'int7'"),
    (".config nano\n.tensor a int8[2] in {MEM_E0:0:0}", "A0015", 2, 19, "role 'in'"),
    (".config nano\n.tensor a int8[0] input {}", "A0015", 2, 16, "size 0"),
    (".config nano\n.tensor a int8[2] input {}", "A0015", 2, 11, "needs 1 places, 0 are given"),
    (".config nano\n.tensor a int32[2] input {MEM_E0:0:0}", "A0015", 2, 11, "needs 4 places"),
    (".config nano\n.tensor a int8[2] input {MEM_E0:0:0", "A0001", 2, 1, "never closed"),
    (".config nano\n.tensor a int8[2] input {VXM0:0:0}", "A0015", 2, 26, "no MEM slice"),
    (".config nano\n.tensor a int8[9,9] input {MEM_E0:0:250+9}", "A0015", 2, 41, "offset 258"),
    (".config nano\n.data MEM_E0:0:256 [1]", "A0016", 2, 16, "offset 256"),
    (".config nano\n.data MEM_E0:0:0 [256]", "A0016", 2, 19, "no byte"),
    (".config nano\n.data MEM_E0:0:0 x\"0\"", "A0016", 2, 18, "odd number"),
    (".config nano\n.data MEM_E0:0:0 x\"" + "00" * 33 + '"', "A0016", 2, 18, "33 bytes"),
    (".config nano\n.data MEM_E0:0:0 [1]\n.data MEM_E0:0:0 [2]", "A0005", 3, 7, "twice"),
    (".config nano\nVXM0:\nHALT", "A0014", 3, 1, "VXM0 begins with another word"),
]  # fmt: skip


@pytest.mark.parametrize("text, code, line, column, message", HEADS)
def test_outside_of_words(text, code, line, column, message):
    first = errors(text)[0]
    assert (first.code, first.span.line, first.span.column) == (code, line, column)
    assert message in first.message


def test_no_configuration_and_another_one():
    first = errors("VXM0:\nNOTIFY\nHALT")[0]
    assert first.code == "A0008" and "'.config nano'" in first.help
    first = errors(START, config=SMALL)[0]
    assert first.code == "A0008" and "'nano' and not for 'small'" in first.message
    assert assemble(START, config=NANO).config is NANO


def test_program_without_notify():
    first = errors(".config nano\nMEM_E0:\nHALT")[0]
    assert first.code == "A0014" and "no NOTIFY in VXM0" in first.message


def test_repeat_of_a_burst_names_the_burst():
    text = f"{START}MEM_E0:\nREAD 0:0 -> E0 count=3\nREPEAT 2, 3"
    first = errors(text)[0]
    assert first.code == "A0012" and first.message == "REPEAT follows a burst"
    assert first.notes[0].span.line == 6


def test_time_in_the_past_names_the_word_before():
    first = errors(f"{START}MEM_E0:\n@40 READ 0:0 -> E0\nREPEAT 3, 4\n@50 HALT")[0]
    assert first.label == "the queue can issue next at @53"
    assert first.notes[0].span.line == 7
    first = errors(f"{START}MEM_E0:\n@40 SYNC\n@29 HALT")[0]
    assert first.notes[0].message == "MEM_E0 is released at @30"


@pytest.mark.parametrize("words, fits", [(64, True), (65, False)])
def test_length_counts_every_word(words, fits):
    """Sixty-five words in a buffer of 64: REPEAT and NOP are words, too."""
    body = ["READ 0:0 -> E0", "REPEAT 2, 3", "@100 READ 0:0 -> E0"]
    body += ["HALT"] * (words - 4)  # with the NOP that the time makes
    text = f"{START}MEM_E0:\n" + "\n".join(body)
    if fits:
        assert len(assemble(text).text[45]) == words
        return
    first = errors(text)[0]
    assert (first.code, first.span.line) == ("A0009", 5)
    assert first.message == "MEM_E0 loads 65 words, its buffer holds 64"
    assert first.notes[0].span.line == 5 + len(body)


def test_duplicate_queue_names_the_first():
    first = errors(f"{START}MEM_E0:\nHALT\nMEM_E0:\nHALT\n")[0]
    assert first.notes[0].span.line == 5


def test_all_errors_in_one_go_and_in_order():
    text = f"{START}MEM_E0:\nREED\nREAD 0:999 -> E0\nMEM_E99:\nnot looked at\nMEM_E1:\n$\n.foo"
    found = [(d.code, d.span.line) for d in errors(text)]
    assert found == [("A0003", 6), ("A0006", 7), ("A0004", 8), ("A0001", 11), ("A0002", 12)]


def test_one_mistake_is_one_error():
    """What follows a bad line is not blamed for it."""
    text = f"{START}MEM_E0:\nREAD 0:999 -> E0\nREPEAT 3, 2\nHALT\nVXM1:\nNOTIFI\nHALT\n"
    assert [d.code for d in errors(text)] == ["A0006", "A0003"]


def test_report_looks_like_rustc():
    with pytest.raises(DiagnosticError) as caught:
        assemble(f"{START}MEM_E0:\n    @12 READ 0:1 -> E0", "gemm.tsp")
    assert str(caught.value) == (
        "error[A0007]: issue time @12 is in the past\n"
        "  --> gemm.tsp:6:5\n"
        "  |\n"
        "6 |     @12 READ 0:1 -> E0\n"
        "  |     ^^^ the queue can issue next at @30\n"
        "note: MEM_E0 is released at @30\n"
        "  --> gemm.tsp:5:1\n"
        "help: write @30 or a later time, or leave the time out"
    )
    report = json.loads(to_json(caught.value.diagnostics))
    assert report["errors"][0]["span"] == {
        "file": "gemm.tsp", "line": 6, "column": 5, "length": 3,
    }  # fmt: skip


def test_report_ends():
    found = errors(START + "MEM_E0:\n" + "foo\n" * 1000)
    assert len(found) == 1000
    assert str(DiagnosticError(found)).endswith("... and 980 more")


def test_every_code_has_a_case():
    """The closed list of codes, but for A0017, which the command line raises."""
    tested = {c[2] for c in CASES} | {h[1] for h in HEADS} | {"A0009", "A0012"}
    assert tested == {c.code for c in Code} - {"A0017"}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(
    [".config nano", ".tensor", "MEM_E0", ":", "VXM0:", "\n", "@", "12", "READ", "0:1", "->", "E3",
     "|", "WRITE 1:2 <- W3", "{", "}", "[", "]", "NOTIFY", "SYNC", "count", "=", "#", "-1.5", '"',
     "x\"00\"", "ADD.fp32", ",", "é", "\0", "REPEAT 1, 1", ".data", ";", "*", "+", "HALT"]),
    max_size=25))  # fmt: skip
def test_any_text_gets_a_program_or_errors(pieces):
    """Nothing but a Program or a DiagnosticError comes out, whatever goes in."""
    try:
        assemble(" ".join(pieces))
    except DiagnosticError as error:
        assert error.diagnostics


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_characters(text):
    with pytest.raises(DiagnosticError) as caught:
        assemble(".config\x00" + text)
    assert caught.value.diagnostics
