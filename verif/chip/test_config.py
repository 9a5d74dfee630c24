"""CONFIG on the chip: MEM, ALU and plane with a superlane off, three-way exact."""

import functools

import pytest

from tsp.arch.config import NANO
from tspc.compare import compare
from tspc.engines.rtl import Job, RtlEngine
from tspc.golden.model import GoldenEngine
from tspc.plan import expand
from verif.golden.test_config import CASES, case


@functools.cache
def _rtl():
    """All cases in one simulation."""
    jobs = [Job(case(kind, NANO, queue, 1)[1], {}, True) for kind, queue in CASES]
    return dict(zip(CASES, RtlEngine().run_jobs(jobs)))


@pytest.mark.feature("chip", "CONFIG")
@pytest.mark.parametrize(("kind", "queue"), CASES)
def test_one_of_two_superlanes(kind, queue):
    made, program = case(kind, NANO, queue, 1)
    rtl, golden = _rtl()[kind, queue], GoldenEngine().run(program, deep=True)
    schedule = expand(program)
    found = compare(NANO, schedule.events, schedule.done, golden, rtl)
    assert found.first is None, found.first
    assert rtl.drives.tobytes() == golden.drives.tobytes()
    assert (made.result(rtl.memory) == made.expected).all()
