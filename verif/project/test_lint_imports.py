"""The lint rule on import directions refuses what it must, and says where."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "lint_imports.py"

GOOD = {
    "hdl/tsp/__init__.py": "",
    "hdl/tsp/arch/__init__.py": "from .config import Config\n",
    "hdl/tsp/arch/config.py": "from dataclasses import dataclass\nclass Config: pass\n",
    "hdl/tsp/arch/timing.py": (
        "from tsp.arch.config import Config\nD_SKEW = {}\ndef table(config): ...\n"
    ),
    "hdl/tsp/slices/mem.py": "import amaranth\nfrom tsp.arch import Config\nfrom .. import macro\n",
    "hdl/tsp/macro.py": "import tsp.arch.config as c\nx = c.Config\n",
    "sw/tspc/__init__.py": "",
    "sw/tspc/golden.py": "import numpy\nfrom tsp.arch import timing\nfrom tsp.arch import Config\n",
}


def lint(folder: Path, files: dict[str, str]) -> subprocess.CompletedProcess[str]:
    for name, text in {**GOOD, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    command = [sys.executable, str(SCRIPT), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_legal_imports_pass(tmp_path: Path) -> None:
    result = lint(tmp_path, {})
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "text",
    [
        "from tsp.arch import timing\n",
        "from tsp.arch import timing as t\n",
        "import tsp.arch.timing\n",
        "import tsp.arch.timing as t\n",
        "from tsp.arch.timing import D_SKEW\n",
        "from tsp.arch.timing import *\n",
        "from ..arch import timing\n",
        "from ..arch.timing import table\n",
        "def f():\n    from tsp.arch import timing\n",
        "import tsp.arch\nx = tsp.arch.timing.D_SKEW\n",
        "import tsp.arch as a\nx = a.timing\n",
        "from tsp import arch\nx = arch.timing.table(1)\n",
        "import importlib\nt = importlib.import_module('tsp.arch.timing')\n",
    ],
)
def test_rtl_may_not_read_the_timing_table(tmp_path: Path, text: str) -> None:
    result = lint(tmp_path, {"hdl/tsp/slices/alu.py": text})
    assert result.returncode == 1
    line = len(text.splitlines())
    assert f"hdl/tsp/slices/alu.py:{line}:" in result.stderr
    assert "timing table" in result.stderr


@pytest.mark.parametrize(
    ("arch", "rtl"),
    [
        ({"__init__": "from .timing import D_SKEW\n"}, "from tsp.arch import D_SKEW\n"),
        ({"__init__": "from .timing import D_SKEW as d\n"}, "from tsp.arch import d\n"),
        ({"__init__": "from .timing import D_SKEW as d\n"}, "from tsp.arch import *\n"),
        ({"__init__": "from .timing import *\n"}, "from tsp.arch import table\n"),
        ({"isa": "from . import timing\n"}, "from tsp.arch.isa import timing\n"),
        ({"isa": "from . import timing\n"}, "from tsp.arch import isa\nx = isa.timing\n"),
        ({"isa": "from .timing import D_SKEW\nD = dict(D_SKEW)\n"}, "from tsp.arch.isa import D\n"),
        (
            {"isa": "from . import timing\ndef f(c): return timing.table(c)\n"},
            "from tsp.arch.isa import f\n",
        ),
        (
            {"isa": "from .timing import D_SKEW\n", "__init__": "from .isa import D_SKEW\n"},
            "from tsp.arch import D_SKEW\n",
        ),
    ],
)
def test_nor_what_another_module_passes_on(tmp_path: Path, arch: dict[str, str], rtl: str) -> None:
    files = {f"hdl/tsp/arch/{name}.py": text for name, text in arch.items()}
    result = lint(tmp_path, {**files, "hdl/tsp/chip.py": rtl})
    assert result.returncode == 1
    assert f"hdl/tsp/chip.py:{len(rtl.splitlines())}:" in result.stderr
    assert "timing table" in result.stderr


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hdl/tsp/arch/isa.py", "import numpy\n"),
        ("hdl/tsp/arch/isa.py", "from amaranth import Module\n"),
        ("hdl/tsp/arch/isa.py", "from tsp import macro\n"),
        ("hdl/tsp/arch/isa.py", "from .. import macro\n"),
        ("hdl/tsp/arch/isa.py", "import tspc\n"),
        ("hdl/tsp/__init__.py", "from . import macro\n"),
        ("hdl/tsp/chip.py", "import tspc.golden\n"),
        ("hdl/tsp/chip.py", "import cocotb\n"),
        ("hdl/tsp/chip.py", "from cocotb_tools import runner\n"),
        ("hdl/tsp/chip.py", "from verif import bench\n"),
        ("sw/tspc/cli.py", "import tsp\n"),
        ("sw/tspc/cli.py", "from tsp import macro\n"),
        ("sw/tspc/cli.py", "from tsp.export import main\n"),
        ("sw/tspc/cli.py", "def f():\n    import tsp.export\n"),
        ("sw/tspc/cli.py", "from verif import bench\n"),
        ("sw/tspc/cli.py", "def broken(:\n"),
    ],
)
def test_wrong_directions_are_refused(tmp_path: Path, name: str, text: str) -> None:
    result = lint(tmp_path, {name: text})
    assert result.returncode == 1
    assert f"{name}:{len(text.splitlines())}:" in result.stderr
    assert "= help:" in result.stderr
