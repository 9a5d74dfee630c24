"""The golden model as an engine: tensors in and out, many inputs at once, whole records."""

import time

import numpy as np
import pytest

from tsp.arch.config import NANO
from tspc.engines.base import Engine
from tspc.events import sort_events
from tspc.golden.model import GoldenEngine
from tspc.program import Program, Tensor
from verif.golden.builder import Maker, read, vxm, write
from verif.golden.test_mxm import Bench, acc, base, iw_abc


def places(maker, rows):
    """Places of a tensor of one-byte elements, a row a vector."""
    found = [(maker.queue(slice_), bank, offset) for slice_, bank, offset in rows]
    return np.array(found, np.int32).reshape(len(rows), 1, 1, 3)


def biased(constant=3):
    """y = saturate(x + constant), row by row, on VXM 6."""
    maker, rows = Maker(), 4
    timing, issue = maker.timing, maker.start + 40
    fetch = issue + timing.vxm_d_skew - maker.arrival(0, timing.mem_d_func, "MEM_W4", "VXM6")
    store = maker.arrival(issue, timing.vxm_d_func, "VXM6", "MEM_E3") - timing.mem_d_skew
    add = vxm("ADD", ["E2", constant], "E2", saturate=1)
    program = maker.program(
        {
            "MEM_W4": [(fetch, read(0, 0, "E2", count=rows, stride=1))],
            "VXM6": [(issue + i, add) for i in range(rows)],
            "MEM_E3": [(store, write(1, 8, "E2", count=rows, stride=2))],
        }
    )
    x = Tensor(
        "x", "int8", (rows, 20), "input", places(maker, [("MEM_W4", 0, i) for i in range(4)])
    )
    out = [("MEM_E3", 1, 8 + 2 * i) for i in range(4)]
    y = Tensor("y", "int8", (rows, 20), "output", places(maker, out))
    return Program("sum", NANO, program.text, program.plan, {}, (x, y))


def test_tensors_go_in_and_come_out():
    engine: Engine = GoldenEngine()
    x = np.random.default_rng(1).integers(-128, 128, (4, 20), np.int8)
    result = engine.run(biased(), {"x": x})
    np.testing.assert_array_equal(result.outputs["y"], np.clip(x.astype(int) + 3, -128, 127))
    assert result.drives is None and result.stopped is None
    with pytest.raises(ValueError, match="not given"):
        engine.run(biased())


@pytest.mark.parametrize("deep", [False, True])
def test_many_inputs_at_once_equal_one_at_a_time(deep):
    engine, rng, program = GoldenEngine(), np.random.default_rng(2), biased()
    many = [{"x": rng.integers(-128, 128, (4, 20), np.int8)} for _ in range(7)]
    many[4] = many[0]
    reports = []
    together = engine.run_many(program, many, deep=deep, progress=reports.append)
    assert reports[0].runs == reports[0].total_runs == 7
    for inputs, result in zip(many, together):
        alone = engine.run(program, inputs, deep=deep)
        assert alone.done == result.done
        np.testing.assert_array_equal(alone.outputs["y"], result.outputs["y"])
        for name in ("events", "writes", "drives") if deep else ("events", "writes"):
            one, other = getattr(alone, name), getattr(result, name)
            assert one.tobytes() == other.tobytes() == sort_events(other).tobytes()
        assert set(alone.memory) == set(result.memory)
        for address, vector in alone.memory.items():
            np.testing.assert_array_equal(vector, result.memory[address])


def test_runs_that_fill_different_places_are_kept_apart():
    program = biased()
    full = Program("sum", NANO, program.text, program.plan, {}, program.tensors)
    for address in program.tensor("x").places.reshape(-1, 3):
        full.memory[tuple(int(n) for n in address)] = np.full(32, 9, np.uint8)
    x = np.ones((4, 20), np.int8)
    first, second = GoldenEngine().run_many(full, [{"x": x}, {}])
    assert (first.outputs["y"] == 4).all() and (second.outputs["y"] == 12).all()


def test_weights_and_accumulators_may_depend_on_the_input():
    bench = Bench("MXM_W0")
    t0, timing = base(bench), bench.maker.timing
    bench.load(t0, bench.random(32, 32))
    bench.stream(t0 + 4, bench.random(1, 32))
    bench.issue("A", t0 + 3, iw_abc(install=1))
    bench.issue("A", t0 + 4, iw_abc(mode=1, stream=16))
    bench.issue("R", t0 + 4 + timing.abc_to_acc, acc("write", 6))
    for items in bench.queues.values():
        items.sort(key=lambda item: item[0])
    program = bench.maker.program(bench.queues)
    # Row 0 of group 0's weights is in slice 0, offset 0.
    place = places(bench.maker, [(f"{bench.side}0", 0, 0)])
    w = Tensor("w", "int8", (32,), "input", place)
    program = Program("weights", NANO, program.text, {}, program.memory, (w,))
    rng, key = np.random.default_rng(3), (bench.maker.queue("MXM_W0_R"), 6)
    many = [{"w": rng.integers(-128, 128, 32, np.int8)} for _ in range(3)]
    found = [r.accumulators[key] for r in GoldenEngine().run_many(program, many)]
    alone = [GoldenEngine().run(program, inputs).accumulators[key] for inputs in many]
    np.testing.assert_array_equal(found, alone)
    assert len({a[0] for a in alone}) == 3 and len({a[1] for a in alone}) == 1


def test_a_thousand_runs_of_one_program_cost_little():
    rng = np.random.default_rng(4)
    many = [{"x": rng.integers(-128, 128, (4, 20), np.int8)} for _ in range(1000)]
    start = time.perf_counter()
    results = GoldenEngine().run_many(biased(), many)
    assert time.perf_counter() - start < 10
    x, y = many[-1]["x"], results[-1].outputs["y"]
    np.testing.assert_array_equal(y, np.clip(x.astype(int) + 3, -128, 127))
