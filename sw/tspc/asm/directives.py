"""The directives: ``.config .name .bound .tensor .data`` before the queues, ``.text`` in one."""

import json
import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import NAMED, Config, ConfigError, QueueKind
from tspc.asm.codes import Code
from tspc.asm.lexer import Token, Tokens, fail
from tspc.diagnostics import Note, Span
from tspc.program import Address, Tensor

__all__ = ["DIRECTIVES", "DTYPES", "ROLES", "Header"]
__all__ += ["parse_config", "parse_directive", "parse_text_places"]

DTYPES = ("int8", "uint8", "int16", "int32", "float16", "float32")
ROLES = ("input", "output", "constant")
DIRECTIVES = (".config", ".name", ".bound", ".tensor", ".data", ".text")

#: No tensor of any configuration has more vectors than this (220 MiB of 16 bytes).
_MOST_PLACES = 1 << 24


@dataclass
class Header:
    """What the directives of a text said, and where."""

    config: Config
    name: str | None = None
    bound: int | None = None
    tensors: dict[str, Tensor] = field(default_factory=dict)
    memory: dict[Address, NDArray[np.uint8]] = field(default_factory=dict)
    places: dict[object, Span] = field(default_factory=dict)

    def once(self, key: object, what: str, span: Span) -> None:
        """Fail if `key` was given before."""
        if key in self.places:
            notes = (Note("it is given first here", self.places[key]),)
            raise fail(Code.DUPLICATE, f"{what} is given twice", span, notes=notes)
        self.places[key] = span


def parse_config(line: list[Token]) -> Config:
    """Read ``.config nano`` or ``.config superlanes=2 spares=0 ...`` with every size."""
    tokens = Tokens(line)
    directive = tokens.next()
    sizes: dict[str, int | str] = {}
    first = tokens.peek()
    if first.kind != "name" and first.kind != "string":
        raise fail(Code.SYNTAX, f"expected a configuration, found {first}", first.span)
    if tokens.peek(1).text != "=":
        name = tokens.next()
        tokens.finish()
        if name.text not in NAMED:
            remedy = f"configurations are {', '.join(NAMED)}, or give every size"
            raise fail(Code.CONFIG, f"unknown configuration {name}", name.span, help=remedy)
        return NAMED[name.text]
    while tokens.peek().kind != "end":
        key = tokens.expect_kind("name", "a size")
        tokens.expect("=", f"after {key}")
        if key.text in sizes:
            raise fail(Code.DUPLICATE, f"{key} is given twice", key.span)
        if key.text == "name":
            sizes["name"] = _parse_name(tokens, "the configuration's name")
        else:
            sizes[key.text] = tokens.integer(f"the number of {key.text}")
        tokens.take(",")
    try:
        return Config.from_dict({"name": "custom", **sizes})
    except ConfigError as error:
        raise fail(Code.CONFIG, str(error), directive.span) from None


def _parse_name(tokens: Tokens, what: str) -> str:
    token = tokens.peek()
    if token.kind == "string":
        tokens.next()
        try:
            name = str(json.loads(token.text))
            name.encode()  # JSON can escape half a character
            return name
        except ValueError:
            message = f"{token} is no string: escapes are JSON's"
            raise fail(Code.SYNTAX, message, token.span) from None
    return tokens.expect_kind("name", what).text


def parse_directive(line: list[Token], header: Header) -> None:
    """Read one of :data:`DIRECTIVES`, but not ``.config``, into the header."""
    tokens = Tokens(line)
    directive = tokens.next()
    if directive.text == ".name":
        header.once(".name", ".name", directive.span)
        header.name = _parse_name(tokens, "the program's name")
    elif directive.text == ".bound":
        header.once(".bound", ".bound", directive.span)
        token = tokens.peek()
        header.bound = tokens.integer("the bound")
        if not 0 <= header.bound < 1 << 63:
            raise fail(Code.RANGE, f"bound {token.text} is not in 0 .. 2^63 - 1", token.span)
    elif directive.text == ".tensor":
        _parse_tensor(tokens, header)
    else:
        _parse_data(tokens, header)
    tokens.finish()


def _parse_address(tokens: Tokens, config: Config, code: Code) -> tuple[Address, Span]:
    token = tokens.expect_kind("name", "a MEM slice such as MEM_E0")
    queue = config.queue_by_name.get(token.text.upper())
    if queue is None or queue.kind is not QueueKind.MEM:
        last = config.mem_slices - 1
        remedy = f"{config.name} has MEM_W0 .. MEM_W{last} and MEM_E0 .. MEM_E{last}"
        raise fail(code, f"{token} is no MEM slice", token.span, help=remedy)
    tokens.expect(":", "and a bank after the slice")
    bank_token = tokens.peek()
    bank = tokens.integer("the bank")
    tokens.expect(":", "and an offset after the bank")
    offset_token = tokens.peek()
    offset = tokens.integer("the offset")
    if bank not in (0, 1):
        raise fail(code, f"bank {bank} is not in 0 .. 1", bank_token.span)
    _check_offset(offset, config, offset_token.span, code)
    return (queue.index, bank, offset), token.span


def _check_offset(offset: int, config: Config, span: Span, code: Code) -> None:
    if not 0 <= offset < config.bank_words:
        message = f"offset {offset} is not in 0 .. {config.bank_words - 1}"
        raise fail(code, message, span, help=f"a bank of {config.name} has that many words")


def _parse_shape(tokens: Tokens) -> tuple[str, tuple[int, ...], Span]:
    kind = tokens.expect_kind("name", "the tensor's type, as in int8[4,16]")
    if kind.text not in DTYPES:
        remedy = f"types are {', '.join(DTYPES)}"
        raise fail(Code.TENSOR, f"unknown tensor type {kind}", kind.span, help=remedy)
    tokens.expect("[", "and the shape after the type")
    shape: list[int] = []
    while not tokens.take("]"):
        if shape:
            tokens.expect(",", "or ']' in the shape")
        size = tokens.peek()
        shape.append(tokens.integer("a size"))
        if not 1 <= shape[-1] <= _MOST_PLACES:
            raise fail(Code.TENSOR, f"size {size.text} of a tensor is impossible", size.span)
    return kind.text, tuple(shape), kind.span


def _parse_tensor(tokens: Tokens, header: Header) -> None:
    named = tokens.peek()
    name = _parse_name(tokens, "the tensor's name")
    header.once(("tensor", name), f"tensor {name!r}", named.span)
    dtype, shape, span = _parse_shape(tokens)
    role = tokens.expect_kind("name", "the tensor's role")
    if role.text not in ROLES:
        message = f"unknown role {role}"
        raise fail(Code.TENSOR, message, role.span, help=f"roles are {', '.join(ROLES)}")
    tokens.expect("{", "and the places after the role")
    found: list[Address] = []
    while not tokens.take("}"):
        found += _parse_run(tokens, header.config)
    extent = tensor_extent(dtype, shape, header.config)
    needed = extent[0] * extent[1] * extent[2]
    if len(found) != needed:
        message = f"tensor {name!r} needs {needed} places, {len(found)} are given"
        shape_text = f"{extent[2]} byte planes x {extent[1]} chunks x {extent[0]} rows"
        raise fail(Code.TENSOR, message, span, help=f"its vectors are {shape_text}, in this order")
    array = np.array(found, dtype=np.int32).reshape(extent[2], extent[1], extent[0], 3)
    places = np.ascontiguousarray(array.transpose(2, 1, 0, 3))
    header.tensors[name] = Tensor(name, dtype, shape, role.text, places)


def tensor_extent(dtype: str, shape: tuple[int, ...], config: Config) -> tuple[int, int, int]:
    """Rows, chunks and bytes of an element (:class:`tspc.program.Tensor`)."""
    rows = int(np.prod(shape[:-1], dtype=object)) if len(shape) > 1 else 1
    last = shape[-1] if shape else 1
    return rows, -(-last // config.lanes), np.dtype(dtype).itemsize


def _parse_run(tokens: Tokens, config: Config) -> list[Address]:
    """``MEM_E0:1:4`` or a run of 8 addresses, 2 apart: ``MEM_E0:1:4+8*2``."""
    (queue, bank, offset), _ = _parse_address(tokens, config, Code.TENSOR)
    if not tokens.take("+"):
        return [(queue, bank, offset)]
    token = tokens.peek()
    count = tokens.integer("the number of addresses")
    step = tokens.integer("the distance of the addresses") if tokens.take("*") else 1
    if count < 1 or step < 1:
        raise fail(Code.TENSOR, "a run has at least 1 address, at least 1 apart", token.span)
    _check_offset(offset + (count - 1) * step, config, token.span, Code.TENSOR)
    return [(queue, bank, offset + i * step) for i in range(count)]


def parse_text_places(line: list[Token], header: Header) -> list[Address]:
    """Read ``.text MEM_E0:0:4+8``: where the last words of a queue's text lie."""
    tokens = Tokens(line)
    tokens.next()
    found: list[Address] = []
    while tokens.peek().kind != "end":
        span = tokens.peek().span
        for address in _parse_run(tokens, header.config):
            header.once(("data", address), "this address", span)
            found.append(address)
    return found


def _parse_data(tokens: Tokens, header: Header) -> None:
    address, span = _parse_address(tokens, header.config, Code.DATA)
    header.once(("data", address), "this address", span)
    token = tokens.peek()
    lanes = header.config.lanes
    if token.kind == "bytes":
        tokens.next()
        digits = re.sub(r"[ _]", "", token.text[2:-1])
        if len(digits) % 2:
            raise fail(Code.DATA, "an odd number of hexadecimal digits", token.span)
        values = list(bytes.fromhex(digits))
    else:
        values = _parse_bytes(tokens)
    if len(values) > lanes:
        message = f"{len(values)} bytes are given, a vector of {header.config.name} has {lanes}"
        raise fail(Code.DATA, message, token.span)
    vector = np.zeros(lanes, dtype=np.uint8)
    vector[: len(values)] = values
    header.memory[address] = vector


def _parse_bytes(tokens: Tokens) -> list[int]:
    """``[1, -2, 0x7f]``: lane 0 first."""
    tokens.expect("[", 'or x"..." before the bytes of the vector')
    values: list[int] = []
    while not tokens.take("]"):
        if values:
            tokens.expect(",", "or ']' among the bytes")
        token = tokens.peek()
        value = tokens.integer("a byte")
        if not -128 <= value <= 255:
            raise fail(Code.DATA, f"{value} is no byte (-128 .. 255)", token.span)
        values.append(value & 255)
    return values
