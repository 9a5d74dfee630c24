"""A program: what the assembler and the scheduler make, and everything else reads.

A :class:`Program` is plain data: the text of every queue, the memory image, the named tensors and
the plan, i.e. the cycle in which each word is expected to issue. :mod:`tspc.objectfile` stores it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import LANES, Config
from tsp.arch.isa import WORD_BYTES, decode

__all__ = ["Address", "Program", "Source", "Tensor", "decoded", "text_vectors"]

#: (queue number of the MEM slice, bank, offset): where one vector of V bytes stands.
Address = tuple[int, int, int]

#: :func:`tsp.arch.isa.decode` with a memory: many look at a program, and each word is read once.
decoded = lru_cache(maxsize=1 << 16)(decode)


@dataclass(frozen=True, eq=False)
class Tensor:
    """A named tensor in MEM.

    The tensor is seen as rows of its last axis (a scalar or vector is one row); a row is cut into
    chunks of V elements, the last one padded with zeros; element e of a chunk is in lane e; byte k
    of the element (little-endian) is in byte plane k, a vector of its own.

    Attributes
    ----------
    name
        Unique in the program.
    dtype
        NumPy name: int8, uint8, int16, int32, float16, float32.
    shape
        Any shape with at least one element.
    role
        ``input``, ``output`` or ``constant``.
    places
        int32 array of shape (rows, chunks, bytes of an element, 3): the :data:`Address` of each
        vector.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    role: str
    places: NDArray[np.int32]


@dataclass(frozen=True)
class Source:
    """The text that the words came from: ``lines[queue][i]`` is the 1-based line of word i."""

    name: str
    text: str
    lines: Mapping[int, tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class Program:
    """One chip's program.

    Attributes
    ----------
    name
        For reports.
    config
        The configuration it was made for; it runs on no other.
    text
        128-bit words of each queue that has any, by queue number, in the order of issue. Queues
        without text are given one HALT by the loader.
    plan
        For each queue of ``text`` the planned issue cycle of each word, counted from the first
        NOTIFY (cycle 0). NOPs and REPEATs have the cycle in which they would issue (a REPEAT: that
        of its word); nobody checks these two.
    memory
        Initial MEM image: uint8[V] by :data:`Address`. All else is undefined (zero in RTL,
        *uninitialised* in the golden model).
    tensors
        Named tensors; places of inputs are loaded before a run, outputs read after it.
    bound
        Largest magnitude of any accumulator, if the program's maker guarantees one; None: the
        verifier assumes V * 2^14 for each vector added.
    source
        Source map, or None.
    fetched
        For each queue that fetches, the :data:`Address` of each vector of its fetched text, in the
        order of fetching: pairs of vectors, laid out by :func:`text_vectors`. They hold the last
        words of ``text``; the words before are loaded into the buffer. ``memory`` does not have
        these vectors, :attr:`image` has.
    """

    name: str
    config: Config
    text: Mapping[int, tuple[int, ...]]
    plan: Mapping[int, tuple[int, ...]]
    memory: Mapping[Address, NDArray[np.uint8]] = field(default_factory=dict)
    tensors: tuple[Tensor, ...] = ()
    bound: int | None = None
    source: Source | None = None
    fetched: Mapping[int, tuple[Address, ...]] = field(default_factory=dict)

    def loaded(self, queue: int) -> tuple[int, ...]:
        """The words of a queue that stand in its buffer at the start."""
        words = self.text.get(queue, ())
        return words[: max(0, len(words) - self._fetched_words(queue))]

    def _fetched_words(self, queue: int) -> int:
        return len(self.fetched.get(queue, ())) * self.config.superlanes

    @property
    def image(self) -> dict[Address, NDArray[np.uint8]]:
        """All that stands in MEM at the start: ``memory``, and the text to be fetched."""
        found = dict(self.memory)
        for queue, places in self.fetched.items():
            words = self.text.get(queue, ())[len(self.loaded(queue)) :]
            found.update(zip(places, text_vectors(words, self.config), strict=False))
        return found

    def tensor(self, name: str) -> Tensor:
        """The tensor of this name; KeyError lists the names that exist."""
        for t in self.tensors:
            if t.name == name:
                return t
        known = ", ".join(t.name for t in self.tensors) or "none"
        raise KeyError(f"no tensor {name!r}; the program has: {known}")


def text_vectors(words: Sequence[int], config: Config) -> list[NDArray[np.uint8]]:
    """Program text as MEM holds it: a pair of vectors has 2T words, a word is 16 lanes.

    Word 2k of a pair stands in superlane k of the first vector, word 2k + 1 in superlane k of the
    second (architecture section 5, *IFETCH*). What is missing in the last pair is zero.
    """
    pair = 2 * config.superlanes
    raw = b"".join(word.to_bytes(WORD_BYTES, "little") for word in words)
    raw += bytes(-len(words) % pair * WORD_BYTES)
    shape = (-1, config.superlanes, 2, LANES)
    ordered = np.frombuffer(raw, np.uint8).reshape(shape).transpose(0, 2, 1, 3)
    return list(np.ascontiguousarray(ordered).reshape(-1, config.lanes))
