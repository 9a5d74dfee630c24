"""Check that the system has what the project needs, and name what is missing.

Python packages, the simulator among them, come with `.venv`; only what is checked here must come
from the system. The module uses the standard library alone and syntax that old Pythons can read,
so that it can be run before anything is installed::

    python3 sw/tspc/doctor.py [--json] [--quiet]

Exit code 0: nothing is missing. 1: something is, and the report names the command that installs it.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.metadata
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

__all__ = ["Check", "libpython_name", "main", "packages_to_install", "run_checks"]

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
CONSTRAINTS = ROOT / "constraints.txt"
OLDEST_PYTHON = (3, 11)

# Verilator's output needs a C++ compiler that can do this; a compiler without the C library's
# headers, which Debian can have, fails here rather than in the middle of a build.
CXX_PROBE = "#include <coroutine>\n#include <cstdio>\nint main() { return 0; }\n"


class Check(NamedTuple):
    """One finding.

    Members
    -------
    name : str
        What was looked for.
    ok : bool
        Whether it is there and usable.
    found : str
        What was found: a version, a path, or what is wrong.
    package : str
        Debian package that brings it; empty if none does.
    help : str
        Remedy in words, where a package alone is not the answer.
    """

    name: str
    ok: bool
    found: str
    package: str = ""
    help: str = ""

    def remedy(self) -> str:
        """The command or the sentence that repairs it; empty if nothing is to be done."""
        if self.ok:
            return ""
        return self.help or f"sudo apt-get install {self.package}"


def libpython_name() -> str:
    """File name of this Python's shared library, such as `libpython3.11.so.1.0`."""
    name = sysconfig.get_config_var("INSTSONAME") or ""
    if ".so" in name:
        return str(name)
    return f"libpython{sys.version_info.major}.{sys.version_info.minor}.so.1.0"


def _output(command: list[str], stdin: str = "") -> tuple[int, str]:
    try:
        done = subprocess.run(
            command,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 1, str(error)
    return done.returncode, done.stdout.strip()


def check_python() -> Check:
    """This Python is recent enough."""
    found = ".".join(str(part) for part in sys.version_info[:3])
    oldest = ".".join(str(part) for part in OLDEST_PYTHON)
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return Check("python3", True, found)
    remedy = f"install Python {oldest} or newer, then run: make PYTHON=/path/to/python{oldest}"
    return Check("python3", False, f"{found}, too old", "python3", remedy)


def check_venv() -> Check:
    """The modules venv and ensurepip are there; Debian keeps the second in a package of its own."""
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        return Check(
            "python3-venv", False, f"no module {' and '.join(missing)}", package="python3-venv"
        )
    return Check("python3-venv", True, "modules venv and ensurepip")


def check_command(name: str, package: str) -> Check:
    """Command `name` is on PATH and tells its version."""
    path = shutil.which(name)
    if path is None:
        return Check(name, False, "not on PATH", package)
    code, text = _output([path, "--version"])
    if code:
        return Check(name, False, f"{path} --version fails", package)
    version = re.search(r"\d+\.\d+(?:\.\d+)?", text)
    return Check(name, True, version.group() if version else path, package)


def check_compiler() -> Check:
    """g++ is there and compiles C++20 with the system's headers."""
    check = check_command("g++", "g++")
    if not check.ok:
        return check
    code, text = _output(["g++", "-std=c++20", "-fsyntax-only", "-x", "c++", "-"], CXX_PROBE)
    if code:
        first = text.splitlines()[0] if text else "no message"
        return check._replace(ok=False, found=f"{check.found} does not compile C++20: {first}")
    return check


def check_libpython() -> Check:
    """The shared library of this Python is there: cocotb loads it into the simulator."""
    name = libpython_name()
    label = "libpython"
    folders = [sysconfig.get_config_var("LIBDIR") or "", str(VENV / "lib")]
    for folder in folders:
        if folder and (Path(folder) / name).is_file():
            return Check(label, True, name)
    try:
        ctypes.CDLL(name)
    except OSError:
        pass
    else:
        return Check(label, True, name)
    package = f"libpython{sys.version_info.major}.{sys.version_info.minor}"
    if shutil.which("apt-get") and shutil.which("dpkg-deb"):
        # Not an error: Debian's python3 comes without it, and making .venv fetches it.
        return Check(label, True, f"no {name} yet; making .venv fetches Debian's package {package}")
    return Check(label, False, f"no {name}", package)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def check_packages() -> Check:
    """The packages of `.venv` are those of constraints.txt."""
    if not VENV.is_dir():
        return Check(".venv", True, "not made yet; make sim and make test make it")
    if Path(sys.prefix).resolve() != VENV.resolve():
        return Check(".venv", True, "there; run from inside it for the packages' versions")
    pinned = {}
    for line in CONSTRAINTS.read_text(encoding="utf-8").splitlines():
        name, separator, version = line.split("#")[0].strip().partition("==")
        if separator:
            pinned[_normal(name)] = version
    wrong = []
    for package in importlib.metadata.distributions():
        name = _normal(package.metadata["Name"] or "")
        if name in pinned and package.version != pinned[name]:
            wrong.append(f"{name} {package.version}, pinned {pinned[name]}")
    if wrong:
        remedy = "rm .venv/.stamp && make venv"
        return Check(".venv", False, "; ".join(sorted(wrong)), help=remedy)
    return Check(".venv", True, f"{len(pinned)} packages pinned, none differs")


def run_checks() -> list[Check]:
    """Run every check; none raises."""
    return [
        check_python(),
        check_venv(),
        check_compiler(),
        check_command("make", "make"),
        check_command("perl", "perl"),
        check_command("git", "git"),
        check_libpython(),
        check_packages(),
    ]


def packages_to_install(checks: list[Check]) -> list[str]:
    """Debian packages that bring what is missing, without those that another remedy replaces."""
    return [check.package for check in checks if not check.ok and check.package and not check.help]


def _report(checks: list[Check], quiet: bool) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        if check.ok and quiet:
            continue
        stream = sys.stdout if check.ok else sys.stderr
        mark = "ok      " if check.ok else "MISSING "
        print(f"{mark}{check.name:{width}}  {check.found}", file=stream)
        if not check.ok:
            print(f"        {'':{width}}  = help: {check.remedy()}", file=stream)
    packages = packages_to_install(checks)
    if len(packages) > 1:
        print(f"all at once: sudo apt-get install {' '.join(packages)}", file=sys.stderr)


def main(argv: list[str] | None = None) -> int:
    """Command line of the module.

    Parameters
    ----------
    argv : list of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        0 if nothing is missing, else 1.
    """
    parser = argparse.ArgumentParser(prog="doctor", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", action="store_true", help="write the findings as JSON")
    parser.add_argument("--quiet", action="store_true", help="tell only what is missing")
    options = parser.parse_args(argv)
    checks = run_checks()
    fine = all(check.ok for check in checks)
    if options.json:
        findings = [dict(check._asdict(), remedy=check.remedy()) for check in checks]
        print(json.dumps({"ok": fine, "checks": findings}, indent=2))
    else:
        _report(checks, options.quiet)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
