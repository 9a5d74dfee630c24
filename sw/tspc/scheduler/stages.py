"""Cuts a graph into stages: what flows from MEM to MEM without a stop on the way.

A stage reads tensors from MEM, may send them through the MXM, sends the result through a chain of
vector operations, each of which may meet further tensors, and writes one tensor. Whatever is used
twice, is an output, or feeds a matmul is written to MEM; everything else stays on streams.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

from tsp.arch.isa import Compute
from tspc.scheduler.graph import Graph, Immediate, Kind, Node

__all__ = ["Move", "Operation", "Slot", "Spine", "Stage", "build_stages"]

#: Longest chain of vector operations of a stage (there and back through the four VXM stops).
LONGEST_CHAIN = 6
#: Most byte planes that a stage reads besides its matmul, and so most MEM slices.
MOST_PLANES = 12


class Spine(Enum):
    """Operands that come along the stage's own flow."""

    SELF = 0  #: the result of the operation before, or the source
    OTHER = 1  #: the partial sum of the other hemisphere's plane


#: What an operation's operand is: the flow, a tensor in MEM, or a number.
Slot = Spine | Node | Immediate


@dataclass(frozen=True)
class Operation:
    """One vector operation of a chain."""

    op: str
    compute: Compute
    saturate: bool
    dtype: str
    slots: tuple[Slot, ...]
    spine_dtype: str

    @property
    def leaves(self) -> tuple[Node, ...]:
        """Tensors that it reads from MEM, each once."""
        return tuple(dict.fromkeys(s for s in self.slots if isinstance(s, Node)))


@dataclass(eq=False)
class Stage:
    """One trip from MEM to MEM.

    Attributes
    ----------
    target
        Node that it writes.
    source
        A matmul, or the tensor in MEM that the flow begins with.
    operations
        Chain in order of flow.
    """

    target: Node
    source: Node
    operations: list[Operation] = field(default_factory=list)

    @property
    def targets(self) -> tuple[Node, ...]:
        """Nodes that it writes."""
        return (self.target,)

    @property
    def matmul(self) -> Node | None:
        """The matmul at its head, if there is one."""
        return self.source if self.source.kind is Kind.MATMUL else None

    @property
    def reads(self) -> tuple[Node, ...]:
        """Tensors that it takes from MEM as data (weights are not among them)."""
        found = self.activations or (self.source,)
        return tuple(dict.fromkeys([*found, *(n for o in self.operations for n in o.leaves)]))

    @property
    def activations(self) -> tuple[Node, ...]:
        """What a matmul at its head takes."""
        if self.source.kind is not Kind.MATMUL:
            return ()
        return tuple(o for o in self.source.operands[:-1] if isinstance(o, Node))


@dataclass(frozen=True, eq=False)
class Move:
    """One trip through an SXM: lanes move.

    Attributes
    ----------
    op
        Operation.
    sources, table
        Tensors that it takes from MEM, and the map of PERMUTE and DISTRIBUTE.
    targets
        Nodes that it writes.
    """

    op: str
    sources: tuple[Node, ...]
    table: Node | None
    targets: tuple[Node, ...]
    operations: tuple[Operation, ...] = ()
    matmul: None = None

    @property
    def target(self) -> Node:
        """The first node that it writes."""
        return self.targets[0]

    @property
    def reads(self) -> tuple[Node, ...]:
        """Tensors that it takes from MEM as data."""
        return self.sources


def build_stages(graph: Graph) -> list[Stage | Move]:
    """Stages of a graph in an order in which every tensor is written before it is read."""
    wanted = _wanted(graph)
    kept = _kept(graph, wanted)
    open_stages: dict[Node, Stage] = {}
    done: list[Stage | Move] = []
    for node in graph.nodes:
        if node not in wanted or node.kind in (Kind.INPUT, Kind.CONSTANT, Kind.WINDOW):
            continue
        if node.kind is Kind.SXM:
            if node.part == 0:
                done.append(_move(node, graph))
            continue
        stage = Stage(node, node) if node.kind is Kind.MATMUL else _extend(node, open_stages, done)
        if node in kept:
            done.append(stage)
        else:
            open_stages[node] = stage
    assert not open_stages
    return done


def _wanted(graph: Graph) -> set[Node]:
    """Nodes that an output depends on."""
    found: set[Node] = set()
    pending = list(graph.output_nodes)
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending += [o for o in node.operands if isinstance(o, Node)]
            if node.op == "TRANSPOSE" and node.part:
                pending.append(_parts(node, graph)[0])
    return found


def _parts(node: Node, graph: Graph) -> tuple[Node, ...]:
    """All results of a TRANSPOSE, which stand one after the other in the graph."""
    first = node.index - node.part
    return tuple(graph.nodes[first : first + len(node.operands)])


def _move(node: Node, graph: Graph) -> Move:
    sources = tuple(o for o in node.operands if isinstance(o, Node))
    if node.op == "TRANSPOSE":
        return Move(node.op, sources, None, _parts(node, graph))
    table = sources[1] if len(sources) > 1 else None
    return Move(node.op, sources[:1], table, (node,))


def _kept(graph: Graph, wanted: set[Node]) -> set[Node]:
    """Nodes whose value has to be in MEM whatever the stages look like."""
    uses: Counter[Node] = Counter()
    kept = set(graph.output_nodes)
    for node in graph.nodes:
        if node not in wanted:
            continue
        operands = [o for o in node.operands if isinstance(o, Node)]
        uses.update(dict.fromkeys(operands, 1))
        if node.kind in (Kind.MATMUL, Kind.SXM, Kind.WINDOW):
            kept.update(operands)
    return kept | {node for node, n in uses.items() if n > 1}


def _extend(node: Node, open_stages: dict[Node, Stage], done: list[Stage | Move]) -> Stage:
    """The stage that computes `node`; what it cannot continue is closed, i.e. written to MEM."""
    operands = dict.fromkeys(o for o in node.operands if isinstance(o, Node))
    flows = [o for o in operands if o in open_stages]
    full = [o for o in flows if o.rows == node.rows]
    full.sort(key=lambda o: open_stages[o].matmul is None)
    spine = next((o for o in full if _fits(open_stages[o], node, o)), None)
    for other in flows:
        if other is not spine:
            done.append(open_stages.pop(other))
    if spine is not None:
        stage = open_stages.pop(spine)
        stage.target = node
    else:
        spine = next(o for o in operands if o.rows == node.rows)
        stage = Stage(node, spine)
    slots = tuple(Spine.SELF if o is spine else o for o in node.operands)
    stage.operations.append(
        Operation(node.op, node.compute, node.saturate, node.dtype, slots, spine.dtype)
    )
    return stage


def _fits(stage: Stage, node: Node, spine: Node) -> bool:
    """True if `node` may join the chain: length, number of slices, no tensor read twice."""
    others = [o for o in dict.fromkeys(node.operands) if isinstance(o, Node) and o is not spine]
    planes = sum(n.type.bytes for n in (*stage.reads, *others))
    twice = any(o in stage.reads for o in others)
    return len(stage.operations) < LONGEST_CHAIN and planes <= MOST_PLANES and not twice
