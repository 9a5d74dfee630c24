"""PERMUTE: every permutation and multicast of all lanes, in three gathers.

a[y][l] = x[y][s1], b[y][l] = a[s2][l], c[y][l] = b[y][s3]: within superlanes, between them, within
them. Every superlane sends its `a` both ways, one superlane a cycle, and takes from what passes.

Control moves north one superlane a cycle, and so does `a`: the words of all superlanes to the south
reach a superlane together, in the cycle in which it makes its own. Those from the north come
against the stagger, two cycles apart, the last one, of superlane T - 1, 2(T - 1) - 1 cycles after
superlane 0's own. So d_func = 2T + 4, which is 2(T - 1) beyond the six cycles of the port stages
and the two gathers within superlanes, and no other arrangement needs fewer.

========  ===============================================================================
cycle     what happens in superlane y (control on `south` in cycle t)
========  ===============================================================================
t+3       corrected word and map: `a`; what comes from the south joins it in ``up``
t+4       `b` from the south, and from the superlane itself
t+3+2k    `b` from superlane y + k, whose `a` is at ``down_north``, k = 1 .. T - 1
t+2T+2    `c`
t+2T+3    encoder's place
t+2T+4    in the stop's stream register: d_func = 2T + 4
========  ===============================================================================
"""

from amaranth import Cat, Mux, Signal
from amaranth.hdl import unsigned
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from tsp.arch.config import DATA_BITS, LANES, QueueKind

from .unit import Unit, byte, gather, pick

__all__ = ["Permute", "permute_vertical"]

_NUMBER = 5  #: bits of a superlane's number in a map


def permute_vertical(config):
    """What faces the neighbours: T - 1 words that go north and as many that go south.

    Word k of what leaves is that of the k-th superlane behind. At one vector a cycle T/2 words have
    to cross the middle of the chip each way in every cycle, so the ports cannot but grow with T. A
    single superlane has a port that nobody uses.
    """
    bits = DATA_BITS * max(config.superlanes - 1, 1)
    return {
        "up_south": In(bits),
        "up_north": Out(bits),
        "down_north": In(bits),
        "down_south": Out(bits),
    }


class _Map(data.StructLayout):
    """What is left of a lane's map when `a` is made, t + 4.

    ``south`` says how far to the south of here the source is, 0 is here; ``north`` how far to the
    north. One of both holds if ``here``, or if ``north`` is not 0.
    """

    def __init__(self):
        number = unsigned(_NUMBER)
        super().__init__({"here": 1, "south": number, "north": number, "lane": 4})


class Permute(Unit):
    """The unit of PERMUTE in one superlane."""

    def __init__(self, config):
        self._superlanes = config.superlanes
        super().__init__(QueueKind.SXM_PERMUTE, 1, permute_vertical(config))

    def _build(self, m):
        rows = self._superlanes
        stages = self._stages(m, 2 * rows + 3)
        maps, up = self._first(m, stages)
        lanes, maps = self._from_south(m, stages, maps, up)
        lanes, maps = self._from_north(m, stages, maps, up, lanes)

        result = Signal(DATA_BITS)
        with m.If(stages[2 * rows + 2].valid):
            m.d.sync += result.eq(Cat(gather(lanes, [each.lane for each in maps])))
        self._drive(m, stages[2 * rows + 3], [result], 1)
        return stages[1:]

    def _first(self, m, stages):
        """t + 3: `a`, and what each lane's map means here.

        Returns
        -------
        (maps, up)
            The maps, and the words of this superlane and of those to the south, in t + 4.
        """
        c3 = stages[3]
        word = self._operand(m, stages, "stream")
        low, high = (self._operand(m, stages, "map", k) for k in range(2))
        maps = Signal(data.ArrayLayout(_Map(), LANES))
        bad = []
        with m.If(c3.valid):
            for lane in range(LANES):
                to, source = maps[lane], byte(high, lane)[:_NUMBER]
                ahead = Signal(name=f"ahead{lane}")
                bad.append(byte(high, lane)[_NUMBER:].any() | (source >= self._superlanes))
                m.d.comb += ahead.eq(source > self.row)
                m.d.sync += [
                    to.here.eq(~bad[-1] & ~ahead),
                    to.south.eq(self.row - source),
                    to.north.eq(Mux(bad[-1] | ~ahead, 0, source - self.row)),
                    to.lane.eq(byte(low, lane)[4:]),
                ]
        self._flag(m, c3, Cat(bad).any())

        up = Signal(data.ArrayLayout(DATA_BITS, self._superlanes))
        own = gather(word, [byte(low, lane)[:4] for lane in range(LANES)])
        with m.If(c3.valid):
            m.d.sync += up.eq(Cat(*own, self.up_south))
        m.d.comb += self.up_north.eq(up.as_value())
        return [maps[lane] for lane in range(LANES)], up

    def _from_south(self, m, stages, maps, up):
        """t + 4: `b` of the lanes whose source is here or to the south."""
        index_bits = (self._superlanes - 1).bit_length()
        taken = Signal(DATA_BITS)
        for lane, to in enumerate(maps):
            source = pick([byte(word, lane) for word in up], to.south[:index_bits])
            m.d.comb += byte(taken, lane).eq(Mux(to.here, source, 0))
        if self._superlanes == 1:
            return taken, maps
        return self._step(m, stages[4], 5, taken, maps)

    def _from_north(self, m, stages, maps, up, lanes):
        """t + 3 + 2k: `b` of the lanes whose source is k superlanes to the north."""
        leaving = [up[0]]
        for k in range(1, self._superlanes):
            cycle = 3 + 2 * k
            arriving = self.down_north.word_select(k - 1, DATA_BITS)
            taken = Cat(
                Mux(maps[lane].north == k, byte(arriving, lane), byte(lanes, lane))
                for lane in range(LANES)
            )
            lanes, maps = self._step(m, stages[cycle], cycle + 1, taken, maps)
            if k < self._superlanes - 1:
                word = Signal(DATA_BITS, name=f"passing{k}")
                with m.If(stages[cycle].valid):
                    m.d.sync += word.eq(arriving)
                leaving.append(word)
                lanes, maps = self._step(m, stages[cycle + 1], cycle + 2, lanes, maps)
        m.d.comb += self.down_south.eq(Cat(leaving))
        return lanes, maps

    def _step(self, m, control, cycle, lanes, maps):
        """Registers between two cycles."""
        later = Signal(DATA_BITS, name=f"b{cycle}")
        moved = Signal(data.ArrayLayout(_Map(), LANES), name=f"map{cycle}")
        with m.If(control.valid):
            m.d.sync += later.eq(lanes)
            for lane in range(LANES):
                m.d.sync += [moved[lane].north.eq(maps[lane].north)]
                m.d.sync += [moved[lane].lane.eq(maps[lane].lane)]
        return later, [moved[lane] for lane in range(LANES)]
