"""The switching units: SHIFT and SELECT, PERMUTE, DISTRIBUTE, ROTATE, TRANSPOSE twice."""

from tsp.slices.sxm.stop import SxmStop, connect_rows, vertical

__all__ = ["SxmStop", "connect_rows", "vertical"]
