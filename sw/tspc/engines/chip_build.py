"""From a configuration to a chip that simulates: export the Verilog, then build it.

The exporter is RTL and runs as a process of its own (tspc imports no RTL):
``python -m tsp.export --config JSON --out DIR``. It also writes ``DIR/manifest.json`` with the top
module, its ports, how the simulation is divided and the configuration's hash.
Both steps are kept by the content of their sources.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

from tsp.arch.config import Config
from tspc.engines.stepped import Model, Module, build_model
from tspc.engines.verilator import BUILD_ROOT, Build, SimulationError, build

__all__ = ["build_chip", "export_chip", "hdl_root"]

#: Not under the export: other sources may give the same Verilog.
_BUILDS = BUILD_ROOT / "rtl"

#: Timing is measured, never built in: RTL must not import the table, so it is no source of it.
_NO_SOURCE = {"arch/timing.py"}


def hdl_root() -> Path:
    """The source root that holds the package ``tsp``."""
    spec = importlib.util.find_spec("tsp")
    if spec is None or spec.origin is None:
        raise SimulationError("the package tsp is not installed; run `make venv`")
    return Path(spec.origin).parents[1]


def export_chip(config: Config, hdl: Path | None = None) -> Path:
    """Write a chip's Verilog, unless the same sources have written it before.

    Parameters
    ----------
    hdl
        Another source root than the installed one (mutants).

    Returns
    -------
    Path
        The folder with the modules and ``manifest.json``.

    Raises
    ------
    SimulationError
        If the export fails, or yields another configuration.
    """
    root = hdl_root() if hdl is None else hdl.resolve()
    directory = BUILD_ROOT / "verilog" / f"{config.tag}-{config.hash}-{_source_key(root)}"
    directory.mkdir(parents=True, exist_ok=True)
    manifest = directory / "manifest.json"
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not manifest.exists():
            _export(config, root, directory)
        found = json.loads(manifest.read_text())["hash"]
    if found != config.hash:
        raise SimulationError(f"the export is of configuration {found}, not {config.hash}")
    return directory


def _export(config: Config, root: Path, directory: Path) -> None:
    command = [sys.executable, "-m", "tsp.export"]
    command += ["--config", json.dumps(config.to_dict()), "--out", str(directory)]
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH", "")]))
    ran = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        end = "\n".join(ran.stderr.splitlines()[-20:])
        raise SimulationError(f"writing the Verilog of {config.name} failed:\n{end}")


def build_chip(config: Config, hdl: Path | None = None, *, optimise: bool = True) -> Build:
    """The simulation of a chip, built if nobody has built the same before.

    Without `optimise` it compiles several times faster and simulates several times slower.
    """
    directory = export_chip(config, hdl)
    manifest = json.loads((directory / "manifest.json").read_text())
    root = hdl_root() if hdl is None else hdl.resolve()
    models: dict[str, Model] = {}
    for part in manifest["parts"]:
        module = Module(
            part["name"],
            [directory / f"{name}.v" for name in part["modules"]],
            part["ports"],
            [models[name] for name in part["uses"]],
        )
        if module.name != manifest["top"]:
            models[module.name] = build_model(module, _BUILDS, optimise=optimise)
    stubs = [model.stub for model in module.models]
    return build(
        [*module.sources, *stubs, root / "tsp" / "sim" / "tsp_sim.cpp"],
        module.name,
        _BUILDS,
        inputs=manifest["inputs"],
        outputs=manifest["outputs"],
        extra=[argument for model in module.models for argument in model.arguments],
        optimise=optimise,
    )


def _source_key(root: Path) -> str:
    """Hash of everything that the Verilog is made of."""
    digest = hashlib.sha256()
    package = root / "tsp"
    for path in sorted(package.rglob("*")):
        name = path.relative_to(package).as_posix()
        if path.suffix in (".py", ".v") and name not in _NO_SOURCE:
            digest.update(f"{name}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
