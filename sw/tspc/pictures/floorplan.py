"""The floor plan: stops west to east, superlanes south to north, the strip of queues below.

Drawn from :class:`~tsp.arch.config.Config` alone, so it is right for every configuration.
"""

from itertools import groupby

from tsp.arch.config import DATA_BITS, LANES, STREAMS, Config, Queue, QueueKind
from tsp.arch.isa import FORMATS
from tspc.pictures.svg import Canvas

__all__ = ["floorplan"]

_LEFT, _RIGHT = 112, 16  #: margins; the left one holds the names of the rows
_CELL = 34  #: width of a stop
_NAMES = 118  #: top of the first superlane; names of the units stand above
_ROW, _GAP = 54, 22  #: height of a superlane, and of the gap in which control goes north
_STRIP = 34  #: height of the ICU strip
_NARROWEST = 760  #: width that the legend needs
_EAST, _WEST = 18, 38  #: where the streams run in a superlane

_STYLES = {kind: kind.value.split("_")[0] for kind in QueueKind}


def _built(kind: QueueKind) -> bool:
    """True if this version of the chip has units of a kind."""
    return any(f.functional and f.built and kind in f.queues for f in FORMATS.values())


def _unit_names(queues: list[Queue]) -> list[str]:
    """What stands at a stop, one or two lines."""
    kind, first, last = queues[0].kind, queues[0].name, queues[-1]
    if kind is QueueKind.MXM_W:
        return [q.name.rpartition("_")[0] for q in queues[::3]]
    if kind is QueueKind.MEM:
        return [q.name for q in queues]
    if kind is QueueKind.SXM_SHIFT:
        return [first.rpartition("_")[0]]
    return [first if len(queues) == 1 else f"{first} .. {last.unit}"]


def _rows(config: Config) -> list[int | None]:
    """Superlanes shown, north to south; None stands for those left out."""
    top = config.superlanes - 1
    return list(range(top, -1, -1)) if top < 3 else [top, None, 1, 0]


class _Plan:
    """One drawing."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.stops = [list(g) for _, g in groupby(config.queues, key=lambda q: q.stop)]
        self.rows = _rows(config)
        self.strip = _NAMES + len(self.rows) * (_ROW + _GAP)
        self.width = max(_LEFT + _CELL * len(self.stops) + _RIGHT, _NARROWEST)
        plural = "s" if config.superlanes > 1 else ""
        self.title = (
            f"{config.name}: {config.superlanes} superlane{plural} of {LANES} lanes, "
            f"{config.stops} stops, {len(config.queues)} instruction queues"
        )
        self.canvas = Canvas(
            self.width,
            self.strip + _STRIP + 72,
            f"Floor plan of {self.title}",
            "Stops stand west to east, MXM outermost and VXM in the middle. Streams run along "
            "the superlanes both ways. Control enters from the ICU strip in the south.",
        )

    def x(self, stop: int) -> float:
        """Left edge of a stop."""
        return _LEFT + _CELL * stop

    def style(self, queues: list[Queue], prefix: str = "") -> str:
        """Classes of what stands at a stop: dashed if it is not built."""
        kind = queues[0].kind
        return (prefix or f"{_STYLES[kind]} edge") + ("" if _built(kind) else " later")

    def heads(self) -> None:
        """Title, hemispheres, names of the units."""
        self.canvas.text(14, 24, self.title, size=14, bold=True)
        for key, group in groupby(enumerate(self.stops), key=lambda s: s[1][0].hemisphere):
            positions = [p for p, _ in group]
            x0, x1 = self.x(positions[0]) + 2, self.x(positions[-1] + 1) - 2
            name = {None: "VXM", "W": "west hemisphere", "E": "east hemisphere"}[key and key.name]
            self.canvas.text((x0 + x1) / 2, 42, name, "soft", anchor="middle")
            self.canvas.line(x0, 47, x1, 47, "edge")
        for p, queues in enumerate(self.stops):
            names = _unit_names(queues)
            middle = self.x(p) + _CELL / 2 + 4
            for n, name in enumerate(names):
                at = middle + 12 * (n - (len(names) - 1) / 2)
                self.canvas.text(at, _NAMES - 5, name, size=9.5, upright=True)

    def superlane(self, top: float, y: int) -> None:
        """One superlane: a box a stop, two registers in each, streams both ways."""
        self.canvas.text(14, top + 24, f"superlane {y}", bold=True)
        lanes = f"lanes {LANES * y}..{LANES * (y + 1) - 1}"
        self.canvas.text(14, top + 40, lanes, "soft", size=10)
        for p, queues in enumerate(self.stops):
            self.canvas.box(self.x(p) + 1, top, _CELL - 2, _ROW, self.style(queues))
        end = self.x(len(self.stops))
        for at, way in ((top + _EAST, "east"), (top + _WEST, "west")):
            self.canvas.line(_LEFT, at, end, at, f"{way}ward", 1.5)
            for p in range(len(self.stops)):
                self.canvas.box(self.x(p) + _CELL / 2 - 4, at - 4, 8, 8, way, radius=1)
                tip = self.x(p) + (3 if way == "west" else _CELL - 3)
                self.canvas.head(tip, at, way[0], way)

    def north(self, bottom: float) -> None:
        """Control on its way to the superlane whose lower edge is at `bottom`."""
        for p, queues in enumerate(self.stops):
            x = self.x(p) + _CELL / 2
            later = self.style(queues, "control")
            self.canvas.line(x, bottom + _GAP - 1, x, bottom + 6, later, 1.3)
            self.canvas.head(x, bottom + 2, "n", "tip", 5)

    def icu(self) -> None:
        """The ICU strip with the queues' numbers, and the stops' numbers below."""
        top = self.strip
        self.canvas.text(14, top + 15, "ICU strip", bold=True)
        self.canvas.text(14, top + 29, "queues", "soft", size=10)
        for p, queues in enumerate(self.stops):
            middle = self.x(p) + _CELL / 2
            self.canvas.box(self.x(p) + 1, top, _CELL - 2, _STRIP, "icu edge")
            numbers = [str(q.index) for q in (queues[0], queues[-1])][: len(queues)]
            if len("-".join(numbers)) > 5:
                for n, number in enumerate(numbers):
                    self.canvas.text(middle, top + 15 + 12 * n, number, size=9, anchor="middle")
            else:
                name = "-".join(numbers)
                self.canvas.text(middle, top + 21, name, size=9, anchor="middle")
            self.canvas.text(middle, top + _STRIP + 14, str(p), "soft", size=9, anchor="middle")
        self.canvas.text(14, top + _STRIP + 14, "stop p", "soft", size=10)

    def legend(self) -> None:
        """What the signs mean."""
        y = self.strip + _STRIP + 36
        flow = f"{STREAMS} streams %s, one stop a cycle; a stream holds {DATA_BITS // 8} bytes"
        for n, way in enumerate(("east", "west")):
            at = y + 18 * n
            self.canvas.line(14, at, 50, at, f"{way}ward", 1.5)
            self.canvas.box(28, at - 4, 8, 8, way, radius=1)
            self.canvas.head(50 if way == "east" else 14, at, way[0], way)
            self.canvas.text(58, at + 4, f"{flow % way} of each superlane", size=10)
        right = self.width / 2 + 80
        self.canvas.line(right + 9, y + 7, right + 9, y - 1, "control", 1.3)
        self.canvas.head(right + 9, y - 5, "n", "tip", 5)
        self.canvas.text(right + 26, y + 4, "control, one superlane north a cycle", size=10)
        self.canvas.box(right, y + 12, 18, 12, "icu edge later")
        self.canvas.text(right + 26, y + 22, "has its encoding, is not built yet", size=10)

    def draw(self) -> str:
        """Everything, top to bottom."""
        self.heads()
        for n, y in enumerate(self.rows):
            top = _NAMES + n * (_ROW + _GAP)
            if y is None:
                left_out = f"superlanes 2 .. {self.config.superlanes - 2}: the same"
                self.canvas.text(self.width / 2, top + 30, left_out, "soft", anchor="middle")
            else:
                self.superlane(top, y)
            self.north(top + _ROW)
        self.icu()
        self.legend()
        return self.canvas.render()


def floorplan(config: Config) -> str:
    """SVG text of a configuration's floor plan."""
    return _Plan(config).draw()
