"""Error protection in the golden model: words that came to harm, and who finds it.

Vectors are carried without check bits, for they are a function of the data; a word that was upset
carries what was flipped beside its data. The code is linear, so what a corrector finds and does
depends on the flips alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import DATA_BITS, LANES
from tsp.arch.secded import SECDED, Status
from tspc.events import WORD_BYTES_STORED
from tspc.golden.vectors import Array, only_first
from tspc.protection import encode

__all__ = ["Carried", "Counters", "Upset", "codewords", "first", "merge", "upset"]

_MOST = 0xFFFF  #: counters saturate
_DATA = (1 << DATA_BITS) - 1


@dataclass(frozen=True, eq=False)
class Upset:
    """A vector of which some words were upset.

    Attributes
    ----------
    clean
        The vector as it was made.
    flips
        For each superlane that came to harm the bits of its word that are flipped.
    """

    clean: Array
    flips: Mapping[int, int]

    @property
    def data(self) -> Array:
        """The data bits as they are."""
        return _flipped(self.clean, self.flips)


#: A vector on a stream or in MEM.
Carried = Array | Upset


def _flipped(vector: Array, flips: Mapping[int, int]) -> Array:
    vector = vector.copy()
    for superlane, bits in flips.items():
        raw = (bits & _DATA).to_bytes(LANES, "little")
        vector[..., superlane * LANES : (superlane + 1) * LANES] ^= np.frombuffer(raw, np.uint8)
    return vector


def _parts(vector: Carried) -> tuple[Array, Mapping[int, int]]:
    return (vector.clean, vector.flips) if isinstance(vector, Upset) else (vector, {})


def _whole(clean: Array, flips: Mapping[int, int]) -> Carried:
    left = {superlane: bits for superlane, bits in flips.items() if bits}
    return Upset(clean, left) if left else clean


def merge(here: Array, lanes: Array, one: Carried, other: Carried) -> Carried:
    """Superlanes of `one` where `here`, elsewhere of `other`; `lanes` is the same lane by lane.

    Which superlanes may depend on the input where nothing is upset.
    """
    (clean, flips), (rest, more) = _parts(one), _parts(other)
    kept = {y: bits for y, bits in flips.items() if here[..., y].all()}
    kept |= {y: bits for y, bits in more.items() if not here[..., y].any()}
    return _whole(np.where(lanes, clean, rest), kept)


def first(vector: Carried, limit: int, superlanes: int) -> Carried:
    """Zero in all but the first `limit` superlanes."""
    clean, flips = _parts(vector)
    kept = {y: bits for y, bits in flips.items() if y < limit}
    return _whole(only_first(clean, limit, superlanes), kept)


def upset(vector: Carried, superlane: int, bits: int) -> Carried:
    """The vector with some bits of one superlane's word flipped."""
    clean, flips = _parts(vector)
    return _whole(clean, {**flips, superlane: flips.get(superlane, 0) ^ bits})


def codewords(vectors: list[Carried], sample: int) -> NDArray[np.uint8]:
    """Protected words, a row for each superlane of each vector; `sample` picks one of many."""
    clean = [v.clean if isinstance(v, Upset) else v for v in vectors]
    data = np.stack([v if v.ndim == 1 else v[sample] for v in clean])
    words = encode(data.reshape(-1, LANES))
    superlanes = data.shape[-1] // LANES
    for i, vector in enumerate(vectors):
        if isinstance(vector, Upset):
            for superlane, bits in vector.flips.items():
                raw = bits.to_bytes(WORD_BYTES_STORED, "little")
                words[i * superlanes + superlane] ^= np.frombuffer(raw, np.uint8)
    return words


class Counters:
    """Errors found by the correctors of each tile.

    Attributes
    ----------
    found
        (corrected, double) by (queue, superlane); only of tiles that found any.
    """

    def __init__(self) -> None:
        self.found: dict[tuple[int, int], tuple[int, int]] = {}

    @property
    def critical(self) -> bool:
        """True if there was a double error."""
        return any(doubles for _, doubles in self.found.values())

    def correct(
        self, vector: Carried, queue: int, row: int | None = None, limit: int | None = None
    ) -> Array:
        """What a unit makes of a vector before it uses it, in the first `limit` superlanes.

        Errors count for `queue` and their superlane, or `row` in its place.
        """
        if not isinstance(vector, Upset):
            return vector
        left = {
            superlane: self.word(bits, queue, superlane if row is None else row)
            for superlane, bits in vector.flips.items()
            if limit is None or superlane < limit
        }
        return _flipped(vector.clean, left)

    def word(self, flips: int, queue: int, row: int) -> int:
        """Check and count one word; which of its data bits stay flipped."""
        left, status = SECDED.check(flips)
        if status is not Status.CLEAN:
            corrected, doubles = self.found.get((queue, row), (0, 0))
            corrected += status is Status.CORRECTED
            doubles += status is Status.DOUBLE
            self.found[queue, row] = min(corrected, _MOST), min(doubles, _MOST)
        return left
