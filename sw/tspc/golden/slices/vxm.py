"""ALUs of the vector unit: operands from streams or immediates, one operation, one result."""

from typing import Any, NamedTuple

import numpy as np

from tsp.arch.isa import Compute, Instruction, Type, vxm_op
from tspc.golden.errors import Party
from tspc.golden.numerics import DTYPES, execute
from tspc.golden.slices.unit import Unit
from tspc.golden.vectors import Array

__all__ = ["Alu"]


class _Operation(NamedTuple):
    """A VXM word, digested."""

    word: int
    name: str
    compute: Compute
    #: Each operand: its type, and its first stream or the immediate's value.
    operands: tuple[tuple[np.dtype[Any], int, Array | None], ...]
    result: Type
    stream: int
    saturate: bool


def _operands(i: Instruction) -> tuple[tuple[np.dtype[Any], int, Array | None], ...]:
    found: list[tuple[np.dtype[Any], int, Array | None]] = []
    immediates = 0
    for name in "abc"[: vxm_op(i["op"]).operands]:
        kind, value = DTYPES[Type(i[f"{name}_type"])], None
        if i[f"{name}_immediate"]:
            raw = i[f"immediate{immediates}"].to_bytes(4, "little")
            value = np.frombuffer(raw, kind, count=1)
            immediates += 1
        found.append((kind, i[f"{name}_stream"], value))
    return tuple(found)


class Alu(Unit):
    """One ALU of the vector unit. It keeps no state."""

    def prepare(self, instruction: Instruction) -> Any:
        """Operands with their dtypes, immediates as arrays of one element."""
        return _Operation(
            instruction.encode(),
            vxm_op(instruction["op"]).name,
            Compute(instruction["compute"]),
            _operands(instruction),
            Type(instruction["result_type"]),
            instruction["result_stream"],
            bool(instruction["saturate"]),
        )

    def issue(self, cycle: int, operation: Any, copy: int, party: Party) -> None:
        """Read, compute, drive; nothing steps in a copy."""
        op: _Operation = operation
        self.event(cycle, op.word)
        capture = cycle + self.timing.vxm_d_skew
        operands = [
            self.read_elements(stream, kind, capture, party) if value is None else value
            for kind, stream, value in op.operands
        ]
        values = execute(op.name, op.compute, operands, op.result, op.saturate)
        if values.shape[-1] == 1:  # immediates only
            values = np.broadcast_to(values, (self.chip.config.lanes,))
        self.drive_elements(op.stream, cycle + self.timing.vxm_d_func, values, party)
