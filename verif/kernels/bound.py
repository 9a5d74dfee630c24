"""Lower bounds of kernels, counted from the dataflow alone.

For each kind of resource: the cycles before its first and after its last piece of work, at least,
and its work over its units; and the longest chain of dependences. No schedule beats the largest.

========= ============================================================= ======================
resource  work                                                          units
========= ============================================================= ======================
mxm       vectors x K tiles x N tiles of each matrix product            planes
vxm       vectors of each operation; of special ones over 4 ALUs apart  16 ALUs
streams   byte planes that enter the VXM, the MXM or the SXM, each once 64, outward or inward
mem       byte planes of inputs and constants, and what leaves MXM or   MEM slices, a read and a
          SXM for them again: read once; outputs: written once          write each cycle
sxm       byte planes through each unit (TRANSPOSE: 16 at a time)       2, TRANSPOSE 4
========= ============================================================= ======================

An operation's results that the next one takes within the VXM cost no stream at its edge.
"""

from collections import Counter
from dataclasses import dataclass

from tsp.arch.config import STREAMS, Config
from tsp.arch.isa import VXM_OPS
from tsp.arch.timing import timing
from tspc.scheduler import Graph, Node
from tspc.scheduler.graph import Kind

__all__ = ["Bound", "bound"]


@dataclass(frozen=True)
class Bound:
    """Cycles by resource."""

    resources: dict[str, int]

    @property
    def cycles(self) -> int:
        """The lower bound."""
        return max(self.resources.values())

    @property
    def limiting(self) -> str:
        """The resource that sets it."""
        return max(self.resources, key=self.resources.__getitem__)


def bound(graph: Graph) -> Bound:
    """The lower bound of a kernel's graph on its chip."""
    config, time = graph.config, timing(graph.config)
    live = _live(graph)
    way = _path(live, config)
    start, end = time.sync_release, time.done_drain
    fill = start + time.mem_d_func + end  # a READ before, and the drain after, any work at all
    vectors = {n: n.rows * n.chunks(config) for n in live}
    work: Counter[str] = Counter()
    for n in live:
        for resource, amount in _work(n, vectors[n], config).items():
            work[resource] += amount
    outputs = set(graph.output_nodes)
    work["mem write"] = sum(vectors[n] * n.type.bytes for n in outputs)
    work["mem read"] = sum(
        vectors[n] * n.type.bytes for n in live if n.kind in (Kind.INPUT, Kind.CONSTANT)
    )
    units = {
        "mxm": 2 * config.planes, "vxm": 16, "vxm special": 4, "streams": 2 * STREAMS,
        "mem read": 2 * config.mem_slices, "mem write": 2 * config.mem_slices,
        "sxm transpose": 4, "sxm permute": 2, "sxm distribute": 2, "sxm shift": 2,
    }  # fmt: skip
    found = {r: fill + -(-amount // units[r]) - 1 for r, amount in work.items() if amount}
    found["path"] = start + way + end
    return Bound(found)


def _live(graph: Graph) -> list[Node]:
    """Nodes that an output depends on."""
    found = set(graph.output_nodes)
    for node in reversed(graph.nodes):
        if node in found:
            found.update(o for o in node.operands if isinstance(o, Node))
    return [n for n in graph.nodes if n in found]


def _work(node: Node, vectors: int, config: Config) -> dict[str, int]:
    """What a node costs of each resource."""
    operands = [o for o in node.operands if isinstance(o, Node)]
    if node.kind is Kind.VXM:
        from_outside = {o for o in operands if o.stored.kind is not Kind.VXM}
        read = sum(o.type.bytes for o in from_outside if o.rows > 1) * vectors
        special = VXM_OPS[node.op].special
        return {"vxm": vectors, "vxm special": vectors * special, "streams": read}
    if node.kind is Kind.MATMUL:
        *parts, _ = operands
        tiles = sum(p.chunks(config) for p in parts)
        return {"mxm": vectors * tiles, "streams": node.rows * tiles}
    if node.kind is Kind.SXM:
        unit = f"sxm {node.op.lower()}"
        planes = vectors * node.type.bytes
        if node.op == "TRANSPOSE":
            return {unit: planes if node.part == 0 else 0, "streams": planes}
        return {unit: planes, "streams": planes}
    return {}


def _path(live: list[Node], config: Config) -> int:
    """Cycles from the first READ to the last WRITE along the longest chain, at least."""
    time = timing(config)
    at: dict[Node, tuple[int, int]] = {}  # cycle in a stream register, stops from the VXM
    for n in live:
        if n.kind in (Kind.INPUT, Kind.CONSTANT):
            at[n] = (time.mem_d_func, -1)
            continue
        if n.kind is Kind.WINDOW:
            at[n] = at[n.stored]
            continue
        place, delay = _unit(n, config)
        arrivals = []
        for o in n.operands:
            if isinstance(o, Node):
                cycle, where = at[o]
                hops = 0 if where < 0 else max(abs(place - where) - 1, 0)
                arrivals.append(cycle + hops)
        at[n] = (max(arrivals) + delay, place)
    return max(cycle for cycle, _ in at.values()) - time.mem_d_skew


def _unit(node: Node, config: Config) -> tuple[int, int]:
    """Stops from the VXM to a node's unit, and cycles from its inputs to its result."""
    time, to_mxm = timing(config), config.stops - 1 - config.vxm_stop(15)
    if node.kind is Kind.VXM:
        return 0, time.vxm_d_func - time.vxm_d_skew
    if node.kind is Kind.MATMUL:
        return to_mxm, time.abc_to_acc + time.acc_d_func - time.mxm_d_skew
    unit = node.op.lower()
    skew, func = (int(getattr(time, f"{unit}_d_{x}")) for x in ("skew", "func"))
    return to_mxm - 2, func - skew
