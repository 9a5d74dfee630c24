"""A supercell: 16 x 16 int8 multiply-accumulators with their weights, and the way of the sums."""

from amaranth import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tsp.arch.config import DATA_BITS, LANES

from .ports import SUM_BITS, Activations, PartialSums, Sums, Weights

__all__ = ["OutputLane", "Supercell"]


def _dot(weights, activations):
    """Exact sum of 16 products of signed bytes, 32 bits.

    The operands are widened to 32 bits first: a simulator computes in words of 32 bits and would
    mask every narrower step (half the speed); synthesis finds the narrow adders again (measured:
    the same gates).
    """
    terms = [
        weights.word_select(i, 8).as_signed()
        * (activations.word_select(i, 8).as_signed() + Const(0, signed(SUM_BITS - 9)))
        for i in range(LANES)
    ]
    while len(terms) > 1:
        terms = [
            (a + b)[:SUM_BITS].as_signed() for a, b in zip(terms[::2], terms[1::2], strict=True)
        ]
    return terms[0]


class OutputLane(wiring.Component):
    """One of the 16 outputs of a supercell: weights, dot product and the registers of its sums.

    A macro of its own, so that synthesis meets 16 multipliers and not 256.

    Members
    -------
    load, install, compute : In(1)
        ``word`` into the load buffer, load buffer into the weights, dot product: all at the end
        of the cycle, so each sees what the others left before it.
    word, activations : In(128)
        16 signed bytes each.
    add : In(1)
        The dot product of the cycle before is added to ``psum_south``.
    top, diagonal : In(1)
        The supercell is in the top row; on the diagonal.
    psum_south, psum_north : In, Out(32)
        Partial sum of the rows below; with this row's.
    down_load, down_north, down_south : In(1), In(32), Out(32)
        Finished sum: made here in the top row, else from the row to the north.
    inward_load, inward_in, inward_out : In(1), In(32), Out(32)
        Finished sum from the outward neighbour; to the inward one.
    """

    def __init__(self, config):
        super().__init__(
            {
                **{n: In(1) for n in ("load", "install", "compute", "add", "top", "diagonal")},
                "word": In(DATA_BITS),
                "activations": In(DATA_BITS),
                "psum_south": In(SUM_BITS),
                "psum_north": Out(SUM_BITS),
                "down_load": In(1),
                "down_north": In(SUM_BITS),
                "down_south": Out(SUM_BITS),
                "inward_load": In(1),
                "inward_in": In(SUM_BITS),
                "inward_out": Out(SUM_BITS),
            }
        )

    def elaborate(self, platform):
        m = Module()
        buffer, weights = Signal(DATA_BITS), Signal(DATA_BITS)
        dot, inward = Signal(SUM_BITS), Signal(SUM_BITS)
        with m.If(self.load):
            m.d.sync += buffer.eq(self.word)
        with m.If(self.install):
            m.d.sync += weights.eq(buffer)
        with m.If(self.compute):
            m.d.sync += dot.eq(_dot(weights, self.activations))
        # The sum is written twice so that a simulator computes it inside the conditions only.
        with m.If(self.add & ~self.top):
            m.d.sync += self.psum_north.eq(dot + self.psum_south)
        with m.If(self.down_load):
            m.d.sync += self.down_south.eq(Mux(self.top, dot + self.psum_south, self.down_north))
        with m.If(self.inward_load):
            m.d.sync += inward.eq(self.inward_in)
        m.d.comb += self.inward_out.eq(Mux(self.diagonal, self.down_south, inward))
        return m


class Supercell(wiring.Component):
    """Supercell (y, j): 16 inputs of superlane y, 16 outputs of column group j.

    What comes from inside the row (weights, install, activations) is registered and handed
    outward; the registered copies act here, so order in a supercell is issue order. With an ABC
    in the registers in cycle c the dot products are registered in c + 1 and the sums with the rows
    below in c + 2. Finished sums flow south in ``down`` (rows y >= j) and inward along row j
    (``inward``, y > j). Row and column are inputs, stable while running.

    fp16 will join two planes in tandem. The 11-bit significands of a pair of supercells make exact
    products from four 8-bit slices (two in each plane); the sums then travel as wide fixed-point
    words over both planes' ``psum``, ``down`` and ``inward``, so nothing is rounded before the
    edge, where one rounding makes fp32. Inf and NaN cannot be summed: they travel as flags for
    each output (NaN, +Inf, -Inf), ORed on the way north beside the sums. No register moves, so
    timing stays that of int8.

    Parameters
    ----------
    config
        The configuration; only T matters.

    Members
    -------
    row, column : In(8)
        y and j, logical.
    weights_in, weights_out : In, Out(Weights)
    activations_in, activations_out : In, Out(Activations)
    psum_south, psum_north : In, Out(PartialSums)
        Partial sums; valid one cycle after ``activations_out`` of the same supercell.
    down_north, down_south : In, Out(Sums)
    inward_in, inward_out : In, Out(Sums)
    """

    NEEDS_LIBRARY = True

    def __init__(self, config, *, library):
        self._config, self._library = config, library
        super().__init__(
            {
                "row": In(8),
                "column": In(8),
                "weights_in": In(Weights()),
                "weights_out": Out(Weights()),
                "activations_in": In(Activations()),
                "activations_out": Out(Activations()),
                "psum_south": In(PartialSums()),
                "psum_north": Out(PartialSums()),
                "down_north": In(Sums()),
                "down_south": Out(Sums()),
                "inward_in": In(Sums()),
                "inward_out": Out(Sums()),
            }
        )

    def elaborate(self, platform):
        m = Module()
        load = self._pass_outward(m)
        add = Signal()
        m.d.sync += add.eq(self.activations_out.valid)

        top, diagonal, above = Signal(), Signal(), Signal()
        m.d.comb += [
            top.eq(self.row == self._config.superlanes - 1),
            diagonal.eq(self.row == self.column),
            above.eq(self.row > self.column),
        ]
        down_load, inward_load, inward_valid = Signal(), Signal(), Signal()
        m.d.comb += [
            down_load.eq(Mux(top, add, self.down_north.valid) & (above | diagonal)),
            inward_load.eq(self.inward_in.valid & above),
            self.inward_out.valid.eq(Mux(diagonal, self.down_south.valid, inward_valid)),
        ]
        m.d.sync += [self.down_south.valid.eq(down_load), inward_valid.eq(inward_load)]

        outputs = [self._library.place(OutputLane, self._config) for _ in range(LANES)]
        for k, output in enumerate(outputs):
            m.submodules[f"output{k}"] = output
            m.d.comb += [
                output.load.eq(load),
                output.install.eq(self.activations_out.install),
                output.compute.eq(self.activations_out.valid),
                output.add.eq(add),
                output.top.eq(top),
                output.diagonal.eq(diagonal),
                output.word.eq(self.weights_out.words.word_select(k, DATA_BITS)),
                output.activations.eq(self.activations_out.values),
                output.psum_south.eq(self.psum_south.lanes.word_select(k, SUM_BITS)),
                output.down_load.eq(down_load),
                output.down_north.eq(self.down_north.lanes.word_select(k, SUM_BITS)),
                output.inward_load.eq(inward_load),
                output.inward_in.eq(self.inward_in.lanes.word_select(k, SUM_BITS)),
            ]
        m.d.comb += [
            self.psum_north.lanes.eq(Cat(output.psum_north for output in outputs)),
            self.down_south.lanes.eq(Cat(output.down_south for output in outputs)),
            self.inward_out.lanes.eq(Cat(output.inward_out for output in outputs)),
        ]
        return m

    def _pass_outward(self, m):
        """Register what comes from inside; weights go on only as far as their column.

        Returns the signal that the registered weights are this supercell's.
        """
        load = Signal()
        here = self.weights_in.column == self.column
        m.d.sync += [
            load.eq(self.weights_in.valid & here),
            self.weights_out.valid.eq(self.weights_in.valid & ~here),
            self.activations_out.install.eq(self.activations_in.install),
            self.activations_out.valid.eq(self.activations_in.valid),
        ]
        with m.If(self.weights_in.valid):
            m.d.sync += [
                self.weights_out.column.eq(self.weights_in.column),
                self.weights_out.words.eq(self.weights_in.words),
            ]
        with m.If(self.activations_in.valid):
            m.d.sync += self.activations_out.values.eq(self.activations_in.values)
        return load
