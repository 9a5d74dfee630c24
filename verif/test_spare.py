"""Rows with a spare: who works sees the next who works, whichever row is bypassed."""

from itertools import pairwise
from random import Random

import pytest
from amaranth import Module, Signal, Value
from amaranth.lib.wiring import Component, In
from amaranth.sim import Simulator

from tsp.arch.config import Config
from tsp.rows import TopFace, connect_rows, northward, southward
from tsp.spare import Fuse, SparedSuperlane
from tsp.superlane import Superlane, vertical

CONFIG = Config("spared", 3, 1, 2, 16, 1, 16, 2, 1)
MEMBERS = vertical(CONFIG)
BACKDOOR = 5


def leaves(row, member, name):
    """The signals of a row's member."""
    port = getattr(row, name)
    ports = [port] if member.is_port else [leaf for _, _, leaf in member.signature.flatten(port)]
    return [Value.cast(port) for port in ports]


class Row(Component):
    """A superlane's members, with nothing behind them."""

    def __init__(self):
        super().__init__(MEMBERS | {"row": In(8), "backdoor": In(3), "deep": In(1)})

    def elaborate(self, platform):
        return Module()


class Stack:
    """T + 1 rows on a top face; of their superlanes only the members are there."""

    def __init__(self):
        self.module = m = Module()
        self.face = TopFace(MEMBERS).create()
        self.rows = []
        self.bypassed = Signal(8)
        south = self.face
        for y in range(CONFIG.rows):
            m.submodules[f"row{y}"] = row = SparedSuperlane(CONFIG, library=self)
            m.d.comb += [row.index.eq(y), row.bypassed.eq(self.bypassed), row.deep.eq(1)]
            m.d.comb += row.backdoor.eq(BACKDOOR)
            self.rows.append(Row())
            connect_rows(m, south, row, MEMBERS)
            south = row
        self._left = list(self.rows)

    def place(self, cls, config):
        """What the rows ask of their library: the next superlane."""
        assert cls is Superlane and config is CONFIG
        return self._left.pop(0)

    def drive(self, context, rng):
        """A random value on everything that the strip and the rows drive."""
        for row in (self.face, *self.rows):
            for path, member in northward(MEMBERS).items():
                for leaf in leaves(row, member, f"{path}_north"):
                    context.set(leaf, rng.getrandbits(len(leaf)))
        for row in self.rows:
            for path, member in southward(MEMBERS).items():
                for leaf in leaves(row, member, f"{path}_south"):
                    context.set(leaf, rng.getrandbits(len(leaf)))

    def check(self, context, bypassed):
        """The rows that work are neighbours, the bypassed one is alone."""
        work = [self.face, *(row for y, row in enumerate(self.rows) if y != bypassed)]
        for south, north in pairwise(work):
            for path, member in northward(MEMBERS).items():
                out, into = (
                    leaves(south, member, f"{path}_north"),
                    leaves(north, member, f"{path}_south"),
                )
                assert [context.get(x) for x in out] == [context.get(x) for x in into], path
            for path, member in southward(MEMBERS).items():
                out, into = (
                    leaves(north, member, f"{path}_south"),
                    leaves(south, member, f"{path}_north"),
                )
                assert [context.get(x) for x in out] == [context.get(x) for x in into], path
        for path, member in southward(MEMBERS).items():
            for row in (work[-1], self.rows[bypassed]):
                assert not any(context.get(x) for x in leaves(row, member, f"{path}_north")), path
        for path, member in northward(MEMBERS).items():
            silent = leaves(self.rows[bypassed], member, f"{path}_south")
            assert not any(context.get(x) for x in silent), path
        alone = self.rows[bypassed]
        assert [context.get(row.row) for row in work[1:]] == list(range(CONFIG.superlanes))
        assert all(context.get(row.backdoor) == BACKDOOR for row in work[1:])
        assert all(context.get(row.deep) for row in work[1:])
        assert not context.get(alone.backdoor) and not context.get(alone.deep)


@pytest.mark.feature("unit", "spare superlane")
def test_whoever_works_sees_the_next_who_works():
    stack, rng = Stack(), Random(20)

    async def bench(context):
        for bypassed in range(CONFIG.rows):
            context.set(stack.bypassed, bypassed)
            for _ in range(3):
                stack.drive(context, rng)
                stack.check(context, bypassed)

    simulator = Simulator(stack.module)
    simulator.add_testbench(bench)
    simulator.run()


def test_the_fuses_are_taken_in_reset_alone():
    fuse = Fuse()

    async def bench(context):
        for reset, code, wanted in ((1, 2, 2), (0, 1, 2), (0, 3, 2), (1, 3, 3)):
            context.set(fuse.reset, reset)
            context.set(fuse.fuse, code)
            await context.tick()
            assert context.get(fuse.bypassed) == wanted

    simulator = Simulator(fuse)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
