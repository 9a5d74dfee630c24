"""Kernels that treat each element by itself: residual addition, SiLU, GELU."""

import math

from tsp.arch.config import Config
from tspc.kernels.kernel import Kernel
from tspc.scheduler import Graph, Node
from tspc.scheduler.lanes import collect, deal

__all__ = ["GELU_CUBIC", "GELU_SCALE", "gelu", "residual_add", "silu"]

#: Of the tanh form of GELU (Hendrycks and Gimpel).
GELU_SCALE, GELU_CUBIC = math.sqrt(2 / math.pi), 0.044715


def residual_add(config: Config, rows: int, *, ways: int = 16, burst: int = 256) -> Kernel:
    """Sum of two tensors of one scale.

    ``y = saturate(a + b)``

    Parameters
    ----------
    config
        Chip.
    rows
        Rows of V elements, a multiple of `ways`.
    ways
        Parts of the tensors that are worked on at once, each by an ALU.
    burst
        As in :class:`Kernel`.

    Returns
    -------
    Kernel
        Inputs ``a``, ``b`` and output ``y``: int8, (rows, V).

    Notes
    -----
    Exact but for saturation to -128 .. 127. One VXM operation a vector. The residual connection is
    that of He et al., *Deep Residual Learning* (2016).
    """
    g = Graph(config, "residual_add")
    shape = (rows, config.lanes)
    pairs = zip(*(deal(g, name, "int8", shape, ways) for name in "ab"), strict=True)
    collect(g, "y", [g.add(a, b, dtype="int8") for a, b in pairs])
    return Kernel(g, burst)


def silu(
    config: Config, rows: int, scale: float, out_scale: float, *, ways: int = 4, burst: int = 256
) -> Kernel:
    """SiLU, x times the logistic function of x, of a quantised tensor.

    In float32, rounded after each operation, with X = x scale::

        t = tanh(fl(scale / 2) x)
        z = t x + x                         one rounding
        y = int8(fl(scale / (2 out_scale)) z)   half to even, saturated

    Parameters
    ----------
    config
        Chip.
    rows
        Rows of V elements, a multiple of `ways`.
    scale, out_scale
        A step of x and of y.
    ways, burst
        As in :func:`residual_add`.

    Returns
    -------
    Kernel
        Input ``x`` and output ``y``: int8, (rows, V).

    Notes
    -----
    X / (1 + exp(-X)) = X (1 + tanh(X/2)) / 2 (Elfwing et al., 2017). Four VXM operations a vector;
    TANH is the special function of docs/specials.md. Before the last rounding the result is within
    4e-7 max(1, \\|X\\|) of the real function.
    """
    g = Graph(config, "silu")
    out = []
    for x in deal(g, "x", "int8", (rows, config.lanes), ways):
        t = g.vxm("TANH", g.mul(x, scale / 2, compute="float32"))
        out.append(_gated(g, x, t, scale / out_scale))
    collect(g, "y", out)
    return Kernel(g, burst)


def gelu(
    config: Config, rows: int, scale: float, out_scale: float, *, ways: int = 4, burst: int = 256
) -> Kernel:
    """GELU, in its tanh form, of a quantised tensor.

    In float32, rounded after each operation, with X = x scale, k = sqrt(2 / pi)::

        w = fl(0.044715 k scale³) x² + fl(k scale)      one rounding
        t = tanh(x w)
        z = t x + x                                     one rounding
        y = int8(fl(scale / (2 out_scale)) z)           half to even, saturated

    Parameters
    ----------
    config
        Chip.
    rows
        Rows of V elements, a multiple of `ways`.
    scale, out_scale
        A step of x and of y.
    ways, burst
        As in :func:`residual_add`.

    Returns
    -------
    Kernel
        Input ``x`` and output ``y``: int8, (rows, V).

    Notes
    -----
    Six VXM operations a vector. The tanh form (Hendrycks and Gimpel, 2016) is within 5e-4 of
    X Phi(X); arithmetic adds at most 6e-7 max(1, \\|X\\|) before the last rounding.
    """
    g = Graph(config, "gelu")
    out = []
    for x in deal(g, "x", "int8", (rows, config.lanes), ways):
        w = g.madd(_square(g, x), GELU_CUBIC * GELU_SCALE * scale**3, GELU_SCALE * scale)
        t = g.vxm("TANH", g.mul(w, x))
        out.append(_gated(g, x, t, scale / out_scale))
    collect(g, "y", out)
    return Kernel(g, burst)


def _gated(graph: Graph, x: Node, t: Node, factor: float) -> Node:
    """x (1 + t) / 2 times `factor`, requantised: how both gates end."""
    return graph.requantise(graph.madd(t, x, x), factor / 2)


def _square(graph: Graph, x: Node) -> Node:
    """x², exact: at most 2^14."""
    return graph.mul(x, x, compute="float32")
