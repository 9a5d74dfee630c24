"""How simulations come to be: exports and builds kept by content, and what their failures say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tsp.arch.config import NANO, NODE
from tspc.engines import chip_build, objcache, verilator
from tspc.engines.verilator import SimulationError

EXPORT = """
import json, pathlib, sys
config, out = json.loads(sys.argv[2]), pathlib.Path(sys.argv[4])
count = out / "count"
count.write_text(str(int(count.read_text()) + 1 if count.exists() else 1))
(out / "manifest.json").write_text(json.dumps({"hash": HASH}))
"""


@pytest.fixture
def hdl(tmp_path, monkeypatch):
    """A source root whose exporter only counts how often it runs."""
    monkeypatch.setattr(chip_build, "BUILD_ROOT", tmp_path / "build")
    package = tmp_path / "hdl" / "tsp"
    (package / "arch").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "arch" / "timing.py").write_text("D = 1\n")
    (package / "export.py").write_text(EXPORT.replace("HASH", repr(NANO.hash)))
    return package.parent


def _count(directory):
    return int((directory / "count").read_text())


def test_export_runs_once_for_the_same_sources(hdl):
    first = chip_build.export_chip(NANO, hdl)
    assert chip_build.export_chip(NANO, hdl) == first and _count(first) == 1
    (hdl / "tsp" / "arch" / "timing.py").write_text("D = 2\n")
    assert chip_build.export_chip(NANO, hdl) == first, "RTL does not depend on the timing table"
    (hdl / "tsp" / "chip.py").write_text("# changed\n")
    second = chip_build.export_chip(NANO, hdl)
    assert second != first and _count(second) == 1


def test_export_of_another_configuration_is_refused(hdl):
    with pytest.raises(SimulationError, match=f"of configuration {NANO.hash}, not {NODE.hash}"):
        chip_build.export_chip(NODE, hdl)


def test_failing_export_shows_why(hdl):
    (hdl / "tsp" / "export.py").write_text("raise SystemExit('no such slice')\n")
    with pytest.raises(SimulationError, match="Verilog of nano failed:\nno such slice"):
        chip_build.export_chip(NANO, hdl)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("assign y = clk ? 1;", "%Error.*syntax error"),
        ("reg x; always @(posedge clk) x = 1; always @* x <= clk;", "%(Warning|Error)-"),
    ],
)
def test_warnings_are_errors_and_broken_builds_leave_no_mark(tmp_path, body, says):
    source = tmp_path / "t.v"
    source.write_text(f"module t(input clk, output y);\n{body}\nendmodule\n")
    with pytest.raises(SimulationError, match=says):
        verilator.build([source], "t", tmp_path, inputs=["clk"], outputs=["y"])
    assert not list(tmp_path.glob("t-*/built.json"))


def test_control_file():
    text = verilator.control_file("top", ["clk"], ["done"], ["row"])
    assert 'public_flat_rw -module "top" -var "clk"' in text
    assert 'public_flat_rd -module "top" -var "done"' in text
    assert 'hier_block -module "row"' in text


# ---- object cache ------------------------------------------------------------------------

COMPILER = """#!{python}
import pathlib, sys
with open({log!r}, "a") as f:
    f.write(" ".join(sys.argv[1:]) + "\\n")
out = sys.argv[sys.argv.index("-o") + 1] if "-o" in sys.argv else "a.o"
if "bad.cpp" in sys.argv:
    sys.exit(3)
pathlib.Path(out).write_text("object")
"""


@pytest.fixture
def compiler(tmp_path, monkeypatch):
    """A compiler that keeps a log of its calls; returns (run, calls)."""
    log, path = tmp_path / "log", tmp_path / "c++"
    path.write_text(COMPILER.format(python=sys.executable, log=str(log)))
    path.chmod(0o755)
    environment = os.environ | {"TSP_OBJECTS": str(tmp_path / "store")}

    def run(folder, *arguments):
        cache = Path(objcache.__file__)
        command = [sys.executable, "-E", "-S", str(cache), str(path), *arguments]
        return subprocess.call(command, cwd=folder, env=environment)

    return run, lambda: log.read_text().splitlines() if log.exists() else []


def _folder(tmp_path, name, header="int x;"):
    folder = tmp_path / name
    folder.mkdir()
    (folder / "a.cpp").write_text("#include <a.h>")
    (folder / "a.h").write_text(header)
    return folder


def test_objects_are_found_again_by_content(compiler, tmp_path):
    run, calls = compiler
    one, same, other = (
        _folder(tmp_path, name, header)
        for name, header in (("one", "int x;"), ("same", "int x;"), ("other", "int y;"))
    )
    assert run(one, "-O2", "-c", "a.cpp") == 0 and len(calls()) == 1
    assert run(same, "-O2", "-I/elsewhere", "-c", "a.cpp") == 0 and len(calls()) == 1
    assert (same / "a.o").read_text() == "object"
    assert run(other, "-O2", "-c", "a.cpp") == 0 and len(calls()) == 2, "another header"
    assert run(same, "-O0", "-c", "a.cpp") == 0 and len(calls()) == 3, "another option"
    (same / "a.cpp").write_text("// changed")
    assert run(same, "-O2", "-c", "a.cpp") == 0 and len(calls()) == 4


def test_a_change_in_an_included_source_is_seen(compiler, tmp_path):
    """Verilator puts all sources of a small block into one that only includes them."""
    run, calls = compiler
    folder = _folder(tmp_path, "one")
    (folder / "all.cpp").write_text('// one\n#include "a.cpp"\n')
    compile_all = ("-c", "all.cpp", "-o", "all.o")
    assert run(folder, *compile_all) == 0 and run(folder, *compile_all) == 0
    assert len(calls()) == 1
    (folder / "a.cpp").write_text("// changed")
    assert run(folder, *compile_all) == 0 and len(calls()) == 2


def test_headers_are_precompiled_only_when_needed(compiler, tmp_path):
    run, calls = compiler
    one, same = _folder(tmp_path, "one"), _folder(tmp_path, "same")
    for folder, expected in ((one, 2), (same, 2)):
        assert run(folder, "-x", "c++-header", "a.h", "-o", "a.h.gch") == 0
        assert (folder / "a.h.gch").exists()
        assert run(folder, "-include", "a.h", "-c", "a.cpp") == 0
        assert len(calls()) == expected
    assert calls()[0] == "-x c++-header a.h -o a.h.gch", "the header before the object"


def test_failures_and_links_pass_through(compiler, tmp_path):
    run, calls = compiler
    folder = _folder(tmp_path, "one")
    assert run(folder, "-c", "bad.cpp") != 0
    (folder / "bad.cpp").touch()
    assert run(folder, "-c", "bad.cpp") == 3 and run(folder, "-c", "bad.cpp") == 3
    assert run(folder, "a.o", "-o", "program") == 0
    assert [c for c in calls() if "program" in c] == ["a.o -o program"]
