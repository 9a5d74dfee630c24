"""MXM: planes of T x T supercells, 16 x 16 multiply-accumulators each.

Reading order: ``ports`` (what supercells hand to each other), ``supercell``, ``edge``, ``row``.
"""

from .edge import Edge
from .row import PlaneRow
from .stop import MxmStop
from .supercell import OutputLane, Supercell

__all__ = ["Edge", "MxmStop", "OutputLane", "PlaneRow", "Supercell"]
