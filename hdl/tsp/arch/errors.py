"""The closed list of what can be wrong with a program (execution.md *Errors*)."""

from enum import Enum

__all__ = ["ErrorClass"]


class ErrorClass(Enum):
    """Illegal classes, shared by verifier, golden model and RTL assertions."""

    STREAM_CONFLICT = "stream conflict"
    EMPTY_STREAM = "empty stream"
    BANK_CONFLICT = "bank conflict"
    PORT_BUSY = "port busy"
    UNINITIALISED = "uninitialised"
    QUEUE_DRY = "queue dry"
    QUEUE_OVERFLOW = "queue overflow"
    LATE_TO_BARRIER = "late to barrier"
    BARRIER_SPACING = "barrier spacing"
    FETCH_SPACING = "fetch spacing"
    NOT_PARKED = "not parked"
    ACCUMULATOR_RANGE = "accumulator range"
    BAD_MAP = "bad map"
    BAD_WORD = "bad word"
    SEND_SPACING = "send spacing"
    UNFINISHED = "unfinished"

    @property
    def stops(self) -> bool:
        """True if RTL stops issuing on it."""
        return self in (ErrorClass.BAD_WORD, ErrorClass.QUEUE_DRY, ErrorClass.QUEUE_OVERFLOW)
