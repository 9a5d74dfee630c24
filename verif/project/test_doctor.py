"""The doctor names what is missing and the command that installs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "sw" / "tspc" / "doctor.py"


def doctor(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ)
    if path is not None:
        environment["PATH"] = path
    # -S -I: neither site-packages nor the working directory, as on a bare system.
    command = [sys.executable, "-S", "-I", str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_a_machine_that_runs_tests_has_everything() -> None:
    result = doctor("--json")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["ok"]
    names = [check["name"] for check in report["checks"]]
    assert names[:6] == ["python3", "python3-venv", "g++", "make", "perl", "git"]


def test_each_missing_tool_is_named_with_its_command(tmp_path: Path) -> None:
    result = doctor(path=str(tmp_path))
    assert result.returncode == 1
    for name in ("g++", "make", "perl", "git"):
        assert f"sudo apt-get install {name}\n" in result.stderr
    assert "all at once: sudo apt-get install g++ make perl git" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_compiler_without_headers_is_missing(tmp_path: Path) -> None:
    compiler = tmp_path / "g++"
    compiler.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "g++ 12.2.0" && exit 0\necho no header; exit 1\n',
        encoding="utf-8",
    )
    compiler.chmod(0o755)
    result = doctor("--json", path=f"{tmp_path}:{os.environ['PATH']}")
    assert result.returncode == 1
    (check,) = [check for check in json.loads(result.stdout)["checks"] if not check["ok"]]
    assert check["name"] == "g++"
    assert "no header" in check["found"]
    assert check["remedy"] == "sudo apt-get install g++"


def test_quiet_says_nothing_when_all_is_well() -> None:
    result = doctor("--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
