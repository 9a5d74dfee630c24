"""The special functions of an ALU: sixteen lanes, and the control of their stages.

They stand beside ALU 0 of each stop and nowhere else. An ALU hands over a captured operand and
takes back a result, so every ALU is the same module; and nothing here moves, not even a clock,
until a special function comes.
"""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from tsp.arch.config import DATA_BITS, LANES
from tsp.slices.vxm.control import BYTES, group_size, is_op, register, stage
from tsp.slices.vxm.floats import registers
from tsp.slices.vxm.special import SPECIAL_ROUTE, SPECIALS, SpecialLane
from tsp.words import LIMIT

__all__ = ["HEAD", "SpecialLanes", "SpecialSignature", "SpecialUnit"]

_TAIL = data.StructLayout({"result_type": 3, "result_stream": 6, "superlanes": LIMIT})
#: Fields of the instruction that leave with its operand.
HEAD = data.StructLayout({"op": 6, **_TAIL.members})

#: Operand of the lanes; t + 2.
_OPERAND = {f"a{n}": DATA_BITS for n in range(BYTES)}
_OPERAND |= {"a_immediate": 1, "a_value": 32, "a_type": 3}


_RESULT = tuple(f"byte{n}" for n in range(BYTES))


class SpecialSignature(wiring.Signature):
    """Between an ALU and the special functions beside it.

    Members
    -------
    valid : Out(1)
        A special function issued; t + 2, like all that the ALU drives.
    op, result_type, result_stream, superlanes : Out
        Fields of the instruction.
    a0 .. a3 : Out(128)
        Corrected words of the operand by byte of the element.
    a_immediate, a_value, a_type : Out(1), Out(32), Out(3)
        The operand is `a_value` in every lane; its type.
    done : In(1)
        There is a result; t + 9, like all that comes back.
    stream, words : In(6), In(5)
        First stream of the result, and how many it takes.
    byte0 .. byte3 : In(128)
        Words of the result.
    limit : In(LIMIT)
        In how many superlanes it is one.
    """

    def __init__(self):
        super().__init__(
            {
                "valid": Out(1),
                **{name: Out(shape) for name, shape in HEAD.members.items()},
                **{name: Out(shape) for name, shape in _OPERAND.items()},
                "done": In(1),
                "stream": In(6),
                "words": In(5),
                "limit": In(LIMIT),
                **{name: In(DATA_BITS) for name in _RESULT},
            }
        )


class SpecialUnit(wiring.Component):
    """The special functions of one ALU.

    Parameters
    ----------
    library
        Places the lanes.

    Members
    -------
    alu : In(SpecialSignature())
        The ALU.
    """

    NEEDS_LIBRARY = True

    alu: In(SpecialSignature())

    def __init__(self, *, library):
        super().__init__()
        self._library = library

    def elaborate(self, platform):
        m = Module()
        m.submodules.lanes = lanes = self._library.place(SpecialLanes)
        m.d.comb += [getattr(lanes, name).eq(getattr(self.alu, name)) for name in _OPERAND]
        valid = stage(m, "s_operands", self.alu.valid)
        source = {name: getattr(self.alu, name) for name in HEAD.members}
        tail = head = register(m, "s_operands", HEAD, source)
        m.d.comb += lanes.route.result_type.eq(head.result_type)
        m.d.comb += [lanes.route[name.lower()].eq(is_op(head.op, name)) for name in SPECIALS]
        for domain in ("converted", "reduced", "parabolas", "sums", "results", "drive"):
            valid = stage(m, f"s_{domain}", valid)
            tail = register(m, f"s_{domain}", _TAIL, tail)
        m.d.comb += [
            self.alu.done.eq(valid),
            self.alu.stream.eq(tail.result_stream),
            self.alu.words.eq(group_size(tail.result_type)),
            self.alu.limit.eq(tail.superlanes),
            *(getattr(self.alu, x).eq(getattr(lanes, x)) for x in _RESULT),
        ]
        return m


class SpecialLanes(wiring.Component):
    """Gathers bytes into elements, computes, and takes the results apart again.

    Like :class:`~tsp.slices.vxm.lanes.Lanes` a macro of its own without the plain clock.

    Parameters
    ----------
    library
        Places the lanes.

    Members
    -------
    a0 .. a3 : In(128)
        Corrected words of the operand by byte of the element, t + 2.
    a_immediate, a_value : In(1), In(32)
        The operand is `a_value` in every lane, t + 2.
    a_type : In(3)
        :class:`~tsp.arch.isa.Type` of it; t + 2.
    route : In(SPECIAL_ROUTE)
        The operation; t + 3.
    byte0 .. byte3 : Out(128)
        Words of the result, t + 9 (domain ``s_drive``); those above the result type are undefined.
    """

    NEEDS_LIBRARY = True

    def __init__(self, *, library):
        self._library = library
        super().__init__(
            {
                **{name: In(shape) for name, shape in _OPERAND.items()},
                "route": In(SPECIAL_ROUTE),
                **{name: Out(DATA_BITS) for name in _RESULT},
            }
        )

    def elaborate(self, platform):
        m = Module()
        own = registers("s_operands", **_OPERAND)
        m.d.s_operands += [r.eq(getattr(self, name)) for name, r in vars(own).items()]
        results = []
        for n in range(LANES):
            m.submodules[f"lane{n}"] = lane = self._library.place(SpecialLane)
            element = Cat(getattr(own, f"a{k}").word_select(n, 8) for k in range(BYTES))
            m.d.comb += [
                lane.a.eq(Mux(own.a_immediate, own.a_value, element)),
                lane.a_type.eq(own.a_type),
                lane.route.eq(self.route),
            ]
            results.append(lane.result)
        for k, name in enumerate(_RESULT):
            word = Signal(DATA_BITS, name=f"s_drive_{name}", reset_less=True)
            m.d.s_drive += word.eq(Cat(r.word_select(k, 8) for r in results))
            m.d.comb += getattr(self, name).eq(word)
        return m
