"""All kernels on the RTL of nano, three ways; small by night."""

import pytest

from tsp.arch.config import NANO, SMALL
from tspc.compare import compare
from tspc.engines.rtl import Job, RtlEngine
from tspc.golden.model import GoldenEngine
from tspc.plan import expand
from verif.kernels.cases import CASES
from verif.kernels.test_kernels import same


def check(config):
    """One build, one process: every kernel in the RTL, against schedule, golden model and NumPy."""
    data = [case.data(config) for case in CASES]
    programs = [case.kernel(config).program() for case in CASES]
    jobs = [Job(p, inputs) for p, (inputs, _) in zip(programs, data, strict=True)]
    results = RtlEngine().run_jobs(jobs)
    for case, job, (_, expected), rtl in zip(CASES, jobs, data, results, strict=True):
        schedule = expand(job.program)
        golden = GoldenEngine().run(job.program, job.inputs)
        verdict = compare(config, schedule.events, schedule.done, golden, rtl)
        assert verdict.equal, f"{case.name}: {verdict.first}"
        same(case, rtl.outputs["y"], expected)


def test_kernels_three_ways():
    check(NANO)


@pytest.mark.slow
def test_kernels_three_ways_at_small():
    check(SMALL)
