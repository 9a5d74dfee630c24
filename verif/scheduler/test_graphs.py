"""Scheduled graphs are legal, run as planned, and compute what NumPy computes."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tsp.arch.config import FULL, NANO, SMALL
from tsp.arch.isa import decode
from tspc.golden.model import GoldenEngine
from tspc.plan import expand
from tspc.scheduler import Graph, lower_bound_cycles, schedule
from tspc.verifier import verify
from verif.scheduler.graphs import graphs
from verif.scheduler.reference import evaluate


def check(graph, inputs, **options):
    """Schedule, verify, run, compare; returns the program and the golden run."""
    program = schedule(graph, **options)
    report = verify(program)
    assert report.ok, report
    result = GoldenEngine().run(program, inputs)
    expected = evaluate(graph, inputs)
    assert set(result.outputs) == set(expected)
    for name, value in expected.items():
        assert result.outputs[name].dtype == value.dtype
        np.testing.assert_array_equal(result.outputs[name], value, err_msg=name)
    planned = expand(program)
    np.testing.assert_array_equal(planned.events, result.events)
    assert planned.done == result.done
    assert lower_bound_cycles(graph, options.get("planes")) <= planned.done
    return program, result


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs(), st.sampled_from([None, 8, 16]))
def test_random_graphs(case, block_rows):
    """Small blocks make tensors stand in several places."""
    check(*case, block_rows=block_rows)


def test_tensors_of_many_pieces_leave_room_for_the_result():
    """Six pieces of four byte planes, spread as far as they go, filled every slice of a side."""
    g = Graph(NANO, "pieces")
    x = g.input("x", "int32", (20, NANO.lanes + 3))
    g.output("y", g.add(x, g.constant("b", _random((NANO.lanes + 3,), "int32", seed=1))))
    check(g, {"x": _random((20, NANO.lanes + 3), "int32", seed=2)}, block_rows=8)


def test_pieces_that_no_job_touches_together_may_share_slices():
    """Two stages of two chunks: whole tensors apart would need more slices than a side has."""
    g = Graph(NANO, "chunks")
    x = g.input("x", "int16", (20, NANO.lanes + 3))
    larger = g.vxm("MAX", x, -13, dtype="int32", compute="float32", saturate=True)
    product = g.vxm("MUL", x, larger, dtype="int32", compute="float32", saturate=True)
    g.output("y", g.relu(product))
    check(g, {"x": _random((20, NANO.lanes + 3), "int16", seed=2)}, block_rows=16)


def _random(shape, dtype="int8", seed=0):
    rng = np.random.default_rng([seed, *shape])
    limit = np.iinfo(dtype)
    return rng.integers(limit.min, limit.max + 1, shape).astype(dtype)


def _matmul(rows, k, n, bias=True, config=NANO):
    g = Graph(config, f"matmul-{rows}-{k}-{n}")
    x = g.input("x", "int8", (rows, k))
    y = g.matmul(x, g.constant("w", _random((k, n), seed=1)))
    if bias:
        y = g.add(y, g.constant("b", _random((n,), "int32", seed=2) // 1000))
    g.output("y", y)
    return g, {"x": _random((rows, k), seed=3)}


@pytest.mark.parametrize(
    ("rows", "k", "n"),
    [(1, 8, 5), (1, 96, 70), (2, 64, 32), (3, 96, 40), (33, 96, 32), (40, 70, 33), (150, 64, 32)],
)
@pytest.mark.parametrize("planes", [None, ("W0",)])
def test_matmul_of_every_shape(rows, k, n, planes):
    check(*_matmul(rows, k, n), planes=planes)


@pytest.mark.parametrize(
    ("config", "rows", "k", "n"),
    [(SMALL, 1, 128, 64), (SMALL, 12, 200, 64), (FULL, 1, 640, 640), (FULL, 30, 640, 320)],
)
def test_other_sizes_of_chip(config, rows, k, n):
    check(*_matmul(rows, k, n, config=config))


def test_matmul_alone_is_written_without_the_vector_unit():
    program, _ = check(*_matmul(1, 64, 64, bias=False), planes=("E0",))
    vxm = [q for q in program.text if NANO.queues[q].name.startswith("VXM")]
    assert [NANO.queues[q].name for q in vxm] == ["VXM0"]  # which has the NOTIFY


def test_weights_stream_at_a_tile_every_t_cycles():
    program, result = check(*_matmul(1, 8 * 32, 8 * 32), planes=("E0",))
    queue = NANO.queue_by_name["MXM_E0_W"].index
    loads = result.events[result.events["queue"] == queue]["cycle"][:-1]
    assert len(loads) == 64 * NANO.superlanes
    assert set(np.diff(loads.astype(int))) == {1}
    assert len(program.text[queue]) <= 4  # NOP, LW, REPEAT, HALT


def test_weights_stay_installed_for_the_next_block():
    program, _ = check(*_matmul(600, 32, 32), planes=("E0",))
    queue = NANO.queue_by_name["MXM_E0_W"].index
    names = [decode(w).name for w in program.text[queue]]
    assert names.count("LW") == 1


def test_rows_flow_every_cycle():
    graph, inputs = _matmul(600, 64, 32)
    _, result = check(graph, inputs)
    assert result.done <= lower_bound_cycles(graph) * 1.1 + 60


def test_two_layers_with_requantisation_match():
    g = Graph(NANO, "layers")
    x = g.input("x", "int8", (40, 64))
    y = g.matmul(x, g.constant("w1", _random((64, 64), seed=4)))
    y = g.requantise(g.relu(g.add(y, g.constant("b", np.arange(64, dtype=np.int32)))), 0.003)
    z = g.matmul(y, g.constant("w2", _random((64, 10), seed=5)))
    g.output("z", g.requantise(z, 0.01, "int16"))
    g.output("hidden", y)
    check(g, {"x": _random((40, 64), seed=6)})


def test_both_planes_read_a_tensor_that_the_vector_unit_read_before():
    g = Graph(NANO, "halves")
    x = g.input("x", "int8", (20, 100))
    g.output("z", g.relu(x))
    g.output("y", g.matmul(x, g.constant("w", _random((100, 20), seed=8))))
    check(g, {"x": _random((20, 100), seed=9)})


def test_three_operands_and_a_scale_for_each_column():
    g = Graph(NANO, "scales")
    x = g.input("x", "int16", (5, 40))
    scale = g.constant("scale", (2.0 ** np.arange(-20, 20)).astype(np.float32))
    m = g.madd(x, 3, g.constant("b", np.arange(40, dtype=np.int32)))
    s = g.select(m, x, g.constant("mask", (np.arange(40) % 3).astype(np.int8)), compute="int32")
    g.output("y", g.requantise(s, scale))
    check(g, {"x": _random((5, 40), "int16", seed=7)})


def test_inputs_and_constants_can_be_outputs():
    g = Graph(NANO, "copies")
    x = g.input("x", "int8", (3, 10))
    g.input("unread", "int32", (2, 5))
    g.output("a", x)
    g.output("b", x)
    g.output("c", g.constant("k", np.arange(6, dtype=np.int32)))
    check(g, {"x": _random((3, 10)), "unread": np.zeros((2, 5), np.int32)})
