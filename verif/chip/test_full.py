"""The published chip in RTL: 320 lanes, 144 queues, three-way exact (nightly).

Directed programs on ``full``: a READ, a VXM add and a WRITE with slices of both hemispheres, and a
tile of 320 x 320 weights with activations in every plane. Build seconds and rate are printed and
written to ``sim_build/full.json``; docs/simulation.md says how to read them.
"""

import json
import resource
from dataclasses import replace

import pytest

from tsp.arch.config import FULL
from tspc.asm.plan import resolve_plan
from tspc.compare import compare
from tspc.engines.rtl import Job, RtlEngine
from tspc.engines.verilator import BUILD_ROOT
from tspc.golden.model import GoldenEngine
from tspc.plan import expand
from tspc.program import Program
from verif.golden.builder import repeat, vxm, write
from verif.golden.test_mxm import Bench, acc, base, iw_abc

_PLANES = ("MXM_W0", "MXM_W1", "MXM_E0", "MXM_E1")


def _finished(bench: Bench) -> Program:
    for items in bench.queues.values():
        items.sort(key=lambda item: item[0])
    program = bench.maker.program(bench.queues)
    return replace(program, plan=resolve_plan(FULL, program.text))


def _tile(plane: str, seed: int) -> Program:
    """One tile into a plane, two vectors of activations, results written and added to on the way.

    The slices that feed the plane stand in one hemisphere, those that take the results too, and the
    VXM lies between them and the plane.
    """
    bench = Bench(plane, FULL, seed)
    maker, d, t0 = bench.maker, bench.maker.timing, base(bench)
    bench.load(t0, bench.random(FULL.lanes, FULL.lanes))
    at = t0 + FULL.superlanes + 3
    bench.stream(at, bench.random(2, FULL.lanes))
    bench.issue("A", at - 1, iw_abc(install=1))
    bench.issue("A", at, iw_abc(mode=1, stream=16), repeat(1))
    ready = at + d.abc_to_acc
    bench.issue("R", ready, acc("emit"), repeat(1))
    bench.collect(ready, 2)
    # What passes the VXM on byte 0's stream is read there, too: 1 is added, and it is written.
    alu = maker.arrival(ready, d.acc_d_func, f"{plane}_R", "VXM6") - d.vxm_d_skew
    stream = f"{bench.inward}0"
    other = f"{bench.inward}8"
    bench.queues["VXM6"] = [(alu, vxm("ADD", [stream, 1], other))]
    slice_ = f"{bench.side}20"
    sink = maker.arrival(alu, d.vxm_d_func, "VXM6", slice_) - d.mem_d_skew
    bench.queues[slice_] = [(sink, write(1, 5, other))]
    return _finished(bench)


@pytest.mark.slow
def test_full_runs_exactly():
    programs = [_tile(plane, seed) for seed, plane in enumerate(_PLANES)]
    golden = [GoldenEngine().run(p) for p in programs]
    rtl = RtlEngine().run_jobs([Job(p, {}) for p in programs])
    for program, expected, actual in zip(programs, golden, rtl, strict=True):
        schedule = expand(program)
        verdict = compare(FULL, schedule.events, schedule.done, expected, actual)
        assert verdict.first is None, verdict.first
    cycles = sum(r.done or 0 for r in rtl)
    seconds = sum(r.seconds for r in rtl)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    figures = {
        "programs": len(programs),
        "cycles": cycles,
        "seconds": round(seconds, 1),
        "cycles_per_second": round(cycles / seconds, 1),
        "largest_child_gib": round(peak, 2),
    }
    print(f"\n{figures}")
    (BUILD_ROOT / "full.json").write_text(json.dumps(figures) + "\n")
