"""Control of an ALU's stages, and the clock domains in which they stand.

Each compute type has a path of its own, and each stage of a path a gated clock: registers take a
new value only in the cycle after the stage before was loaded, and what is computed between them
stands still with them. So an integer addition moves nothing of the fp32 path, and an idle ALU
nothing at all.
"""

from amaranth import Cat, ClockDomain, ClockSignal, Instance, Module, unsigned
from amaranth.lib import data

from tsp.arch.isa import FORMATS, VXM_OPS, Type
from tsp.words import control_layout

__all__ = [
    "BYTES",
    "CONTROL",
    "INTEGER_ROUTE",
    "OPERANDS",
    "REAL_ROUTE",
    "RESULT",
    "TAIL",
    "add_gated_domain",
    "integer_route",
    "is_op",
    "is_real_type",
    "real_route",
]

CONTROL = control_layout(FORMATS["VXM"])
OPERANDS = "abc"
BYTES = 4  #: of the largest element

#: What every stage of a lane keeps of the instruction, and what the ALU does.
RESULT = {"saturate": unsigned(1), "result_type": unsigned(3)}
TAIL = {**RESULT, "result_stream": unsigned(6)}

#: What the integer path's stage t + 4 does: one of these, or a bitwise operation on a.
INTEGER_ROUTE = data.StructLayout(
    {
        "product": unsigned(1),  #: a * b
        "addend": unsigned(1),  #: + c
        "sum": unsigned(1),  #: a + b, or a - b
        "subtract": unsigned(1),
        "left": unsigned(1),  #: shifts
        "right": unsigned(1),
        "logical": unsigned(1),
        "larger": unsigned(1),  #: MAX, MIN
        "smaller": unsigned(1),
        "select": unsigned(1),
        "relu": unsigned(1),
        "bits": unsigned(2),  #: 0 and, 1 or, 2 exclusive or, 3 not
        **RESULT,
    }
)

#: What the fp32 path's stage t + 4 does. Everything is x * y + z.
REAL_ROUTE = data.StructLayout(
    {
        "product": unsigned(1),  #: y is b, else 1
        "addend": unsigned(2),  #: z is 0 nothing, 1 b, 2 c, 3 what is selected from a and b
        "subtract": unsigned(1),  #: - z
        "extreme": unsigned(1),  #: selection: MAX or MIN
        "smaller": unsigned(1),  #: MIN
        "relu": unsigned(1),  #: selection: ReLU; else by c
        **RESULT,
    }
)


def is_op(op, *names: str):
    """True if `op` is the code of one of these operations."""
    return op.matches(*(VXM_OPS[name].code for name in names))


def is_real_type(type_):
    """True for fp16 and fp32."""
    return type_.matches(Type.FP16, Type.FP32)


def integer_route(head) -> dict:
    """Fields of :data:`INTEGER_ROUTE` from an instruction's."""
    op = head.op
    return {
        **{name: head[name] for name in RESULT},
        "product": is_op(op, "MUL", "MADD"),
        "addend": is_op(op, "MADD"),
        "sum": is_op(op, "ADD", "SUB"),
        "subtract": is_op(op, "SUB"),
        "left": is_op(op, "SHL"),
        "right": is_op(op, "SRA", "SRL"),
        "logical": is_op(op, "SRL"),
        "larger": is_op(op, "MAX"),
        "smaller": is_op(op, "MIN"),
        "select": is_op(op, "SELECT"),
        "relu": is_op(op, "RELU"),
        "bits": Cat(is_op(op, "OR", "NOT"), is_op(op, "XOR", "NOT")),
    }


def real_route(head) -> dict:
    """Fields of :data:`REAL_ROUTE` from an instruction's."""
    op = head.op
    selects = is_op(op, "MAX", "MIN", "SELECT", "RELU")
    return {
        **{name: head[name] for name in RESULT},
        "product": is_op(op, "MUL", "MADD"),
        "addend": Cat(is_op(op, "ADD", "SUB") | selects, is_op(op, "MADD") | selects),
        "subtract": is_op(op, "SUB"),
        "extreme": is_op(op, "MAX", "MIN"),
        "smaller": is_op(op, "MIN"),
        "relu": is_op(op, "RELU"),
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
