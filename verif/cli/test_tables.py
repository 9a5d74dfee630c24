"""``tsp timing``, ``tsp doctor``, ``tsp verilog``, and errors that nobody foresaw."""

import json
import subprocess
import sys

import pytest

from tsp.arch.config import FULL, NANO, SMALL
from tsp.arch.timing import ENTRIES, timing
from tspc import doctor
from tspc.cli import tables
from tspc.optiming import entries_of


def test_timing(tsp):
    lines = tsp("timing").stdout.splitlines()
    assert len(lines) == 1 + len(ENTRIES)
    assert lines[0].split()[:5] == ["entry", "formula", "nano", "small", "full"]
    row = next(line for line in lines if line.startswith("sync_release"))
    assert row.split()[4:7] == [str(timing(c).sync_release) for c in (NANO, SMALL, FULL)]


def test_timing_of_one_configuration_as_json(tsp):
    report = json.loads(tsp("timing", "ACC.emit", "--config", "small", "--json").stdout)
    cycles = {e["name"]: e["cycles"] for e in report["entries"]}
    assert cycles == {n: {"small": getattr(timing(SMALL), n)} for n in ("acc_d_func", "abc_to_acc")}
    assert report["configurations"] == {"small": SMALL.hash}


@pytest.mark.parametrize("op", ["READ", "add", "ADD.fp32", "abc", "SELECT", "MADD", "iw", "HALT"])
def test_timing_of_operations(tsp, op):
    names = {e.name for e in ENTRIES}
    assert entries_of(op) and set(entries_of(op)) <= names
    assert tsp("timing", op).exit_code == 0


def test_every_entry_governs_something():
    ops = ["MEM", "LW", "MXM", "ACC", "VXM", "IFETCH", "SYNC", "HALT"]
    ops += ["SHIFT", "PERMUTE", "DISTRIBUTE", "ROTATE", "TRANSPOSE"]
    assert {n for op in ops for n in entries_of(op)} == {e.name for e in ENTRIES}


def test_timing_of_nothing(tsp):
    told = tsp("timing", "frob")
    assert told.exit_code == 2 and "'frob' is no operation" in told.stderr


def test_doctor(tsp, monkeypatch):
    monkeypatch.setattr(doctor, "run_checks", lambda: [doctor.Check("sieve", False, "none", "s")])
    told = tsp("doctor")
    assert told.exit_code == 1 and "apt-get install s" in told.output
    report = json.loads(tsp("doctor", "--json").stdout)
    assert not report["ok"] and report["checks"][0]["name"] == "sieve"
    monkeypatch.setattr(doctor, "run_checks", lambda: [doctor.Check("sieve", True, "1.0", "s")])
    assert tsp("doctor").exit_code == 0


def test_verilog(tsp, tmp_path, monkeypatch):
    """The command starts the export with the configuration and tells what it wrote."""
    seen = []

    def export(command, **_):
        seen.append(command)
        folder = command[command.index("--out") + 1]
        manifest = {"top": "tsp_chip", "modules": ["a", "b"]}
        (tmp_path / folder / "manifest.json").write_text(json.dumps(manifest))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(tables.subprocess, "run", export)
    told = tsp("verilog", "--out", "v")
    assert told.exit_code == 0 and told.stdout == f"v: 2 modules of nano ({NANO.hash})\n"
    assert seen[0][:3] == [sys.executable, "-m", "tsp.export"]
    assert json.loads(seen[0][seen[0].index("--config") + 1]) == NANO.to_dict()
    report = json.loads(tsp("verilog", "--config", "small", "--json").stdout)
    assert report["out"] == "sim_build/verilog/small" and report["top"] == "tsp_chip"


def test_verilog_fails(tsp, monkeypatch):
    def export(command, **_):
        return subprocess.CompletedProcess(command, 1, "", "Traceback\nKeyError: 5")

    monkeypatch.setattr(tables.subprocess, "run", export)
    told = tsp("verilog", "--out", "v")
    assert told.exit_code == 1 and "KeyError: 5" in told.stderr
    assert "C0003" in tsp.fails("verilog", "--config", "giant")
    (tsp.folder / "file").write_text("")
    assert "C0002" in tsp.fails("verilog", "--out", "file/v")


def test_no_traceback_for_the_unforeseen(tsp, monkeypatch):
    monkeypatch.setattr(tables, "_table", lambda *_: 1 // 0)
    report = tsp.fails("timing")
    assert "error[C0009]: ZeroDivisionError" in report and "report this" in report


def test_help_is_fast_and_complete(tsp):
    """Help needs no engine; every command has a line."""
    told = tsp("--help")
    assert told.exit_code == 0
    for name in ("as", "dis", "verify", "sim", "timing", "verilog", "doctor"):
        assert f"\n  {name} " in told.stdout
        assert "--json" in tsp(name, "--help").stdout
    check = "import sys, tspc.cli; sys.exit(any(m in sys.modules for m in ('cocotb', 'amaranth')))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
