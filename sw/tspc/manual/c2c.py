"""Pages of the links between chips."""

from tsp.arch.errors import ErrorClass
from tspc.manual.page import Page

__all__ = ["PAGES"]

PAGES = (
    Page(
        "SEND",
        "SEND",
        "Sends a vector on the queue's link.",
        (),
        ("SEND E3",),
        errors=(ErrorClass.EMPTY_STREAM, ErrorClass.SEND_SPACING),
    ),
    Page(
        "RECEIVE",
        "RECEIVE",
        "Puts the next vector of the queue's link on a stream.",
        ("A vector that has not arrived is an error (late RECEIVE).",),
        ("RECEIVE -> E3",),
        errors=(ErrorClass.STREAM_CONFLICT,),
    ),
)
