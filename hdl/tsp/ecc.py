"""SECDED in hardware: who makes the check bits of a word, and who consumes them.

Every producer of a stream value calls :func:`generate`, every consumer :func:`correct`, each in a
pipeline stage of its own. The matrix is that of :mod:`tsp.arch.secded`. What lies between them, the
stream registers and MEM, carries 137 bits and looks at none of them (architecture section 7).
"""

from typing import NamedTuple

from amaranth import Cat, ClockSignal, Const, Instance, ResetSignal, Signal

from tsp.arch.config import CHECK_BITS, DATA_BITS
from tsp.arch.secded import SECDED

__all__ = ["TEXT_ROW", "Corrected", "correct", "count", "generate"]

#: Stands for the superlane of the counters of instruction text.
TEXT_ROW = Const(0xFF, 8)

#: Bits 31:28 of the ``place`` of counters (docs/developer.md).
_COUNTERS_PLACE = 5


class Corrected(NamedTuple):
    """A word after its corrector.

    Attributes
    ----------
    data
        The 128 data bits; after a double error as they came.
    single
        1: one bit was wrong; it is right in ``data`` or was a check bit.
    double
        1: more than one bit is wrong.
    """

    data: Signal
    single: Signal
    double: Signal


def _packed(numbers, width):
    """Equal fields in one constant, the first one lowest."""
    return Const(sum(n << width * i for i, n in enumerate(numbers)), width * len(numbers))


def _syndrome(m, word, enable):
    syndrome = Signal(CHECK_BITS)
    m.submodules += Instance(
        "ecc_parity",
        p_ROWS=_packed(SECDED.rows, DATA_BITS),
        i_enable=enable,
        i_word=word,
        o_syndrome=syndrome,
    )
    return syndrome


def generate(m, payload, enable):
    """The protected word of 128 data bits, combinationally.

    While `enable` is 0 nobody looks: the check bits are zero, and a simulator need not make them.
    """
    return Cat(payload, _syndrome(m, Cat(payload, Const(0, CHECK_BITS)), enable))


def correct(m, word, used):
    """Check and correct a protected word, combinationally.

    `used` says that the word is wanted; otherwise nothing is found in it.

    Returns
    -------
    Corrected
    """
    found = Corrected(Signal(DATA_BITS), Signal(), Signal())
    m.submodules += Instance(
        "ecc_correct",
        p_COLUMNS=_packed(SECDED.columns, CHECK_BITS),
        i_word=word,
        i_syndrome=_syndrome(m, word, used),
        o_data=found.data,
        o_corrected=found.single,
        o_double=found.double,
    )
    return found


def count(m, found, enable, *, row, queue_number, backdoor):
    """Count what the correctors of a tile find, in 16-bit saturating counters.

    Parameters
    ----------
    found
        A :class:`Corrected` for each word.
    enable
        They are wanted in this cycle.
    row, queue_number
        Superlane (or :data:`TEXT_ROW`) and queue under which the back door finds the counters.
    backdoor
        Simulation.

    Returns
    -------
    Value
        32 bits: how many words were corrected, and above them how many had a double error.
    """
    corrected, doubles = Signal(16), Signal(16)
    m.submodules += Instance(
        "error_counters",
        p_WORDS=len(found),
        i_clk=ClockSignal(),
        i_rst=ResetSignal(),
        i_place=Cat(queue_number, Const(0, 12), row, Const(_COUNTERS_PLACE, 4)),
        i_backdoor=backdoor,
        i_enable=enable,
        i_single=Cat(each.single for each in found),
        i_double=Cat(each.double for each in found),
        o_corrected=corrected,
        o_doubles=doubles,
    )
    return Cat(corrected, doubles)
