"""VXM: sixteen ALUs of vector arithmetic, four at each of four stops."""

from .alu import Alu
from .stop import VxmStop

__all__ = ["Alu", "VxmStop"]
