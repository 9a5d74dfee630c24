"""DISTRIBUTE, ROTATE and TRANSPOSE: what happens within a superlane."""

from amaranth import Cat, Const, Mux, Signal

from tsp.arch.config import DATA_BITS, LANES, WORD_BITS, QueueKind
from tsp.stream import capture
from tsp.words import acts

from .unit import Unit, byte, gather

__all__ = ["Distribute", "Rotate", "Transpose"]


class Distribute(Unit):
    """The unit of DISTRIBUTE in one superlane: one gather, zeros where the map says so.

    t + 3 gathers, t + 4 protects the result: d_func = 5.
    """

    def __init__(self):
        super().__init__(QueueKind.SXM_DISTRIBUTE, 1)

    def _build(self, m):
        stages = self._stages(m, 4)
        _, _, _, c3, c4 = stages
        word = self._operand(m, stages, "stream")
        entries = self._operand(m, stages, "map")
        maps = [byte(entries, lane) for lane in range(LANES)]
        self._flag(m, c3, Cat(each[4:7].any() for each in maps).any())
        gathered = gather(word, maps)
        result = Signal(DATA_BITS)
        with m.If(c3.valid):
            m.d.sync += result.eq(
                Cat(Mux(each[4:].any(), 0, taken) for each, taken in zip(maps, gathered))
            )
        self._drive(m, c4, [result], 1)
        return stages[1:]


class Rotate(Unit):
    """The unit of ROTATE in one superlane: all rotations of a patch, at fixed places.

    t + 3 rotates, t + 4 protects the result: d_func = 5.
    """

    def __init__(self):
        super().__init__(QueueKind.SXM_ROTATE, LANES)

    def _build(self, m):
        stages = self._stages(m, 4)
        _, _, _, c3, c4 = stages
        word = self._operand(m, stages, "stream")
        small = c3.n == 3
        results = [Signal(DATA_BITS, name=f"result{k}") for k in range(LANES)]
        with m.If(c3.valid):
            for k, result in enumerate(results):
                m.d.sync += result.eq(Mux(small, _rotated(word, 3, k), _rotated(word, 4, k)))
        self._drive(m, c4, results, Mux(c4.n == 3, 9, LANES))
        return stages[1:]


def _rotated(word, n, k):
    """Output stream k of ROTATE n."""
    r, c = divmod(k, n)
    lanes = [Const(0, 8)] * LANES
    for i in range(n):
        for j in range(n):
            lanes[n * i + j] = byte(word, (i + r) % n * n + (j + c) % n)
    return Cat(lanes)


class Transpose(Unit):
    """One of two units of TRANSPOSE in one superlane: sixteen words by sixteen lanes.

    Transposing is wiring, so t + 3 protects the results already: d_func = 4.
    """

    def __init__(self):
        super().__init__(QueueKind.SXM_TRANSPOSE, LANES)

    def _build(self, m):
        stages = self._stages(m, 3)
        _, c1, c2, c3 = stages
        group = Signal(LANES * WORD_BITS)
        capture(m, group, c1.valid, c1.stream, self.e_in, self.w_in)
        protected = [group.word_select(k, WORD_BITS) for k in range(LANES)]
        used = c2.valid & acts(self.row, c2.superlanes)
        words = [self._correct(m, word, used) for word in protected]
        results = [Signal(DATA_BITS, name=f"result{k}") for k in range(LANES)]
        with m.If(c2.valid):
            for lane, result in enumerate(results):
                m.d.sync += result.eq(Cat(byte(word, lane) for word in words))
        self._drive(m, c3, results, LANES)
        return stages[1:]
