"""Dataflow in, the scheduler's nodes out: what a program computes, without any time or place.

A graph is built call by call; every call checks shapes and types and returns a :class:`Node`::

    g = Graph(NANO, "layer")
    x = g.input("x", "int8", (8, 64))
    y = g.matmul(x, g.constant("w", weights))
    y = g.relu(g.add(y, g.constant("bias", bias)))
    g.output("y", g.requantise(y, 0.013))
    program = schedule(g)

Tensors have at most two axes here: rows and columns. A tensor of one row (a vector) meets one of
many rows by being used for each of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tsp.arch.config import Config
from tsp.arch.isa import VXM_OPS, Compute, Type

__all__ = ["DTYPES", "Graph", "GraphError", "Immediate", "Kind", "Node", "Spread"]

#: Element types of the chip by NumPy name.
DTYPES = {
    "int8": Type.INT8,
    "int16": Type.INT16,
    "int32": Type.INT32,
    "float16": Type.FP16,
    "float32": Type.FP32,
}

#: Products of int8 x int8 that may be added without leaving int32.
_LONGEST_SUM = ((1 << 31) - 1) >> 14


class GraphError(ValueError):
    """A graph that means nothing, or nothing that this chip can compute."""


class Kind(Enum):
    """Where a node's value comes from."""

    INPUT = "input"
    CONSTANT = "constant"
    MATMUL = "matmul"
    VXM = "vxm"
    SXM = "sxm"  #: an operation that moves lanes
    WINDOW = "window"  #: some rows of another node, where that stands


@dataclass(frozen=True)
class Immediate:
    """A scalar operand: its type and the bits of its value."""

    dtype: str
    pattern: int


@dataclass(frozen=True, eq=False)
class Node:
    """One tensor of a graph.

    Attributes
    ----------
    index
        Number in the graph, operands before results.
    kind, name, dtype
        What it is, its name for reports, its element type.
    shape
        (rows, columns); a vector has one row.
    given_shape
        Shape as the caller gave or expects it.
    operands
        Nodes and scalars that it is computed from.
    op, compute, saturate
        Operation of VXM or SXM, the type it computes in, and whether integers saturate.
    value
        Of a constant.
    part
        Of an operation with several results: which one this is.
    offset
        Of a window: its first row in the node that it looks at.
    """

    index: int
    kind: Kind
    name: str
    dtype: str
    shape: tuple[int, int]
    given_shape: tuple[int, ...]
    operands: tuple["Node | Immediate", ...] = ()
    op: str = ""
    compute: Compute = Compute.INT32
    saturate: bool = True
    value: NDArray[np.generic] | None = None
    part: int = 0
    offset: int = 0

    @property
    def stored(self) -> "Node":
        """The node that stands in MEM: of a window the one that it looks at."""
        if self.kind is not Kind.WINDOW:
            return self
        assert isinstance(self.operands[0], Node)
        return self.operands[0]

    def tile(self, k: int) -> tuple["Node", int]:
        """Of a matmul the activations of K tile k: the node, and the chunk of its rows."""
        *parts, _ = self.operands
        node, chunk = (parts[0], k) if len(parts) == 1 else (parts[k], 0)
        assert isinstance(node, Node)
        return node, chunk

    @property
    def type(self) -> Type:
        """Element type of the chip."""
        return DTYPES[self.dtype]

    @property
    def rows(self) -> int:
        """Rows; 1 for a vector."""
        return self.shape[0]

    def chunks(self, config: Config) -> int:
        """Vectors of V elements that a row takes."""
        return -(-self.shape[1] // config.lanes)


@dataclass(frozen=True, eq=False)
class Spread:
    """A named tensor whose rows stand in several nodes.

    Attributes
    ----------
    name, dtype, shape, role
        As in :class:`tspc.program.Tensor`.
    nodes
        The nodes, each of as many columns as the tensor.
    place
        For each row of the tensor the number of its node and the row there: (rows, 2).
    fill
        What rows of an input hold that are no row of the tensor.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    role: str
    nodes: tuple[Node, ...]
    place: NDArray[np.int64]
    fill: int = 0


Operand = Node | int | float


def _rows_and_columns(shape: tuple[int, ...]) -> tuple[int, int]:
    if not shape:
        return 1, 1
    return int(np.prod(shape[:-1], dtype=np.int64)), shape[-1]


def _immediate(value: float, compute: Compute) -> Immediate:
    if compute is Compute.FP32:
        return Immediate("float32", int(np.float32(value).view(np.uint32)))
    if int(value) != value:
        raise GraphError(f"{value} is no integer; give compute='float32'")
    if not -(1 << 31) <= value < 1 << 31:
        raise GraphError(f"{value} does not fit int32")
    return Immediate("int32", int(value) & 0xFFFF_FFFF)


@dataclass(eq=False)
class Graph:
    """A dataflow description.

    Parameters
    ----------
    config
        Chip that it is for.
    name
        Name of the program.
    """

    config: Config
    name: str
    nodes: list[Node] = field(default_factory=list)
    outputs: dict[str, Node] = field(default_factory=dict)
    spreads: list[Spread] = field(default_factory=list)
    copies: dict[Node, int] = field(default_factory=dict)

    # ---- tensors -------------------------------------------------------------------------

    def input(self, name: str, dtype: str, shape: tuple[int, ...]) -> Node:
        """A tensor that is given for each run."""
        self._check_name(name)
        return self.new(Kind.INPUT, name, self._dtype(dtype), tuple(shape))

    def constant(self, name: str, value: ArrayLike) -> Node:
        """A tensor that is part of the program: weights (K, N), or a vector such as a bias."""
        self._check_name(name)
        array = np.array(value)
        return self.new(Kind.CONSTANT, name, self._dtype(array.dtype.name), array.shape, array)

    def copy(self, node: Node, copies: int) -> Node:
        """Let a computed node stand in MEM several times, for readers that do not meet.

        Slices take what passes, so copies cost neither an operation nor a stream.
        """
        self.copies[node] = copies
        return node

    def output(self, name: str, node: Node) -> None:
        """Name a result; it is in MEM after the run."""
        self._check_name(name)
        if node.kind in (Kind.INPUT, Kind.CONSTANT) or node in self.output_nodes:
            node = self.convert(node, node.dtype)
        self.outputs[name] = node

    @property
    def output_nodes(self) -> tuple[Node, ...]:
        """Nodes that are outputs."""
        spread = (n for s in self.spreads if s.role == "output" for n in s.nodes)
        return (*self.outputs.values(), *spread)

    # ---- operations ----------------------------------------------------------------------

    def matmul(self, x: Node | Sequence[Node], w: Node) -> Node:
        """x (rows, K) int8 times the constant w (K, N) int8, exact in int32.

        x may be given as nodes of V columns each, which stand side by side. w may be an input of
        V x V, too: row n holds the weights of output n, so the product is x times w transposed.
        """
        parts = (x,) if isinstance(x, Node) else tuple(x)
        square = w.kind is Kind.INPUT and w.given_shape == (self.config.lanes,) * 2
        if not square and (w.kind is not Kind.CONSTANT or len(w.given_shape) != 2):
            raise GraphError(f"weights {w.name!r} are not a constant of shape (K, N)")
        for node in (*parts, w):
            if node.dtype != "int8":
                raise GraphError(f"matmul takes int8; {node.name!r} is {node.dtype}")
        first, columns = parts[0], sum(n.shape[1] for n in parts)
        if len(parts) > 1 and any(n.shape != (first.rows, self.config.lanes) for n in parts):
            raise GraphError("matmul of several nodes: each has as many rows, and V columns")
        if columns != w.shape[0]:
            raise GraphError(
                f"matmul of {first.name!r} {first.given_shape} and {w.name!r} {w.given_shape}: "
                f"{columns} columns meet {w.shape[0]} rows"
            )
        if -(-columns // self.config.lanes) * self.config.lanes > _LONGEST_SUM:
            raise GraphError(f"K = {columns} products may overflow int32")
        shape = (*first.given_shape[:-1], w.shape[1])
        return self.new(Kind.MATMUL, "matmul", "int32", shape, operands=(*parts, w))

    def vxm(
        self,
        op: str,
        *operands: Operand,
        dtype: str | None = None,
        compute: str | None = None,
        saturate: bool = True,
    ) -> Node:
        """One operation of the vector unit, element by element.

        Parameters
        ----------
        op
            Name in ``tsp.arch.isa.VXM_OPS``.
        operands
            Nodes, and at most two numbers.
        dtype
            Type of the result; that of the computation if not given.
        compute
            ``int32`` or ``float32``; float32 if any operand is floating.
        saturate
            Integers saturate; otherwise they wrap.
        """
        nodes = [o for o in operands if isinstance(o, Node)]
        floating = any(o.type in (Type.FP16, Type.FP32) for o in nodes)
        floating |= any(isinstance(o, float) for o in operands)
        kind = self._compute(op, len(operands), compute or ("float32" if floating else "int32"))
        if not nodes:
            raise GraphError(f"{op} of numbers only: compute it beforehand")
        if len(operands) - len(nodes) > 2:
            raise GraphError(f"{op}: at most two operands are numbers")
        widest = max(nodes, key=lambda n: (n.shape[0], len(n.given_shape)))
        for n in nodes:
            if n.shape[1] != widest.shape[1] or n.rows not in (1, widest.rows):
                raise GraphError(f"{op}: shapes {n.given_shape} and {widest.given_shape} differ")
        plain = tuple(o if isinstance(o, Node) else _immediate(o, kind) for o in operands)
        result = self._dtype(dtype or ("float32" if kind is Compute.FP32 else "int32"))
        return self.new(
            Kind.VXM, op.lower(), result, widest.given_shape,
            operands=plain, op=op, compute=kind, saturate=saturate,
        )  # fmt: skip

    def add(self, a: Operand, b: Operand, **options: str | bool) -> Node:
        """a + b; options as in :meth:`vxm`."""
        return self.vxm("ADD", a, b, **options)  # type: ignore[arg-type]

    def sub(self, a: Operand, b: Operand, **options: str | bool) -> Node:
        """a - b."""
        return self.vxm("SUB", a, b, **options)  # type: ignore[arg-type]

    def mul(self, a: Operand, b: Operand, **options: str | bool) -> Node:
        """a * b."""
        return self.vxm("MUL", a, b, **options)  # type: ignore[arg-type]

    def madd(self, a: Operand, b: Operand, c: Operand, **options: str | bool) -> Node:
        """a * b + c, in float32 with one rounding."""
        return self.vxm("MADD", a, b, c, **options)  # type: ignore[arg-type]

    def max(self, a: Operand, b: Operand, **options: str | bool) -> Node:
        """The larger."""
        return self.vxm("MAX", a, b, **options)  # type: ignore[arg-type]

    def min(self, a: Operand, b: Operand, **options: str | bool) -> Node:
        """The smaller."""
        return self.vxm("MIN", a, b, **options)  # type: ignore[arg-type]

    def select(self, a: Operand, b: Operand, c: Operand, **options: str | bool) -> Node:
        """a where c is not 0, else b."""
        return self.vxm("SELECT", a, b, c, **options)  # type: ignore[arg-type]

    def relu(self, a: Operand, **options: str | bool) -> Node:
        """The larger of a and 0."""
        return self.vxm("RELU", a, **options)  # type: ignore[arg-type]

    def convert(self, a: Node, dtype: str) -> Node:
        """The same values in another type: rounded half to even, saturated."""
        if DTYPES[self._dtype(a.dtype)] in (Type.FP16, Type.FP32):
            return self.vxm("MUL", a, 1.0, dtype=dtype)
        return self.vxm("ADD", a, 0, dtype=dtype)

    def requantise(self, a: Operand, scale: float | Node, dtype: str = "int8") -> Node:
        """a * scale in float32, rounded half to even and saturated: one instruction."""
        return self.vxm("MUL", a, scale, dtype=dtype, compute="float32")

    # ---- inside --------------------------------------------------------------------------

    def _check_name(self, name: str) -> None:
        named = [n.name for n in self.nodes if n.kind in (Kind.INPUT, Kind.CONSTANT)]
        named += [s.name for s in self.spreads]
        if not name or name in self.outputs or name in named:
            raise GraphError(f"a tensor needs a name of its own; {name!r} is empty or taken")

    @staticmethod
    def _dtype(name: str) -> str:
        if name not in DTYPES:
            raise GraphError(f"{name!r} is no type of the chip ({', '.join(DTYPES)})")
        return name

    @staticmethod
    def _compute(op: str, operands: int, compute: str) -> Compute:
        if op not in VXM_OPS:
            raise GraphError(f"{op!r} is no operation of the vector unit")
        kinds = {"int32": Compute.INT32, "float32": Compute.FP32}
        if compute not in kinds:
            raise GraphError(f"compute = {compute!r} is neither int32 nor float32")
        if kinds[compute] not in VXM_OPS[op].built:
            raise GraphError(f"{op} is not built in {compute} in this version of the chip")
        if operands != VXM_OPS[op].operands:
            raise GraphError(f"{op} has {VXM_OPS[op].operands} operands, not {operands}")
        return kinds[compute]

    def new(
        self,
        kind: Kind,
        name: str,
        dtype: str,
        shape: tuple[int, ...],
        value: NDArray[np.generic] | None = None,
        *,
        operands: tuple[Node | Immediate, ...] = (),
        op: str = "",
        compute: Compute = Compute.INT32,
        saturate: bool = True,
        part: int = 0,
        offset: int = 0,
    ) -> Node:
        """A node of any kind, checked; the methods above and `tspc.scheduler.lanes` call it."""
        flat = _rows_and_columns(shape)
        if min(flat) < 1:
            raise GraphError(f"{name!r}: shape {shape} has no elements")
        for o in operands:
            if isinstance(o, Node) and (o.index >= len(self.nodes) or self.nodes[o.index] is not o):
                raise GraphError(f"{name}: operand {o.name!r} belongs to another graph")
        node = Node(
            len(self.nodes), kind, name, dtype, flat, tuple(shape),
            operands, op, compute, saturate, value, part, offset,
        )  # fmt: skip
        self.nodes.append(node)
        return node
