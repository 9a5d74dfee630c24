"""The switching units: SHIFT and SELECT, PERMUTE, DISTRIBUTE, ROTATE, TRANSPOSE twice."""

from tsp.slices.sxm.stop import SxmStop, vertical

__all__ = ["SxmStop", "vertical"]
