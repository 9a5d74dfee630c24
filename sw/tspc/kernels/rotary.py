"""Rotary position embedding."""

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import LANES, Config
from tspc.kernels.kernel import Kernel
from tspc.scheduler import Graph
from tspc.scheduler.lanes import collect, deal, distribute

__all__ = ["rotary", "rotary_tables"]


def rotary_tables(
    rows: int, columns: int, base: float = 10000.0
) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    """Cosine and signed sine of each position and column, rounded to float16.

    Columns 2i and 2i + 1 turn by ``position * base ** (-2i / columns)``; the sine is negative in
    column 2i.
    """
    pair = np.arange(columns) // 2
    angle = np.outer(np.arange(rows), base ** (-2 * pair / columns))
    sign = np.where(np.arange(columns) % 2, 1, -1)
    return np.cos(angle).astype(np.float16), (sign * np.sin(angle)).astype(np.float16)


def rotary(config: Config, rows: int, *, ways: int = 8, burst: int = 256) -> Kernel:
    """Rotary embedding of positions 0 .. rows - 1, in pairs of neighbouring columns.

    In float32, with cosine c and signed sine s of :func:`rotary_tables`::

        y = int8(x c + fl(x' s)),  x' being x with the columns of each pair exchanged

    the sum rounded once, then half to even, saturated.

    Parameters
    ----------
    config
        Chip.
    rows
        Positions, rows of V elements, a multiple of `ways`.
    ways, burst
        As in :func:`tspc.kernels.residual_add`.

    Returns
    -------
    Kernel
        Input ``x`` and output ``y``: int8, (rows, V).

    Notes
    -----
    Su et al., *RoFormer* (2021). DISTRIBUTE exchanges, two VXM operations turn. The rounding of the
    tables to float16 adds at most 128 * 2^-10 of a step of y.
    """
    g = Graph(config, "rotary")
    cosine, sine = rotary_tables(rows, config.lanes)
    out = []
    for n, x in enumerate(deal(g, "x", "int8", (rows, config.lanes), ways)):
        swapped = distribute(g, x, (np.arange(LANES) ^ 1).tolist())
        turned = g.mul(swapped, g.constant(f"sine {n}", sine[n::ways]))
        out.append(g.madd(x, g.constant(f"cosine {n}", cosine[n::ways]), turned, dtype="int8"))
    collect(g, "y", out)
    return Kernel(g, burst)
