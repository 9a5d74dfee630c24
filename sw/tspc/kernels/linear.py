"""Kernels on the MXM: matrix products."""

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import Config
from tspc.kernels.kernel import Kernel
from tspc.scheduler import Graph
from tspc.scheduler.lanes import collect

__all__ = ["matmul", "transpose"]


def matmul(
    config: Config, rows: int, weights: NDArray[np.int8], scale: float, *, burst: int = 256
) -> Kernel:
    """Product with constant weights, K beyond V, requantised.

    ``y = int8(fl(scale) (x @ weights))``, the sum exact in int32, rounded to float32, then half to
    even to int8 and saturated.

    Parameters
    ----------
    config
        Chip.
    rows
        Rows of x.
    weights
        int8 of shape (K, N).
    scale
        Step of x times step of the weights over step of y.
    burst
        As in :class:`Kernel`.

    Returns
    -------
    Kernel
        Input ``x`` int8 (rows, K), output ``y`` int8 (rows, N).

    Notes
    -----
    Tiles of V x V; the sums over K tiles are formed in the accumulators, those of both hemispheres
    meet in the VXM. Exact up to the two roundings.
    """
    g = Graph(config, "matmul")
    x = g.input("x", "int8", (rows, weights.shape[0]))
    g.output("y", g.requantise(g.matmul(x, g.constant("weights", weights)), scale))
    return Kernel(g, burst)


def transpose(config: Config, matrices: int) -> Kernel:
    """Transposes matrices of V x V.

    ``y[m V + i, j] = x<m>[j, i]``

    Parameters
    ----------
    config
        Chip.
    matrices
        How many.

    Returns
    -------
    Kernel
        Inputs ``x0``, ``x1``, ...: int8 (V, V); output ``y`` int8 (matrices V, V).

    Notes
    -----
    Exact. LW takes the weights of an output as a vector over all inputs, so rows of a matrix become
    columns of weights, and rows of the identity bring them out: a row a cycle and plane. TRANSPOSE
    alone stays within superlanes (:mod:`tspc.scheduler.lanes`).
    """
    g = Graph(config, "transpose")
    unit = g.constant("identity", np.eye(config.lanes, dtype=np.int8))
    out = []
    for number in range(matrices):
        x = g.input(f"x{number}", "int8", (config.lanes, config.lanes))
        out.append(g.convert(g.matmul(unit, x), "int8"))
    rows = np.array([[m, i] for m in range(matrices) for i in range(config.lanes)])
    collect(g, "y", out, rows=rows)
    return Kernel(g, config.lanes)
