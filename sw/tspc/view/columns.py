"""Columns of numbers as text: typed arrays in a row, deflated, in base64.

A page carries millions of numbers this way in a few megabytes; a browser inflates them with its
own ``DecompressionStream`` and looks at them in place.
"""

import base64
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["DELTA", "Columns", "pack", "unpack"]

Columns = Mapping[str, NDArray[np.integer]]

#: Ends the type of a column that holds differences: small numbers deflate well.
DELTA = "+"

_ALIGN = 8


def pack(columns: Columns) -> tuple[list[list[str | int]], str]:
    """Columns as (layout, text).

    Signed 32-bit columns are stored as differences from one entry to the next, modulo 2^32.

    Returns
    -------
    For each column its name, NumPy type (and :data:`DELTA`), first byte and number of entries;
    and the deflated bytes of all of them in base64.
    """
    layout: list[list[str | int]] = []
    pieces, at = [], 0
    for name, column in columns.items():
        kind = column.dtype.newbyteorder("<")
        stored = np.ascontiguousarray(column, kind)
        text = kind.str[1:]
        if text == "i4":
            stored = np.diff(stored.view("<u4"), prepend=np.uint32(0))
            text += DELTA
        raw = stored.tobytes()
        layout.append([name, text, at, len(column)])
        raw += bytes(-len(raw) % _ALIGN)
        pieces.append(raw)
        at += len(raw)
    return layout, base64.b64encode(zlib.compress(b"".join(pieces), 6)).decode()


def unpack(layout: list[list[str | int]], text: str) -> dict[str, NDArray[np.integer]]:
    """Inverse of :func:`pack`."""
    raw = zlib.decompress(base64.b64decode(text))
    found: dict[str, NDArray[np.integer]] = {}
    for name, kind, at, count in layout:
        plain = str(kind).removesuffix(DELTA)
        column = np.frombuffer(raw, f"<{plain}", int(count), int(at))
        if plain != kind:
            column = np.cumsum(column.view("<u4"), dtype=np.uint32).view("<i4")
        found[str(name)] = column
    return found
