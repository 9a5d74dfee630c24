"""Pages of the vector unit, one for each group of operations."""

from collections.abc import Iterable, Mapping
from functools import partial

from tsp.arch.config import STREAMS
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import VXM_OPS, Compute, VxmOp
from tspc.manual.page import Example, Page
from tspc.manual.script import BASE, Script

__all__ = ["PAGES"]

#: The ALU of the examples: the first of its stop, which has the special functions, too.
_ALU = "VXM8"
_EVERY = 3  #: cycles from one word of an example to the next
_INT, _REAL = Compute.INT32, Compute.FP32

_RULES = (
    "Operands are streams or immediates, at most two of them immediates.",
    "Each operand is converted from its type to the compute type, and the result to its own; each "
    "conversion rounds half to even, once.",
)
_INTEGER = (
    "int32 results are exact, then saturate (`.sat`) or wrap, to int32 and to the result type by "
    "the same bit."
)
_FLOAT = (
    "fp32 overflow gives infinity, in fp16 too; the one NaN is 7FC00000, in fp16 7E00.",
    "Float to integer is clip(rint(x)), NaN gives 0.",
)

#: What the examples' operands are, by compute type: NumPy expressions.
_Given = Mapping[Compute, Mapping[str, str]]

_GIVEN: _Given = {
    _INT: {
        "a": "np.arange(V, dtype=np.int32) * 0x1234567 - 2**28",
        "b": "np.arange(V, dtype=np.int32)[::-1] - 9",
        "c": "np.arange(V, dtype=np.int32) % 3 - 1",
    },
    _REAL: {
        "a": "np.arange(-8, V - 8, dtype=np.float32) / 3",
        "b": "np.arange(V, dtype=np.float32)[::-1] - 9",
        "c": "np.arange(V, dtype=np.float32) % 3 - 1",
    },
}
_POSITIVE: _Given = {_REAL: {"a": "np.arange(1, V + 1, dtype=np.float32) / 7"}}

#: Pairs that are equal, or are not in their own type alone: fp32 rounds, int32 has no quarters.
_NEAR: _Given = {
    _INT: {
        "a": "np.arange(V, dtype=np.int32) % 5 + 2**24",
        "b": "np.arange(V, dtype=np.int32) % 3 + 2**24",
    },
    _REAL: {
        "a": "np.arange(V, dtype=np.float32) % 5 / 4",
        "b": "np.arange(V, dtype=np.float32) % 3 / 4",
    },
}

#: What NumPy says of each operation: int32 (which wraps, as the words of the examples do), fp32.
_SAYS: dict[str, tuple[str, str]] = {
    "ADD": ("a + b", "a + b"),
    "SUB": ("a - b", "a - b"),
    "MUL": ("a * b", "a * b"),
    "MADD": ("a * b + c", "(a.astype(np.float64) * b + c).astype(np.float32)"),
    "MAX": ("np.maximum(a, b)", "np.maximum(a, b)"),
    "MIN": ("np.minimum(a, b)", "np.minimum(a, b)"),
    "RELU": ("np.maximum(a, 0)", "np.maximum(a, 0)"),
    "SELECT": ("np.where(c != 0, a, b)", "np.where(c != 0, a, b)"),
    "SHL": ("a << (b & 31)", ""),
    "SRA": ("a >> (b & 31)", ""),
    "SRL": ("(a.view(np.uint32) >> (b & 31).astype(np.uint32)).view(np.int32)", ""),
    "AND": ("a & b", ""),
    "OR": ("a | b", ""),
    "XOR": ("a ^ b", ""),
    "NOT": ("~a", ""),
    "NEG": ("-a", "-a"),
    "ABS": ("abs(a)", "abs(a)"),
    "EQ": ("a == b", "a == b"),
    "NE": ("a != b", "a != b"),
    "LT": ("a < b", "a < b"),
    "LE": ("a <= b", "a <= b"),
    "EXP2": ("", "np.exp2(a)"),
    "LOG2": ("", "np.log2(a)"),
    "RSQRT": ("", "1 / np.sqrt(a)"),
    "RECIP": ("", "1 / a"),
    "TANH": ("", "np.tanh(a)"),
}


def _write(ops: tuple[VxmOp, ...], compute: Compute, script: Script) -> None:
    """One ALU takes the same operands through one operation after the other."""
    t, kind = script.timing, compute.name.lower()
    many = len(ops), _EVERY
    for n, op in enumerate(ops):
        operands = ", ".join(f"E{4 * k}:{kind}" for k in range(op.operands))
        word = f"{op.name}.{kind} {operands} -> W0:{kind}"
        script.word(_ALU, BASE + _EVERY * n, word)
    dtype = {_INT: "int32", _REAL: "float32"}[compute]
    for k in range(max(op.operands for op in ops)):
        arrives = BASE + t.vxm_d_skew
        script.operand("abc"[k], f"{dtype}[32]", _ALU, f"E{4 * k}", arrives, streams=4, burst=many)
    rows = f"{len(ops)},32" if len(ops) > 1 else "32"
    stands = BASE + t.vxm_d_func
    script.result("y", f"{dtype}[{rows}]", _ALU, "W0", stands, streams=4, burst=many)


def _example(
    ops: Iterable[VxmOp], compute: Compute, given: _Given, close: float
) -> Iterable[Example]:
    """A program with all operations of a group that the chip has in a compute type."""
    ready = tuple(op for op in ops if compute in op.built)
    if not ready:
        return
    names = "abc"[: max(op.operands for op in ready)]
    says = [_SAYS[op.name][compute] for op in ready]
    yield Example(
        f"{', '.join(op.name for op in ready)} in {compute.name.lower()}, {_EVERY} cycles apart.",
        partial(_write, ready, compute),
        {name: given[compute][name] for name in names},
        {"y": f"np.stack([{', '.join(says)}])" if len(says) > 1 else says[0]},
        close=close,
        compute=compute,
    )


def _page(
    name: str,
    effect: str,
    operations: tuple[str, ...],
    words: tuple[str, ...],
    *rules: str,
    given: _Given = _GIVEN,
    close: float = 0.0,
) -> Page:
    ops = [VXM_OPS[o] for o in operations]
    computes = [c for c in Compute if any(c in op.compute for op in ops)]
    more = ((_INTEGER,) if _INT in computes else ()) + (_FLOAT if _REAL in computes else ())
    return Page(
        f"VXM {name}",
        "VXM",
        effect,
        (*rules, *_RULES, *more),
        words,
        timing=("vxm_d_skew", "vxm_d_func"),
        errors=(ErrorClass.EMPTY_STREAM, ErrorClass.STREAM_CONFLICT),
        model=("tspc.golden.numerics:execute",),
        operations=operations,
        examples=tuple(e for c in computes for e in _example(ops, c, given, close)),
    )


assert STREAMS >= 16  # the examples use E0 .. E11 and W0 .. W3

PAGES = (
    _page(
        "arithmetic",
        "Sums and products, lane by lane.",
        ("ADD", "SUB", "MUL", "MADD"),
        (
            "ADD.int32.sat E4:int32, #-5:int8 -> W8:int8",
            "MADD.fp32 E4:int32, #1.5:fp32, W0:fp16 -> W8:int8",
        ),
        "fp32 multiply-add rounds once.",
    ),
    _page(
        "extremes",
        "The larger or smaller of two, or of one and zero.",
        ("MAX", "MIN", "RELU"),
        ("MAX.int32 E0:int8, E1:int8 -> W2:int8", "RELU.fp32 E2:fp16 -> E2:fp16"),
        "fp32 is IEEE 754-2019 minimum and maximum: NaN propagates, -0 < +0.",
    ),
    _page(
        "select",
        "One of two by a third.",
        ("SELECT",),
        ("SELECT.int32 E0:int8, E1:int8, W2:int8 -> E0:int8",),
        "NaN is not 0.",
    ),
    _page(
        "shifts",
        "Shifts by the low five bits of the second operand.",
        ("SHL", "SRA", "SRL"),
        ("SHL.int32.sat E0:int32, #3:int8 -> W4:int32", "SRA.int32 E0:int32, E4:int32 -> W4:int32"),
        "SHL is exact in 64 bits, then saturates or wraps; shifts to the right do not round.",
    ),
    _page(
        "logic",
        "Bitwise operations.",
        ("AND", "OR", "XOR", "NOT"),
        ("AND.int32 E0:int32, #65280:int32 -> W4:int32", "NOT.int32 E0:int8 -> W4:int8"),
    ),
    _page(
        "sign",
        "The opposite, and the magnitude.",
        ("NEG", "ABS"),
        ("NEG.int32.sat E0:int8 -> W0:int8", "ABS.fp32 E0:fp32 -> W0:fp32"),
        "neg and abs of -2^31 saturate or wrap.",
    ),
    _page(
        "compare",
        "1 if the relation holds, else 0.",
        ("EQ", "NE", "LT", "LE"),
        ("LT.int32 E0:int8, #0:int8 -> W0:int8", "NE.fp32 E0:fp32, E4:fp32 -> W0:int8"),
        "Unordered gives 0, but for NE.",
        given=_NEAR,
    ),
    _page(
        "specials",
        "Functions, in ALU 0 of each stop only. [The special functions](../../specials.md) defines "
        "them to the last bit and states their errors.",
        ("EXP2", "LOG2", "RSQRT", "RECIP", "TANH"),
        ("EXP2.fp32 E0:fp16 -> W0:fp16", "RSQRT.fp32 E0:fp32 -> W0:fp32"),
        given=_POSITIVE,
        close=4e-7,
    ),
)
