"""Random small graphs and inputs for them."""

import numpy as np
from hypothesis import strategies as st

from tsp.arch.config import NANO, Config
from tspc.scheduler import Graph

#: One superlane, two planes in each hemisphere.
TINY = Config("tiny", 1, 0, 20, 128, 2, 8, 4, 1)

_BINARY = ("ADD", "SUB", "MUL", "MAX", "MIN", "AND", "XOR", "SRA")
_REAL = ("ADD", "SUB", "MUL", "MAX", "MIN")


def _array(draw, dtype, shape):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if np.dtype(dtype).kind == "f":
        return (rng.integers(-400, 400, shape) / 8).astype(dtype)
    limit = np.iinfo(dtype)
    return rng.integers(limit.min, limit.max + 1, shape).astype(dtype)


@st.composite
def graphs(draw):
    """(graph, inputs): up to three tensors, a few operations, up to two outputs."""
    config = draw(st.sampled_from([NANO, TINY]))
    rows = draw(st.sampled_from([1, 1, 2, 3, 9, 20]))
    g, inputs = Graph(config, "random"), {}
    for i in range(draw(st.integers(1, 2))):
        dtype = draw(st.sampled_from(["int8", "int8", "int32", "float32", "int16"]))
        shape = (rows, draw(st.sampled_from([1, config.lanes, config.lanes + 3])))
        inputs[f"x{i}"] = _array(draw, dtype, shape)
        g.input(f"x{i}", dtype, shape)
    nodes = list(g.nodes)
    for i in range(draw(st.integers(1, 6))):
        nodes.append(_operation(draw, g, nodes, i))
    g.output("y", nodes[-1])
    if draw(st.booleans()):
        g.output("z", draw(st.sampled_from(nodes)))
    return g, inputs


def _operation(draw, g, nodes, number):
    x = draw(st.sampled_from(nodes[-3:]))
    if x.dtype == "int8" and draw(st.booleans()):
        columns = draw(st.sampled_from([2, g.config.lanes, 2 * g.config.lanes + 1]))
        w = g.constant(f"w{number}", _array(draw, "int8", (x.shape[1], columns)))
        return g.matmul(x, w)
    match draw(st.integers(0, 5)):
        case 0:
            return g.requantise(x, draw(st.sampled_from([0.5, 0.01, 3e-6])))
        case 1:
            return g.relu(x)
        case 2:
            vector = _array(draw, draw(st.sampled_from(["int8", "int32"])), (x.shape[1],))
            return g.add(x, g.constant(f"b{number}", vector), compute="int32")
    others = [n for n in nodes if n.shape[1] == x.shape[1] and n.rows in (1, x.rows)]
    other = draw(st.sampled_from(others))
    real = draw(st.booleans())
    op = draw(st.sampled_from(_REAL if real else _BINARY))
    if draw(st.booleans()):
        other = draw(st.integers(-100, 100))
    dtype = draw(st.sampled_from(["int8", "int16", "int32"] + ["float32"] * real))
    saturate = draw(st.booleans())
    kind = "float32" if real else "int32"
    return g.vxm(op, x, other, dtype=dtype, compute=kind, saturate=saturate)
