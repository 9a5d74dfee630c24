"""Kernels: functions that build the dataflow of well-known operations for any chip.

Each returns a :class:`Kernel`; ``kernel.program()`` schedules it. docs/kernels.md has their cycles.
"""

from tspc.kernels.elementwise import gelu, residual_add, silu
from tspc.kernels.image import conv3x3, max_pool3x3
from tspc.kernels.kernel import Kernel
from tspc.kernels.linear import matmul, transpose
from tspc.kernels.normalise import argmax, layer_norm, rms_norm, softmax
from tspc.kernels.rotary import rotary

__all__ = [
    "Kernel",
    "argmax",
    "conv3x3",
    "gelu",
    "layer_norm",
    "matmul",
    "max_pool3x3",
    "residual_add",
    "rms_norm",
    "rotary",
    "silu",
    "softmax",
    "transpose",
]
