"""The fp32 path of a lane: convert, multiply, add, normalise, round, convert.

======  ============  =================================================================
cycle   domain        in its registers
======  ============  =================================================================
t + 3   r_operands    patterns; c in r_third
t + 4   r_converted   operands, unpacked and normalised
t + 5   r_products    the product, and the addend shifted to the exponent of the sum
t + 6   r_sums        the exact sum; or an int32 result that becomes a float
t + 7   r_normals     a significand with guard and sticky bit
t + 8   r_results     the fp32 pattern; or the fp16 one of an int32 result
======  ============  =================================================================

Everything is x * y + z: an addition multiplies by one, and what only selects (maximum, minimum,
select, ReLU, NEG, ABS, comparisons) sends its result along as z with a product of zero.

The fused multiply-add shifts whichever of product and addend is smaller to the exponent of the
other one, so 51 bits hold the sum: bits are lost (*jammed* into the lowest) only at a distance at
which subtraction cancels one place at most.
"""

from types import SimpleNamespace

from amaranth import Cat, Module, Mux, signed

from tsp.arch.isa import Type
from tsp.slices.vxm.control import OPERANDS
from tsp.slices.vxm.convert import to_real_operand, to_result_type
from tsp.slices.vxm.floats import BIAS, FP32_NAN, jam, let, normalise, registers, round_up

__all__ = ["add", "convert", "finish", "multiply", "normal", "rounded"]

_ONE = 1 << 23
_SUM_BITS = 51  # 3 integer bits, 46 of the product's fraction, 2 that a shift by 1 or 2 may fill
_UNIT = 2 * BIAS  # bias of the exponents of product and sum: exponent 0
_FIELDS = {"value": 24, "exponent": 9, "sign": 1, "zero": 1, "inf": 1, "nan": 1}


def convert(m: Module, patterns, types) -> list[SimpleNamespace]:
    """Stage t + 3: operands a, b, c in the compute type."""
    found = []
    for x, pattern, type_ in zip(OPERANDS, patterns, types):
        out = registers("r_converted", **{f"{x}_{n}": w for n, w in _FIELDS.items()})
        operand = to_real_operand(m, f"r_{x}", pattern, type_)
        register = SimpleNamespace(**{n: getattr(out, f"{x}_{n}") for n in _FIELDS})
        m.d.r_converted += [getattr(register, n).eq(getattr(operand, n)) for n in _FIELDS]
        found.append(register)
    return found


def _order(m, a, b) -> SimpleNamespace:
    """Whether a < b, with -0 < +0, and a == b, with -0 == +0; any answer if one is NaN."""
    key_a, key_b = (
        let(m, name, Cat(x.value, Mux(x.inf, 0x1FF, Mux(x.zero, 0, x.exponent))))
        for name, x in (("key_a", a), ("key_b", b))
    )
    below = Mux(a.sign, key_a > key_b, key_a < key_b)
    less = let(m, "r_less", Mux(a.sign ^ b.sign, a.sign, below))
    same = let(m, "r_same", (key_a == key_b) & (~(a.sign ^ b.sign) | a.zero))
    return SimpleNamespace(less=less, same=same)


def _addend(m, route, a, b, c) -> SimpleNamespace:
    """z, with its sign as it is added; zero where nothing is added."""
    order, unordered = _order(m, a, b), let(m, "unordered", a.nan | b.nan)
    true = (route.less & order.less & ~order.same) | (route.equal & order.same)
    true = let(m, "true", route.compare & ((true & ~unordered) ^ route.inverse))
    first = Mux(unordered, a.nan, order.less == route.smaller)
    first = Mux(route.extreme, first, Mux(route.relu, ~a.sign | a.nan, ~c.zero))
    selects = (route.addend == 3) & ~route.compare
    take_a = let(m, "take_a", selects & (first | route.unary))
    take_b = let(m, "take_b", (route.addend == 1) | (selects & ~take_a & ~route.relu))
    take_c = let(m, "take_c", route.addend == 2)
    otherwise = {"value": Mux(true, _ONE, 0), "exponent": Mux(true, BIAS, 0), "zero": ~true}
    picked = {}
    for name in _FIELDS:
        of_a, of_b, of_c = (getattr(x, name) for x in (a, b, c))
        other = Mux(take_b, of_b, Mux(take_c, of_c, otherwise.get(name, 0)))
        picked[name] = let(m, f"z_{name}", Mux(take_a, of_a, other))
    sign = (picked["sign"] | route.magnitude) ^ route.subtract  # ABS subtracts -|a|
    picked["sign"] = let(m, "z_signed", sign)
    return SimpleNamespace(**picked)


def multiply(m: Module, route, a, b, c) -> SimpleNamespace:
    """Stage t + 4: the product, and the addend where the adder wants it.

    If the addend is the smaller one it is shifted here, else the product in the next stage, by
    `distance`.
    """
    out = registers(
        "r_products",
        product=48,  # 2.46 bits
        addend=_SUM_BITS,  # 3.48 bits
        distance=6,
        exponent=10,
        **dict.fromkeys(("sign", "opposite", "nan", "inf"), 1),
    )
    z = _addend(m, route, a, b, c)
    selects = let(m, "selects", route.addend == 3)
    y_value = Mux(selects, 0, Mux(route.product, b.value, _ONE))
    y_exponent = Mux(route.product, b.exponent, BIAS)
    y_zero, y_inf = route.product & b.zero, route.product & b.inf
    p_exponent = let(m, "p_exponent", a.exponent + y_exponent)
    z_exponent = let(m, "z_exponent", z.exponent + BIAS)
    nothing = selects | a.zero | y_zero
    z_larger = let(m, "z_larger", nothing | (~z.zero & (z_exponent > p_exponent)))
    apart = Mux(z_larger, z_exponent - p_exponent, p_exponent - z_exponent)
    apart = let(m, "apart", apart[:10])
    distance = let(m, "near", Mux(apart > 63, 63, apart)[:6])
    whole = let(m, "z_whole", z.value.shift_left(_SUM_BITS - 26))
    shifted = jam(m, "z_shifted", whole, distance)
    m.d.r_products += [
        out.product.eq(a.value * y_value[:24]),
        out.addend.eq(Mux(z_larger, whole, shifted)),
        out.distance.eq(Mux(z_larger, distance, 0)),
        out.exponent.eq(Mux(z_larger, z_exponent, p_exponent)),
    ]
    p_sign = let(m, "p_sign", Mux(selects, z.sign, a.sign ^ (route.product & b.sign)))
    p_inf = let(m, "p_inf", ~selects & (a.inf | y_inf))
    y_nan = route.product & b.nan
    p_nan = ~selects & (a.nan | y_nan | (a.inf & y_zero) | (a.zero & y_inf))
    opposite = let(m, "opposite", route.addend.any() & (p_sign ^ z.sign))
    m.d.r_products += [
        out.nan.eq(z.nan | p_nan | (p_inf & z.inf & opposite)),
        out.inf.eq(z.inf | p_inf),
        out.sign.eq(Mux(z.inf, z.sign, p_sign)),
        out.opposite.eq(opposite & ~z.inf & ~p_inf),
    ]
    return out


def add(m: Module, p, from_integer, integer) -> SimpleNamespace:
    """Stage t + 5: the sum; or the int32 result of the other path, if `from_integer`."""
    names = ("sign", "nan", "inf")
    out = registers("r_sums", total=signed(_SUM_BITS + 1), exponent=10, **dict.fromkeys(names, 1))
    left = jam(m, "p_shifted", p.product.shift_left(2), p.distance)
    total = Mux(p.opposite, left - p.addend, left + p.addend)
    total = let(m, "r_total", total[: _SUM_BITS + 1].as_signed())
    cancels = p.opposite & (total == 0)
    m.d.r_sums += [
        out.total.eq(Mux(from_integer, integer.as_signed(), total)),
        out.exponent.eq(p.exponent),
        out.sign.eq(~from_integer & p.sign & ~cancels),
        out.nan.eq(~from_integer & p.nan),
        out.inf.eq(~from_integer & p.inf),
    ]
    return out


def normal(m: Module, from_integer, s) -> SimpleNamespace:
    """Stage t + 6: the significand, its top bit set unless the sum is zero."""
    out = registers("r_normals", value=26, exponent=10, sign=1, nan=1, inf=1)
    negative = s.total[-1]
    magnitude = let(m, "magnitude", Mux(negative, -s.total, s.total)[:_SUM_BITS])
    # An integer stands at the left, its highest bit at the weight 2**31.
    left = Mux(from_integer, magnitude[:32].shift_left(_SUM_BITS - 32), magnitude)
    shifted, count = normalise(m, "sum", let(m, "left", left))
    top = Mux(from_integer, _UNIT + 31, s.exponent + 2)
    m.d.r_normals += [
        out.value.eq(Cat(shifted[: _SUM_BITS - 25].any(), shifted[_SUM_BITS - 25 :])),
        out.exponent.eq(top - count),
        out.sign.eq(negative ^ s.sign),
        out.nan.eq(s.nan),
        out.inf.eq(s.inf),
    ]
    return out


def rounded(m: Module, half, n):
    """Stage t + 7: the fp32 pattern; the fp16 one of an integer if `half`."""
    out = registers("r_results", pattern=32)
    tiny = let(m, "tiny", n.exponent < _UNIT - 126)
    deficit = let(m, "deficit", (_UNIT - 126 - n.exponent)[:10])
    places = Mux(half, 13, Mux(tiny, Mux(deficit > 31, 31, deficit), 0))[:5]
    fixed = jam(m, "fixed", n.value, places)
    # The significand's integer bit adds one to the exponent, or none if it is shifted out.
    above = let(m, "above", (n.exponent - Mux(half, _UNIT - 14, _UNIT - 126))[:10])
    base = Mux(tiny | ~n.value[-1], 0, Mux(half, above.shift_left(10), above.shift_left(23)))
    total = let(m, "rounded", base + fixed[2:] + round_up(fixed, 2))
    infinity = let(m, "infinity", Mux(half, 31 << 10, 255 << 23))
    pattern = Mux(n.inf | (total >= infinity), infinity, total)[:31]
    sign = Mux(half, n.sign.shift_left(15), n.sign.shift_left(31))
    m.d.r_results += out.pattern.eq(Mux(n.nan, FP32_NAN, pattern | sign))
    return out.pattern


def finish(m: Module, from_integer, type_, pattern):
    """Cycle t + 8: the result type. An integer has been rounded to it already."""
    converted = to_result_type(m, "finish", pattern, Mux(from_integer, Type.FP32, type_))
    return converted[:32]
