"""Graphs that move lanes: operations of the SXM, rows of other tensors, tensors that are dealt out.

The SXM turns a reduction over lanes into one over vectors: TRANSPOSE takes rows 16 i .. 16 i + 15
and gives 16 vectors, of which vector n holds, in lane j of superlane y, column 16 y + n of row j.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import LANES
from tspc.permute import permute_maps
from tspc.scheduler.graph import Graph, GraphError, Kind, Node, Spread

__all__ = ["collect", "deal", "distribute", "permute", "place", "shift", "transpose", "window"]


def place(
    graph: Graph,
    name: str,
    dtype: str,
    shape: tuple[int, ...],
    rows: NDArray[np.int64],
    *,
    sizes: Sequence[int] | None = None,
    fill: int = 0,
) -> list[Node]:
    """A named input whose rows stand where the caller says.

    Parameters
    ----------
    graph
        Graph that it belongs to.
    name, dtype, shape
        Of the tensor; the last axis is that of columns.
    rows
        For each row the number of its node and the row there: (rows, 2).
    sizes
        Rows of each node; as many as `rows` needs, if not given.
    fill
        Value of what is no row of the tensor; it is part of the program.

    Returns
    -------
    list of Node
        Nodes 0 .. the highest number.
    """
    needed = [int(rows[rows[:, 0] == n, 1].max()) + 1 for n in range(int(rows[:, 0].max()) + 1)]
    nodes = tuple(
        graph.input(f"{name}[{n}]", dtype, (size, shape[-1]))
        for n, size in enumerate(sizes or needed)
    )
    graph.spreads.append(Spread(name, dtype, shape, "input", nodes, rows, fill))
    return list(nodes)


def deal(graph: Graph, name: str, dtype: str, shape: tuple[int, int], ways: int) -> list[Node]:
    """A named input (rows, columns) in `ways` nodes: row r is row r // ways of node r % ways."""
    if shape[0] % ways:
        raise GraphError(f"{name}: {shape[0]} rows are no multiple of {ways}")
    return place(graph, name, dtype, shape, _dealt(shape[0], ways))


def collect(
    graph: Graph,
    name: str,
    nodes: Sequence[Node],
    shape: tuple[int, ...] | None = None,
    rows: NDArray[np.int64] | None = None,
) -> None:
    """A named output from several nodes; the inverse of :func:`deal`, or with `rows` of `place`."""
    if rows is None:
        rows = _dealt(len(nodes) * nodes[0].rows, len(nodes))
    full = shape or (len(rows), nodes[0].shape[1])
    graph.spreads.append(Spread(name, nodes[0].dtype, full, "output", tuple(nodes), rows))


def window(graph: Graph, node: Node, offset: int, rows: int) -> Node:
    """Rows `offset` .. `offset + rows - 1` of a node, read where they stand."""
    if not 0 <= offset <= node.rows - rows:
        raise GraphError(f"rows {offset} .. {offset + rows - 1} of {node.name!r}: {node.rows}")
    shape = (rows, node.shape[1])
    return graph.new(Kind.WINDOW, "window", node.dtype, shape, operands=(node,), offset=offset)


def transpose(graph: Graph, rows: Sequence[Node]) -> list[Node]:
    """TRANSPOSE of 16 nodes: superlane by superlane, streams become lanes.

    Lane j of superlane y of result n is lane n of superlane y of node j; of elements of several
    bytes each byte plane is a transpose of its own.
    """
    if len(rows) != LANES or len({(r.shape, r.dtype) for r in rows}) != 1:
        raise GraphError(f"TRANSPOSE takes {LANES} nodes of one shape and type")
    return [
        graph.new(
            Kind.SXM, "transpose", rows[0].dtype, rows[0].given_shape,
            operands=tuple(rows), op="TRANSPOSE", part=n,
        )
        for n in range(LANES)
    ]  # fmt: skip


def permute(graph: Graph, node: Node, sources: Sequence[int]) -> Node:
    """PERMUTE: lane l of each vector becomes lane ``sources[l]`` of it, 0 .. V - 1."""
    low, high = permute_maps(sources)
    return _mapped(graph, node, "PERMUTE", (low | high.astype(np.uint16) << 8).view(np.int16))


def distribute(graph: Graph, node: Node, sources: Sequence[int]) -> Node:
    """DISTRIBUTE: lane l of each superlane becomes lane ``sources[l]`` of it, -1: zero."""
    chosen = np.resize(np.asarray(sources), graph.config.lanes)
    lanes = np.where(chosen < 0, 0x80, chosen).astype(np.uint8)
    return _mapped(graph, node, "DISTRIBUTE", lanes.view(np.int8))


def shift(graph: Graph, node: Node, n: int) -> Node:
    """SHIFT: lane l becomes lane l - n, zero where there is none; 1 <= |n| <= 16."""
    if not 1 <= abs(n) <= LANES:
        raise GraphError(f"SHIFT by {n} is not by 1 .. {LANES} either way")
    return graph.new(
        Kind.SXM, "shift", node.dtype, node.given_shape, operands=(node,), op="SHIFT", offset=n
    )


def _mapped(graph: Graph, node: Node, op: str, lanes: NDArray[np.generic]) -> Node:
    """An operation with a map; equal maps are one constant, so that they are read once."""
    if node.shape[1] > graph.config.lanes:
        raise GraphError(f"{op} of {node.name!r}: {node.shape[1]} columns are more than a vector")
    name = f"{op.lower()} map {lanes.tobytes().hex()}"
    known = (n for n in graph.nodes if n.kind is Kind.CONSTANT and n.name == name)
    table = next(known, None) or graph.constant(name, lanes.reshape(1, -1))
    shape = (*node.given_shape[:-1], graph.config.lanes)
    return graph.new(Kind.SXM, op.lower(), node.dtype, shape, operands=(node, table), op=op)


def _dealt(rows: int, ways: int) -> NDArray[np.int64]:
    numbers = np.arange(rows)
    return np.stack([numbers % ways, numbers // ways], axis=1)
