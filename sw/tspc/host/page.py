"""The reference page of the host port, from :mod:`tsp.arch.csr`."""

from tsp.arch.config import FULL, NANO
from tsp.arch.csr import REGISTERS, RESERVED, Field, Register, When
from tspc.markdown import table

__all__ = ["host_page"]

_INTRODUCTION = """\
One AXI4-Lite port of 32 bits, `axi` of the chip; addresses are of bytes. Through it a host finds
out what chip it has, loads MEM and the queues' text, starts the program, waits for its end and
reads MEM. `tspc.host` has the driver.

An access gets SLVERR and changes nothing if it

* is at an address that no register has, or that is not a multiple of 4;
* writes fewer than four bytes, writes what can only be read, or reads what can only be written;
* writes a value that a field does not have, or a bit that no field has;
* comes when the register cannot be accessed.

Every access is answered, one after the other; while a program runs none reaches further than the
port. An access of MEM or of a queue takes about two cycles a stop, because it goes to its stop and
its answer comes back.

A word of MEM or text is 128 bits in four registers, which form a *window*. Both windows share the
four registers behind them: fill one window before the other. The port makes the check bits of what
comes in; it corrects what MEM gives, counts errors as every unit does, and a double error raises
`critical`.
"""

_RUN = """\
1. Read ID, VERSION, HASH0 and HASH1.
2. For each queue of the chip: write its number to QUEUE, and its text, word by word, to
   QUEUE_DATA0 .. QUEUE_DATA3. A queue without text of its own gets a HALT.
3. For each bank that holds something: write where it begins to MEM_ADDRESS, and its words to
   MEM_DATA0 .. MEM_DATA3, superlane by superlane and vector by vector.
4. Write 1 to CONTROL.
5. Read STATUS until `running` is 0.
6. Write MEM_ADDRESS, and read MEM_DATA0 .. MEM_DATA3 as often as there are words.

The next program begins with 2, or with 3 and the queues that shall run again: the others stay
halted. MEM, accumulators, weights, `critical` and counters keep what they have until reset.
"""


def _values(field: Field) -> str:
    if field.count is None:
        return ""
    return f"0 .. {field.values(NANO) - 1} (nano), 0 .. {field.values(FULL) - 1} (full)"


def _bits(field: Field) -> str:
    high = field.low + field.width - 1
    return f"{high}:{field.low}" if field.width > 1 else f"{field.low}"


def _when(register: Register) -> str:
    return {When.ALWAYS: "", When.QUIET: "quiet", When.IDLE: "idle"}[register.when]


def host_page() -> str:
    """docs/reference/host.md"""
    lines = ["# Host port", "", _INTRODUCTION]
    lines += [f"*Quiet* is: {When.QUIET.value}. *Idle* is: {When.IDLE.value}.", ""]
    rows = [
        (f"0x{r.address:03X}", f"`{r.name}`", r.access.value, _when(r), r.doc) for r in REGISTERS
    ]
    lines += table(("address", "register", "access", "only while", "what it does"), rows)
    lines += ["## Fields", ""]
    fields = [
        (f"`{r.name}`", f"`{f.name}`", _bits(f), f.doc, _values(f))
        for r in REGISTERS
        for f in r.fields
    ]
    lines += table(("register", "field", "bits", "meaning", "values"), fields)
    lines += ["## Not built", "", "Named, and answered with SLVERR:", ""]
    lines += table(
        ("addresses", "name", "for"),
        [(f"0x{r.first:04X} .. 0x{r.last:04X}", r.name, r.doc) for r in RESERVED],
    )
    lines += ["## A run", "", _RUN]
    return "\n".join(lines)
