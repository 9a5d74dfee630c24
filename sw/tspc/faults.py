"""Upsets: bits that flip in a register or memory of the chip, for tests of its error protection.

Both engines take the same list. A fault flips bits of what *stands* somewhere in a cycle: whoever
looks in that cycle or later sees it, until the word is replaced.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tsp.arch.config import STREAMS, WORD_BITS, Config, QueueKind

__all__ = [
    "AHEAD",
    "EARLIEST",
    "TEXT_ROW",
    "Fault",
    "MemoryFault",
    "StreamFault",
    "TextFault",
    "check_faults",
]

#: The first cycle in which a fault may strike; nothing but the first NOTIFY happens before.
EARLIEST = 4


@dataclass(frozen=True)
class StreamFault:
    """An upset of a stream register.

    Attributes
    ----------
    cycle
        When, counted from the first NOTIFY by the chip's one clock (a vector reaches superlane y
        y cycles after superlane 0).
    superlane
        Where.
    flips
        The 137 bits, 1: flips. Bits 0 .. 127 are data.
    stop
        Stop of the register.
    stream
        0 .. 63, direction included.
    """

    cycle: int
    superlane: int
    flips: int
    stop: int
    stream: int


@dataclass(frozen=True)
class MemoryFault:
    """An upset of a word of MEM; the first attributes are those of :class:`StreamFault`.

    Attributes
    ----------
    queue
        Number of the slice's queue.
    bank, offset
        Which word.
    """

    cycle: int
    superlane: int
    flips: int
    queue: int
    bank: int
    offset: int


@dataclass(frozen=True)
class TextFault:
    """An upset of a word that was loaded into a queue's buffer, before it is read.

    A queue looks ahead: the word must be :data:`AHEAD` or more behind the next one to issue.

    Attributes
    ----------
    cycle, flips
        As those of :class:`StreamFault`.
    queue, word
        Number of the queue, and of the word in its text.
    """

    cycle: int
    flips: int
    queue: int
    word: int


#: Words that a queue may have read before they issue, and one more.
AHEAD = 5

#: Stands for the superlane where errors in the text of a queue are counted.
TEXT_ROW = 0xFF

Fault = StreamFault | MemoryFault | TextFault


def check_faults(faults: Iterable[Fault], config: Config) -> None:
    """Raise ValueError if a fault names what a chip does not have."""
    for fault in faults:
        inside = fault.cycle >= EARLIEST and 0 < fault.flips < 1 << WORD_BITS
        if not isinstance(fault, TextFault):
            inside &= 0 <= fault.superlane < config.superlanes
        if isinstance(fault, TextFault):
            inside &= 0 <= fault.queue < len(config.queues)
            inside &= 0 <= fault.word < config.queue_words
        elif isinstance(fault, StreamFault):
            inside &= 0 <= fault.stop < config.stops and 0 <= fault.stream < 2 * STREAMS
        else:
            kind = dict(enumerate(q.kind for q in config.queues)).get(fault.queue)
            inside &= kind is QueueKind.MEM and fault.bank in (0, 1)
            inside &= 0 <= fault.offset < config.bank_words
        if not inside:
            raise ValueError(f"{config.name} has no place or time for {fault}")
