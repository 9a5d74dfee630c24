"""Reductions over the lanes of a row, the common part of softmax, the norms and argmax.

TRANSPOSE turns 16 rows into 16 vectors in which a row is a lane (:mod:`tspc.scheduler.lanes`). The
VXM then reduces over those 16 vectors; what remains is a vector with a partial result of each row
in every superlane, and that costs a sixteenth. Sums of superlanes are formed by the MXM, exactly,
in integers, maxima by PERMUTE and the VXM; both leave the result in all superlanes.
"""

from collections.abc import Callable, Sequence

import numpy as np

from tsp.arch.config import LANES
from tspc.scheduler import Graph, Node
from tspc.scheduler.lanes import permute

__all__ = ["chained", "largest_of_superlanes", "sum_of_superlanes"]

#: A digit of a sum on its way through the MXM: 7 bits, so that it is a positive int8.
DIGIT = 7


def chained(nodes: Sequence[Node], join: Callable[[Node, Node], Node], length: int = 4) -> Node:
    """Join nodes: groups of `length` one after the other, then what the groups gave.

    A chain passes through the VXM without touching MEM; groups may be worked on at once.
    """
    while len(nodes) > 1:
        groups = [nodes[i : i + length] for i in range(0, len(nodes), length)]
        found = []
        for group in groups:
            total = group[0]
            for node in group[1:]:
                total = join(total, node)
            found.append(total)
        nodes = found
    return nodes[0]


def largest_of_superlanes(graph: Graph, x: Node) -> Node:
    """The maximum over all superlanes, lane by lane, in every superlane; of the type of x.

    Each step looks as far as the maximum reaches already; with overlaps, which do a maximum no
    harm, ceil(log2 T) steps reach all of T superlanes.
    """
    superlanes, reach = graph.config.superlanes, 1
    while reach < superlanes:
        step = min(reach, superlanes - reach)
        lanes = (np.arange(graph.config.lanes) + LANES * step) % graph.config.lanes
        x = graph.max(x, permute(graph, x, lanes.tolist()), dtype=x.dtype)
        reach += step
    return x


def sum_of_superlanes(graph: Graph, x: Node, bits: int) -> Node:
    """The sum over all superlanes, lane by lane, in every superlane; exact, int32.

    Parameters
    ----------
    graph
        Graph.
    x
        int32, 0 .. 2^bits - 1.
    bits
        Width of x; the sum must stay below 2^31.

    Notes
    -----
    Digits of 7 bits are int8 activations of a matrix with ones where lanes agree. The products of
    the digits are put together by multiply-add.
    """
    lanes = np.arange(graph.config.lanes) % LANES
    name = "sum of superlanes"
    known = (n for n in graph.nodes if n.name == name)
    ones = next(known, None) or graph.constant(name, np.equal.outer(lanes, lanes).astype(np.int8))
    total: Node | None = None
    for low in reversed(range(0, bits, DIGIT)):
        digit = x
        if low:
            digit = graph.vxm("SRL", x, low, dtype="int8" if low + DIGIT >= bits else "int32")
        if low + DIGIT < bits:
            digit = graph.vxm("AND", digit, (1 << DIGIT) - 1, dtype="int8")
        elif not low:
            digit = graph.convert(x, "int8")
        part = graph.matmul(digit, ones)
        total = part if total is None else graph.madd(total, 1 << DIGIT, part)
    assert total is not None
    return total
