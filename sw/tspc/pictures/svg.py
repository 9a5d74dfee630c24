"""A canvas that writes SVG text: boxes, lines, arrow heads, words, in two colour schemes.

Shapes carry classes, and the style sheet inside the picture gives them colours: one set for light
pages and one for dark pages, each with a background of its own, so that the picture can be read
wherever it is shown.
"""

from xml.sax.saxutils import escape, quoteattr

__all__ = ["Canvas"]

#: Class: (property, colour on light pages, colour on dark pages).
_COLOURS = {
    "page": ("fill", "#ffffff", "#161b22"),
    "word": ("fill", "#1f2328", "#e6edf3"),
    "soft": ("fill", "#59636e", "#9aa4b0"),
    "edge": ("stroke", "#8b949e", "#6e7681"),
    "grid": ("stroke", "#e3e7eb", "#2a3038"),
    "mxm": ("fill", "#ffd9b0", "#70421a"),
    "c2c": ("fill", "#e2d6f5", "#4a3c6e"),
    "sxm": ("fill", "#d2ebcf", "#2d5934"),
    "mem": ("fill", "#cde3fa", "#1d4670"),
    "vxm": ("fill", "#fbd1dc", "#742f45"),
    "icu": ("fill", "#e8e8e4", "#3b4148"),
    "east": ("fill", "#0b5cad", "#79b8ff"),
    "west": ("fill", "#b04a12", "#f2a36b"),
    "eastward": ("stroke", "#0b5cad", "#79b8ff"),
    "westward": ("stroke", "#b04a12", "#f2a36b"),
    "control": ("stroke", "#59636e", "#9aa4b0"),
    "tip": ("fill", "#59636e", "#9aa4b0"),
    "inverse": ("fill", "#ffffff", "#10151b"),
}

_FIXED = """\
text { font-family: "DejaVu Sans", Verdana, Helvetica, Arial, sans-serif; }
line { fill: none; }
.later { stroke-dasharray: 3 2; fill-opacity: 0.35; }
.pale { fill-opacity: 0.3; }
"""


class Canvas:
    """A picture in the making; coordinates in pixels, y downwards.

    Parameters
    ----------
    width, height
        Size of the picture.
    title, description
        For who cannot see it.
    """

    def __init__(self, width: float, height: float, title: str, description: str) -> None:
        self._size = width, height
        self._about = title, description
        self._shapes: list[str] = []
        self.box(0, 0, width, height, "page", radius=8)

    def box(self, x: float, y: float, w: float, h: float, style: str, *, radius: float = 2) -> None:
        """A rectangle."""
        self._shapes.append(
            f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{radius:g}" '
            f"class={quoteattr(style)}/>"
        )

    def line(self, x0: float, y0: float, x1: float, y1: float, style: str, w: float = 1) -> None:
        """A straight line of width `w`."""
        self._shapes.append(
            f'<line x1="{x0:g}" y1="{y0:g}" x2="{x1:g}" y2="{y1:g}" '
            f'stroke-width="{w:g}" class={quoteattr(style)}/>'
        )

    def head(self, x: float, y: float, towards: str, style: str, size: float = 4) -> None:
        """An arrow head with its tip at (x, y); `towards` is ``e``, ``w``, ``n`` or ``s``."""
        dx, dy = {"e": (-1, 0), "w": (1, 0), "n": (0, 1), "s": (0, -1)}[towards]
        ends = [(x + size * (dx + s * dy), y + size * (dy + s * dx)) for s in (0.7, -0.7)]
        points = " ".join(f"{a:g},{b:g}" for a, b in [(x, y), *ends])
        self._shapes.append(f'<polygon points="{points}" class={quoteattr(style)}/>')

    def text(
        self,
        x: float,
        y: float,
        words: str,
        style: str = "word",
        *,
        size: float = 11,
        anchor: str = "start",
        upright: bool = False,
        bold: bool = False,
    ) -> None:
        """Words from, around or to (x, y) by `anchor`; `upright` reads from bottom to top."""
        turn = f' transform="rotate(-90 {x:g} {y:g})"' if upright else ""
        weight = ' font-weight="bold"' if bold else ""
        self._shapes.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}" '
            f"class={quoteattr(style)}{weight}{turn}>{escape(words)}</text>"
        )

    def render(self) -> str:
        """The SVG file's text."""
        width, height = self._size
        title, description = self._about
        light = "".join(f".{c} {{ {p}: {day}; }}\n" for c, (p, day, _) in _COLOURS.items())
        dark = "".join(f"  .{c} {{ {p}: {night}; }}\n" for c, (p, _, night) in _COLOURS.items())
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
                f'width="{width:g}" height="{height:g}" role="img">',
                f"<title>{escape(title)}</title>",
                f"<desc>{escape(description)}</desc>",
                f"<style>\n{_FIXED}{light}@media (prefers-color-scheme: dark) {{\n{dark}}}",
                "</style>",
                *self._shapes,
                "</svg>",
            ]
        )
