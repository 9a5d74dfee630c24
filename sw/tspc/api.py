"""The Python interface: assemble and run a program of your own on either engine.

docs/user.md shows it; everything here is one name for what the tools use themselves.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tspc.asm import assemble, disassemble
from tspc.diagnostics import Diagnostic, DiagnosticError
from tspc.engines.base import Engine, Result
from tspc.objectfile import ObjectError, load, save
from tspc.program import Program, Tensor
from tspc.verifier import Report, verify

__all__ = [
    "Diagnostic",
    "DiagnosticError",
    "Engine",
    "ObjectError",
    "Program",
    "Report",
    "Result",
    "Tensor",
    "assemble",
    "disassemble",
    "engine",
    "load",
    "run",
    "save",
    "verify",
]


def engine(name: str) -> Engine:
    """The engine ``golden`` or ``rtl``; ValueError for any other name."""
    if name == "golden":
        from tspc.golden.model import GoldenEngine

        return GoldenEngine()
    if name == "rtl":
        from tspc.engines.rtl import RtlEngine

        return RtlEngine()
    raise ValueError(f"engine {name!r} is neither 'golden' nor 'rtl'")


def run(
    program: Program,
    inputs: Mapping[str, NDArray[np.generic]] | None = None,
    *,
    on: str = "golden",
    deep: bool = False,
) -> Result:
    """Run a program once, from reset.

    Parameters
    ----------
    program
        From :func:`assemble`, :func:`load` or the scheduler.
    inputs
        The arrays of its input tensors by name; shape and type must be the tensors'.
    on
        ``golden`` (the model) or ``rtl`` (the chip's Verilog in a simulator; it is built at its
        first use).
    deep
        Record every word that a unit drives on a stream, too.

    Raises
    ------
    tspc.golden.errors.GoldenError
        If the golden model finds the program illegal.
    ValueError
        If an input is missing, unknown or of another shape or type.
    """
    return engine(on).run(program, inputs, deep=deep)
