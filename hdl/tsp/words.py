"""Instruction words and the control that travels north, as Amaranth layouts.

Made from :mod:`tsp.arch.isa`, so no bit position stands here. A tile's control is what its queue
issued: ``valid`` and the fields of the instruction. MEM is different, because bursts are expanded
in the queue: its control is one access for each port. In how many superlanes an operation acts
travels with it.
"""

from amaranth.hdl import Mux, Signal, signed, unsigned
from amaranth.lib import data
from amaranth.utils import bits_for

from tsp.arch.config import Config
from tsp.arch.isa import FORMATS, FieldKind, Format

__all__ = ["LIMIT", "access_layout", "acting", "acts", "control_layout", "mem_control_layout"]
__all__ += ["word_layout"]

#: In how many superlanes an operation acts (CONFIG): the first n; 0: in all.
LIMIT = unsigned(6)


def acts(row, superlanes):
    """1 if superlane `row` is one of those in which an operation acts."""
    return (superlanes == 0) | (row < superlanes)


def _shape(field):
    return signed(field.width) if field.kind is FieldKind.SINT else unsigned(field.width)


def acting(m, row, control):
    """A control as a unit sees it: ``valid`` only where the operation acts.

    Returns
    -------
    (control, off)
        What the unit sees, and 1 if there is an operation that does not act in this superlane.
    """
    seen, on = Signal.like(control, name=f"{control.as_value().name}_here"), Signal()
    on_here = acts(row, control.superlanes)
    if "only" in dict(control.shape()):
        on_here = Mux(control.only, row == control.superlanes, on_here)
    m.d.comb += [
        on.eq(on_here),
        seen.eq(control),
        seen.valid.eq(control.valid & on),
    ]
    return seen, control.valid & ~on


def word_layout(form: Format) -> data.StructLayout:
    """All 128 bits of a word: ``opcode``, the fields, ``reserved`` (if there is any room)."""
    members = {"opcode": unsigned(6)} | {f.name: _shape(f) for f in form.fields}
    rest = 128 - sum(s.width for s in members.values())
    return data.StructLayout(members | ({"reserved": unsigned(rest)} if rest else {}))


def control_layout(*forms: Format) -> data.StructLayout:
    """Control of a unit in one cycle: ``valid``, the fields of its instruction, ``superlanes``.

    Where a unit executes several, ``form`` says which one of `forms` it is, and a field that they
    share has a shape that holds the values of all.
    """
    members = {"valid": unsigned(1)}
    if len(forms) > 1:
        members["form"] = unsigned(bits_for(len(forms) - 1))
    for field in [f for form in forms for f in form.fields]:
        shapes = [_shape(f) for form in forms for f in form.fields if f.name == field.name]
        members[field.name] = max(shapes, key=lambda shape: shape.width)
    return data.StructLayout({**members, "superlanes": LIMIT})


def access_layout(config: Config) -> data.StructLayout:
    """One access of one MEM port.

    ``valid``, ``indirect``, ``bank``, ``stream`` (of the data), ``where``: the offset in the bank
    or, of an indirect access, the stream of the map; ``superlanes``. With ``only`` the access is
    the host's and acts in the one superlane whose number ``superlanes`` is.
    """
    stream = FORMATS["MEM"].by_name["read_stream"].width
    return data.StructLayout(
        {
            "valid": unsigned(1),
            "indirect": unsigned(1),
            "bank": unsigned(1),
            "where": unsigned(max(stream, bits_for(config.bank_words - 1))),
            "stream": unsigned(stream),
            "superlanes": LIMIT,
            "only": unsigned(1),
        }
    )


def mem_control_layout(config: Config) -> data.StructLayout:
    """Control of a MEM slice in one cycle: ``read`` and ``write``, each one access."""
    return data.StructLayout({"read": access_layout(config), "write": access_layout(config)})
