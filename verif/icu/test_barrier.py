"""The barrier's nodes alone, in rows of every named size: who notifies does not matter."""

import pytest
from amaranth import Module
from amaranth.sim import Simulator

from tsp.arch.config import NAMED, Config
from tsp.arch.timing import timing
from tsp.icu.barrier import BarrierNode

ONE = Config("one", 1, 0, 2, 16, 1, 4, 2, 1)


def row(config):
    """P nodes in a row, and a module that holds them."""
    m, nodes = Module(), []
    for p in range(config.stops):
        node = BarrierNode(config)
        m.submodules[f"node{p}"] = node
        if nodes:
            m.d.comb += [
                node.from_west.eq(nodes[-1].to_east),
                nodes[-1].from_east.eq(node.to_west),
            ]
        nodes.append(node)
    return m, nodes


@pytest.mark.parametrize("config", [ONE, *NAMED.values()], ids=lambda c: c.name)
def test_every_stop_is_released_in_one_cycle_whoever_notifies(config):
    """NOTIFYs D apart, from each stop in turn; a queue issues in the cycle after its release."""
    module, nodes = row(config)
    distance = timing(config).sync_release
    releases = {p: [] for p in range(config.stops)}

    async def bench(ctx):
        for cycle in range(distance * (config.stops + 1)):
            sender, phase = divmod(cycle, distance)
            if sender < config.stops:
                ctx.set(nodes[sender].notify, int(phase == 0))
            for p, node in enumerate(nodes):
                if ctx.get(node.release):
                    releases[p].append(cycle)
            await ctx.tick()

    simulator = Simulator(module)
    simulator.add_clock(1e-9)
    simulator.add_testbench(bench)
    simulator.run()
    expected = [distance * (sender + 1) - 1 for sender in range(config.stops)]
    assert all(found == expected for found in releases.values())
