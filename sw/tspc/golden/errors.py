"""What the golden model says when it stops: the class, both parties, the remedy."""

from typing import NamedTuple

from tsp.arch.errors import ErrorClass

__all__ = ["GoldenError", "Party"]


class Party(NamedTuple):
    """One issue that has a part in an error.

    Attributes
    ----------
    queue
        Name of the queue.
    cycle
        Issue cycle, counted from the first NOTIFY.
    word
        Index of the word in the queue's text.
    what
        The word in short, e.g. ``MEM read``.
    """

    queue: str
    cycle: int
    word: int
    what: str

    def __str__(self) -> str:
        return f"{self.queue} ({self.what}, word {self.word}, cycle {self.cycle})"


class GoldenError(Exception):
    """An illegal program, met while it ran.

    Attributes
    ----------
    error_class : ErrorClass
        One of the closed list.
    message : str
        What happened; names both parties with queue, time and word.
    remedy : str
        What to change.
    parties : tuple of Party
        The party that met the error first, then the other one, if there is one.
    """

    def __init__(
        self, error_class: ErrorClass, message: str, remedy: str, parties: tuple[Party, ...] = ()
    ) -> None:
        super().__init__(f"{error_class.value}: {message}\n  help: {remedy}")
        self.error_class = error_class
        self.message = message
        self.remedy = remedy
        self.parties = parties
