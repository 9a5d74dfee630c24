"""How few cycles a graph could take at best: what any schedule on this chip must spend.

For each kind of resource: the cycle in which it can first work on the graph, plus its work divided
by its units, plus the cycles that must follow its last piece of work::

    bound(r) = head(r) + ceil(work(r) / units(r)) - 1 + tail(r)

and for each operation that of a single element, the critical path. The lower bound is the largest
of all. head and tail take the shortest ways of the floor plan (a unit's neighbour, the nearest MEM
slice) and the delays of the timing table; head begins with the release of the queues, tail ends
with ``done``. No schedule is needed to compute it, and none can beat it:

========== ==================================================== =======================
resource   work                                                 units
========== ==================================================== =======================
compute    ABC: rows x K tiles x N tiles of each matmul         planes
load       LW: T for each tile of weights, once                 planes
alu        vectors of each vector operation                     16
inward     streams into the MXM: 16 T a tile, rows x K tiles    32 a hemisphere
outward    streams out of the MXM: 4 a vector of sums           32 a hemisphere
read       vectors of inputs, constants and weights, each once  MEM slices
write      vectors of outputs                                   MEM slices
========== ==================================================== =======================
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tsp.arch.config import STREAMS
from tspc.scheduler.geometry import Floor
from tspc.scheduler.graph import Graph, Kind, Node
from tspc.scheduler.layout import WEIGHT_SLICES

__all__ = ["Bound", "lower_bound", "lower_bound_cycles"]

_ALUS = 16


@dataclass(frozen=True)
class Bound:
    """Lower bound of each resource in cycles from the first NOTIFY to ``done``."""

    resources: Mapping[str, int]

    @property
    def cycles(self) -> int:
        """The lower bound."""
        return max(self.resources.values())

    @property
    def limiting(self) -> str:
        """The resource that sets it."""
        return max(self.resources, key=lambda r: self.resources[r])


def lower_bound_cycles(graph: Graph, planes: tuple[str, ...] | None = None) -> int:
    """Cycles from the first NOTIFY to ``done`` that no schedule of a graph can beat.

    Parameters
    ----------
    graph
        What is computed.
    planes
        Names of the planes that may be used; all if not given.
    """
    return lower_bound(graph, planes).cycles


def lower_bound(graph: Graph, planes: tuple[str, ...] | None = None) -> Bound:
    """The same, resource by resource."""
    floor = Floor(graph.config)
    used = [floor.planes[name] for name in (planes or tuple(floor.planes))]
    hemispheres = len({p.hemisphere for p in used})
    slices = len(floor.memories)
    ways = _Ways(graph, floor)
    live = ways.live
    matmuls = [n for n in live if n.kind is Kind.MATMUL]
    vectors = {n: n.rows * n.chunks(graph.config) for n in live}
    tiles = sum(_tiles(m, graph) for m in matmuls)
    passes = sum(m.rows * _tiles(m, graph) for m in matmuls)
    t = graph.config.superlanes
    weights = {o for m in matmuls for o in m.operands[-1:]}
    given = [n for n in live if n.kind in (Kind.INPUT, Kind.CONSTANT) and n not in weights]
    load_head, load_tail = ways.begin + ways.fetch_mxm, ways.load_to_compute
    tail = min((ways.tail[m] for m in matmuls), default=0)
    head = min((ways.head[m] for m in matmuls), default=0)
    activations = sum(m.rows * _chunks(m, graph) for m in matmuls)
    sums = sum(vectors[m] for m in matmuls)
    operations = [n for n in live if n.kind is Kind.VXM]
    found = {"critical path": max(ways.head[n] + ways.tail[n] for n in ways.head)}
    if matmuls:
        found["compute"] = _spend(head, passes, len(used), tail)
        found["load"] = _spend(load_head, t * tiles, len(used), load_tail + tail)
        inward = WEIGHT_SLICES * t * tiles + activations
        found["inward"] = _spend(load_head, inward, STREAMS * hemispheres, tail)
        emitted = ways.emit
        found["outward"] = _spend(head + emitted, 4 * sums, STREAMS * hemispheres, tail - emitted)
    if operations:
        first = min(ways.head[n] for n in operations)
        last = min(ways.tail[n] for n in operations)
        found["alu"] = _spend(first, sum(vectors[n] for n in operations), _ALUS, last)
    read = sum(vectors[n] * n.type.bytes for n in given) + WEIGHT_SLICES * t * tiles
    found["read"] = _spend(ways.begin, read, slices, floor.time.mem_d_func + ways.store)
    written = sum(vectors[n] * n.type.bytes for n in set(graph.output_nodes))
    found["write"] = _spend(min(ways.head.values()), written, slices, ways.drain)
    return Bound(found)


def _spend(head: int, work: int, units: int, tail: int) -> int:
    return head - (-work // units) - 1 + tail


def _chunks(matmul: Node, graph: Graph) -> int:
    """Vectors in which a row of a matmul's activations comes: its K tiles."""
    *parts, _ = matmul.operands
    return sum(x.chunks(graph.config) for x in parts if isinstance(x, Node))


def _tiles(matmul: Node, graph: Graph) -> int:
    return _chunks(matmul, graph) * matmul.chunks(graph.config)


class _Ways:
    """Shortest times to and from each operation.

    Attributes
    ----------
    head
        Earliest issue of each computed node's first element.
    tail
        Least cycles from an element's issue to ``done``.
    """

    def __init__(self, graph: Graph, floor: Floor) -> None:
        time = floor.time
        self.begin = time.sync_release
        self.drain = time.done_drain
        plane = next(iter(floor.planes.values()))
        to_memory = min(abs(q.stop - plane.stop) for q in floor.memories.values())
        to_vxm = min(abs(s - plane.stop) for s in floor.vxm_stops)
        self.emit = time.abc_to_acc
        self.store = -time.mem_d_skew + self.drain
        self.fetch_mxm = time.mem_d_func + to_memory - 1 - time.mxm_d_skew
        self.load_to_compute = time.lw_to_iw + time.iw_to_abc
        self._fetch_vxm = time.mem_d_func - time.vxm_d_skew
        sums = time.abc_to_acc + time.acc_d_func
        #: from issue to issue, by the kinds of producer and consumer
        self._between = {
            (Kind.MATMUL, Kind.VXM): sums + to_vxm - 1 - time.vxm_d_skew,
            (Kind.VXM, Kind.VXM): time.vxm_d_func - time.vxm_d_skew,
            (Kind.VXM, Kind.MATMUL): time.vxm_d_func + to_vxm - 1 - time.mxm_d_skew,
            (Kind.MATMUL, Kind.MATMUL): sums + to_memory - 1 - time.mxm_d_skew,
        }
        self._to_end = {
            Kind.MATMUL: sums + to_memory - 1 + self.store,
            Kind.VXM: time.vxm_d_func + self.store,
        }
        self.live = _live(graph)
        self.head = self._heads(floor.config.superlanes)
        self.tail = self._tails(set(graph.output_nodes))

    def _heads(self, superlanes: int) -> dict[Node, int]:
        head: dict[Node, int] = {}
        for node in self.live:
            if node.kind is Kind.MATMUL:
                first = self.begin + self.fetch_mxm + superlanes - 1 + self.load_to_compute
            elif node.kind is Kind.VXM:
                first = self.begin + self._fetch_vxm
            else:
                continue
            after = [head[o] + self._between[o.kind, node.kind] for o in _computed(node)]
            head[node] = max(first, *after, 0)
        return head

    def _tails(self, outputs: set[Node]) -> dict[Node, int]:
        tail = {n: self._to_end[n.kind] for n in self.head if n in outputs}
        for node in reversed(self.live):
            for o in _computed(node):
                way = self._between[o.kind, node.kind] + tail[node]
                tail[o] = max(tail.get(o, 0), way)
        return tail


def _computed(node: Node) -> Iterable[Node]:
    return [o for o in node.operands if isinstance(o, Node) and o.kind in (Kind.MATMUL, Kind.VXM)]


def _live(graph: Graph) -> list[Node]:
    """Nodes that an output depends on, operands first."""
    found = set(graph.output_nodes)
    for node in reversed(graph.nodes):
        if node in found:
            found.update(o for o in node.operands if isinstance(o, Node))
    return [n for n in graph.nodes if n in found]
