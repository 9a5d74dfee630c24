"""Errors that a person can act on: code, place, source line with caret, note, help.

Every tool reports what was given to it and is wrong as :class:`Diagnostic` objects, several at a
time, inside one :class:`DiagnosticError`. The form is rustc's::

    error[A0007]: issue time @12 is in the past
      --> gemm.tsp:14:5
       |
    14 |     @12 READ 0:3 -> E4
       |     ^^^ the queue can issue next at @31
       |
    note: MEM_E3 is released at @30
      --> gemm.tsp:13:1
    help: write @31 or a later time
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

__all__ = ["Diagnostic", "DiagnosticError", "Note", "Span", "render", "to_json"]

#: Reports end after this many diagnostics; the rest is counted.
SHOWN = 20


@dataclass(frozen=True)
class Span:
    """A place in a text: 1-based line and column, and the number of characters.

    Line 0 means the file as a whole.
    """

    file: str
    line: int = 0
    column: int = 1
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True)
class Note:
    """More to know: the other party of a conflict, with its place if it has one."""

    message: str
    span: Span | None = None


@dataclass(frozen=True)
class Diagnostic:
    """One thing that is wrong.

    Attributes
    ----------
    code
        Letter of the tool and four digits; docs/reference/errors.md lists them.
    message
        What is wrong, in one line, with the value.
    span
        Where; None if there is no place.
    label
        Text at the caret.
    source
        The line of the text that `span` points into; None if it is not at hand.
    notes
        Other parties and reasons.
    help
        What to do about it; empty if nothing better can be said than the message.
    """

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    source: str | None = None
    notes: tuple[Note, ...] = ()
    help: str = ""

    def to_dict(self) -> dict[str, object]:
        """The same, as JSON can hold it."""

        def place(span: Span | None) -> dict[str, object] | None:
            return None if span is None else dict(vars(span))

        return {
            "code": self.code,
            "message": self.message,
            "span": place(self.span),
            "label": self.label,
            "notes": [{"message": n.message, "span": place(n.span)} for n in self.notes],
            "help": self.help,
        }


class DiagnosticError(Exception):
    """What was given is wrong, in one or several ways. ``str()`` is the full report."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(render(self.diagnostics))


@dataclass
class _Lines:
    """Collects the lines of one report."""

    found: list[str] = field(default_factory=list)

    def excerpt(self, span: Span, source: str | None, label: str) -> None:
        margin = len(str(span.line)) if span.line else 1
        self.found.append(f"{'':{margin}} --> {span}")
        if source is None or not span.line:
            return
        text = "".join(" " if c == "\t" else c if c.isprintable() else "?" for c in source)
        length = max(1, min(span.length, len(text) - span.column + 1))
        caret = " " * (span.column - 1) + "^" * length
        self.found += [
            f"{'':{margin}} |",
            f"{span.line} | {text}",
            f"{'':{margin}} | {caret}{' ' + label if label else ''}",
        ]


def _render(d: Diagnostic) -> str:
    lines = _Lines([f"error[{d.code}]: {d.message}"])
    if d.span is not None:
        lines.excerpt(d.span, d.source, d.label)
    for note in d.notes:
        lines.found.append(f"note: {note.message}")
        if note.span is not None:
            lines.excerpt(note.span, None, "")
    if d.help:
        lines.found.append(f"help: {d.help}")
    return "\n".join(lines.found)


def render(diagnostics: Sequence[Diagnostic], shown: int = SHOWN) -> str:
    """Write diagnostics as text, at most `shown` of them, and count the rest."""
    parts = [_render(d) for d in diagnostics[:shown]]
    if len(diagnostics) > shown:
        parts.append(f"... and {len(diagnostics) - shown} more")
    return "\n\n".join(parts)


def to_json(diagnostics: Sequence[Diagnostic]) -> str:
    """Write diagnostics as a JSON object with the key ``errors``."""
    return json.dumps({"ok": False, "errors": [d.to_dict() for d in diagnostics]}, indent=2)
