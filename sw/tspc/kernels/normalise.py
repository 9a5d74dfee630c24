"""Kernels that normalise rows: softmax, RMSNorm, LayerNorm; and argmax."""

import math

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import LANES, Config
from tspc.kernels.kernel import Kernel
from tspc.kernels.reduce import chained, largest_of_superlanes, sum_of_superlanes
from tspc.scheduler import Graph, Node
from tspc.scheduler.lanes import collect, deal, transpose

__all__ = ["argmax", "layer_norm", "rms_norm", "softmax", "SUM_BITS"]

#: Bits after the binary point of a sum of exponentials.
SUM_BITS = 16


def softmax(config: Config, rows: int, scale: float, *, burst: int = 512) -> Kernel:
    """Softmax of the rows of a quantised tensor.

    With c = fl(scale log2 e), m the row's maximum, in float32, rounded after each operation::

        e = exp2(x c + (m (-c)))                      one rounding of the sum
        q = int32(2^16 * (sum of e over 16 columns))  half to even; chains of four, then those
        s = sum of q over superlanes                  exact
        y = float16(e * (recip(s) * 2^16))

    Parameters
    ----------
    config
        Chip.
    rows
        Rows of V elements, a multiple of 16.
    scale
        A step of x.
    burst
        As in :class:`Kernel`.

    Returns
    -------
    Kernel
        Input ``x`` int8, output ``y`` float16, both (rows, V).

    Notes
    -----
    EXP2 and RECIP are the special functions of docs/specials.md. The subtraction of the maximum is
    usual (Goodfellow et al., *Deep Learning*, 4.1). Before the rounding to float16 the relative
    error is below 2e-6 + T 2^-17: each superlane's sum is rounded to 2^-16, and their sum is at
    least 1.
    """
    g = Graph(config, "softmax")
    c = float(np.float32(scale * math.log2(math.e)))
    x = _columns(g, rows)
    largest = largest_of_superlanes(g, chained(x, lambda a, b: g.max(a, b, dtype="int8")))
    offset = g.mul(largest, -c, compute="float32")
    powers = [g.vxm("EXP2", g.madd(column, c, offset)) for column in x]
    part = g.mul(chained(powers, g.add, 3), float(1 << SUM_BITS), dtype="int32")
    total = sum_of_superlanes(g, part, SUM_BITS + 5)
    inverse = g.mul(g.vxm("RECIP", total, compute="float32"), float(1 << SUM_BITS))
    y = [g.mul(power, inverse, dtype="float16") for power in powers]
    collect(g, "y", transpose(g, y))
    return Kernel(g, burst)


def rms_norm(
    config: Config,
    rows: int,
    gain: NDArray[np.float32],
    scale: float,
    out_scale: float,
    *,
    epsilon: float = 1e-5,
    burst: int = 512,
) -> Kernel:
    """RMSNorm of the rows of a quantised tensor.

    In float32, rounded after each operation::

        s = sum of x² over the row                exact
        r = rsqrt(fl(1/V) s + fl(epsilon / scale²))   one rounding of the sum
        y = int8((x r) g),  g = fl(gain / out_scale)

    Parameters
    ----------
    config
        Chip.
    rows
        Rows of V elements, a multiple of 16.
    gain
        A factor for each column: (V,).
    scale, out_scale
        A step of x and of y.
    epsilon
        Added to the mean square.
    burst
        As in :class:`Kernel`.

    Returns
    -------
    Kernel
        Input ``x`` and output ``y``: int8, (rows, V).

    Notes
    -----
    Zhang and Sennrich, *Root Mean Square Layer Normalization* (2019). The sum is exact; before the
    last rounding the relative error is below 4e-7.
    """
    g = Graph(config, "rms_norm")
    x = _columns(g, rows)
    mean = g.madd(_squares(g, x), 1 / config.lanes, epsilon / scale**2, compute="float32")
    inverse = g.vxm("RSQRT", mean)
    gains = _by_column(g, "gain", gain / out_scale)
    y = [
        g.mul(g.mul(column, inverse), factor, dtype="int8")
        for column, factor in zip(x, gains, strict=True)
    ]
    collect(g, "y", transpose(g, y))
    return Kernel(g, burst)


def layer_norm(
    config: Config,
    rows: int,
    gain: NDArray[np.float32],
    bias: NDArray[np.float32],
    scale: float,
    out_scale: float,
    *,
    epsilon: float = 1e-5,
    burst: int = 512,
) -> Kernel:
    """LayerNorm of the rows of a quantised tensor.

    In float32, rounded after each operation, with n = V::

        a = sum of x, b = sum of x² over the row          exact
        m = fl(1/n) a
        v = fl(1/n) b + fl(epsilon / scale²) - m m        each operation rounded once
        r = rsqrt(v)
        y = int8((x r - m r) g + h),  g = fl(gain / out_scale), h = fl(bias / out_scale)

    where x r - (m r) and the product with g, plus h, are multiply-adds of one rounding.

    Parameters
    ----------
    config
        Chip.
    rows
        Rows of V elements, a multiple of 16.
    gain, bias
        For each column: (V,).
    scale, out_scale
        A step of x and of y.
    epsilon
        Added to the variance.
    burst
        As in :class:`Kernel`.

    Returns
    -------
    Kernel
        Input ``x`` and output ``y``: int8, (rows, V).

    Notes
    -----
    Ba et al., *Layer Normalization* (2016). Both sums are exact; the variance as a difference loses
    digits if the mean is large against the deviation: its relative error is below
    2e-7 (1 + m²/v).
    """
    g = Graph(config, "layer_norm")
    x = _columns(g, rows)
    low = _sums(g, x)
    mean = g.mul(low, 1 / config.lanes, compute="float32")
    square = g.madd(_squares(g, x), 1 / config.lanes, epsilon / scale**2, compute="float32")
    inverse = g.vxm("RSQRT", g.sub(square, g.mul(mean, mean)))
    offset = g.vxm("NEG", g.mul(mean, inverse))
    gains, biases = _by_column(g, "gain", gain / out_scale), _by_column(g, "bias", bias / out_scale)
    y = [
        g.madd(g.madd(column, inverse, offset), a, b, dtype="int8")
        for column, a, b in zip(x, gains, biases, strict=True)
    ]
    collect(g, "y", transpose(g, y))
    return Kernel(g, burst)


def argmax(config: Config, rows: int, *, burst: int = 512) -> Kernel:
    """Column of the largest element of each row; of equal ones the first.

    Parameters
    ----------
    config
        Chip.
    rows
        Rows of V elements, a multiple of 16.
    burst
        As in :class:`Kernel`.

    Returns
    -------
    Kernel
        Input ``x`` int8 (rows, V), output ``y`` int32 (rows / 16, 16), row by row.

    Notes
    -----
    Exact. Two VXM operations a vector find for each superlane y the largest 16 x + 15 - n, n being
    the column within it; the largest (x, 31 - y, 15 - n) of all superlanes tells the column.
    """
    g = Graph(config, "argmax")
    x = _columns(g, rows)
    keys = [g.madd(column, 16, 15 - n, dtype="int16") for n, column in enumerate(x)]
    best = chained(keys, lambda a, b: g.max(a, b, dtype="int16"))
    places = np.repeat(16 * (31 - np.arange(config.superlanes)), LANES).astype(np.int32)
    value = g.madd(g.vxm("AND", best, -16), 32, g.constant("superlane", places))
    largest = largest_of_superlanes(g, g.add(value, g.vxm("AND", best, 15)))
    column = g.sub(511, g.vxm("AND", largest, 511))
    first = np.stack([np.zeros(rows // LANES, int), np.arange(rows // LANES)], axis=1)
    collect(g, "y", [column], (rows // LANES, LANES), first)
    return Kernel(g, burst)


def _columns(graph: Graph, rows: int) -> list[Node]:
    """The input ``x`` by columns: vector n has column n of each superlane, a row to a lane."""
    shape = (rows, graph.config.lanes)
    return transpose(graph, deal(graph, "x", "int8", shape, LANES))


def _squares(graph: Graph, x: list[Node]) -> Node:
    """The sum of the squares of a row, in every superlane."""
    parts = []
    for group in (x[i : i + 4] for i in range(0, LANES, 4)):
        total = graph.mul(group[0], group[0], dtype="int32")
        for column in group[1:]:
            total = graph.madd(column, column, total)
        parts.append(total)
    return sum_of_superlanes(graph, chained(parts, graph.add, 2), 19)


def _sums(graph: Graph, x: list[Node]) -> Node:
    """The sum of a row, in every superlane: of x + 128, which is positive, less 128 V."""
    part = graph.add(chained(x, lambda a, b: graph.add(a, b, dtype="int16")), 128 * LANES)
    total = sum_of_superlanes(graph, part, 12)
    return graph.sub(total, 128 * graph.config.lanes)


def _by_column(graph: Graph, name: str, values: NDArray[np.floating]) -> list[Node]:
    """A value for each column as transposed columns need it: 16 vectors."""
    table = np.asarray(values, np.float32).reshape(-1, LANES)
    return [graph.constant(f"{name} {n}", np.repeat(table[:, n], LANES)) for n in range(LANES)]
