"""Any one superlane bypassed: every program is the same in every event, every bit and every cycle.

nano with a spare superlane stands for the larger chips: its rows are nano's. The bypassed row can
be broken altogether, here one whose every output is noise; a chip that does not bypass it is wrong,
and seen to be.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tsp.arch.config import NANO, SMALL, Config
from tspc.compare import Comparison, compare
from tspc.engines.base import Result
from tspc.engines.chip_build import hdl_root
from tspc.engines.rtl import Job, RtlEngine
from tspc.engines.verilator import BUILD_ROOT
from tspc.golden.model import GoldenEngine
from tspc.plan import expand
from tspc.program import Program
from verif.random_programs import generate
from verif.support import noise

SPARED = replace(NANO, spares=1)
SEEDS = range(6)
BROKEN = 1


def _with_a_broken_row() -> Path:
    """A source root whose chip has noise for row BROKEN."""
    root = BUILD_ROOT / "broken" / "hdl"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(hdl_root(), root, ignore=shutil.ignore_patterns("__pycache__"))
    chip = root / "tsp" / "chip.py"
    shutil.copy(noise.__file__, root / "tsp" / "noise.py")
    _change(chip, "from tsp.pins", "from tsp.noise import BrokenSuperlane\nfrom tsp.pins")
    kind = "SparedSuperlane if config.spares else Superlane"
    _change(chip, f"place({kind},", f"place(BrokenSuperlane if y == {BROKEN} else {kind},")
    return root


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, f"{path}: {old!r}"
    path.write_text(text.replace(old, new))


def _programs(config: Config) -> list[tuple[Program, Result]]:
    programs = [generate(config, seed) for seed in SEEDS]
    return [(program, GoldenEngine().run(program)) for program in programs]


def _run(
    programs: list[tuple[Program, Result]], bypassed: int | None, hdl: Path | None = None
) -> list[tuple[Result, Comparison]]:
    jobs = [Job(program, {}) for program, _ in programs]
    results = RtlEngine(hdl=hdl, bypassed=bypassed).run_jobs(jobs)
    verdicts = []
    for (program, golden), result in zip(programs, results, strict=True):
        schedule = expand(program)
        verdicts.append(compare(program.config, schedule.events, schedule.done, golden, result))
    return list(zip(results, verdicts, strict=True))


def _same(programs: list[tuple[Program, Result]], bypassed: int, hdl: Path | None = None) -> None:
    for seed, (result, verdict) in zip(SEEDS, _run(programs, bypassed, hdl), strict=True):
        assert verdict.equal, f"seed {seed}, row {bypassed} bypassed: {verdict.first}"
        assert verdict.events.compared > 100 and verdict.bits.compared > 10_000
        assert result.stopped is None


@pytest.mark.slow
@pytest.mark.parametrize("config", [SPARED, SMALL], ids=["nano with a spare", "small"])
@pytest.mark.feature("chip", "spare superlane")
@pytest.mark.feature("random", "spare superlane")
def test_random_programs_do_not_see_which_row_is_bypassed(config):
    programs = _programs(config)
    for bypassed in range(config.rows):
        _same(programs, bypassed)


@pytest.mark.slow
@pytest.mark.feature("fault", "spare superlane")
def test_a_broken_row_is_harmless_when_it_is_bypassed_and_only_then():
    programs, hdl = _programs(SPARED), _with_a_broken_row()
    _same(programs, BROKEN, hdl)
    for bypassed in set(range(SPARED.rows)) - {BROKEN}:
        assert not any(verdict.equal for _, verdict in _run(programs, bypassed, hdl))


def test_a_row_that_is_not_there_cannot_be_bypassed():
    with pytest.raises(ValueError, match="nano has no spare superlane"):
        RtlEngine(bypassed=0).run(generate(NANO, 0))
    with pytest.raises(ValueError, match=r"row 3 of nano cannot be bypassed: it has rows 0 \.\. 2"):
        RtlEngine(bypassed=3).run(generate(SPARED, 0))
