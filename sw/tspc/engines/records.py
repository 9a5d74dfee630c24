"""The files between the simulated chip and Python: images in, records and dumps out.

Formats: docs/developer.md, *Simulation records*, and ``hdl/tsp/sim/tsp_sim.cpp``. An image and a
dump are pieces of memories; times in the records are the chip's own cycle counter.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ACCUMULATOR_BYTES",
    "DONE_QUEUE",
    "PROTECTED_BYTES",
    "RAW_EVENT",
    "RAW_WORD",
    "Kind",
    "Piece",
    "image",
    "join",
    "place",
    "read_dump",
    "read_events",
    "read_words",
    "split_place",
]

#: Queue number of the record that says when ``done`` rises.
DONE_QUEUE = 0xFFFF_FFFF

ACCUMULATOR_BYTES = 64  #: bytes of one superlane's accumulator entry: 16 x int32
PROTECTED_BYTES = 20  #: bytes that hold a protected superlane word in these files: 5 x 32 bits

_CLEAR = 1

RAW_EVENT = np.dtype([("cycle", "<u4"), ("queue", "<u4"), ("word", "u1", (16,))])
RAW_WORD = np.dtype(
    [("cycle", "<u4"), ("place", "<u4"), ("address", "<u4"), ("data", "u1", (PROTECTED_BYTES,))]
)
_HEAD = np.dtype([("place", "<u4"), ("first", "<u4"), ("words", "<u4"), ("bytes", "<u4")])


class Kind(IntEnum):
    """What a place is: its bits 31:28."""

    MEM = 1
    DRIVE = 2
    ACCUMULATOR = 3
    TEXT = 4
    COUNTERS = 5  #: two words: corrected and double errors
    STREAM = 6  #: stream registers, for faults: unit 2 * (first queue of the stop) + direction


@dataclass(frozen=True, eq=False)
class Piece:
    """Consecutive words of one memory.

    Attributes
    ----------
    place
        Which memory (:func:`place`).
    first
        Address of the first word.
    data
        uint8 array of shape (words, bytes of a word).
    """

    place: int
    first: int
    data: NDArray[np.uint8]


def place(kind: Kind, superlane: int, unit: int) -> int:
    """Number of a memory or drive port; `unit` is 2 * queue + bank for MEM, else the queue."""
    return kind << 28 | superlane << 20 | unit


def split_place(places: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], ...]:
    """Kind, superlane and unit of each place."""
    fields = (places >> 28, places >> 20 & 0xFF, places & 0xFFFFF)
    return tuple(field.astype(np.uint32) for field in fields)


def image(pieces: Iterable[Piece], *, clear: bool = True) -> bytes:
    """Content of ``image.bin``; with `clear` the memories are zeroed before they are loaded."""
    return np.array([_CLEAR if clear else 0], "<u4").tobytes() + join(pieces)


def join(pieces: Iterable[Piece]) -> bytes:
    """Pieces as they stand in an image, to be appended to one."""
    parts = []
    for piece in pieces:
        head = np.array([(piece.place, piece.first, *piece.data.shape)], _HEAD)
        parts += [head.tobytes(), np.ascontiguousarray(piece.data, np.uint8).tobytes()]
    return b"".join(parts)


def read_dump(path: Path) -> list[Piece]:
    """The memories of ``dump.bin``: those that were ever loaded or written, whole."""
    raw = path.read_bytes()
    pieces, at = [], 0
    while at < len(raw):
        head = np.frombuffer(raw, _HEAD, 1, at)[0]
        at += _HEAD.itemsize
        words, width = int(head["words"]), int(head["bytes"])
        data = np.frombuffer(raw, np.uint8, words * width, at).reshape(words, width)
        at += words * width
        pieces.append(Piece(int(head["place"]), int(head["first"]), data))
    return pieces


def read_events(path: Path) -> NDArray[np.void]:
    """``events.bin`` as :data:`RAW_EVENT`, in the order of writing."""
    return np.fromfile(path, RAW_EVENT)


def read_words(path: Path) -> NDArray[np.void]:
    """``words.bin`` as :data:`RAW_WORD`, in the order of writing."""
    return np.fromfile(path, RAW_WORD)
