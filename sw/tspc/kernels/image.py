"""Kernels on images: 3 x 3 max-pool and convolution, with stride and padding.

A pixel is a vector, its channels are lanes. The padded image stands in MEM row by row, so a
neighbour is so and so many elements away, and a burst runs over many pixels: also over the few at
the end of a row that are no result. With stride s the image is dealt out by row and column modulo
s, so that every window of a part steps by one.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import Config
from tspc.kernels.kernel import Kernel
from tspc.scheduler import Graph, Node
from tspc.scheduler.lanes import collect, place, window

__all__ = ["conv3x3", "max_pool3x3"]

_TAPS = range(3)


@dataclass(frozen=True)
class _Image:
    """A padded image in MEM: `parts` by row and column modulo stride, `width` pixels in a row."""

    parts: dict[tuple[int, int], Node]
    stride: int
    width: int
    out_rows: int
    out_columns: int

    @property
    def pixels(self) -> int:
        """Elements of a burst over all results, those in between included."""
        return (self.out_rows - 1) * self.width + self.out_columns

    def offset(self, row: int, column: int) -> int:
        """Of a tap in its part."""
        return row // self.stride * self.width + column // self.stride


def _images(
    graph: Graph, shape: tuple[int, int, int], stride: int, fill: int, copies: int
) -> list[_Image]:
    """The input ``x`` with a border of one pixel; each part in as many places as wanted."""
    number, row, column = (a.ravel() for a in np.mgrid[tuple(slice(n) for n in shape)])
    _, height, width = shape
    across, down = -(-(width + 2) // stride), -(-(height + 2) // stride)
    row, column = row + 1, column + 1
    part = (number * stride + row % stride) * stride + column % stride
    rows = np.stack([part, row // stride * across + column // stride], axis=1)
    sizes = [across * down] * stride**2 * shape[0]
    full = (*shape, graph.config.lanes)
    nodes = place(graph, "x", "int8", full, rows, sizes=sizes, fill=fill)
    spread = [graph.copy(graph.convert(node, "int8"), copies) for node in nodes]
    found = []
    for first in range(0, len(spread), stride**2):
        parts = dict(zip(product(range(stride), range(stride)), spread[first:], strict=False))
        found.append(
            _Image(parts, stride, across, (height - 1) // stride + 1, (width - 1) // stride + 1)
        )
    return found


def _result(graph: Graph, image: _Image, nodes: list[Node]) -> None:
    shape = (len(nodes), image.out_rows, image.out_columns)
    number, row, column = (a.ravel() for a in np.mgrid[tuple(slice(n) for n in shape)])
    rows = np.stack([number, row * image.width + column], axis=1)
    collect(graph, "y", nodes, (*shape, nodes[0].shape[1]), rows)


def max_pool3x3(
    config: Config, images: int, height: int, width: int, *, stride: int = 1, burst: int = 512
) -> Kernel:
    """Largest of 3 x 3 pixels, channel by channel; padding 1 with -128.

    Parameters
    ----------
    config
        Chip.
    images, height, width
        How many images, and their size; channels are V.
    stride
        1 or 2.
    burst
        As in :class:`Kernel`.

    Returns
    -------
    Kernel
        Input ``x`` int8 (images, height, width, V), output ``y`` int8 (images,
        ceil(height / stride), ceil(width / stride), V).

    Notes
    -----
    Exact. Rows first, then columns: four VXM operations a pixel, and one that lays the image out
    three times, since a slice of MEM reads one element a cycle.
    """
    g = Graph(config, "max_pool3x3")
    found = _images(g, (images, height, width), stride, -128, copies=3)
    _result(g, found[0], [_pooled(g, image) for image in found])
    return Kernel(g, burst)


def conv3x3(
    config: Config,
    images: int,
    height: int,
    width: int,
    weights: NDArray[np.int8],
    scale: float,
    *,
    stride: int = 1,
    burst: int = 512,
) -> Kernel:
    """3 x 3 convolution (cross-correlation), zero padding 1, requantised.

    ``y[r, c, n] = int8(fl(scale) sum x[s r + i - 1, s c + j - 1, k] weights[i, j, k, n])``, the sum
    exact in int32, rounded to float32, then half to even to int8 and saturated.

    Parameters
    ----------
    config
        Chip.
    images, height, width
        How many images, and their size; they have V channels.
    weights
        int8 of shape (3, 3, V, N).
    scale
        Step of x times step of the weights over step of y.
    stride
        s, 1 or 2.
    burst
        As in :class:`Kernel`.

    Returns
    -------
    Kernel
        Input ``x`` int8 (images, height, width, V), output ``y`` int8 (images,
        ceil(height / stride), ceil(width / stride), N).

    Notes
    -----
    Nine tiles of K, one for each tap, read where the image stands; no im2col.
    """
    g = Graph(config, "conv3x3")
    w = g.constant("weights", weights.reshape(-1, weights.shape[-1]))
    found, out = _images(g, (images, height, width), stride, 0, copies=2), []
    for image in found:
        taps = [
            window(g, image.parts[i % stride, j % stride], image.offset(i, j), image.pixels)
            for i, j in product(_TAPS, _TAPS)
        ]
        out.append(g.requantise(g.matmul(taps, w), scale))
    _result(g, found[0], out)
    return Kernel(g, burst)


def _pooled(graph: Graph, image: _Image) -> Node:
    """Columns of three pixels first, then rows of three columns."""
    size = next(iter(image.parts.values())).rows - image.offset(2, 0)
    columns = []
    for phase in range(image.stride):
        taps = [
            window(graph, image.parts[r % image.stride, phase], image.offset(r, 0), size)
            for r in _TAPS
        ]
        columns.append(graph.copy(_largest(graph, taps), 3))
    stride = image.stride
    taps = [window(graph, columns[c % stride], c // stride, image.pixels) for c in _TAPS]
    return _largest(graph, taps)


def _largest(graph: Graph, nodes: list[Node]) -> Node:
    a, b, c = nodes
    return graph.max(graph.max(a, b, dtype="int8"), c, dtype="int8")
