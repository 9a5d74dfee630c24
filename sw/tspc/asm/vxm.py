"""VXM words as text: ``MADD.int32.sat E4:int32, #-5:int8, W0:fp16 -> W8:int8``.

The mnemonic carries operation, compute type and ``sat`` where integers saturate. An operand is a
stream or an immediate, each with its type; a type left out is the compute type. An immediate is a
decimal number of its type or, in hexadecimal, its pattern.
"""

from typing import Any

import numpy as np

from tsp.arch.isa import VXM_OPS, Compute, Instruction, Type, make, stream_name, vxm_op
from tspc.asm.codes import Code
from tspc.asm.fields import parse_stream, parse_type
from tspc.asm.lexer import Token, Tokens, fail, whole
from tspc.diagnostics import Span

__all__ = ["find_op", "format_vxm", "parse_vxm"]

_FLOATS: dict[Type, tuple[Any, Any]] = {
    Type.FP16: (np.float16, np.uint16),
    Type.FP32: (np.float32, np.uint32),
}
_INTEGERS = (Type.INT8, Type.INT16, Type.INT32)


def find_op(mnemonic: str) -> dict[str, int] | None:
    """Fields that a VXM mnemonic gives, None if it is none."""
    name, *suffixes = mnemonic.split(".")
    op = VXM_OPS.get(name.upper())
    if op is None or not suffixes:
        return None
    compute = Compute.__members__.get(suffixes[0].upper())
    if compute not in op.compute or suffixes[1:] not in ([], ["sat"], ["wrap"]):
        return None
    return {"op": op.code, "compute": int(compute), "saturate": int(suffixes[1:] == ["sat"])}


def parse_vxm(fields: dict[str, int], tokens: Tokens) -> tuple[Instruction, dict[str, Span]]:
    """Read the operands of a VXM operation.

    Parameters
    ----------
    fields
        What :func:`find_op` found.
    tokens
        Everything after the mnemonic, to the end of the statement.

    Returns
    -------
    The instruction and the places of its fields.
    """
    values, spans = dict(fields), dict[str, Span]()
    op = vxm_op(fields["op"])
    default = (Type.INT32, Type.FP32)[fields["compute"]]
    immediates = 0
    for n, name in enumerate("abc"[: op.operands]):
        if n:
            tokens.expect(",", f"between the {op.operands} operands of {op.name}")
        spans[name] = tokens.peek().span
        if tokens.take("#"):
            if immediates == 2:
                message = "at most two operands are immediates"
                raise fail(Code.RULE, message, spans[name])
            value, kind = _parse_immediate(tokens, default)
            values |= {f"{name}_immediate": 1, f"immediate{immediates}": value}
            immediates += 1
        else:
            values[f"{name}_stream"], kind = _parse_stream(tokens, default)
        values[f"{name}_type"] = kind
    tokens.expect("->", f"after the {'operands' if op.operands > 1 else 'operand'} of {op.name}")
    spans["result"] = tokens.peek().span
    values["result_stream"], values["result_type"] = _parse_stream(tokens, default)
    return make("VXM", **values), spans


def _parse_stream(tokens: Tokens, default: Type) -> tuple[int, Type]:
    token = tokens.peek()
    stream = parse_stream(tokens)
    kind = parse_type(tokens) if tokens.take(":") else default
    if stream % kind.bytes:
        word = kind.name.lower()
        message = f"{token.text} cannot hold {word}: its {kind.bytes} streams begin at a multiple"
        base = stream_name(stream - stream % kind.bytes)
        raise fail(
            Code.RULE, f"{message} of {kind.bytes}", token.span, help=f"{base} would be aligned"
        )
    return stream, kind


def _parse_immediate(tokens: Tokens, default: Type) -> tuple[int, Type]:
    token = tokens.next()
    if token.kind not in ("int", "float") and token.text not in ("inf", "nan"):
        raise fail(Code.SYNTAX, f"expected a number after '#', found {token}", token.span)
    kind = parse_type(tokens) if tokens.take(":") else default
    return _pattern(token, kind), kind


def _pattern(token: Token, kind: Type) -> int:
    bits = 8 * kind.bytes
    word = kind.name.lower()
    if token.kind == "int" and "x" in token.text.lower():
        value = whole(token)
        if not 0 <= value < 1 << bits:
            raise fail(Code.RANGE, f"the pattern of {word} has {bits} bits", token.span)
        return value
    if kind in _INTEGERS:
        if token.kind != "int":
            raise fail(Code.RANGE, f"{token.text} is no {word}", token.span)
        value = whole(token)
        low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        if not low <= value <= high:
            raise fail(Code.RANGE, f"{value} is not in {low} .. {high} ({word})", token.span)
        return value & ((1 << bits) - 1)
    if token.text.endswith("nan"):
        return 0x7E00 if kind is Type.FP16 else 0x7FC00000
    real, raw = _FLOATS[kind]
    with np.errstate(over="ignore"):
        rounded = real(float(token.text))
    if not token.text.endswith("inf") and not np.isfinite(rounded):
        raise fail(Code.RANGE, f"{token.text} overflows {word}", token.span, help="write #inf")
    return int(rounded.view(raw))


def format_immediate(pattern: int, kind: Type) -> str:
    """An immediate as text: decimal, or the pattern of a NaN."""
    if kind in _INTEGERS:
        top = 1 << (8 * kind.bytes - 1)
        return str((pattern ^ top) - top)
    real, raw = _FLOATS[kind]
    value = raw(pattern).view(real)
    if np.isnan(value):
        return f"0x{pattern:x}"
    return str(value) if np.isfinite(value) else f"{float(value)}"


def format_vxm(i: Instruction) -> str:
    """A VXM word as canonical text."""
    op = vxm_op(i["op"])
    mnemonic = f"{op.name}.{Compute(i['compute']).name.lower()}"
    if i["saturate"]:
        mnemonic += ".sat"
    operands, immediates = [], 0
    for name in "abc"[: op.operands]:
        kind = Type(i[f"{name}_type"])
        if i[f"{name}_immediate"]:
            value = f"#{format_immediate(i[f'immediate{immediates}'], kind)}"
            immediates += 1
        else:
            value = stream_name(i[f"{name}_stream"])
        operands.append(f"{value}:{kind.name.lower()}")
    result = f"{stream_name(i['result_stream'])}:{Type(i['result_type']).name.lower()}"
    return f"{mnemonic} {', '.join(operands)} -> {result}"
