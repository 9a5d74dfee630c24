"""The table of the special functions: a parabola for every segment of five functions.

``docs/specials.md`` defines it: the parabola c0 + c1 v + c2 v**2 with v from -1/2 to 1/2 meets the
function at 1/16, 1/2 and 15/16 of the segment; coefficients are in units of 2**-28, rounded to
nearest.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

__all__ = ["FRACTION", "PARTS", "coefficients"]

FRACTION = 28  #: fraction bits of a coefficient


@dataclass(frozen=True)
class Part:
    """Segments of one function, from address `base` on; `step` is the width of one."""

    base: int
    count: int
    function: Callable[[float], float]
    start: float
    step: float

    def row(self, n: int) -> tuple[int, int, int]:
        """c0, c1, c2 of segment n."""
        x = self.start + n * self.step
        left, middle, right = (self.function(x + self.step * k / 16) for k in (1, 8, 15))
        c1 = (right - left) / (14 / 16)
        c2 = ((right - middle) - (middle - left)) / 2 / (7 / 16) ** 2
        return tuple(round(math.ldexp(c, FRACTION)) for c in (middle, c1, c2))


#: By name; the address of a segment is its number in the part above the part's base.
PARTS = {
    "recip": Part(0, 128, lambda x: 1 / x, 1.0, 2**-7),
    "rsqrt": Part(128, 256, lambda x: 1 / math.sqrt(x if x < 2 else 2 * x - 2), 1.0, 2**-7),
    "exp2": Part(384, 64, lambda x: 2.0**x, 0.0, 2**-6),
    "log2": Part(448, 96, lambda x: math.log1p(x) / math.log(2) / x, -0.25, 2**-7),
    "tanh_1": Part(544, 128, lambda x: math.tanh(x) / x, 0.0, 2**-7),
    "tanh_4": Part(672, 192, math.tanh, 1.0, 2**-6),
    "tanh": Part(864, 81, math.tanh, 4.0, 2**-4),
    "one": Part(945, 1, lambda _: 1.0, 0.0, 1.0),
}


@cache
def coefficients() -> tuple[tuple[int, int, int], ...]:
    """(c0, c1, c2) by address."""
    return tuple(part.row(n) for part in PARTS.values() for n in range(part.count))
