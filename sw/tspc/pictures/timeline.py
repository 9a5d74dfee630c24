"""What happens in time: a READ, a VXM operation and a WRITE, stop by stop and cycle by cycle.

The cycles come from the timing table; :func:`steps` is also what docs/overview.md computes by hand.
"""

from dataclasses import dataclass

from tsp.arch.config import Config, Hemisphere
from tsp.arch.timing import timing
from tspc.pictures.svg import Canvas

__all__ = ["Steps", "steps", "timeline"]

_LEFT, _RIGHT = 150, 18  #: margins; the left one holds stops and units
_CYCLE = 30  #: width of a cycle
_PASS, _UNIT = 20, 38  #: height of a stop that streams only pass, and of one that works
_TOP, _PANEL = 62, 30  #: top of the first panel, and what stands between two
_ALU = 4


@dataclass(frozen=True)
class Steps:
    """Stops and cycles (at superlane 0) of x: READ -> VXM -> WRITE, eastward.

    Attributes
    ----------
    read_stop, vxm_stop, write_stop
        Where the three units stand.
    reader, alu, writer
        Names of their queues.
    read, vxm, write
        Issue cycles.
    x, y
        Cycles in which the operand and the result first stand in their stop's stream register.
    stored
        Cycle in which the array is written.
    """

    read_stop: int
    vxm_stop: int
    write_stop: int
    reader: str
    alu: str
    writer: str
    read: int
    vxm: int
    write: int
    x: int
    y: int
    stored: int


def steps(config: Config) -> Steps:
    """The earliest such program: READ issues as soon as the first NOTIFY has released it."""
    table, last = timing(config), config.mem_slices - 1
    west, east = min(4, last), min(2, last)
    read_stop = config.mem_stop(Hemisphere.W, west)
    vxm_stop, write_stop = config.vxm_stop(_ALU), config.mem_stop(Hemisphere.E, east)
    read = table.sync_release
    x = read + table.mem_d_func
    vxm = x + (vxm_stop - read_stop) - 1 - table.vxm_d_skew
    y = vxm + table.vxm_d_func
    write = y + (write_stop - vxm_stop) - 1 - table.mem_d_skew
    names = f"MEM_W{west}", f"VXM{_ALU}", f"MEM_E{east}"
    stored = write + table.mem_access
    return Steps(read_stop, vxm_stop, write_stop, *names, read, vxm, write, x, y, stored)


class _Chart:
    """One drawing: a panel a superlane, all on one axis of cycles."""

    def __init__(self, config: Config) -> None:
        self.steps = s = steps(config)
        self.units = {s.read_stop: s.reader, s.vxm_stop: s.alu, s.write_stop: s.writer}
        self.superlanes = range(min(config.superlanes, 2))
        self.cycles = range(s.read, s.stored + len(self.superlanes) + 1)
        self.stops = range(s.read_stop, s.write_stop + 1)
        self.height = sum(_UNIT if p in self.units else _PASS for p in self.stops)
        self.title = f"READ, {s.alu}, WRITE on {config.name}"
        panels = len(self.superlanes) * (self.height + _PANEL)
        self.canvas = Canvas(
            _LEFT + _CYCLE * len(self.cycles) + _RIGHT,
            _TOP + panels + 44,
            self.title,
            "Vector x leaves MEM, moves one stop east a cycle, is computed upon, and the result y "
            "moves on to another MEM slice. Superlane 1 does the same one cycle later.",
        )

    def x(self, cycle: int) -> float:
        """Left edge of a cycle."""
        return _LEFT + _CYCLE * (cycle - self.cycles[0])

    def y(self, panel: float, stop: int) -> float:
        """Lower edge of a stop's row in the panel that begins at `panel`."""
        above = range(self.stops[0], stop + 1)
        return panel + sum(_UNIT if p in self.units else _PASS for p in above)

    def grid(self, panel: float, superlane: int) -> None:
        """Rows, columns and their names."""
        canvas, bottom = self.canvas, panel + self.height
        canvas.text(14, panel - 8, f"superlane {superlane}", bold=True)
        for cycle in self.cycles:
            canvas.line(self.x(cycle), panel, self.x(cycle), bottom, "grid")
            middle = self.x(cycle) + _CYCLE / 2
            canvas.text(middle, panel - 5, str(cycle), "soft", size=9, anchor="middle")
        for stop in self.stops:
            low = self.y(panel, stop)
            canvas.line(14, low, self.x(self.cycles[-1] + 1), low, "grid")
            canvas.text(14, low - 6, f"stop {stop}", "soft", size=10)
            if stop in self.units:
                canvas.text(70, low - 24, self.units[stop], size=10, bold=True)
            canvas.text(70, low - 6, f"E[{stop}]", "soft", size=10)

    def bar(self, panel: float, stop: int, span: range, style: str, words: str) -> None:
        """A unit at work on one instruction."""
        top = self.y(panel, stop) - _UNIT + 3
        self.canvas.box(self.x(span[0]) + 1, top, _CYCLE * len(span) - 2, 16, f"{style} edge")
        self.canvas.text(self.x(span[0]) + 6, top + 12, words, size=9.5)

    def flow(self, panel: float, name: str, first: int, cycle: int, last: int, end: int) -> None:
        """A vector in E[first] in `cycle`, used by stop `last`, passing on as far as `end`."""
        for stop in range(first, end + 1):
            x, low = self.x(cycle + stop - first), self.y(panel, stop)
            used = stop < last
            self.canvas.box(x + 3, low - 17, _CYCLE - 6, 14, "east" if used else "east pale")
            style = "inverse" if used else "word"
            self.canvas.text(x + _CYCLE / 2, low - 6, name, style, size=10, anchor="middle")
        x, low = self.x(cycle + last - 1 - first) + _CYCLE / 2, self.y(panel, last - 1)
        self.canvas.line(x, low - 3, x, low, "eastward", 1.6)
        self.canvas.head(x, low + 4, "s", "east", 5)

    def panel(self, panel: float, superlane: int) -> None:
        """One superlane, everything `superlane` cycles later."""
        s, late = self.steps, superlane
        self.grid(panel, superlane)
        work = range(s.read + late, s.x + late)
        self.bar(panel, s.read_stop, work, "mem", "READ")
        self.flow(panel, "x", s.read_stop, s.x + late, s.vxm_stop, s.write_stop)
        work = range(s.vxm + late, s.y + late)
        self.bar(panel, s.vxm_stop, work, "vxm", "VXM operation: y = f(x)")
        self.flow(panel, "y", s.vxm_stop, s.y + late, s.write_stop, s.write_stop)
        work = range(s.write + late, s.stored + late + 1)
        self.bar(panel, s.write_stop, work, "mem", "WRITE")

    def draw(self) -> str:
        """Everything, top to bottom."""
        s, canvas = self.steps, self.canvas
        canvas.text(
            14, 24, f"{self.title}: where the vectors are in each cycle", size=14, bold=True
        )
        step = self.height + _PANEL
        for superlane in self.superlanes:
            self.panel(_TOP + superlane * step, superlane)
        north = " Superlane 1 does all of it one cycle later." * (len(self.superlanes) > 1)
        below = (
            f"Issue at superlane 0: READ {s.read}, VXM {s.vxm}, WRITE {s.write}; the array is "
            f"written in cycle {s.stored}.{north}",
            "Bars: a unit at work, from the control's arrival. Arrows: the operand is captured "
            "from the neighbour's register, d_skew after the issue.",
            "Solid: the vector on its way to who uses it. Pale: the same vector flows on, and "
            "could be used again, until something replaces it or the chip ends.",
        )
        for n, words in enumerate(below):
            y = _TOP + len(self.superlanes) * step - 4 + 17 * n
            canvas.text(14, y, words, size=10)
        return canvas.render()


def timeline(config: Config) -> str:
    """SVG text of the chart for a configuration."""
    return _Chart(config).draw()
