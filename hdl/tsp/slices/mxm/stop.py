"""The MXM stop: the planes of a hemisphere and the stream registers at its end."""

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from tsp.stop import Registers
from tsp.stream import StreamSignature
from tsp.words import control_layout

from .edge import CONTROLS
from .ports import vertical
from .row import PlaneRow

__all__ = ["MxmStop"]

_QUEUES = 3  #: queues of a plane: W, A, R


class MxmStop(wiring.Component):
    """One superlane of the outermost stop of a hemisphere.

    Parameters
    ----------
    config
        The configuration.
    west
        Hemisphere: False east, True west.

    Members
    -------
    e_in, w_in : In(StreamSignature)
        The neighbours' registers; nothing enters at the chip's edge.
    e_out, w_out : Out(StreamSignature)
        This stop's registers.
    south0, north0 .. : In, Out(control_layout)
        Control of the queues W, A, R of each plane, in the order of the queues.
    psum_south0, psum_north0, down_north0, down_south0, ..1
        As those of :class:`PlaneRow`, for each plane.
    row, queue_number : In(8)
        Superlane, and number of plane 0's queue W, the first of the stop.
    backdoor, cycle, deep : In
        Simulation.
    """

    NEEDS_LIBRARY = True

    def __init__(self, config, *, west, library):
        self._config, self._west, self._library = config, west, library
        ports = {
            "e_in": In(StreamSignature()),
            "w_in": In(StreamSignature()),
            "e_out": Out(StreamSignature()),
            "w_out": Out(StreamSignature()),
            "row": In(8),
            "queue_number": In(8),
            "backdoor": In(3),
            "cycle": In(32),
            "deep": In(1),
        }
        for n in range(config.planes):
            for k, form in enumerate(CONTROLS.values()):
                ports[f"south{_QUEUES * n + k}"] = In(control_layout(form))
                ports[f"north{_QUEUES * n + k}"] = Out(control_layout(form))
            ports |= {f"{name}{n}": member for name, member in vertical(config).items()}
        super().__init__(ports)

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = Registers((4,) * self._config.planes, step=_QUEUES)
        registers.connect(m, self)
        # The record of drives names the queues R.
        m.d.comb += registers.queue_number.eq(self.queue_number + _QUEUES - 1)
        for n in range(self._config.planes):
            plane = self._library.place(PlaneRow, self._config)
            m.submodules[f"plane{n}"] = plane
            outward = self.w_in if self._west else self.e_in
            connect(m, flipped(outward), plane.outward)
            connect(m, plane.drive, getattr(registers, f"drive{n}"))
            for k, name in enumerate(CONTROLS, _QUEUES * n):
                m.d.comb += getattr(plane, f"{name}_south").eq(getattr(self, f"south{k}"))
                m.d.comb += getattr(self, f"north{k}").eq(getattr(plane, f"{name}_north"))
            m.d.comb += [
                plane.west.eq(int(self._west)),
                plane.row.eq(self.row),
                plane.queue_number.eq(self.queue_number + _QUEUES * n + _QUEUES - 1),
                plane.backdoor.eq(self.backdoor),
                plane.cycle.eq(self.cycle),
            ]
            for name in vertical(self._config):
                connect(m, flipped(getattr(self, f"{name}{n}")), getattr(plane, name))
        return m
