"""Five mutants of the RTL: each is caught by the three-way comparison, which names the place."""

import functools

import pytest

from tsp.arch.config import NANO
from tspc.compare import Comparison, compare
from tspc.engines.rtl import RtlEngine
from tspc.golden.model import GoldenEngine
from tspc.plan import expand
from verif.contract.mutants import MUTANTS, sources
from verif.contract.programs import limits

#: A second build of the whole chip.
pytestmark = pytest.mark.slow


@functools.cache
def _hdl():
    return sources()


def _run(number: int) -> Comparison:
    program = limits()
    schedule = expand(program)
    golden = GoldenEngine().run(program)
    rtl = RtlEngine(hdl=_hdl(), plusargs=(f"+mutant={number}",), optimise=False).run(program)
    return compare(NANO, schedule.events, schedule.done, golden, rtl)


def test_without_a_mutant_all_agree():
    assert _run(0).first is None


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_mutant_is_caught(mutant):
    verdict = _run(mutant.number)
    assert verdict.first is not None, f"nobody noticed that {mutant.name}"
    print(f"\n{mutant.name}: {verdict.first.splitlines()[0]}")
    assert "cycle" in verdict.first
