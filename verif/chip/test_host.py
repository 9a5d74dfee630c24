"""Digits through the host port alone: the same state as by the back door."""

import numpy as np
import pytest

from tsp.arch.config import NANO
from tspc.apps import digits, network
from tspc.compare import compare
from tspc.engines.rtl import Job, RtlEngine
from tspc.faults import EARLIEST, MemoryFault
from tspc.golden.model import GoldenEngine
from tspc.plan import expand

IMAGES = 3


@pytest.mark.feature("chip", "host port")
def test_digits_boot_run_and_read_back_through_the_port_alone():
    work = digits._digits_workload(network.load_digits_network(IMAGES), NANO, 1)
    program, inputs = work.program, work.inputs[:IMAGES]
    schedule = expand(program)
    golden = GoldenEngine().run_many(program, inputs)
    loaded = RtlEngine().run_many(program, inputs)
    hosted = RtlEngine(host=True).run_many(program, inputs)
    for wanted, one, other in zip(golden, loaded, hosted, strict=True):
        assert other.stopped is None and not other.critical
        verdict = compare(NANO, schedule.events, schedule.done, wanted, other)
        assert verdict.equal, verdict.first
        assert verdict.events.compared and verdict.bits.compared
        assert one.done == other.done == schedule.done  # the last one was read from CYCLES
        for name, values in wanted.outputs.items():
            assert np.array_equal(values, other.outputs[name])
        for record in ("events", "writes"):
            assert np.array_equal(getattr(one, record), getattr(other, record)), record
        for state in ("memory", "accumulators"):
            these, those = getattr(one, state), getattr(other, state)
            assert these.keys() == those.keys()
            assert all(np.array_equal(these[key], those[key]) for key in these), state
        assert one.counters == other.counters == {}


@pytest.mark.feature("chip", "host port")
def test_errors_are_read_through_the_port():
    """Words of the image are upset: nothing changes, and the counters are the golden model's."""
    work = digits._digits_workload(network.load_digits_network(1), NANO, 1)
    program, inputs = work.program, work.inputs[0]
    faults = [
        MemoryFault(EARLIEST, n % NANO.superlanes, 1 << (7 * n) % 137, *place)
        for n, place in enumerate(program.memory)
    ]
    golden = GoldenEngine().run(program, inputs, faults=faults)
    (hosted,) = RtlEngine(host=True).run_jobs([Job(program, inputs, faults=faults)])
    assert golden.counters and hosted.counters == golden.counters
    schedule = expand(program)
    verdict = compare(NANO, schedule.events, schedule.done, golden, hosted)
    assert verdict.equal, verdict.first
