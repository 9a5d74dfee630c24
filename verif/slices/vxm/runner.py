"""Packs VXM instructions and operands for the vector bench and reads the results back."""

from dataclasses import dataclass

import numpy as np

from tsp.arch.config import LANES, NANO
from tsp.arch.isa import FORMATS, OPCODE_BITS, Type
from tspc.engines.records import Piece, image, read_dump
from verif.slices.vxm import bench
from verif.support import run_bench

__all__ = ["Case", "Results", "run"]

_VALID = 1
_DRAIN = 16  # cycles after the last issue


@dataclass(frozen=True, eq=False)
class Case:
    """One instruction (None: nothing issues) and the operands of its 16 lanes.

    Attributes
    ----------
    operands
        uint32 array of shape (3, LANES); ignored for what the instruction does not take.
    """

    instruction: object
    operands: np.ndarray


@dataclass(frozen=True, eq=False)
class Results:
    """What the ALU drove, by cycle: arrays over the cycles of the run.

    Attributes
    ----------
    enable, stream, words
        The drive port.
    patterns
        uint32 array of shape (cycles, LANES): bytes 0 .. 3 of each lane from words 0 .. 3.
    """

    enable: np.ndarray
    stream: np.ndarray
    words: np.ndarray
    patterns: np.ndarray


def _control(cases):
    """Control words: `valid`, then the fields as they stand in the instruction after its opcode."""
    width = (1 + sum(f.width for f in FORMATS["VXM"].fields) + 7) // 8
    rows = np.zeros((len(cases), width), np.uint8)
    for row, case in zip(rows, cases):
        if case.instruction is not None:
            word = case.instruction.encode() >> OPCODE_BITS << 1 | _VALID
            row[:] = np.frombuffer(word.to_bytes(width, "little"), np.uint8)
    return rows


def _planes(patterns):
    """Lane patterns (cycles, LANES) as stream words: (cycles, 64), byte k of all lanes together."""
    raw = np.ascontiguousarray(patterns, "<u4").view(np.uint8).reshape(-1, LANES, 4)
    return raw.transpose(0, 2, 1).reshape(-1, 4 * LANES)


def run(cases, make=bench.bench):
    """Run cases in consecutive cycles, the first in cycle 0."""
    cycles = len(cases) + _DRAIN
    if cycles > bench.DEPTH:
        raise ValueError(f"{len(cases)} cases do not fit {bench.DEPTH} cycles")
    operands = np.stack([case.operands for case in cases])
    pieces = [Piece(bench.CONTROL, 0, _control(cases))]
    pieces += [Piece(w, 0, _planes(operands[:, k])) for k, w in enumerate(bench.OPERANDS)]
    ran = run_bench(
        lambda library: make(library, NANO),
        "verif.slices.vxm.tb_vectors",
        parameters={"cycles": cycles},
        image=image(pieces),
    )
    dump = {p.place: p.data[:cycles] for p in read_dump(ran.directory / "dump.bin")}
    port = dump[bench.PORT].copy().view("<u2").ravel()
    raw = dump[bench.DATA].reshape(cycles, 4, LANES).transpose(0, 2, 1)
    return Results(
        enable=port >> 11 & 1,
        stream=port & 63,
        words=port >> 6 & 31,
        patterns=np.ascontiguousarray(raw).view("<u4").reshape(cycles, LANES),
    )


def mask(type_):
    """The bits of a result that its streams carry."""
    return np.uint32((1 << (8 * Type(type_).bytes)) - 1)
