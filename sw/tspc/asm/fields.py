"""Read the values of fields: streams, types, numbers."""

from tsp.arch.config import STREAMS
from tsp.arch.isa import BadWord, Field, FieldKind, Type, stream_number
from tspc.asm.codes import Code
from tspc.asm.lexer import Tokens, fail
from tspc.asm.syntax import TYPES
from tspc.diagnostics import Span

__all__ = ["parse_field", "parse_stream", "parse_type"]


def parse_stream(tokens: Tokens) -> int:
    """A stream with its direction, ``E0`` .. ``W31``, as its 6-bit number."""
    token = tokens.expect_kind("name", "a stream (E0 .. E31, W0 .. W31)")
    try:
        return stream_number(token.text.upper())
    except ValueError:
        message = f"{token} is no stream"
        raise fail(
            Code.RANGE, message, token.span, help="streams are E0 .. E31 and W0 .. W31"
        ) from None


def _parse_index(tokens: Tokens) -> int:
    token = tokens.expect_kind("name", f"a stream of the MXM (s0 .. s{STREAMS - 1})")
    digits = token.text[1:]
    if token.text[0] not in "sS" or not digits.isdecimal() or int(digits) >= STREAMS:
        remedy = f"write s0 .. s{STREAMS - 1}: the MXM's inputs flow outward, its results inward"
        raise fail(Code.RANGE, f"{token} is no stream of the MXM", token.span, help=remedy)
    return int(digits)


def parse_type(tokens: Tokens) -> Type:
    """An element type."""
    token = tokens.expect_kind("name", "an element type")
    if token.text not in TYPES:
        remedy = f"types are {', '.join(TYPES)}"
        raise fail(Code.RANGE, f"{token} is no element type", token.span, help=remedy)
    return TYPES[token.text]


def parse_field(field: Field, tokens: Tokens) -> tuple[int, Span]:
    """The value of a field and its place; a value that the field cannot hold is an error."""
    span = tokens.peek().span
    if field.kind is FieldKind.STREAM:
        value = parse_stream(tokens)
    elif field.kind is FieldKind.INDEX:
        value = _parse_index(tokens)
    elif field.kind is FieldKind.TYPE:
        value = int(parse_type(tokens))
    else:
        value = tokens.integer(f"a number ({field.doc})")
    try:
        field.check(value)
    except BadWord as error:
        raise fail(Code.RANGE, str(error), span, help=f"{field.name}: {field.doc}") from None
    return value, span
