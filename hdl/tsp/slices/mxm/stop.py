"""The MXM stop: the planes of a hemisphere and the stream registers at its end."""

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import connect, flipped

from tsp.stop import Registers, stop_ports
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
    (streams, position, control of the queues W, A, R of each plane)
        As :func:`~tsp.stop.stop_ports` has them; nothing enters at the chip's edge.
    psum_south0, psum_north0, down_north0, down_south0, ..1
        As those of :class:`PlaneRow`, for each plane.
    """

    NEEDS_LIBRARY = True

    def __init__(self, config, *, west, library):
        self._config, self._west, self._library = config, west, library
        controls = [control_layout(form) for form in CONTROLS.values()]
        ports = stop_ports(controls * config.planes)
        for n in range(config.planes):
            ports |= {f"{name}{n}": member for name, member in vertical(config).items()}
        super().__init__(ports)

    def elaborate(self, platform):
        m = Module()
        planes = [self._library.place(PlaneRow, self._config) for _ in range(self._config.planes)]
        # The record of drives names the queues R.
        registers = Registers((4,) * len(planes), first=_QUEUES - 1, step=_QUEUES)
        m.submodules.registers = registers
        registers.connect(m, self, planes)
        for n, plane in enumerate(planes):
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
