"""Create and fill `.venv` with the pinned packages; quick when there is nothing to do.

    python3 scripts/setup_venv.py          make .venv what constraints.txt and pyproject.toml say
    python3 scripts/setup_venv.py --lock   resolve anew and rewrite constraints.txt

Standard library only. A stamp in `.venv` holds a digest of everything that decides its content,
so an interrupted, moved or outdated `.venv` is filled again and a good one is left alone.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "sw" / "tspc"))

import doctor  # noqa: E402  (by path: before the installation there is no package tspc)

VENV = ROOT / ".venv"
STAMP = VENV / ".stamp"
CONSTRAINTS = ROOT / "constraints.txt"
PROJECT = ROOT / "pyproject.toml"
BUILD_BACK_END = ["hatchling", "editables"]
HEADER = """\
# Every package of .venv, build back end included, pinned exactly. Renew with
# 'make lock', and run the whole test suite before committing the result.
"""


def fail(message: str, remedy: str) -> None:
    """Print `message` and `remedy`, and exit with 1."""
    print(f"error: {message}\n  = help: {remedy}", file=sys.stderr)
    sys.exit(1)


def digest() -> str:
    """What `.venv` depends on: the two files, this Python, and the place (it cannot be moved)."""
    state = hashlib.sha256()
    for part in (
        CONSTRAINTS.read_bytes(),
        PROJECT.read_bytes(),
        sys.version.encode(),
        str(ROOT).encode(),
    ):
        state.update(len(part).to_bytes(8, "little") + part)
    return state.hexdigest()


def pip(python: Path, *arguments: str, constrain: bool = True) -> None:
    """Run the pip of `python` from the project's root; exit with its message if it fails."""
    environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1")
    if constrain:
        # Through the environment the pins hold in the build's isolated environment as well.
        environment["PIP_CONSTRAINT"] = environment["PIP_BUILD_CONSTRAINT"] = str(CONSTRAINTS)
    command = [str(python), "-m", "pip", "install", "--quiet", *arguments]
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        fail("pip could not install the pinned packages", "see its message above; then run again")


def works(python: Path) -> bool:
    """Whether `python` starts, is of our version and has pip."""
    code = "import sys, pip; print(sys.version)"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == sys.version


def make_environment(folder: Path) -> Path:
    """Create a virtual environment, a broken one anew, and return its Python."""
    python = folder / "bin" / "python"
    if not works(python):
        command = [sys.executable, "-m", "venv", "--clear", str(folder)]
        if subprocess.run(command, check=False).returncode:
            fail("python3 -m venv failed", "sudo apt-get install python3-venv")
    return python


def download(package: str, folder: Path) -> bool:
    """Fetch Debian's `package` into `folder`, with package lists of our own if there are none."""
    fetch = ["apt-get", "download", "--quiet", package]
    if subprocess.run(fetch, cwd=folder, capture_output=True, check=False).returncode == 0:
        return True
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    private = [
        "apt-get",
        f"--option=Dir::State::Lists={folder / 'lists'}",
        f"--option=Dir::Cache={folder / 'cache'}",
        "--option=APT::Sandbox::User=",
        "--quiet",
    ]
    for command in ([*private, "update"], [*private, "download", package]):
        if subprocess.run(command, cwd=folder, check=False).returncode:
            return False
    return True


def provide_libpython(python: Path) -> None:
    """Put Debian's shared libpython into `.venv/lib` where the system has none.

    Debian's python3 is linked statically, and the library that cocotb loads into the simulator is
    a package that python3 does not depend on. Fetching it needs no root, and cocotb looks there.
    """
    find = "import sys, find_libpython as f; sys.exit(f.find_libpython() is None)"
    if subprocess.run([python, "-c", find], check=False).returncode == 0:
        return
    name = doctor.libpython_name()
    package = f"libpython{sys.version_info.major}.{sys.version_info.minor}"
    remedy = f"sudo apt-get install {package}"
    print(f"fetching {name} from Debian's package {package}", flush=True)
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        fail(f"cocotb needs {name}, which this system lacks", remedy)
    with tempfile.TemporaryDirectory() as folder:
        # apt drops its privileges for a download; the folder has to be open to its user.
        os.chmod(folder, 0o777)
        if not download(package, Path(folder)):
            fail(f"cocotb needs {name}, and Debian's package could not be fetched", remedy)
        (archive,) = Path(folder).glob("*.deb")
        tree = Path(folder) / "tree"
        subprocess.run(["dpkg-deb", "--extract", str(archive), str(tree)], check=True)
        libraries = [path for path in tree.rglob(name) if path.is_file()]
        if not libraries:
            fail(f"Debian's package {package} holds no {name}", remedy)
        shutil.copy2(libraries[0], VENV / "lib" / name)
    if subprocess.run([python, "-c", find], check=False).returncode:
        fail(f"cocotb does not find {name} in .venv/lib", remedy)


def fill() -> None:
    """Bring `.venv` up to date."""
    wanted = digest()
    if STAMP.is_file() and STAMP.read_text(encoding="ascii") == wanted:
        return
    print("filling .venv with the pinned packages (about a minute)", flush=True)
    STAMP.unlink(missing_ok=True)
    python = make_environment(VENV)
    pip(python, "--constraint", str(CONSTRAINTS), "--editable", ".[dev]")
    provide_libpython(python)
    STAMP.write_text(wanted, encoding="ascii")


def lock() -> None:
    """Resolve the dependencies of pyproject.toml anew and rewrite constraints.txt."""
    with tempfile.TemporaryDirectory() as folder:
        python = make_environment(Path(folder) / "venv")
        pip(python, "--editable", ".[dev]", *BUILD_BACK_END, constrain=False)
        freeze = [python, "-m", "pip", "freeze", "--exclude-editable"]
        names = subprocess.run(freeze, capture_output=True, text=True, check=True).stdout.split()
    pins = sorted((name for name in names if "==" in name), key=str.lower)
    CONSTRAINTS.write_text(HEADER + "\n".join(pins) + "\n", encoding="utf-8")
    print(f"{len(pins)} packages pinned in constraints.txt")


def main() -> None:
    """Command line; two runs at a time wait for each other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--lock", action="store_true", help="rewrite constraints.txt")
    options = parser.parse_args()
    guard = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(guard, fcntl.LOCK_EX)
    if options.lock:
        lock()
    else:
        fill()


if __name__ == "__main__":
    main()
