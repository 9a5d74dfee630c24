"""What is tested of an ALU: suites of operand tuples, and random mixtures of everything."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from tsp.arch.config import LANES
from tsp.arch.isa import VXM_OPS, Compute, Type, make
from verif.slices.vxm import vectors as v
from verif.slices.vxm.runner import Vectors

__all__ = ["TUPLES", "mixture", "plan", "shuffled", "totals"]

TUPLES = 100_000  #: operand tuples of each operation and conversion, at least
_VARIANTS = 48  # placements on the streams that a suite goes through
_INT, _FP = Compute.INT32, Compute.FP32


@dataclass(frozen=True, eq=False)
class Suite:
    """Operand tuples of one operation.

    Attributes
    ----------
    name
        What is judged, e.g. ``fp32 MADD`` or ``fp16 to int32``; several suites may judge it.
    fields
        Of the instruction, but for the streams.
    operands
        Patterns of the operands that come from streams: arrays of one length, in order.
    """

    name: str
    fields: dict
    operands: tuple


def _suite(op, compute, types, result, operands, saturate=1, *, name=None, **more):
    fields = {"op": VXM_OPS[op].code, "compute": compute, "saturate": saturate}
    fields |= {"result_type": result, **{f"{x}_type": t for x, t in zip("abc", types)}}
    return Suite(name or f"{compute.name.lower()} {op}", fields | more, tuple(operands))


def _passing(op, compute, source, result, data, saturate=1):
    """A conversion, by an operation whose immediates let operand a pass."""
    name = f"{source.name} to {result.name}".lower()
    if op == "SELECT":
        more = {"c_immediate": 1, "immediate0": 1, "c_type": Type.INT8}
        types, data = (source, source), [data, data]
    else:
        more = {"b_immediate": 1, "b_type": Type.INT8}
        types, data = (source,), [data]
    return _suite(op, compute, types, result, data, saturate, name=name, **more)


def _every(rng, type_, count=TUPLES):
    """All patterns of a short type, or the corners of a long one, then random ones."""
    short = type_.bytes < 4
    edge = np.arange(1 << (8 * type_.bytes), dtype=np.uint32) if short else v.corners(type_)
    return np.concatenate([edge, v.patterns(rng, type_, count - edge.size)])


def _fp32(rng):
    """fp32 operations on fp32."""
    fp = Type.FP32
    operands = {1: lambda rng, count: [_every(rng, fp, count)], 2: v.pairs, 3: v.triples}
    for op in VXM_OPS.values():
        if _FP in op.built:
            yield _suite(op.name, _FP, (fp,) * op.operands, fp, operands[op.operands](rng, TUPLES))


def _conversions(rng):
    """Operands to each compute type, results to each type."""
    for source in Type:
        data = _every(rng, source)
        yield _passing("SELECT", _FP, source, Type.FP32, data)
        yield _passing("OR", _INT, source, Type.INT32, data)
    for result in (Type.INT8, Type.INT16, Type.INT32, Type.FP16):
        yield _passing("SELECT", _FP, Type.FP32, result, _every(rng, Type.FP32))
    for result in (Type.INT8, Type.INT16, Type.FP16, Type.FP32):
        for saturate in (0, 1):
            data = _every(rng, Type.INT32, TUPLES // 2)
            yield _passing("OR", _INT, Type.INT32, result, data, saturate)


def _integers(rng):
    """int32 operations, saturating and not."""
    for op in VXM_OPS.values():
        for saturate in (0, 1) if _INT in op.built else ():
            data = v.integers(rng, op.operands, TUPLES // 2)
            types = (Type.INT32,) * op.operands
            yield _suite(op.name, _INT, types, Type.INT32, data, saturate)


def plan(rng):
    """Every suite."""
    return [*_fp32(rng), *_conversions(rng), *_integers(rng)]


def totals(plan):
    """Operand tuples of a plan by what they judge."""
    found = Counter()
    for suite in plan:
        found[suite.name] += len(suite.operands[0])
    return found


def _placed(rng, fields, turn):
    """The instruction with random streams: operand k from memory (k + turn) % 3 of the bench."""
    fields = dict(fields)
    for k, x in enumerate("abc"):
        if f"{x}_type" in fields and not fields.get(f"{x}_immediate"):
            group = rng.choice([g for g in range(16) if g % 3 == (k + turn) % 3])
            size = Type(fields[f"{x}_type"]).bytes
            fields[f"{x}_stream"] = int(4 * group + rng.integers(0, 4) // size * size)
    size = Type(fields["result_type"]).bytes
    fields["result_stream"] = int(rng.integers(0, 64) // size * size)
    return make("VXM", **fields)


def _rows(rng, suite, turn):
    """(instruction, operands) of each group of 16 tuples of a suite."""
    count = -(-len(suite.operands[0]) // LANES)
    data = np.zeros((count, 3, LANES), np.uint32)
    for k, x in enumerate(suite.operands):
        data[:, k] = np.resize(x, count * LANES).reshape(count, LANES)
    for k, x in enumerate("abc"):
        if suite.fields.get(f"{x}_immediate"):
            data[:, k] = suite.fields.get("immediate0", 0)
    variants = [_placed(rng, suite.fields, turn) for _ in range(_VARIANTS)]
    return [(variants[n % _VARIANTS], data[n]) for n in range(count)]


def _random_row(rng, op, compute, turn):
    types = [Type(t) for t in rng.integers(0, 5, op.operands)]
    fields = {f"{x}_type": t for x, t in zip("abc", types)}
    fields |= {"op": op.code, "compute": compute, "result_type": Type(rng.integers(0, 5))}
    fields["saturate"] = int(rng.integers(0, 2))
    data = np.zeros((3, LANES), np.uint32)
    immediates = 0
    for k, type_ in enumerate(types):
        data[k] = v.patterns(rng, type_, LANES)
        if immediates < 2 and rng.integers(0, 4) == 0:
            data[k] = data[k, 0]
            fields |= {f"{'abc'[k]}_immediate": 1, f"immediate{immediates}": int(data[k, 0])}
            immediates += 1
    return _placed(rng, fields, turn), data


def mixture(rng, count, turn):
    """Random instructions: every operation, type and immediate."""
    every = [(op, c) for op in VXM_OPS.values() for c in op.built]
    return [_random_row(rng, *every[n % len(every)], turn) for n in range(count)]


def shuffled(rng, suites, turn, random):
    """One run: the suites and `random` further instructions in random order, with gaps."""
    rows = [row for suite in suites for row in _rows(rng, suite, turn)]
    rows += mixture(rng, random, turn)
    rows += [(None, np.zeros((3, LANES), np.uint32))] * (len(rows) // 16)
    order = rng.permutation(len(rows))
    return Vectors([rows[n][0] for n in order], np.stack([rows[n][1] for n in order]))
