"""The edge of a plane's row: operands in, activation buffer, accumulators, results out."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from tsp.arch.config import DATA_BITS, LANES, STREAMS, WORD_BITS
from tsp.arch.isa import FORMATS, AbcMode, AccMode
from tsp.ecc import correct, count, generate
from tsp.sram import Sram
from tsp.stream import Drive, StreamSignature, capture
from tsp.words import acting, control_layout

from .ports import SUM_BITS, SUMS_BITS, Activations, Sums, Weights

__all__ = ["CONTROLS", "Edge"]

#: Format of the control of each of a plane's queues W, A, R, by the name of its ports.
CONTROLS = {"lw": FORMATS["LW"], "mxm": FORMATS["MXM"], "acc": FORMATS["ACC"]}

_BYTES = SUM_BITS // 8  #: words of an accumulator entry on the streams (SG4)


class Edge(wiring.Component):
    """One superlane's edge of one plane.

    With control on a ``south`` port in cycle t: t + 1 operands are captured, t + 2 corrector, t + 3
    weights and activations are on the input of supercell (y, 0). ACC: t + 2 the accumulator read
    begins, t + 3 entry, result and preload meet and the entry is written, t + 4 drive.

    Parameters
    ----------
    config
        The configuration: numbers of accumulators and activation buffer entries.

    Members
    -------
    lw_south, mxm_south, acc_south : In(control_layout)
        Control of the queues W, A and R; ``.._north`` is the same one cycle later.
    outward : In(StreamSignature)
        The stop's inputs that flow outward: Ein of the east MXM, Win of the west one.
    west : In(1)
        The plane is in the west hemisphere: results are driven east, else west.
    weights, activations : Out
        To supercell (y, 0).
    sums : In(Sums)
        From supercell (y, 0).
    drive : Out(Drive(4))
        The result in cycle t + 4: byte k of every lane in word k.
    critical : Out(1)
        There was a double error in a word that came in.
    row, queue_number : In(8)
        Superlane and the number of the plane's queue R, for the back door.
    backdoor, cycle : In
        Simulation (:class:`tsp.sram.Sram`).
    """

    def __init__(self, config):
        self._config = config
        super().__init__(
            {
                **{f"{n}_south": In(control_layout(f)) for n, f in CONTROLS.items()},
                **{f"{n}_north": Out(control_layout(f)) for n, f in CONTROLS.items()},
                "outward": In(StreamSignature()),
                "west": In(1),
                "weights": Out(Weights()),
                "activations": Out(Activations()),
                "sums": In(Sums()),
                "drive": Out(Drive(_BYTES)),
                "critical": Out(1),
                "errors": Out(32),
                "row": In(8),
                "queue_number": In(8),
                "backdoor": In(3),
                "cycle": In(32),
            }
        )

    def elaborate(self, platform):
        m = Module()
        self._off = {}  # an operation is in t + 3 that does not act in this superlane
        stages = {name: self._pipeline(m, name) for name in CONTROLS}
        found = [
            *self._load_weights(m, *stages["lw"]),
            *self._activate(m, *stages["mxm"]),
            *self._accumulate(m, *stages["acc"]),
        ]
        where = {x: getattr(self, x) for x in ("row", "queue_number", "backdoor")}
        m.d.comb += self.errors.eq(count(m, found, 1, **where))
        m.d.comb += self.critical.eq(self.errors[16:].any())
        return m

    def _pipeline(self, m, name):
        """Control in cycles t + 1 .. t + 3; fields move only when valid.

        ``valid`` where the operation acts in this superlane.
        """
        stages, before = [], getattr(self, f"{name}_south")
        for n in range(1, 4):
            stage = Signal.like(before, name=f"{name}{n}")
            m.d.sync += stage.valid.eq(before.valid)
            with m.If(before.valid):
                m.d.sync += stage.eq(before)
            if n == 1:
                m.d.comb += getattr(self, f"{name}_north").eq(stage)
            here, self._off[name] = acting(m, self.row, stage)
            stages.append(here)
            before = stage
        return stages

    def _capture_group(self, m, enable, stream, size, name):
        """Register an aligned group of `size` outward streams; returns its protected words."""
        bits = self.outward.words.as_value()
        choices = [bits.word_select(g, size * WORD_BITS) for g in range(STREAMS // size)]
        # Halved bit by bit: a simulator evaluates such a select only where it is enabled.
        for bit in stream[exact_log2(size) :]:
            choices = [Mux(bit, b, a) for a, b in zip(choices[::2], choices[1::2], strict=True)]
        group = Signal(data.ArrayLayout(WORD_BITS, size), name=name)
        with m.If(enable):
            m.d.sync += group.eq(choices[0])
        return [group[k] for k in range(size)]

    def _load_weights(self, m, c1, c2, c3):
        """LW: an SG16 becomes the weights of 16 outputs. Returns what its correctors find."""
        words = self._capture_group(m, c1.valid, c1.stream, LANES, "group")
        found = [correct(m, word, c2.valid) for word in words]
        with m.If(c2.valid):
            m.d.sync += self.weights.words.eq(Cat(each.data for each in found))
        m.d.comb += [self.weights.valid.eq(c3.valid), self.weights.column.eq(c3.column)]
        return found

    def _activate(self, m, c1, c2, c3):
        """IW and ABC: activations from a stream, kept or not, or from the buffer.

        Returns what its corrector finds, as the others do.
        """
        streamed = _is(c1.mode, AbcMode.STREAM, AbcMode.KEEP)
        word = Signal(WORD_BITS)
        stream = Cat(c1.stream, Const(0, 1))
        capture(m, word, c1.valid & streamed, stream, self.outward, self.outward)
        found = correct(m, word, c2.valid & _is(c2.mode, AbcMode.STREAM, AbcMode.KEEP))
        corrected = Signal(DATA_BITS)
        with m.If(c2.valid):
            m.d.sync += corrected.eq(found.data)

        m.submodules.buffer = buffer = Sram(self._config.activations, DATA_BITS)
        m.d.comb += [
            # No memory of the image: it is cleared before a run, never loaded nor dumped.
            buffer.backdoor.eq(Mux(self.backdoor == 2, self.backdoor, 0)),
            buffer.cycle.eq(self.cycle),
            buffer.wr.eq(c2.valid & (c2.mode == AbcMode.KEEP)),
            buffer.wr_addr.eq(c2.entry),
            buffer.wr_data.eq(found.data),
            buffer.rd.eq(c2.valid & (c2.mode == AbcMode.BUFFER)),
            buffer.rd_addr.eq(c2.entry),
            self.activations.install.eq(c3.valid & c3.install),
            # A row that is off adds nothing to the sums that pass it.
            self.activations.valid.eq((c3.valid | self._off["mxm"]) & (c3.mode != AbcMode.NONE)),
            self.activations.values.eq(
                Mux(
                    self._off["mxm"],
                    0,
                    Mux(c3.mode == AbcMode.BUFFER, buffer.rd_data, corrected),
                )
            ),
        ]
        return [found]

    def _accumulate(self, m, c1, c2, c3):
        """ACC: entry, result and preload meet in t + 3."""
        preload, found = self._preload(m, c1, c2)
        stored, writes, written = Signal(SUMS_BITS), Signal(), Signal(SUMS_BITS)
        self._accumulators(m, c2, c3, stored, writes, written)

        total = Signal(SUMS_BITS)
        for k in range(LANES):
            a, r, s = (x.word_select(k, SUM_BITS) for x in (stored, self.sums.lanes, total))
            m.d.comb += s.eq(a + r)
        emitted = Signal(SUMS_BITS)
        with m.Switch(c3.mode):
            with m.Case(AccMode.WRITE, AccMode.EMIT):
                m.d.comb += [written.eq(self.sums.lanes), emitted.eq(self.sums.lanes)]
            with m.Case(AccMode.PRELOAD):
                m.d.comb += written.eq(preload)
            with m.Case(AccMode.EMIT_STORED):
                m.d.comb += emitted.eq(stored)
            with m.Default():
                m.d.comb += [written.eq(total), emitted.eq(total)]
        emits, off = Signal(), self._off["acc"]
        m.d.comb += [
            writes.eq(c3.valid & _is(c3.mode, AccMode.WRITE, AccMode.ADD, AccMode.PRELOAD)),
            emits.eq(_is(c3.mode, AccMode.EMIT, AccMode.EMIT_SUM, AccMode.EMIT_STORED)),
        ]
        self._emit(m, emits & (c3.valid | off), c3.stream, Mux(off, 0, emitted))
        return found

    def _preload(self, m, c1, c2):
        """The SG4 of a preload as 16 lanes, in t + 3, and what its correctors find."""
        enable = c1.valid & (c1.mode == AccMode.PRELOAD)
        words = self._capture_group(m, enable, c1.stream, _BYTES, "preload")
        used = c2.valid & (c2.mode == AccMode.PRELOAD)
        found = [correct(m, word, used) for word in words]
        lanes = Signal(SUMS_BITS)
        with m.If(used):
            m.d.sync += lanes.eq(
                Cat(each.data.word_select(i, 8) for i in range(LANES) for each in found)
            )
        return lanes, found

    def _accumulators(self, m, c2, c3, stored, writes, written):
        """The accumulator file; an entry written in the cycle of its read is forwarded."""
        m.submodules.accumulators = file = Sram(self._config.accumulators, SUMS_BITS)
        reads, forward = Signal(), Signal()
        forwarded = Signal(SUMS_BITS)
        hit = self._hit(reads, writes, c2, c3)
        m.d.sync += forward.eq(hit)
        with m.If(hit):
            m.d.sync += forwarded.eq(written)
        m.d.comb += [
            file.place.eq(Cat(self.queue_number, Const(0, 12), self.row, Const(3, 4))),
            file.backdoor.eq(self.backdoor),
            file.cycle.eq(self.cycle),
            reads.eq(c2.valid & _is(c2.mode, AccMode.ADD, AccMode.EMIT_SUM, AccMode.EMIT_STORED)),
            file.rd.eq(reads),
            file.rd_addr.eq(c2.entry),
            file.wr.eq(writes),
            file.wr_addr.eq(c3.entry),
            file.wr_data.eq(written),
            stored.eq(Mux(forward, forwarded, file.rd_data)),
        ]

    def _hit(self, reads, writes, c2, c3):
        """The entry that is being read is being written."""
        return reads & writes & (c2.entry == c3.entry)

    def _emit(self, m, emits, stream, lanes):
        """Cut 16 lanes into four words and drive them in t + 4."""
        words = [Signal(DATA_BITS, name=f"result{k}") for k in range(_BYTES)]
        index = Signal(5)
        m.d.sync += self.drive.enable.eq(emits)
        with m.If(emits):
            m.d.sync += index.eq(stream)
            for k, word in enumerate(words):
                m.d.sync += word.eq(Cat(lanes.word_select(_BYTES * i + k, 8) for i in range(LANES)))
        m.d.comb += [
            self.drive.stream.eq(Cat(index, ~self.west)),
            self.drive.words.eq(_BYTES),
            *(
                self.drive.data[k].eq(generate(m, word, self.drive.enable))
                for k, word in enumerate(words)
            ),
        ]


def _is(mode, *modes):
    """True if `mode` is one of `modes`."""
    return Cat(mode == each for each in modes).any()
