"""The SECDED code of every superlane word and instruction: Hsiao (137,128), as pure data.

A word is 128 data bits and, above them, 9 check bits (architecture section 7). Each bit has a
*column* of 9 bits; the *syndrome* of a word is the sum (exclusive or) of the columns of its set
bits, and a codeword is a word whose syndrome is zero. All columns differ and have odd weight, so a
single error has its bit's column as syndrome, and a double error an even one, which is nobody's
(M. Y. Hsiao, A class of optimal minimum odd-weight-column SEC-DED codes, 1970).

The construction: check bit i has the column with bit i alone. The data bits have, in this order,
columns of weight 3 and then of weight 5; within a weight they come orbit by orbit, an orbit being
the rotations of its smallest member in steps of one bit. That takes all 84 columns of weight 3 and
44 of weight 5 (four whole orbits of nine, and eight of the fifth), the fewest ones that are
possible, and every row has 52 or 53 of them: all check bits have the same depth of logic.
"""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from tsp.arch.config import CHECK_BITS, DATA_BITS

__all__ = ["SECDED", "Checked", "Secded", "Status"]


class Status(Enum):
    """What a checker finds in a word."""

    CLEAN = "clean"
    CORRECTED = "corrected"  #: one bit was wrong and is right again
    DOUBLE = "double"  #: more than one bit is wrong: the data bits are used as they came


class Checked(NamedTuple):
    """What a checker makes of a word: its data bits, and how it found them."""

    data: int
    status: Status


@dataclass(frozen=True)
class Secded:
    """A code of this family: encoder and checker in software.

    The hardware is made from the same object (:mod:`tsp.ecc`).

    Parameters
    ----------
    columns
        Column of each data bit; check bit i has ``1 << i``.
    check_bits
        Check bits of a word.
    """

    columns: tuple[int, ...]
    check_bits: int = CHECK_BITS

    @property
    def data_bits(self) -> int:
        """Data bits of a word."""
        return len(self.columns)

    @cached_property
    def all_columns(self) -> tuple[int, ...]:
        """Column of each bit of a word: data, then check bits."""
        return self.columns + tuple(1 << i for i in range(self.check_bits))

    @cached_property
    def rows(self) -> tuple[int, ...]:
        """For each check bit the data bits of which it is the parity, as a mask."""
        return tuple(
            sum(1 << n for n, column in enumerate(self.columns) if column >> i & 1)
            for i in range(self.check_bits)
        )

    @cached_property
    def byte_tables(self) -> tuple[tuple[int, ...], ...]:
        """Check bits by lane and value of its byte: the sum over the lanes are those of the data.

        What software, and hardware in simulation, look up instead of adding bit by bit.
        """
        return tuple(
            tuple(self.generate(value << low) for value in range(256))
            for low in range(0, self.data_bits, 8)
        )

    @cached_property
    def bit_of(self) -> dict[int, int]:
        """The bit that is wrong, by syndrome of a single error."""
        return {column: n for n, column in enumerate(self.all_columns)}

    def generate(self, data: int) -> int:
        """Check bits of `data`."""
        return sum(((data & row).bit_count() & 1) << i for i, row in enumerate(self.rows))

    def encode(self, data: int) -> int:
        """The codeword of `data`."""
        return data | self.generate(data) << self.data_bits

    def syndrome(self, word: int) -> int:
        """0 for a codeword, else what tells where it is wrong."""
        data = word & ((1 << self.data_bits) - 1)
        return self.generate(data) ^ word >> self.data_bits

    def check(self, word: int) -> Checked:
        """Correct a word."""
        data = word & ((1 << self.data_bits) - 1)
        syndrome = self.syndrome(word)
        if not syndrome:
            return Checked(data, Status.CLEAN)
        bit = self.bit_of.get(syndrome)
        if bit is None:
            return Checked(data, Status.DOUBLE)
        return Checked(data ^ (1 << bit if bit < self.data_bits else 0), Status.CORRECTED)


def _rotated(column: int, by: int) -> int:
    return (column << by | column >> (CHECK_BITS - by)) & ((1 << CHECK_BITS) - 1)


def _orbits(weight: int) -> list[int]:
    """All columns of a weight, orbit by orbit."""
    found: list[int] = []
    for smallest in range(1 << CHECK_BITS):
        if smallest.bit_count() == weight and smallest not in found:
            orbit = (_rotated(smallest, by) for by in range(CHECK_BITS))
            found.extend(dict.fromkeys(orbit))
    return found


#: The code of the chip.
SECDED = Secded(tuple(chain(_orbits(3), _orbits(5)))[:DATA_BITS])
