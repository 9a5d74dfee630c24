"""What a MEM slice holds, superlane by superlane where SCATTER or CONFIG left some out.

A vector is whole, or some of its superlanes hold nothing: those are zero, as in RTL, and known as
*uninitialised*. All accesses act in the first `limit` superlanes only. Offsets of GATHER and
SCATTER are integers of shape (T,), or (N, T) where the maps of N inputs differ.
"""

from collections.abc import Iterator

import numpy as np

from tsp.arch.config import LANES
from tspc.golden.protection import Carried, merge, upset
from tspc.golden.vectors import Array

__all__ = ["Store"]


class Store:
    """Both banks of one slice.

    Parameters
    ----------
    superlanes
        T.

    Attributes
    ----------
    vectors
        Vector of each (bank, offset) of which a superlane holds something.
    partial
        For each of them that is not whole which superlanes hold something: bool of shape (T,) or
        (N, T).
    """

    def __init__(self, superlanes: int) -> None:
        self.vectors: dict[tuple[int, int], Carried] = {}
        self.partial: dict[tuple[int, int], Array] = {}
        self._superlanes = superlanes

    def read(self, bank: int, offset: int, limit: int) -> Carried | None:
        """A vector; None if a superlane of it that is read holds nothing."""
        if not self._known(bank, offset)[..., :limit].all():
            return None
        return self.vectors[bank, offset]

    def write(self, bank: int, offset: int, vector: Carried, limit: int) -> None:
        """Put a vector."""
        if limit < self._superlanes:
            self.scatter(bank, np.full(self._superlanes, offset), vector, limit)
            return
        self.vectors[bank, offset] = vector
        self.partial.pop((bank, offset), None)

    def upset(self, bank: int, offset: int, superlane: int, flips: int) -> bool:
        """Flip bits of a word; False if it holds nothing."""
        if not self._known(bank, offset)[..., superlane].all():
            return False
        key = bank, offset
        self.vectors[key] = upset(self.vectors[key], superlane, flips)
        return True

    def gather(self, bank: int, offsets: Array, limit: int) -> Carried | tuple[int, int]:
        """Each superlane's own word; (superlane, offset) of the first that holds nothing."""
        result: Carried | None = None
        for offset, here, lanes in _places(offsets, limit):
            vector = self.vectors.get((bank, offset))
            known = self._known(bank, offset) | ~here
            if vector is None or not known.all():
                return int(np.argwhere(~known)[0][-1]), offset
            result = vector if result is None else merge(here, lanes, vector, result)
        assert result is not None
        return result

    def scatter(self, bank: int, offsets: Array, vector: Carried, limit: int) -> None:
        """Put each superlane's word at its own offset."""
        for offset, here, lanes in _places(offsets, limit):
            key = bank, offset
            known = self._known(bank, offset) | here
            old = self.vectors.get(key, np.zeros(LANES * self._superlanes, np.uint8))
            self.vectors[key] = merge(here, lanes, vector, old)
            if known.all():
                self.partial.pop(key, None)
            else:
                self.partial[key] = known

    def _known(self, bank: int, offset: int) -> Array:
        """Which superlanes hold something there."""
        key = bank, offset
        whole = np.full(self._superlanes, key in self.vectors)
        return self.partial.get(key, whole)


def _places(offsets: Array, limit: int) -> Iterator[tuple[int, Array, Array]]:
    """Each offset, the first superlanes that name it, and their lanes."""
    for offset in np.unique(offsets[..., :limit]).tolist():
        here = (offsets == offset) & (np.arange(offsets.shape[-1]) < limit)
        yield offset, here, np.repeat(here, LANES, axis=-1)
