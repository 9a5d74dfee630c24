"""The int32 path of a lane: convert, multiply, add, narrow.

======  ============  =================================================================
cycle   domain        in its registers
======  ============  =================================================================
t + 3   i_operands    patterns; c in i_third
t + 4   i_converted   operands as int32
t + 5   i_products    the exact result of everything but MADD, in 64 bits; c of MADD
t + 6   i_sums        the result as int32, saturated or wrapped
t + 7   i_narrowed    the pattern of an integer result type
t + 8   i_results     the same (the fp32 path takes this long)
======  ============  =================================================================
"""

from types import SimpleNamespace

from amaranth import Const, Module, Mux, signed

from tsp.slices.vxm.control import OPERANDS
from tsp.slices.vxm.convert import narrow, to_int_operand
from tsp.slices.vxm.floats import let, registers

__all__ = ["add", "convert", "finish", "multiply"]


def convert(m: Module, patterns, types) -> SimpleNamespace:
    """Stage t + 3: operands in the compute type."""
    out = registers("i_converted", a=signed(32), b=signed(32), c=signed(32))
    for x, pattern, type_ in zip(OPERANDS, patterns, types):
        m.d.i_converted += getattr(out, x).eq(to_int_operand(m, f"i_{x}", pattern, type_))
    return out


def multiply(m: Module, route, operands) -> SimpleNamespace:
    """Stage t + 4: what needs one or two operands, and the product of MADD."""
    a, b, c = operands.a, operands.b, operands.c
    out = registers("i_products", value=signed(64), addend=signed(32))
    count = b[:5]
    less = let(m, "i_less", a < b)
    holds = ((route.less & less) | (route.equal & (a == b))) ^ route.inverse
    first = Mux(route.select, c.any(), Mux(route.relu, ~a[31], route.larger ^ less))
    other = Mux(route.relu, 0, b)
    chosen = Mux(first, a, other)
    shifted = Mux(route.logical, a.as_unsigned() >> count, a >> count)[:32].as_signed()
    bits = Mux(route.bits[1], Mux(route.bits[0], ~a, a ^ b), Mux(route.bits[0], a | b, a & b))
    chooses = route.larger | route.smaller | route.select | route.relu
    value = Mux(chooses, chosen, Mux(route.right, shifted, bits))
    value = Mux(route.compare, holds, value)
    turned = let(m, "i_turned", route.unary & ~(route.magnitude & ~a[31]))
    x, y = Mux(turned, 0, a), Mux(turned, a, Mux(route.unary, 0, b))
    x, y = let(m, "i_x", x), let(m, "i_y", y)
    value = Mux(route.sum, Mux(route.subtract, x - y, x + y), let(m, "i_value", value))
    value = let(m, "i_short", value)
    wide = Mux(route.left, a << count, value)
    m.d.i_products += [
        out.value.eq(Mux(route.product, a * b, wide)),
        out.addend.eq(Mux(route.addend, c, 0)),
    ]
    return out


def add(m: Module, saturate, p):
    """Stage t + 5: the sum, as int32 by the operation's bit."""
    # In two halves: no intermediate value is wider than 64 bits, which simulators like.
    low = let(m, "i_low", p.value[:32] + p.addend)
    high = let(m, "i_high", p.value[32:].as_signed() + low[32:].as_signed())
    fits = Mux(low[31], high == -1, high == 0)
    bound = Mux(high < 0, Const(1 << 31, 32), Const((1 << 31) - 1, 32))
    return let(m, "i_sum", Mux(saturate & ~fits, bound, low[:32]))


def finish(m: Module, tail, total):
    """Stages t + 5 .. t + 7 of an integer result; returns its pattern in t + 8."""
    out = registers("i_sums", total=32)
    narrowed = registers("i_narrowed", pattern=32)
    results = registers("i_results", pattern=32)
    m.d.i_sums += out.total.eq(total)
    m.d.i_narrowed += narrowed.pattern.eq(narrow(m, out.total, tail.result_type, tail.saturate))
    m.d.i_results += results.pattern.eq(narrowed.pattern)
    return results.pattern
