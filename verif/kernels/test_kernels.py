"""Each kernel is legal, runs as planned and computes what NumPy computes."""

import numpy as np
import pytest

from tsp.arch.config import FULL, NANO, SMALL
from tspc.golden.model import GoldenEngine
from tspc.plan import expand
from tspc.verifier import verify
from verif.kernels.cases import CASES

_BY_NAME = pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)


def check(case, config):
    """Schedule, verify, run on the golden model, compare; returns the program."""
    program = case.kernel(config).program()
    report = verify(program)
    assert report.ok, report
    inputs, expected = case.data(config)
    result = GoldenEngine().run(program, inputs)
    planned = expand(program)
    np.testing.assert_array_equal(planned.events, result.events)
    assert planned.done == result.done
    same(case, result.outputs["y"], expected)
    return program


def same(case, actual, expected):
    """Equal; but where special functions decide a rounding, one unit in a thousand elements."""
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    apart = actual != expected
    if case.slack:
        assert apart.mean() <= 1e-3
        integers = [a.view(np.int16) if a.dtype.kind == "f" else a for a in (actual, expected)]
        difference = np.subtract(*integers, dtype=np.int64)
        assert np.abs(difference).max() <= case.slack
    else:
        assert not apart.any()


@_BY_NAME
def test_nano(case):
    check(case, NANO)


@pytest.mark.slow
@_BY_NAME
def test_small(case):
    check(case, SMALL)


@pytest.mark.slow
@_BY_NAME
def test_full(case):
    check(case, FULL)


@_BY_NAME
def test_reference_notices_a_wrong_input(case):
    """The comparison bites: another input gives another output."""
    inputs, expected = case.data(NANO)
    first = next(iter(inputs))
    changed = {**inputs, first: inputs[first][::-1, ::-1].copy()}
    with pytest.raises(AssertionError):
        same(case, case.expected(NANO, *changed.values()), expected)
