"""A small program, its object file and its input, in a folder that is the current one."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tsp.arch.config import NANO
from tsp.arch.timing import timing
from tspc.cli import main

_T = timing(NANO)
READ = _T.sync_release  # MEM slice 0 is one stop from ALU 12, and that one from slice 1
ADD = READ + _T.mem_d_func - _T.vxm_d_skew
WRITE = ADD + _T.vxm_d_func - _T.mem_d_skew
DONE = WRITE + 1 + _T.done_drain  # the last HALT follows the WRITE

TEXT = f"""\
.config nano
.name increment
.tensor x int8[32] input  {{ MEM_E0:0:0 }}
.tensor y int8[32] output {{ MEM_E1:0:0 }}

VXM0:
    NOTIFY
    HALT
MEM_E0:
    READ 0:0 -> W3
    HALT
VXM12:
    @{ADD} ADD.int32.sat W3:int8, #1:int8 -> E7:int8
    HALT
MEM_E1:
    @{WRITE} WRITE 0:0 <- E7
    HALT
"""


class Tsp:
    """Runs the command in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str, stdin: bytes | None = None) -> Result:
        """Run; an exception that leaves the command is a failure of the test."""
        result = CliRunner().invoke(main, list(arguments), input=stdin)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert "Traceback" not in result.output
        return result

    def fails(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Run what must end with exit code 1; returns its report. Nothing may be left behind."""
        before = sorted(self.folder.iterdir())
        result = self(*arguments, stdin=stdin)
        assert result.exit_code == 1, result.output
        assert not result.stdout_bytes
        assert sorted(self.folder.iterdir()) == before
        assert result.stderr.startswith("error[")
        return result.stderr


@pytest.fixture
def tsp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tsp:
    monkeypatch.chdir(tmp_path)
    Path("increment.tsp").write_text(TEXT)
    np.save("x.npy", np.arange(96, 128, dtype=np.int8))
    return Tsp(tmp_path)


@pytest.fixture
def obj(tsp: Tsp) -> str:
    assert tsp("as", "increment.tsp").exit_code == 0
    return "increment.tspo"
