"""Special functions are scheduled on the ALUs that have them, and compute what NumPy computes."""

import numpy as np
import pytest

from tsp.arch.config import NANO
from tsp.arch.isa import decode, vxm_op
from tspc.golden.model import GoldenEngine
from tspc.scheduler import Graph, schedule
from tspc.verifier import verify


@pytest.mark.parametrize("rows", [1, 5])
def test_a_chain_of_special_functions_takes_alu_0_of_each_stop(rows):
    """log2(1 / (1 + 2 ** -x)) and tanh: more special functions than a stop has ALUs for them."""
    g = Graph(NANO, "specials")
    x = g.input("x", "float32", (rows, 32))
    real = {"compute": "float32", "dtype": "float32"}
    power = g.vxm("EXP2", g.vxm("NEG", x, **real), **real)
    sigmoid = g.vxm("RECIP", g.vxm("ADD", power, 1.0, **real), **real)
    g.output("y", g.vxm("LOG2", sigmoid, **real))
    g.output("z", g.vxm("TANH", x, **real))
    program = schedule(g)
    assert verify(program).ok
    used = {
        NANO.queues[queue].name
        for queue, text in program.text.items()
        for i in map(decode, text)
        if i.name == "VXM" and vxm_op(i["op"]).special
    }
    assert used and used <= {"VXM0", "VXM4", "VXM8", "VXM12"}
    values = np.linspace(-9, 9, rows * 32, dtype=np.float32).reshape(rows, 32)
    outputs = GoldenEngine().run(program, {"x": values}).outputs
    exact = values.astype(np.float64)
    np.testing.assert_allclose(outputs["y"], -np.log2(1 + np.exp2(-exact)), 1e-5, 3e-7)
    np.testing.assert_allclose(outputs["z"], np.tanh(exact), 1e-6)
