"""Packs VXM instructions and operands for the vector bench and reads the results back."""

from dataclasses import dataclass

import numpy as np

from tsp.arch.config import LANES, NANO
from tsp.arch.isa import FORMATS, OPCODE_BITS, Type, vxm_op
from tsp.words import LIMIT
from tspc.engines.records import Piece, image, read_dump
from verif.slices.vxm import bench
from verif.support import run_bench

__all__ = ["Results", "Vectors", "run"]

_DRAIN = 16  # cycles after the last issue
_MEMORIES = len(bench.OPERANDS)


@dataclass(frozen=True, eq=False)
class Vectors:
    """What an ALU is to do, cycle by cycle.

    Attributes
    ----------
    instructions
        One VXM instruction a cycle, or None: nothing issues.
    operands
        Patterns, uint32 of shape (cycles, 3, LANES); ignored where the instruction has none, or an
        immediate.
    limits
        Superlanes in which each instruction acts, 0: in all; None: all act. The ALU stands in
        superlane ``bench.ROW``.
    """

    instructions: list
    operands: np.ndarray
    limits: np.ndarray | None = None


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


def _control(vectors):
    """Control words: `valid`, the fields as they stand in the instruction, `superlanes`."""
    fields = 1 + sum(f.width for f in FORMATS["VXM"].fields)
    width = (fields + LIMIT.width + 7) // 8
    known = {None: 0}
    for i in set(vectors.instructions) - {None}:
        known[i] = i.encode() >> OPCODE_BITS << 1 | 1
    cycles = len(vectors.instructions)
    limits = np.zeros(cycles, int) if vectors.limits is None else vectors.limits
    words = (known[i] | n << fields for i, n in zip(vectors.instructions, limits.tolist()))
    raw = b"".join(word.to_bytes(width, "little") for word in words)
    return np.frombuffer(raw, np.uint8).reshape(-1, width)


def _memories(vectors):
    """Content of the operand memories: each operand's bytes where its streams take them from."""
    cycles = len(vectors.instructions)
    found = np.zeros((_MEMORIES, cycles, 4, LANES), np.uint8)
    raw = np.ascontiguousarray(vectors.operands, "<u4").view(np.uint8)
    raw = raw.reshape(cycles, 3, LANES, 4)
    for n, i in enumerate(vectors.instructions):
        for k in range(vxm_op(i["op"]).operands if i else 0):
            x = "abc"[k]
            if not i[f"{x}_immediate"]:
                base, count = i[f"{x}_stream"], Type(i[f"{x}_type"]).bytes
                for byte in range(count):
                    s = base + byte
                    found[s // 4 % 3, n, s % 4] = raw[n, k, :, byte] ^ s
    return found.reshape(_MEMORIES, cycles, 4 * LANES)


def run(vectors):
    """Issue instruction n in cycle n; an error if the bench does not end."""
    cycles = len(vectors.instructions) + _DRAIN
    if cycles > bench.DEPTH:
        raise ValueError(f"{len(vectors.instructions)} cycles do not fit {bench.DEPTH}")
    pieces = [Piece(bench.CONTROL, 0, _control(vectors))]
    pieces += [Piece(w, 0, d) for w, d in zip(bench.OPERANDS, _memories(vectors))]
    ran = run_bench(
        lambda library: bench.bench(library, NANO),
        "verif.slices.vxm.tb_vectors",
        parameters={"cycles": cycles},
        image=image(pieces),
        blocks=("lane", "special_lane"),  # built once each: faster to build, slower to run
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
