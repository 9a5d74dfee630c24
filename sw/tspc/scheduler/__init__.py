"""The scheduler: from a dataflow description to a program with every cycle planned.

Reading order: ``graph`` (what is computed), ``stages`` (what flows without touching MEM), ``jobs``
(bursts), ``geometry`` and ``tables`` (time and space), ``layout`` and ``memory`` (MEM), ``mxm`` and
``place`` (one job), ``schedule`` (all jobs), ``compress`` (queue text), ``bound`` (how good it is).
"""

from tspc.scheduler.bound import Bound, lower_bound, lower_bound_cycles
from tspc.scheduler.graph import Graph, GraphError, Node
from tspc.scheduler.schedule import ScheduleError, schedule

__all__ = [
    "Bound",
    "Graph",
    "GraphError",
    "Node",
    "ScheduleError",
    "lower_bound",
    "lower_bound_cycles",
    "schedule",
]
