"""Joints around a spare row: who works sees the next who works, whichever row is bypassed."""

from itertools import pairwise
from random import Random

import pytest
from amaranth import Module, Signal, Value
from amaranth.lib.wiring import PureInterface, Signature
from amaranth.sim import Simulator

from tsp.arch.config import Config
from tsp.rows import TopFace, northward, southward
from tsp.spare import Fuse, Joint, connect_joint
from tsp.superlane import vertical

CONFIG = Config("joints", 3, 1, 2, 16, 1, 16, 2, 1)
MEMBERS = vertical(CONFIG)
BACKDOOR = 5


def leaves(row, member, name):
    """The signals of a row's member."""
    port = getattr(row, name)
    ports = [port] if member.is_port else [leaf for _, _, leaf in member.signature.flatten(port)]
    return [Value.cast(port) for port in ports]


class Stack:
    """T + 1 rows, of which only the members are there, and their joints on a top face."""

    def __init__(self):
        self.module = m = Module()
        self.face = TopFace(MEMBERS).create()
        self.rows = [PureInterface(Signature(MEMBERS), path=(f"row{y}",)) for y in range(4)]
        self.bypassed = Signal(8)
        self.joints = []
        everyone = [None, self.face, *self.rows, None]
        for y in range(CONFIG.rows):
            joint = Joint(CONFIG)
            m.submodules[f"joint{y}"] = joint
            self.joints.append(joint)
            m.d.comb += [joint.index.eq(y), joint.bypassed.eq(self.bypassed), joint.deep.eq(1)]
            m.d.comb += joint.backdoor.eq(BACKDOOR)
            far_south, south, north, far_north = everyone[y : y + 4]
            connect_joint(m, joint, (south, far_south), (north, far_north), MEMBERS)

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
        joints = [joint for y, joint in enumerate(self.joints) if y != bypassed]
        assert [context.get(joint.row) for joint in joints] == list(range(CONFIG.superlanes))
        assert all(context.get(joint.row_backdoor) == BACKDOOR for joint in joints)
        assert all(context.get(joint.row_deep) for joint in joints)
        assert not context.get(self.joints[bypassed].row_backdoor)
        assert not context.get(self.joints[bypassed].row_deep)


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
