"""What each kernel computes, in NumPy: float32, operation by operation, from its docstring.

Nothing here knows the golden model. A special function is taken from binary64 and rounded; the
chip's may be 0.85 units in the last place off, which a last rounding may show (``Case.slack``).
"""

import numpy as np

F = np.float32


def fma(a, b, c):
    """a b + c of float32 operands, rounded once: the product is exact in binary64.

    The sum of a 48-bit product and a 24-bit number may be rounded twice, once to binary64; that
    changes a float32 in one of 2^29 cases or so.
    """
    return (np.float64(a) * np.float64(b) + np.float64(c)).astype(F)


def to_int8(x):
    """Rounded half to even, saturated."""
    return np.clip(np.rint(np.float64(x)), -128, 127).astype(np.int8)


def residual_add(a, b):
    return np.clip(a.astype(int) + b, -128, 127).astype(np.int8)


def silu(x, scale, out_scale):
    t = np.tanh(np.float64(x.astype(F) * F(scale / 2))).astype(F)
    return to_int8(fma(t, x, x) * F(scale / 2 / out_scale))


def gelu(x, scale, out_scale):
    k = np.sqrt(2 / np.pi)
    v = x.astype(F)
    w = fma(v * v, F(0.044715 * k * scale**3), F(k * scale))
    t = np.tanh(np.float64(w * v)).astype(F)
    return to_int8(fma(t, v, v) * F(scale / 2 / out_scale))


def matmul(x, weights, scale):
    return to_int8((x.astype(np.int64) @ weights.astype(np.int64)).astype(F) * F(scale))


def softmax(x, scale):
    rows = len(x)
    c = F(scale * np.log2(np.e))
    v, m = x.astype(F), x.max(axis=1, keepdims=True).astype(F)
    e = np.exp2(np.float64(fma(v, c, m * -c))).astype(F)
    parts = e.reshape(rows, -1, 16)  # columns of a superlane
    # chains of three, then what they gave in chains of three
    level = [parts[:, :, n] for n in range(16)]
    while len(level) > 1:
        groups = [level[i : i + 3] for i in range(0, len(level), 3)]
        level = [_chain(group) for group in groups]
    q = np.rint(np.float64(level[0] * F(2**16))).astype(np.int64)
    total = q.sum(axis=1, keepdims=True).astype(F)
    inverse = (1 / np.float64(total)).astype(F) * F(2**16)
    return (e * inverse).astype(np.float16)


def _chain(values):
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def rms_norm(x, gain, scale, out_scale):
    n = x.shape[1]
    squares = (x.astype(np.int64) ** 2).sum(axis=1, keepdims=True).astype(F)
    r = (1 / np.sqrt(np.float64(fma(squares, F(1 / n), F(1e-5 / scale**2))))).astype(F)
    return to_int8(x.astype(F) * r * (gain / out_scale).astype(F))


def layer_norm(x, gain, bias, scale, out_scale):
    n = x.shape[1]
    total = x.astype(np.int64).sum(axis=1, keepdims=True).astype(F)
    squares = (x.astype(np.int64) ** 2).sum(axis=1, keepdims=True).astype(F)
    mean = total * F(1 / n)
    variance = fma(squares, F(1 / n), F(1e-5 / scale**2)) - mean * mean
    r = (1 / np.sqrt(np.float64(variance))).astype(F)
    normal = fma(x, r, -(mean * r))
    return to_int8(fma(normal, (gain / out_scale).astype(F), (bias / out_scale).astype(F)))


def argmax(x):
    return x.argmax(axis=1).astype(np.int32).reshape(-1, 16)


def _taps(x, stride, fill):
    """The nine shifted images."""
    _, height, width, _ = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=fill)
    for i in range(3):
        for j in range(3):
            yield i, j, padded[:, i : i + height : stride, j : j + width : stride]


def max_pool3x3(x, stride):
    return np.max([tap for _, _, tap in _taps(x, stride, -128)], axis=0)


def conv3x3(x, weights, scale, stride):
    total = sum(
        tap.astype(np.int64) @ weights[i, j].astype(np.int64) for i, j, tap in _taps(x, stride, 0)
    )
    return to_int8(total.astype(F) * F(scale))


def rotary(x):
    rows, columns = x.shape
    angle = np.arange(rows)[:, None] * 10000.0 ** (-2 * (np.arange(columns) // 2) / columns)
    cosine, sine = np.cos(angle).astype(np.float16), np.sin(angle).astype(np.float16)
    even, odd = x[:, ::2].astype(F), x[:, 1::2].astype(F)
    y = np.empty(x.shape, F)
    c, s = cosine.astype(F), sine.astype(F)
    y[:, ::2] = fma(even, c[:, ::2], odd * -s[:, ::2])
    y[:, 1::2] = fma(odd, c[:, 1::2], even * s[:, 1::2])
    return to_int8(y)
