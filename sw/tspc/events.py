"""The event record: one columnar form for schedule, golden model and RTL.

execution.md, *Events and bits*. Times are (segment, cycle since that segment's NOTIFY issued).
"""

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import WORD_BITS

__all__ = ["DRIVE", "EVENT", "WRITE", "WORD_BYTES_STORED", "event_order", "sort_events"]

#: Bytes that hold a protected superlane word: 128 data bits, then 9 check bits, little-endian.
WORD_BYTES_STORED = (WORD_BITS + 7) // 8

#: One issue at superlane 0. ``word`` is the encoded instruction after stepping, 16 bytes,
#: little-endian. A MEM word is one event for each port that accesses: a MEM word with that port
#: alone, offset stepped, stride 0, count 1, interval 1. NOP and REPEAT are no events.
EVENT = np.dtype([("segment", "<u4"), ("cycle", "<u4"), ("queue", "<u4"), ("word", "u1", (16,))])

#: One word written to MEM in one superlane. ``cycle`` is when that superlane's array is written
#: (issue + a_mem + superlane), counted in the segment that the record's clock was in then.
WRITE = np.dtype(
    [
        ("segment", "<u4"),
        ("cycle", "<u4"),
        ("queue", "<u4"),
        ("bank", "<u4"),
        ("offset", "<u4"),
        ("superlane", "<u4"),
        ("data", "u1", (WORD_BYTES_STORED,)),
    ]
)

#: One word that a unit drives on a stream in one superlane (deep runs). ``cycle`` is the first in
#: which the stream register of the unit's stop holds it (issue + d_func + superlane).
DRIVE = np.dtype(
    [
        ("segment", "<u4"),
        ("cycle", "<u4"),
        ("queue", "<u4"),
        ("stream", "<u4"),
        ("superlane", "<u4"),
        ("data", "u1", (WORD_BYTES_STORED,)),
    ]
)


def event_order(record: NDArray[np.void]) -> NDArray[np.intp]:
    """The order that sorts by time, queue, then everything else."""
    keys: list[NDArray[np.generic]] = []
    for name in record.dtype.names or ():
        column = record[name]
        if column.ndim == 1:
            keys.append(column)
        else:
            keys.extend(column[:, i] for i in reversed(range(column.shape[1])))
    return np.lexsort(keys[::-1])


def sort_events(record: NDArray[np.void]) -> NDArray[np.void]:
    """Sort by time, queue, then everything else, so that equal records are equal arrays."""
    raw = np.ascontiguousarray(record)
    return raw[event_order(raw)] if len(raw) else raw
