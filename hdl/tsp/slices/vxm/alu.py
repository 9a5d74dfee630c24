"""One ALU of one tile: control, operand capture, sixteen lanes, drive port.

======  ====================================================================================
cycle   what happens (control on `south` in cycle t)
======  ====================================================================================
t + 1   operands are captured from Ein and Win
t + 2   corrector's place; bytes are gathered into lanes, immediates join
t + 3   .. t + 8: the lanes (:mod:`~tsp.slices.vxm.lane`); the result is registered by streams
t + 9   encoder's place; `drive` is enabled
t + 10  the result is in the stop's stream register: d_func = 10 for every operation
======  ====================================================================================
"""

from types import SimpleNamespace

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from tsp.arch.config import DATA_BITS, LANES, WORD_BITS
from tsp.arch.isa import FORMATS, VXM_OPS, Compute, Type
from tsp.ecc import correct, encode
from tsp.slices.vxm.lane import OPERANDS, STAGE, Lane
from tsp.stream import Drive, StreamSignature, capture
from tsp.words import control_layout

__all__ = ["Alu"]

_CONTROL = control_layout(FORMATS["VXM"])
_BYTES = 4  # of the largest element

#: The lanes' stages in order, the first in cycle t + 3.
_STAGES = ("convert", "multiply", "add", "normalise", "round", "finish")

#: What a stage keeps of the instruction.
_FIELDS = ("op", "saturate", "result_type", "result_stream")


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
        The result, enabled in cycle t + 9.
    """

    NEEDS_LIBRARY = True

    south: In(_CONTROL)
    north: Out(_CONTROL)
    e_in: In(StreamSignature())
    w_in: In(StreamSignature())
    drive: Out(Drive(_BYTES))

    def __init__(self, config, *, library):
        super().__init__()
        self._library = library

    def elaborate(self, platform):
        m = Module()
        c1 = self._forward(m)
        c2, words = self._capture(m, c1)
        c3, patterns = self._gather(m, c2, words)
        stages = self._stages(m, c3)
        results = []
        for n in range(LANES):
            m.submodules[f"lane{n}"] = lane = self._library.place(Lane)
            m.d.comb += [lane.types.eq(c3.types), lane.used.eq(c3.used)]
            m.d.comb += [getattr(lane, x).eq(patterns[k][n]) for k, x in enumerate(OPERANDS)]
            m.d.comb += [getattr(lane, x).eq(stage.work) for x, stage in zip(_STAGES, stages)]
            results.append(lane.result)
        self._drive(m, stages, results)
        return m

    def _forward(self, m):
        """c1: control, registered for this tile and the one to the north."""
        m.d.sync += self.north.valid.eq(self.south.valid)
        with m.If(self.south.valid):
            m.d.sync += self.north.eq(self.south)
        return self.north

    def _capture(self, m, c1):
        """Cycle t + 1: the words of each stream operand; `words[k][byte]`."""
        c2 = Signal(_CONTROL, name="c2")
        m.d.sync += c2.valid.eq(c1.valid)
        with m.If(c1.valid):
            m.d.sync += c2.eq(c1)
        words = []
        for k, x in enumerate(OPERANDS):
            words.append([])
            stream, type_ = c1[f"{x}_stream"], c1[f"{x}_type"]
            taken = c1.valid & ~c1[f"{x}_immediate"] & self._uses(c1.op, k)
            for byte in range(_BYTES):
                word = Signal(WORD_BITS, name=f"{x}_word{byte}", reset_less=True)
                # The group is aligned: what the byte's number has set, the base has clear.
                free = ~(3 if byte >= 2 else byte) & 63
                place = Cat(stream[i] if free >> i & 1 else Const(byte >> i & 1) for i in range(6))
                capture(m, word, taken & _has_byte(type_, byte), place, self.e_in, self.w_in)
                words[k].append(word)
        return c2, words

    def _uses(self, op, k):
        """True if an operation has operand k."""
        codes = [o.code for o in VXM_OPS.values() if o.operands > k]
        return op.matches(*codes)

    def _gather(self, m, c2, words):
        """Cycle t + 2: corrected words and immediates, a pattern for each lane.

        Returns
        -------
        (c3, patterns)
            Control of the first lane stage, and `patterns[k][lane]` of 32 bits.
        """
        c3 = SimpleNamespace(
            types=Signal(data.ArrayLayout(3, 3), name="c3_types"),
            used=Signal(3, name="c3_used"),
            work=Signal(STAGE, name="c3_work"),
        )
        real = c2.compute == Compute.FP32
        m.d.sync += c3.work.integer.eq(c2.valid & ~real), c3.work.real.eq(c2.valid & real)
        uses = [self._uses(c2.op, k) for k in range(3)]
        with m.If(c2.valid):
            m.d.sync += [c3.work[x].eq(c2[x]) for x in _FIELDS]
            m.d.sync += [c3.types[k].eq(c2[f"{x}_type"]) for k, x in enumerate(OPERANDS)]
            m.d.sync += c3.used.eq(Cat(uses))
        # The first operand that is an immediate takes the first one.
        later = [0, c2.a_immediate, c2.a_immediate | c2.b_immediate]
        patterns = []
        for k, x in enumerate(OPERANDS):
            lanes = [Signal(32, name=f"{x}{n}", reset_less=True) for n in range(LANES)]
            patterns.append(lanes)
            payloads = [correct(word) for word in words[k]]
            with m.If(c2.valid & uses[k]):
                with m.If(c2[f"{x}_immediate"]):
                    value = Mux(later[k], c2.immediate1, c2.immediate0)
                    m.d.sync += [lane.eq(value) for lane in lanes]
                with m.Else():
                    for n, lane in enumerate(lanes):
                        m.d.sync += lane.eq(Cat(p.word_select(n, 8) for p in payloads))
        return c3, patterns

    def _stages(self, m, first):
        """Control of the lanes' stages, cycles t + 3 .. t + 8, and of the drive port, t + 9."""
        stages = [first]
        for name in (*_STAGES[1:], "drive"):
            before, work = stages[-1].work, Signal(STAGE, name=f"{name}_work")
            m.d.sync += work.integer.eq(before.integer), work.real.eq(before.real)
            with m.If(before.integer | before.real):
                m.d.sync += [work[x].eq(before[x]) for x in _FIELDS]
            stages.append(SimpleNamespace(work=work))
        return stages

    def _drive(self, m, stages, results):
        """Cycle t + 8: results are registered by streams; t + 9: encoded and driven."""
        finish, last = stages[-2].work, stages[-1].work
        payloads = [
            Signal(DATA_BITS, name=f"drive_byte{n}", reset_less=True) for n in range(_BYTES)
        ]
        for n, payload in enumerate(payloads):
            with m.If((finish.integer | finish.real) & _has_byte(finish.result_type, n)):
                m.d.sync += payload.eq(Cat(r.word_select(n, 8) for r in results))
        m.d.comb += [
            self.drive.enable.eq(last.integer | last.real),
            self.drive.stream.eq(last.result_stream),
            self.drive.words.eq(_words(last.result_type)),
            Cat(self.drive.data[n] for n in range(_BYTES)).eq(Cat(encode(p) for p in payloads)),
        ]


def _has_byte(type_, byte):
    """True if elements of a type have byte 0 .. 3."""
    return type_.matches(*(t for t in Type if t.bytes > byte))


def _words(type_):
    """Streams that elements of a type take."""
    return Cat(
        _has_byte(type_, 0) & ~_has_byte(type_, 1),
        _has_byte(type_, 1) & ~_has_byte(type_, 2),
        _has_byte(type_, 3),
    )
