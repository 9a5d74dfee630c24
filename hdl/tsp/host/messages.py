"""What the host port and the chip say to each other, all of it constant while a program runs.

    HostPort  -- message -->  ICU strip, east to west      a queue does what it is told
              <- answered --  ICU strip, west to east      ... and says so
              --  token   -->  superlane 0, 1, ... T-1     one superlane gives or takes a word
              <-   word   --  superlane T-1, ... 1, 0      the word that was taken
                    probe      along a superlane and back  brings the counters of a unit

Each passes one register a stop or a superlane, so that an answer travels beside the data that it
speaks of: what a MEM slice reads reaches the east edge a fixed time after ``answered`` does.
"""

from enum import IntEnum

from amaranth.lib import data

from tsp.arch.config import STREAMS, WORD_BITS
from tsp.words import LIMIT

__all__ = ["READ_STREAM", "WRITE_STREAM", "Kind", "Token", "message_layout", "probe_layout"]
__all__ += ["queue_layout", "token_layout", "word_layout"]

READ_STREAM = 0  #: E stream 0 carries words from MEM to the east edge
WRITE_STREAM = STREAMS  #: W stream 0 carries words from the east edge to MEM


class Kind(IntEnum):
    """What a message asks for."""

    START = 0  #: all stops: begin; the first VXM queue issues its first word
    CLEAR = 1  #: the queue: back to the state after reset
    TEXT = 2  #: the queue: take the word at the end of its text
    ISSUE = 3  #: a MEM queue: issue the word now, in one superlane alone
    PROBE = 4  #: the queue: tell the text's counters of errors


class Token(IntEnum):
    """What a token asks for."""

    TAKE = 0  #: send what the stream brings
    GIVE = 1  #: put the word on the stream
    PROBE = 2  #: send the counters of the unit whose queue's number the word is


def message_layout() -> data.StructLayout:
    """``valid``, :class:`Kind`, queue number, superlane (``ISSUE``), a protected word."""
    members = {"valid": 1, "kind": 3, "queue": 8, "superlane": LIMIT, "word": WORD_BITS}
    return data.StructLayout(members)


def queue_layout() -> data.StructLayout:
    """A stop's message as one of its queues gets it: what it is to do, decoded.

    The word comes with ``text_word``. ``issue`` is of MEM queues only.
    """
    return data.StructLayout({"clear": 1, "text": 1, "issue": 1, "superlane": LIMIT})


def token_layout() -> data.StructLayout:
    """For one superlane: ``valid``, :class:`Token`, its number, a word."""
    return data.StructLayout({"valid": 1, "kind": 2, "superlane": LIMIT, "word": WORD_BITS})


def probe_layout() -> data.StructLayout:
    """Along a superlane: whose counters are wanted, and the counters when a stop had them."""
    return data.StructLayout({"valid": 1, "queue": 8, "errors": 32})


def word_layout() -> data.StructLayout:
    """A word that was taken, on its way to the host."""
    return data.StructLayout({"valid": 1, "word": WORD_BITS})
