"""Pictures of the manual, drawn from tsp.arch; ``python -m tspc.docs`` writes them."""

from tspc.pictures.floorplan import floorplan
from tspc.pictures.timeline import timeline

__all__ = ["floorplan", "timeline"]
