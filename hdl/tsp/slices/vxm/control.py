"""Control of an ALU's stages, and the clock domains in which they stand.

Each compute type has a path of its own, and each stage of a path a gated clock: registers take a
new value only in the cycle after the stage before was loaded, and what is computed between them
stands still with them. So an integer addition moves nothing of the fp32 path, and an idle ALU
nothing at all.
"""

from amaranth import Cat, ClockDomain, ClockSignal, Instance, Module, Mux, Signal, unsigned
from amaranth.lib import data

from tsp.arch.isa import FORMATS, VXM_OPS, Type
from tsp.words import LIMIT, control_layout

__all__ = [
    "BYTES",
    "CONTROL",
    "INTEGER_ROUTE",
    "OPERANDS",
    "REAL_ROUTE",
    "RESULT",
    "TAIL",
    "add_gated_domain",
    "group_size",
    "has_byte",
    "integer_route",
    "is_op",
    "is_real_type",
    "is_special",
    "real_route",
    "register",
    "stage",
]

CONTROL = control_layout(FORMATS["VXM"])
OPERANDS = "abc"
BYTES = 4  #: of the largest element

#: What every stage of a lane keeps of the instruction, and what the ALU does.
RESULT = {"saturate": unsigned(1), "result_type": unsigned(3)}
TAIL = {**RESULT, "result_stream": unsigned(6), "superlanes": LIMIT}

#: What both paths do alike. NEG and ABS are differences, comparisons 0 or 1.
_COMMON = {
    "product": unsigned(1),  #: a * b
    "subtract": unsigned(1),
    "unary": unsigned(1),  #: of nothing and a: NEG, ABS
    "magnitude": unsigned(1),  #: ABS
    "smaller": unsigned(1),  #: MIN
    "relu": unsigned(1),
    "compare": unsigned(1),  #: which of these make it true:
    "less": unsigned(1),
    "equal": unsigned(1),
    "inverse": unsigned(1),  #: none of these: NE
}

#: What the integer path's stage t + 4 does: one of these, or a bitwise operation on a.
INTEGER_ROUTE = data.StructLayout(
    {
        **_COMMON,
        "addend": unsigned(1),  #: + c
        "sum": unsigned(1),  #: a + b, or a - b
        "left": unsigned(1),  #: shifts
        "right": unsigned(1),
        "logical": unsigned(1),
        "larger": unsigned(1),  #: MAX
        "select": unsigned(1),
        "bits": unsigned(2),  #: 0 and, 1 or, 2 exclusive or, 3 not
        **RESULT,
    }
)

#: What the fp32 path's stage t + 4 does. Everything is x * y + z.
REAL_ROUTE = data.StructLayout(
    {
        **_COMMON,  # without product y is 1; what is subtracted is z
        "addend": unsigned(2),  #: z is 0 nothing, 1 b, 2 c, 3 what is selected from a, b, 1 and 0
        "extreme": unsigned(1),  #: selection: MAX or MIN; if none is named, by c
        **RESULT,
    }
)


def is_op(op, *names: str):
    """True if `op` is the code of one of these operations."""
    return op.matches(*(VXM_OPS[name].code for name in names))


def is_special(op):
    """True if `op` is a special function."""
    return is_op(op, *(name for name, found in VXM_OPS.items() if found.special))


def has_byte(type_, byte):
    """True if elements of a type have byte 0 .. 3."""
    return type_.matches(*(t for t in Type if t.bytes > byte))


def group_size(type_):
    """Streams that elements of a type take: 1, 2 or 4."""
    return Mux(has_byte(type_, 2), 4, Mux(has_byte(type_, 1), 2, 1))


def is_real_type(type_):
    """True for fp16 and fp32."""
    return type_.matches(Type.FP16, Type.FP32)


def _common(head) -> dict:
    """Fields that both routes have."""
    op = head.op
    return {
        **{name: head[name] for name in RESULT},
        "product": is_op(op, "MUL", "MADD"),
        "subtract": is_op(op, "SUB", "NEG", "ABS"),
        "unary": is_op(op, "NEG", "ABS"),
        "magnitude": is_op(op, "ABS"),
        "smaller": is_op(op, "MIN"),
        "relu": is_op(op, "RELU"),
        "compare": is_op(op, "EQ", "NE", "LT", "LE"),
        "less": is_op(op, "LT", "LE"),
        "equal": is_op(op, "EQ", "NE", "LE"),
        "inverse": is_op(op, "NE"),
    }


def integer_route(head) -> dict:
    """Fields of :data:`INTEGER_ROUTE` from an instruction's."""
    op = head.op
    return {
        **_common(head),
        "addend": is_op(op, "MADD"),
        "sum": is_op(op, "ADD", "SUB", "NEG", "ABS"),
        "left": is_op(op, "SHL"),
        "right": is_op(op, "SRA", "SRL"),
        "logical": is_op(op, "SRL"),
        "larger": is_op(op, "MAX"),
        "select": is_op(op, "SELECT"),
        "bits": Cat(is_op(op, "OR", "NOT"), is_op(op, "XOR", "NOT")),
    }


def real_route(head) -> dict:
    """Fields of :data:`REAL_ROUTE` from an instruction's."""
    op = head.op
    common = _common(head)
    extreme = is_op(op, "MAX", "MIN")
    selects = extreme | is_op(op, "SELECT", "RELU") | common["unary"] | common["compare"]
    return {
        **common,
        "addend": Cat(is_op(op, "ADD", "SUB") | selects, is_op(op, "MADD") | selects),
        "extreme": extreme,
    }


def add_gated_domain(m: Module, name: str, enable) -> None:
    """A clock domain whose edges come only at the end of cycles in which `enable` is 1.

    `enable` is a function of registers and of inputs that registers drive.
    """
    domain = ClockDomain(name, local=True)
    m.domains += domain
    m.d.comb += domain.rst.eq(0)  # what stands in it has no reset
    m.submodules[f"{name}_gate"] = Instance(
        "clock_gate", i_clk=ClockSignal(), i_enable=enable, o_gated=domain.clk
    )


def stage(m: Module, domain: str, enable) -> Signal:
    """Open the domain of a stage; returns its valid bit, set in the cycle after `enable`."""
    valid = Signal(name=f"{domain}_valid")
    m.d.sync += valid.eq(enable)
    add_gated_domain(m, domain, enable)
    return valid


def register(m: Module, domain: str, layout: data.StructLayout, source):
    """A structure of registers in a stage's domain, each from the field of its name."""
    found = Signal(layout, name=f"{domain}_control", reset_less=True)
    m.d[domain] += [found[name].eq(source[name]) for name in layout.members]
    return found
