"""Check bits of many words at once: :data:`tsp.arch.secded.SECDED` for NumPy.

Words are as the records hold them: 128 data bits, then 9 check bits, little-endian.
"""

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import LANES
from tsp.arch.secded import SECDED
from tspc.events import WORD_BYTES_STORED

__all__ = ["encode"]

_TABLES = np.array(SECDED.byte_tables, np.uint16)


def encode(data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Codewords of shape (.., 18) of data of shape (.., 16)."""
    check = np.zeros(data.shape[:-1], np.uint16)
    for lane in range(LANES):
        check ^= _TABLES[lane][data[..., lane]]
    words = np.zeros((*data.shape[:-1], WORD_BYTES_STORED), np.uint8)
    words[..., :LANES] = data
    words[..., LANES] = check & 0xFF
    words[..., LANES + 1] = check >> 8
    return words
