"""The stream fabric: registers of several stops, driven and looked at word by word."""

from amaranth import Module
from amaranth.lib.wiring import Component, In, Out, connect, flipped

from tsp.stop import Registers
from tsp.stream import Drive, StreamSignature
from verif.support import run_bench

STOPS = 3
SIZES = (1, 16)  #: group sizes of each stop's drive ports


class Chain(Component):
    """Stops in a row, west to east."""

    def __init__(self):
        buses = [f"{direction}{p}" for direction in "ew" for p in range(STOPS)]
        drives = {f"drive{p}_{i}": In(Drive(n)) for p in range(STOPS) for i, n in enumerate(SIZES)}
        inputs = {"e_in": In(StreamSignature()), "w_in": In(StreamSignature())}
        super().__init__(inputs | {bus: Out(StreamSignature()) for bus in buses} | drives)

    def elaborate(self, platform):
        m = Module()
        stops = [Registers(SIZES) for _ in range(STOPS)]
        for p, stop in enumerate(stops):
            m.submodules[f"stop{p}"] = stop
            for i in range(len(SIZES)):
                connect(m, flipped(getattr(self, f"drive{p}_{i}")), getattr(stop, f"drive{i}"))
            for direction in "ew":
                out = getattr(self, f"{direction}{p}")
                connect(m, getattr(stop, f"{direction}_out"), flipped(out))
        for direction, row in (("e", stops), ("w", stops[::-1])):
            before = flipped(getattr(self, f"{direction}_in"))
            for stop in row:
                connect(m, before, getattr(stop, f"{direction}_in"))
                before = getattr(stop, f"{direction}_out")
        return m


def test_stream_registers():
    parameters = {"stops": STOPS, "sizes": SIZES, "cycles": 300, "seed": 4}
    ran = run_bench(lambda library: Chain(), "verif.stream.tb_stream", parameters=parameters)
    assert ran.tests == 3
