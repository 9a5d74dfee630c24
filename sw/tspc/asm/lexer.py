"""Cut a line of assembly text into tokens.

``;`` begins a comment. Identifiers may hold dots (``ADD.int32.sat``), directives begin with one.
"""

import re
from dataclasses import dataclass

from tspc.asm.codes import Code
from tspc.diagnostics import Diagnostic, DiagnosticError, Note, Span

__all__ = ["Token", "Tokens", "fail", "tokenize", "whole"]

_PATTERN = re.compile(
    r"""(?P<space>[ \t\r]+)|(?P<comment>;.*)
    |(?P<bytes>x"[0-9a-fA-F_ ]*")
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<float>-(?:inf|nan)\b|-?(?:\d+\.\d*(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+))
    |(?P<int>-?(?:0[xX][0-9a-fA-F][0-9a-fA-F_]*|\d+))
    |(?P<directive>\.[A-Za-z_]\w*)
    |(?P<name>[A-Za-z_][\w.]*)
    |(?P<mark>->|<-|[:,|=+*{}\[\]@\#])""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True)
class Token:
    """A piece of text: ``kind`` is a group of the pattern above or ``end``."""

    kind: str
    text: str
    span: Span

    def __str__(self) -> str:
        return "the end of the line" if self.kind == "end" else f"'{self.text}'"


def fail(
    code: Code,
    message: str,
    span: Span | None,
    label: str = "",
    *,
    notes: tuple[Note, ...] = (),
    help: str = "",
) -> DiagnosticError:
    """One diagnostic as an exception; the assembler adds the source line."""
    return DiagnosticError([Diagnostic(code.code, message, span, label, None, notes, help)])


def tokenize(line: str, file: str, number: int) -> list[Token]:
    """Tokens of one line, without an end token.

    Raises
    ------
    DiagnosticError
        At the first character that begins no token.
    """
    found = []
    at = 0
    while at < len(line):
        match = _PATTERN.match(line, at)
        if match is None:
            span = Span(file, number, at + 1)
            quote = "a string without its closing quote" if line[at] == '"' else repr(line[at])
            raise fail(Code.SYNTAX, f"unexpected {quote}", span)
        kind = str(match.lastgroup)
        if kind not in ("space", "comment"):
            span = Span(file, number, at + 1, match.end() - at)
            found.append(Token(kind, match.group(), span))
        at = match.end()
    return found


def whole(token: Token) -> int:
    """Value of an ``int`` token."""
    text = token.text.lower()
    try:
        return int(text.replace("_", ""), 16) if "x" in text else int(text)
    except ValueError:  # Python refuses thousands of digits
        raise fail(Code.RANGE, "the number is too long", token.span) from None


class Tokens:
    """The tokens of one statement, taken from left to right.

    Parameters
    ----------
    tokens
        At least one.
    """

    def __init__(self, tokens: list[Token]) -> None:
        last = tokens[-1].span
        end = Span(last.file, last.line, last.column + last.length)
        self._tokens = [*tokens, Token("end", "", end)]
        self._at = 0

    def peek(self, ahead: int = 0) -> Token:
        """The token `ahead` of the next one, which stays."""
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def next(self) -> Token:
        """Take a token."""
        token = self.peek()
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def take(self, text: str) -> bool:
        """Take the mark `text` if it is next."""
        found = self.peek().kind == "mark" and self.peek().text == text
        if found:
            self.next()
        return found

    def expect(self, text: str, where: str) -> Token:
        """Take the mark `text`, or fail: `where` says after what it is due."""
        token = self.peek()
        if not self.take(text):
            raise fail(Code.SYNTAX, f"expected '{text}' {where}, found {token}", token.span)
        return token

    def expect_kind(self, kind: str, what: str) -> Token:
        """Take a token of this kind, or fail: `what` names what it stands for."""
        token = self.peek()
        if token.kind != kind:
            raise fail(Code.SYNTAX, f"expected {what}, found {token}", token.span)
        return self.next()

    def integer(self, what: str) -> int:
        """Take a whole number, decimal or hexadecimal."""
        return whole(self.expect_kind("int", what))

    def finish(self) -> None:
        """Fail unless all tokens are taken."""
        token = self.peek()
        if token.kind != "end":
            raise fail(Code.SYNTAX, f"unexpected {token}", token.span, "the statement ends before")
