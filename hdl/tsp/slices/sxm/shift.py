"""SHIFT and SELECT: lanes move north or south, over the borders of superlanes.

A superlane needs the words of both its neighbours. The one to the south had its word a cycle ago,
the one to the north has it a cycle later, so all three meet in t + 4:

======  =====================================================================
cycle   what happens in a superlane (control on `south` in cycle t)
======  =====================================================================
t + 3   corrected word; it is on ``down_south``
t + 4   the same a cycle later, on ``up_north``; beside it what the southern
        neighbour had there a cycle ago; ``down_north`` has the northern one's
t + 5   result, encoder's place
t + 6   in the stop's stream register: d_func = 6
======  =====================================================================
"""

from amaranth import Cat, Const, Mux, Signal
from amaranth.lib.wiring import In, Out

from tsp.arch.config import DATA_BITS, LANES, QueueKind

from .unit import Unit, byte

__all__ = ["SHIFT_VERTICAL", "Shift"]

#: What faces the neighbours: the words that go north and those that go south.
SHIFT_VERTICAL = {
    "up_south": In(DATA_BITS),
    "up_north": Out(DATA_BITS),
    "down_north": In(DATA_BITS),
    "down_south": Out(DATA_BITS),
}

_UNSHIFTED, _NORTH, _SOUTH, _ZERO = range(4)


class Shift(Unit):
    """The unit of SHIFT and SELECT in one superlane."""

    def __init__(self):
        super().__init__(QueueKind.SXM_SHIFT, 1, SHIFT_VERTICAL)

    def _build(self, m):
        stages = self._stages(m, 5)
        _, _, _, c3, c4, c5 = stages
        word = self._operand(m, stages, "stream")
        mask = self._operand(m, stages, "mask", used=lambda control: control.form)

        own, below = Signal(DATA_BITS), Signal(DATA_BITS)
        with m.If(c3.valid):
            m.d.sync += [own.eq(word), below.eq(self.up_south)]
        m.d.comb += [self.down_south.eq(word), self.up_north.eq(own)]
        choices = self._choices(m, c3, mask)

        distance = Signal(5)  # 1 .. 16
        m.d.comb += distance.eq(Mux(~c4.form & c4.n[-1], -c4.n, c4.n))
        north = _shift_right(m, Cat(below, own), (LANES - distance)[:4])
        south = _shift_right(m, Cat(own, self.down_north), distance)
        result = Signal(DATA_BITS)
        with m.If(c4.valid):
            for lane in range(LANES):
                moved = [byte(x, lane) for x in (own, north, south)] + [Const(0, 8)]
                one, two = choices.word_select(lane, 2)
                m.d.sync += byte(result, lane).eq(
                    Mux(two, Mux(one, moved[3], moved[2]), Mux(one, moved[1], moved[0]))
                )
        self._drive(m, c5, [result], 1)
        return stages[1:]

    def _choices(self, m, c3, mask):
        """What each lane takes, two bits, in t + 4."""
        bad = Cat(byte(mask, lane)[2:].any() for lane in range(LANES))
        self._flag(m, c3, c3.form & bad.any())
        choices = Signal(2 * LANES)
        with m.If(c3.valid & c3.form):
            m.d.sync += choices.eq(Cat(Mux(bad[k], _ZERO, byte(mask, k)[:2]) for k in range(LANES)))
        with m.If(c3.valid & ~c3.form):
            m.d.sync += choices.eq(Mux(c3.n[-1], _SOUTH, _NORTH).replicate(LANES))
        return choices


def _shift_right(m, lanes, distance):
    """The 16 lanes from lane `distance` on."""
    for k, bit in reversed(list(enumerate(distance))):
        moved = Signal(8 * (LANES + (1 << k) - 1))
        m.d.comb += moved.eq(Mux(bit, lanes >> (8 << k), lanes))
        lanes = moved
    return lanes
