"""The scheduler: from a dataflow description to a program with every cycle planned.

Reading order: ``graph`` (what is computed) and ``lanes`` (what moves lanes and rows), ``stages``
(what flows without touching MEM), ``jobs`` (bursts), ``geometry`` and ``tables`` (time and space),
``layout`` and ``memory`` (MEM), ``mxm``, ``sxm`` and ``place`` (one job), ``schedule`` (all jobs),
``compress`` and ``fetching`` (queue text, short and long), ``bound`` (how good it is).
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
