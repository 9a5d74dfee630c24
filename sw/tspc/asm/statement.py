"""Read one statement of a queue: an optional issue time and the parts of one word."""

import difflib
import re
from dataclasses import dataclass, field

from tsp.arch.config import Config, Queue, QueueKind
from tsp.arch.isa import (
    FORMATS,
    BadWord,
    Instruction,
    config_problems,
    decode,
    has_operation,
    is_built,
    make,
    vxm_op,
)
from tspc.asm.codes import Code
from tspc.asm.fields import parse_field
from tspc.asm.lexer import Token, Tokens, fail, whole
from tspc.asm.syntax import Item, Part, find_part, mnemonics
from tspc.asm.vxm import find_op, parse_vxm
from tspc.diagnostics import DiagnosticError, Span

__all__ = ["Statement", "check_word", "parse_statement"]

#: The record's clock has 32 bits.
LATEST = (1 << 32) - 1


@dataclass
class Statement:
    """One word with the places of what it was made from.

    Attributes
    ----------
    span
        The mnemonic of its first part.
    word
        The 128 bits.
    instruction
        None for a raw ``WORD`` that is no instruction.
    at
        Issue time, if given, and its place.
    spans
        Place of each field that the text names.
    """

    span: Span
    word: int
    instruction: Instruction | None
    at: int | None = None
    at_span: Span | None = None
    spans: dict[str, Span] = field(default_factory=dict)


def parse_statement(line: list[Token], queue: Queue) -> Statement:
    """Read a statement.

    Parameters
    ----------
    line
        Its tokens, at least one.
    queue
        Where it stands; decides what an unknown mnemonic is likened to.

    Raises
    ------
    DiagnosticError
        If it is no statement or the word breaks a rule of :func:`tsp.arch.isa.decode`.
    """
    tokens = Tokens(line)
    at, at_span = None, None
    if tokens.take("@"):
        time = tokens.expect_kind("int", "an issue time after '@'")
        at, start = whole(time), line[0].span
        length = time.span.column + time.span.length - start.column
        at_span = Span(start.file, start.line, start.column, length)
        if not 0 <= at <= LATEST:
            raise fail(Code.RANGE, f"issue time {at} is not in 0 .. {LATEST}", at_span)
    span = tokens.peek().span
    token = tokens.peek()
    if token.kind == "name" and token.text.upper() == "WORD":
        word, instruction, spans = _parse_raw(tokens)
    else:
        instruction, spans = _parse_word(tokens, queue)
        word = instruction.encode()
    tokens.finish()
    return Statement(span, word, instruction, at, at_span, spans)


def _parse_raw(tokens: Tokens) -> tuple[int, Instruction | None, dict[str, Span]]:
    tokens.next()
    token = tokens.expect_kind("int", "the 128 bits of the word")
    word = whole(token)
    if not 0 <= word < 1 << 128:
        raise fail(Code.RANGE, "a word has 128 bits", token.span)
    try:
        return word, decode(word), {}
    except BadWord:
        return word, None, {}


def _parse_word(tokens: Tokens, queue: Queue) -> tuple[Instruction, dict[str, Span]]:
    first = tokens.expect_kind("name", "an operation")
    vxm = find_op(first.text)
    if vxm is not None:
        return parse_vxm(vxm, tokens)
    name, values, spans = "", dict[str, int](), dict[str, Span]()
    token = first
    while True:
        part = find_part(token.text)
        if part is None:
            raise _unknown(token, queue)
        if name and part.form != name:
            message = f"{part.mnemonic} and {first.text} cannot share a word"
            raise fail(Code.RULE, message, token.span)
        if clash := part.fields & values.keys():
            message = f"{part.mnemonic} sets what {first.text} has set"
            raise fail(Code.RULE, message, token.span, help=f"both use {', '.join(sorted(clash))}")
        name = part.form
        _parse_operands(part, tokens, values, spans)
        if not tokens.take("|"):
            break
        token = tokens.expect_kind("name", "an operation after '|'")
    try:
        return make(name, **values), spans
    except BadWord as error:
        raise fail(Code.RULE, str(error), _place(str(error), spans, first.span)) from None


def _parse_operands(
    part: Part, tokens: Tokens, values: dict[str, int], spans: dict[str, Span]
) -> None:
    options = {i.key: i for i in part.items if i.key}
    open_options = dict(options)
    values.update(part.fixed)

    def store(item: Item) -> None:
        assert item.field is not None
        values[item.field.name], spans[item.field.name] = parse_field(item.field, tokens)

    def take_options() -> None:
        while True:
            comma = tokens.peek().text == ","
            key, equals = tokens.peek(comma), tokens.peek(comma + 1)
            if key.kind != "name" or equals.text != "=":
                return
            for _ in range(2 + comma):
                tokens.next()
            if key.text not in options:
                known = ", ".join(options) or "none"
                message = f"{part.mnemonic} has no option {key}"
                raise fail(Code.SYNTAX, message, key.span, help=f"its options are: {known}")
            if key.text not in open_options:
                raise fail(Code.DUPLICATE, f"option {key} is given twice", key.span)
            store(open_options.pop(key.text))

    for item in part.items:
        if item.key:
            continue
        take_options()
        if item.field is None:
            tokens.expect(item.mark, f"in {part.mnemonic}")
        elif item.default is not None and tokens.peek().kind != "int":
            values[item.field.name] = item.default
        else:
            store(item)
    take_options()
    for item in open_options.values():
        assert item.field is not None
        if item.default is None:
            message = f"{part.mnemonic} needs {item.key}= ({item.field.doc})"
            raise fail(Code.SYNTAX, message, tokens.peek().span)
        values[item.field.name] = item.default


def _unknown(token: Token, queue: Queue) -> DiagnosticError:
    known = mnemonics()
    close = difflib.get_close_matches(token.text.upper(), [k.upper() for k in known], 1, 0.6)
    remedy = f"did you mean {next(k for k in known if k.upper() == close[0])}?" if close else ""
    here = [f.name for f in FORMATS.values() if queue.kind in f.queues and f.functional]
    if not remedy:
        remedy = f"{queue.name} holds {', '.join(here)} and the operations of every queue"
    return fail(Code.OPERATION, f"unknown operation {token}", token.span, help=remedy)


def _place(message: str, spans: dict[str, Span], otherwise: Span) -> Span:
    """Messages of tsp.arch begin with the field's name: find where the text gives it."""
    match = re.match(r"([a-z]\w*)", message)
    return spans.get(match[1], otherwise) if match else otherwise


def check_word(statement: Statement, config: Config, queue: Queue) -> None:
    """Refuse a word that the queue of this configuration may not hold."""
    i = statement.instruction
    if i is None:
        try:
            decode(statement.word)
        except BadWord as error:
            raise fail(Code.RULE, f"bad word: {error}", statement.span) from None
        return
    if queue.kind not in i.format.queues:
        kinds = [k for k in QueueKind if k in i.format.queues]
        names = [next(q.name for q in config.queues if q.kind is k) for k in kinds]
        message = f"{i.name} is no instruction of {queue.name}"
        raise fail(
            Code.WRONG_QUEUE, message, statement.span, help=f"it belongs in {names[0]} and its like"
        )
    if i.name == "VXM" and not has_operation(queue, vxm_op(i["op"])):
        message = f"{vxm_op(i['op']).name} is a special function, which {queue.name} does not have"
        remedy = "ALU 0 of each stop has them: VXM0, VXM4, VXM8, VXM12"
        raise fail(Code.WRONG_QUEUE, message, statement.span, help=remedy)
    if not is_built(i):
        message = "this operation is not built in this version of the chip"
        remedy = "its encoding is settled, the unit is not there; docs/reference/isa.md tells which"
        raise fail(Code.NOT_BUILT, message, statement.span, help=remedy)
    for problem in config_problems(i, config, queue):
        span = _place(problem, statement.spans, statement.span)
        raise fail(Code.RANGE, problem, span, help=f"the configuration is {config.name!r}")
