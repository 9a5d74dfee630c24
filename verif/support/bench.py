"""Build a component with Verilator and run a cocotb module on it, from a pytest function.

def test_alu(tmp_path):
    run_bench(lambda library: library.place(VxmAlu, NANO), "verif.slices.vxm.tb_alu")
"""

import itertools
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsp.macro import HANDWRITTEN, Library
from tspc.engines import verilator

__all__ = ["BUILDS", "Bench", "BenchRun", "build_bench", "run_bench"]

#: Where the benches' Verilog, builds and logs stand.
BUILDS = verilator.BUILD_ROOT / "verif"

_NUMBER = itertools.count()

#: Most designs become one C++ file: headers precompiled for several cost more than they save.
_FEW_FILES = ("--output-split", "100000")


@dataclass(frozen=True)
class BenchRun:
    """What a bench leaves behind.

    Attributes
    ----------
    tests
        cocotb tests that ran, all of them successfully.
    directory
        Working folder: ``sim.log``, ``results.xml`` and, with SRAMs or logs, the records.
    modules
        Names of the Verilog modules of the design.
    """

    tests: int
    directory: Path
    modules: tuple[str, ...]


@dataclass(frozen=True)
class Bench:
    """A bench, built.

    Attributes
    ----------
    built
        The simulation.
    home
        Folder of its Verilog, builds and runs.
    inputs
        Names of the top's inputs.
    modules
        Names of the Verilog modules of the design.
    """

    built: verilator.Build
    home: Path
    inputs: tuple[str, ...]
    modules: tuple[str, ...]

    def run(
        self,
        test_module: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        image: bytes | None = None,
        seed: int | None = None,
        poll: Callable[[], None] | None = None,
    ) -> BenchRun:
        """Run a cocotb module on it; see :func:`run_bench`."""
        directory = self.home / _run_name()
        directory.mkdir(parents=True, exist_ok=True)
        if image is not None:
            (directory / "image.bin").write_bytes(image)
        tests = verilator.run(
            self.built,
            test_module,
            directory,
            plusargs=[f"+tsp={directory}"],
            environment={
                "TSP_PARAMETERS": json.dumps(dict(parameters or {})),
                "TSP_INPUTS": json.dumps(self.inputs),
            },
            seed=seed,
            poll=poll,
        )
        return BenchRun(tests, directory, self.modules)


def build_bench(
    make: Callable[[Library], Any], *, top: str = "dut", blocks: Sequence[str] = ()
) -> Bench:
    """Elaborate and build a bench, once for the same content; see :func:`run_bench`.

    To elaborate a large design takes seconds: who runs it often keeps what comes back.
    """
    library = Library()
    library.top(make(library), top)
    ports = library.ports(top)
    home = BUILDS / f"{top}-{library.digest}"
    sources = library.write(home, jobs=1)
    if library.handwritten:
        sources.append(HANDWRITTEN / "tsp_sim.cpp")
    inputs = [name for name, (direction, _) in ports.items() if direction == "input"]
    built = verilator.build(
        sources,
        top,
        home,
        inputs=inputs,
        outputs=[name for name in ports if name not in inputs],
        blocks=blocks,
        extra=_FEW_FILES,
    )
    return Bench(built, home, tuple(inputs), tuple(library.names))


def run_bench(
    make: Callable[[Library], Any],
    test_module: str,
    *,
    top: str = "dut",
    blocks: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
    image: bytes | None = None,
    seed: int | None = None,
    poll: Callable[[], None] | None = None,
) -> BenchRun:
    """Elaborate, build (once for the same content) and run a bench.

    Parameters
    ----------
    make
        Called with the :class:`~tsp.macro.Library` of the design; returns its top component.
    test_module
        Importable name of the cocotb module, e.g. ``verif.slices.mem.tb_mem``.
    top
        Name of the top-level module; Verilator refuses the name of a port of it.
    blocks
        Modules to be built as hierarchical blocks.
    parameters
        JSON values that the cocotb module reads with :func:`verif.support.tb.parameters`.
    image
        Content of ``image.bin`` for the SRAMs' back door (:func:`tspc.engines.records.image`).
    seed
        cocotb's random seed; ``cocotb.RANDOM_SEED`` and ``random`` in the bench follow it.
    poll
        Called now and then while it runs.

    Raises
    ------
    tspc.engines.verilator.SimulationError
        Unless at least one test ran, all passed and the simulator's log holds no error.
    """
    bench = build_bench(make, top=top, blocks=blocks)
    return bench.run(test_module, parameters=parameters, image=image, seed=seed, poll=poll)


def _run_name() -> str:
    """A folder of its own for every run of every test."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "script").rsplit(" ", 1)[0].rsplit("/", 1)[-1]
    return f"{re.sub(r'[^A-Za-z0-9]+', '_', test)[:80]}_{os.getpid()}_{next(_NUMBER)}"
