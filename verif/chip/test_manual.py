"""The programs of the instruction manual on the RTL: three ways, and as the pages say."""

import pytest

from tspc import api
from tspc.compare import compare
from tspc.engines.rtl import Job, RtlEngine
from tspc.golden.model import GoldenEngine
from tspc.plan import expand
from verif.manual.check import examples, inputs, wrong
from verif.plan import covers, subjects_of


@pytest.mark.feature("chip", "[A-Z]*", measured=True)
def test_examples_of_the_manual_three_ways() -> None:
    shown = examples()
    jobs = [Job(api.assemble(e.text()), inputs(e)) for _, e in shown]
    assert len(jobs) > 15
    results = RtlEngine().run_jobs(jobs)
    for (page, example), job, rtl in zip(shown, jobs, results, strict=True):
        schedule = expand(job.program)
        golden = GoldenEngine().run(job.program, job.inputs)
        verdict = compare(job.program.config, schedule.events, schedule.done, golden, rtl)
        assert verdict.equal, f"{page.name}: {verdict.first}"
        assert wrong(example, rtl) == [], page.name
        covers("chip", subjects_of(job.program))
