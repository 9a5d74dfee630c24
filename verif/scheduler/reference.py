"""What a graph means, in NumPy: written from execution.md, without the golden model."""

import numpy as np

from tsp.arch.isa import Compute
from tspc.scheduler.graph import Immediate, Kind

_LIMITS = {"int8": 8, "int16": 16, "int32": 32}


def evaluate(graph, inputs):
    """Values of a graph's outputs by name."""
    values = {}
    for node in graph.nodes:
        if node.kind is Kind.INPUT:
            values[node] = inputs[node.name].reshape(node.shape)
        elif node.kind is Kind.CONSTANT:
            values[node] = node.value.reshape(node.shape)
        elif node.kind is Kind.MATMUL:
            a, b = (values[o].astype(np.int64) for o in node.operands)
            values[node] = (a @ b).astype(np.int32)
        else:
            operands = [_operand(o, values, node.compute) for o in node.operands]
            values[node] = _operate(node, operands)
    return {name: values[n].reshape(n.given_shape) for name, n in graph.outputs.items()}


def _operand(operand, values, compute):
    if isinstance(operand, Immediate):
        raw = np.array(operand.pattern, np.uint32)
        value = raw.view(np.float32 if operand.dtype == "float32" else np.int32)
    else:
        value = values[operand]
    if compute is Compute.FP32:
        return value.astype(np.float32)
    if value.dtype.kind == "f":
        return _to_integer(value.astype(np.float64), 32, saturate=True)
    return value.astype(np.int64)


def _operate(node, operands):
    a, b, c = (*operands, None, None)[:3]
    formulas = {
        "ADD": lambda: a + b,
        "SUB": lambda: a - b,
        "MUL": lambda: a * b,
        "MADD": lambda: a * b + c,
        "MAX": lambda: np.maximum(a, b),
        "MIN": lambda: np.minimum(a, b),
        "RELU": lambda: np.maximum(a, 0),
        "SELECT": lambda: np.where(c != 0, a, b),
        "AND": lambda: a & b,
        "XOR": lambda: a ^ b,
        "SRA": lambda: a >> (b & 31),
    }
    with np.errstate(over="ignore", invalid="ignore"):
        result = np.broadcast_to(formulas[node.op](), node.shape)
        if node.compute is Compute.INT32:
            result = _to_integer(result, 32, node.saturate)
        return _convert(result, node.dtype, node.saturate)


def _convert(value, dtype, saturate):
    if dtype in _LIMITS:
        return _to_integer(value, _LIMITS[dtype], saturate).astype(dtype)
    return value.astype(dtype)


def _to_integer(value, bits, saturate):
    """Whole numbers of so many bits: rounded half to even, then saturated or wrapped."""
    half = 1 << (bits - 1)
    if value.dtype.kind == "f":
        return np.clip(np.rint(value.astype(np.float64)), -half, half - 1).astype(np.int64)
    value = value.astype(np.int64)
    if saturate:
        return np.clip(value, -half, half - 1)
    return (value + half) % (2 * half) - half
