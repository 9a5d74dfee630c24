"""One MEM tile of the published chip: offsets of twelve bits, from words and from maps."""

from amaranth import Module
from amaranth.lib.wiring import Component, connect, flipped

from tsp.arch.config import FULL
from tsp.slices.mem import MemTile
from tsp.sram import BackdoorControl
from tspc.engines import records
from verif.support import run_bench


class Bench(Component):
    """A tile, and the files that its memories write to."""

    def __init__(self, config):
        self._tile = MemTile(config)
        super().__init__(self._tile.signature)

    def elaborate(self, platform):
        m = Module()
        m.submodules.tile = self._tile
        m.submodules.files = files = BackdoorControl()
        connect(m, flipped(self), self._tile)
        m.d.comb += files.backdoor.eq(self.backdoor)
        return m


def test_every_access_of_a_tile():
    parameters = {"config": FULL.to_dict(), "seed": 5, "cycles": 1500}
    ran = run_bench(
        lambda library: Bench(FULL),
        "verif.slices.mem.tb_tile",
        parameters=parameters,
        image=records.image([]),
    )
    assert ran.tests == 2
