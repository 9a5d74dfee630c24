"""One ALU of one tile: control, operand capture, sixteen lanes, drive port.

======  ====================================================================================
cycle   what happens (control on `south` in cycle t)
======  ====================================================================================
t + 1   operands are captured from Ein and Win
t + 2   corrector's place; bytes are gathered into lanes, immediates join
t + 3   .. t + 8: the lanes (:mod:`~tsp.slices.vxm.lane`)
t + 9   encoder's place; `drive` is enabled
t + 10  the result is in the stop's stream register: d_func = 10 for every operation
======  ====================================================================================

Only the valid bits run on the plain clock. Everything else stands in the gated domain of its
stage (:mod:`~tsp.slices.vxm.control`): ``issued`` t + 1, ``captured`` t + 2, the lanes' domains
t + 3 .. t + 8, ``results`` t + 8 for both paths, ``drive`` t + 9.

A special function passes by: in t + 2 it goes to lanes of its own
(:mod:`~tsp.slices.vxm.specials`), and in t + 9 its result comes back.
"""

from amaranth import Cat, Const, DomainRenamer, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from tsp.arch.config import WORD_BITS
from tsp.arch.isa import VXM_OPS, Compute
from tsp.ecc import correct, count, generate
from tsp.slices.vxm.control import (
    BYTES,
    CONTROL,
    INTEGER_ROUTE,
    OPERANDS,
    REAL_ROUTE,
    TAIL,
    group_size,
    has_byte,
    integer_route,
    is_real_type,
    is_special,
    real_route,
    register,
    stage,
)
from tsp.slices.vxm.lanes import Lanes
from tsp.slices.vxm.specials import HEAD, SpecialSignature
from tsp.stream import Drive, StreamSignature, capture
from tsp.words import acts

__all__ = ["Alu"]

_HEAD = data.StructLayout({"op": 6, **TAIL})
_TAIL = data.StructLayout(TAIL)


class Alu(wiring.Component):
    """One of the 16 ALUs of the VXM in one superlane.

    Parameters
    ----------
    config
        Sizes of the chip; none of them matters here.
    library
        Places the lanes.

    Members
    -------
    south : In(control_layout(FORMATS["VXM"]))
        Control from the ICU or the tile to the south, in cycle t.
    north : Out(control_layout(FORMATS["VXM"]))
        The same, a cycle later.
    e_in, w_in : In(StreamSignature)
        Ein and Win of the stop; operands are taken in cycle t + 1.
    drive : Out(Drive(4))
        The result, enabled in cycle t + 9; zero where the operation does not act.
    special : Out(SpecialSignature())
        To the special functions, in ALU 0 of a stop; elsewhere nothing comes back.
    critical : Out(1)
        There was a double error in an operand.
    row, queue_number : In(8), backdoor : In(3)
        Superlane and queue, for the counters of errors; simulation.
    """

    NEEDS_LIBRARY = True

    south: In(CONTROL)
    north: Out(CONTROL)
    e_in: In(StreamSignature())
    w_in: In(StreamSignature())
    drive: Out(Drive(BYTES))
    special: Out(SpecialSignature())
    critical: Out(1)
    errors: Out(32)
    row: In(8)
    queue_number: In(8)
    backdoor: In(3)

    def __init__(self, config, *, library):
        super().__init__()
        self._library = library

    def elaborate(self, platform):
        m = Module()
        c2, words, valid2 = self._capture(m)
        m.submodules.lanes = lanes = self._library.place(Lanes)
        found = []
        for k, x in enumerate(OPERANDS):
            taken = ~c2[f"{x}_immediate"] & _uses(c2.op, k)
            for n, word in enumerate(words[k]):
                found.append(correct(m, word, taken & has_byte(c2[f"{x}_type"], n)))
                m.d.comb += getattr(lanes, f"{x}{n}").eq(found[-1].data)
            m.d.comb += getattr(lanes, f"{x}_immediate").eq(c2[f"{x}_immediate"])
            m.d.comb += getattr(lanes, f"{x}_value").eq(_immediate(c2, k))
        self._hand_over(m, c2, valid2, [each.data for each in found[:BYTES]])
        where = {x: getattr(self, x) for x in ("row", "queue_number", "backdoor")}
        here = valid2 & acts(self.row, c2.superlanes)
        m.d.comb += self.errors.eq(count(m, found, here, **where))
        m.d.comb += self.critical.eq(self.errors[16:].any())
        control, valid8, tail8 = self._control(m, c2, valid2)
        m.d.comb += [getattr(lanes, name).eq(value) for name, value in control.items()]
        self._drive(m, lanes, valid8, tail8)
        return m

    def _capture(self, m):
        """Cycle t + 1: control; the words of each stream operand, `words[k][byte]`."""
        valid1 = stage(m, "issued", self.south.valid)
        valid2 = stage(m, "captured", valid1)
        c1 = register(m, "issued", CONTROL, self.south)
        m.d.comb += [self.north[x].eq(c1[x]) for x in CONTROL.members if x != "valid"]
        m.d.comb += self.north.valid.eq(valid1)
        c2 = Signal(CONTROL, name="c2", reset_less=True)
        inside = Module()
        inside.d.sync += c2.eq(c1)
        words = []
        for k, x in enumerate(OPERANDS):
            words.append([])
            stream, type_ = c1[f"{x}_stream"], c1[f"{x}_type"]
            here = acts(self.row, c1.superlanes)
            taken = here & ~c1[f"{x}_immediate"] & _uses(c1.op, k)
            for byte in range(BYTES):
                word = Signal(WORD_BITS, name=f"{x}_word{byte}", reset_less=True)
                # The group is aligned: what the byte's number has set, the base has clear.
                free = ~(3 if byte >= 2 else byte)
                place = Cat(stream[i] if free >> i & 1 else Const(byte >> i & 1) for i in range(6))
                enable = taken & has_byte(type_, byte)
                capture(inside, word, enable, place, self.e_in, self.w_in)
                words[k].append(word)
        m.submodules.capture = DomainRenamer("captured")(inside)
        return c2, words, valid2

    def _hand_over(self, m, c2, valid2, payloads):
        """Cycle t + 2: a special function leaves for its own lanes."""
        special = self.special
        m.d.comb += [
            special.valid.eq(valid2 & is_special(c2.op)),
            *(getattr(special, f"a{n}").eq(p) for n, p in enumerate(payloads)),
            special.a_value.eq(c2.immediate0),
            *(
                getattr(special, name).eq(c2[name])
                for name in (*HEAD.members, "a_type", "a_immediate")
            ),
        ]

    def _control(self, m, c2, valid2):
        """Control from t + 2 on, each register in the domain of its stage.

        Returns
        -------
        (control, valid8, tail8)
            Inputs of :class:`Lanes` by name; whether there is a result in t + 8, and of what.
        """
        real = c2.compute == Compute.FP32
        valid2 = valid2 & ~is_special(c2.op)
        has_third = _uses(c2.op, 2)  # few operations have: c stands still for the others
        i3 = stage(m, "i_operands", valid2 & ~real)
        r3 = stage(m, "r_operands", valid2 & real)
        stage(m, "i_third", valid2 & ~real & has_third)
        stage(m, "r_third", valid2 & real & has_third)
        i_head = register(m, "i_operands", _HEAD, c2)
        r_head = register(m, "r_operands", _HEAD, c2)
        i4, r4 = stage(m, "i_converted", i3), stage(m, "r_converted", r3)
        i5, r5 = stage(m, "i_products", i4), stage(m, "r_products", r4)
        stage(m, "products", i4 | r4)
        tail5 = self._tail5(m, i_head, r_head, i4)
        # An integer operation whose result is a float goes over to the fp32 path in t + 5.
        leaves = i5 & is_real_type(tail5.result_type)
        i6, r6 = stage(m, "i_sums", i5 & ~leaves), stage(m, "r_sums", r5 | leaves)
        i7, r7 = stage(m, "i_narrowed", i6), stage(m, "r_normals", r6)
        i8, r8 = stage(m, "i_results", i7), stage(m, "r_results", r7)
        tail = tail5
        for domain, enable in (("sums", i5 | r5), ("normals", i6 | r6), ("results", i7 | r7)):
            stage(m, domain, enable)
            tail = register(m, domain, _TAIL, tail)
        control = {
            **{f"{x}_type": c2[f"{x}_type"] for x in OPERANDS},
            "i_route": _structure(m, "i_route", INTEGER_ROUTE, integer_route(i_head)),
            "r_route": _structure(m, "r_route", REAL_ROUTE, real_route(r_head)),
            "integer4": i4,
            "real7": r7,
            "bytes8": Cat(has_byte(tail.result_type, n) for n in range(BYTES)),
        }
        return control, i8 | r8, tail

    def _tail5(self, m, i_head, r_head, i4):
        """What is left of the instruction in t + 5, of the path that has it."""
        i_tail = register(m, "i_converted", _TAIL, i_head)
        r_tail = register(m, "r_converted", _TAIL, r_head)
        return register(
            m, "products", _TAIL, {x: Mux(i4, i_tail[x], r_tail[x]) for x in _TAIL.members}
        )

    def _drive(self, m, lanes, valid8, tail8):
        """Cycle t + 9: the result is encoded and driven."""
        valid9 = stage(m, "drive", valid8)
        tail, special = register(m, "drive", _TAIL, tail8), self.special
        here = acts(self.row, Mux(special.done, special.limit, tail.superlanes))
        m.d.comb += [
            self.drive.enable.eq(valid9 | special.done),
            self.drive.stream.eq(Mux(special.done, special.stream, tail.result_stream)),
            self.drive.words.eq(Mux(special.done, special.words, group_size(tail.result_type))),
        ]
        for n, byte in enumerate(f"byte{n}" for n in range(BYTES)):
            payload = Mux(special.done, getattr(special, byte), getattr(lanes, byte))
            driven = self.drive.enable & (self.drive.words > n)
            m.d.comb += self.drive.data[n].eq(generate(m, Mux(here, payload, 0), driven))


def _structure(m, name, layout, fields):
    """A combinational structure."""
    signal = Signal(layout, name=name)
    m.d.comb += [signal[x].eq(fields[x]) for x in layout.members]
    return signal


def _immediate(c2, k):
    """The immediate of operand k: the first operand that is an immediate takes the first one."""
    second = (Const(0, 1), c2.a_immediate, c2.a_immediate | c2.b_immediate)[k]
    return Mux(second, c2.immediate1, c2.immediate0)


def _uses(op, k):
    """True if an operation has operand k."""
    return op.matches(*(o.code for o in VXM_OPS.values() if o.operands > k))
