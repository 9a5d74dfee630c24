"""What the assembler can find wrong: one code a cause. The manual lists this table."""

from enum import Enum

__all__ = ["Code"]


class Code(Enum):
    """Codes of the assembler's errors."""

    SYNTAX = ("A0001", "The line is not assembly text.")
    DIRECTIVE = ("A0002", "There is no such directive.")
    OPERATION = ("A0003", "There is no such operation.")
    QUEUE = ("A0004", "The configuration has no such queue.")
    DUPLICATE = ("A0005", "A queue, directive, tensor or address is given twice.")
    RANGE = ("A0006", "A value does not fit its field, or the configuration has no such entry.")
    PAST = ("A0007", "The issue time has passed when the queue gets there.")
    CONFIG = ("A0008", "The configuration is missing, unknown, impossible or another one.")
    LENGTH = ("A0009", "The text of a queue is longer than its buffer.")
    NOT_BUILT = ("A0010", "The instruction has its encoding, but this version lacks the unit.")
    WRONG_QUEUE = ("A0011", "The operation belongs to another kind of queue.")
    REPEAT = ("A0012", "REPEAT does not follow a functional word without burst.")
    RULE = ("A0013", "The word breaks a rule of its format.")
    BARRIER = ("A0014", "No NOTIFY releases the queue.")
    TENSOR = ("A0015", "A tensor's type, role, shape or places are wrong.")
    DATA = ("A0016", "An address or the data of a memory image is wrong.")
    ENCODING = ("A0017", "The file is not UTF-8 text.")

    @property
    def code(self) -> str:
        """The letter and four digits."""
        return self.value[0]

    @property
    def doc(self) -> str:
        """What it means."""
        return self.value[1]
