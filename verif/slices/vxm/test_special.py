"""The special lanes against the golden model, which was written from the same definition apart."""

import numpy as np
import pytest

from tsp.arch.isa import Compute, Type
from tsp.slices.vxm import special, table
from tspc.golden import specials
from tspc.golden.numerics import DTYPES, execute
from verif.slices.vxm import special_bench, vectors
from verif.slices.vxm.special_bench import Job

_COUNT = 100_000  # random fp32 operands of each function


def _differences(jobs):
    """Lines that say what differs from the golden model."""
    found = []
    for job, results in zip(jobs, special_bench.run(jobs)):
        raw = job.operands.astype(f"<u{job.source.bytes}").view(DTYPES[job.source])
        with np.errstate(all="ignore"):
            expected = execute(job.name, Compute.FP32, [raw], job.result, False)
        expected = expected.view(f"<u{job.result.bytes}")
        for n in np.nonzero(expected != results)[0][:3]:
            what = f"{job.name} {job.source.name} {job.operands[n]:08x} to {job.result.name}"
            found.append(f"{what} gives {results[n]:08x} instead of {expected[n]:08x}")
    return found


def _boundaries():
    """Where arguments are reduced another way, and results leave the normal numbers."""
    edges = [1.0, 1.5, 2.0, 4.0, 8.0, 9.0625, 16.0, 125.0, 126.0, 127.0, 128.0, 149.0, 150.0, 256.0]
    edges = np.array([*edges, 2.0**-28, 2.0**-29, 2.0**126, 2.0**127, 2.0**-126, 2.0**-128])
    near = edges.astype(np.float32).view(np.uint32)[:, None] + np.arange(-40, 41, dtype=np.int64)
    near = near.astype(np.uint32).ravel()
    return np.concatenate([near, near | np.uint32(1 << 31)])


def _fp32(rng):
    """Corners, boundaries, any bits, and arguments whose results are not trivial."""
    near = rng.integers(100, 136, _COUNT // 2, np.uint32) << 23
    near |= rng.integers(0, 2, _COUNT // 2, np.uint32) << 31
    near |= rng.integers(0, 1 << 23, _COUNT // 2, np.uint32)
    plain = [vectors.corners(Type.FP32), _boundaries(), near]
    return np.concatenate([*plain, vectors.patterns(rng, Type.FP32, _COUNT // 2)])


def test_the_tables_are_the_same():
    """Two programs, two kinds of arithmetic, one formula."""
    np.testing.assert_array_equal(table.coefficients(), specials.table())


@pytest.mark.feature("slice", "EXP2.fp32", "LOG2.fp32", "RSQRT.fp32", "RECIP.fp32", "TANH.fp32")
def test_every_fp16_and_many_fp32_arguments():
    """At least 100,000 fp32 arguments and all fp16 ones of each function."""
    rng = np.random.default_rng(5)
    halves = np.arange(1 << 16, dtype=np.uint32)
    jobs = [Job(name, halves, Type.FP16) for name in specials.SPECIALS]
    jobs += [Job(name, _fp32(rng)) for name in specials.SPECIALS]
    assert _differences(jobs) == []


def test_every_type_of_argument_and_result():
    """What the lane converts itself: operands of every type, results to every type."""
    rng = np.random.default_rng(6)
    jobs = [
        Job(name, np.concatenate([vectors.corners(s), vectors.patterns(rng, s, 1000)]), s, result)
        for name in specials.SPECIALS
        for s in Type
        for result in Type
    ]
    assert _differences(jobs) == []


def test_a_wrong_coefficient_is_found(monkeypatch):
    """The sabotaged twin: one bit of a curvature, of RSQRT."""
    altered = [list(row) for row in table.coefficients()]
    altered[300][2] ^= 64
    monkeypatch.setattr(special, "coefficients", lambda: altered)
    rng = np.random.default_rng(7)
    found = _differences([Job(name, _fp32(rng)) for name in ("RECIP", "RSQRT")])
    assert found and all(line.startswith("RSQRT") for line in found)
