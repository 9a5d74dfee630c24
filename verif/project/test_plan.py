"""The verification plan: rows, what hits them, and what is said of it."""

import json
import os
import subprocess
import sys
from fnmatch import fnmatchcase as fnmatch

from tsp.arch.config import NANO
from tsp.arch.errors import ErrorClass
from tsp.arch.timing import ENTRIES
from tspc import api
from tspc.asm.syntax import mnemonics
from verif.plan import LEVELS, Row, __main__, claims, hits, rows, subjects_of
from verif.plan.__main__ import report


def test_rows_follow_the_contract():
    every = rows()
    subjects = {row.subject for row in every}
    assert len(every) == len(set(every)) and {row.level for row in every} == set(LEVELS)
    assert {"READ", "REPEAT", "ACC.emit_sum", "ADD.fp32", "SHL.int32", "type fp16"} <= subjects
    assert {f"delay {e.name}" for e in ENTRIES} <= subjects
    assert {s for s in subjects if s.startswith("error")} <= {
        f"error {c.value}" for c in ErrorClass
    }
    assert "SEND" not in subjects and "error send spacing" not in subjects
    assert Row("instruction", "NOP", "slice") not in every


def test_subjects_of_a_program():
    text = """.config nano
VXM0:
    NOTIFY
    @40 ADD.fp32 E0:int8, #1.5:fp16 -> W4:int32
    REPEAT 2, 1
    HALT
MEM_W0:
    @40 READ 0:0 -> E0 | WRITE 1:0 <- W0
    HALT
"""
    program = api.assemble(text)
    assert program.config == NANO and subjects_of(program) == {
        "NOTIFY", "HALT", "REPEAT", "ADD.fp32", "READ", "WRITE", "NOP",
        "type int8", "type fp16", "type int32",
    }  # fmt: skip


def test_every_row_has_a_test_that_is_named_for_it_and_every_claim_a_row():
    assert [row for row in rows() if not claims.named(row)] == []
    known = {row.subject for row in rows()} | set(mnemonics())  # built or not
    for level, pattern, test in claims.claims():
        assert level in LEVELS, test
        assert any(fnmatch(subject, pattern) for subject in known), (test, pattern)
    (test,) = claims.named(Row("error", "error port busy", "fault"))
    assert test == "verifier/test_memory.py::test_class"


def test_the_page_is_current(capsys):
    assert __main__.main(["--check"]) == 0, capsys.readouterr().err


def test_the_report_counts_what_was_hit():
    row = rows()[0]
    found = [{"group": row.group, "subject": row.subject, "level": row.level, "tests": ["a", "b"]}]
    lines, complete = report(found)
    assert lines[-1] == f"plan: 1 of {len(rows())} rows hit" and not complete
    assert lines[0].split() == [row.subject, row.level, "a", "and", "1", "more"]
    assert lines[1].endswith("NOT HIT")
    lines, complete = report([{**vars(r), "tests": ["a"]} for r in rows()])
    assert complete and lines[-1] == f"plan: {len(rows())} of {len(rows())} rows hit"


SESSION = """
import pytest
from verif.plan import covers

@pytest.mark.feature("unit", "NOP")
def test_marked(): pass

@pytest.mark.feature("unit", "SYNC")
def test_fails(): assert False

@pytest.mark.feature("fault", "delay {entry}")
@pytest.mark.parametrize("entry", ["mem_d_skew", "mem_d_func"])
def test_parameters(entry): assert entry == "mem_d_func"

@pytest.mark.feature("chip", "*", measured=True)
def test_says_so(): covers("chip", ["READ"])

def test_says_so_and_fails():
    covers("chip", ["WRITE"])
    assert False
"""


def test_hits_come_from_passed_tests_alone(tmp_path):
    """A session of its own, with this project's plugin."""
    found, file, root = tmp_path / "plan.json", tmp_path / "test_it.py", claims.ROOT.parent
    file.write_text(SESSION)
    options = ["-q", "-n", "0", "-p", "verif.conftest", "--rootdir", root]
    subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-c", root / "pyproject.toml", file],
        cwd=root,
        env={**os.environ, hits.VARIABLE: str(found)},
        check=False,
        capture_output=True,
    )
    shown = {(f["subject"], f["level"]) for f in json.loads(found.read_text())}
    assert shown == {("NOP", "unit"), ("delay mem_d_func", "fault"), ("READ", "chip")}
