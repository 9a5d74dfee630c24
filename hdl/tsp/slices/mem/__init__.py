"""MEM: two single-ported banks a tile, one read and one write a cycle in different banks."""

from .stop import MemStop
from .tile import MemTile

__all__ = ["MemStop", "MemTile"]
