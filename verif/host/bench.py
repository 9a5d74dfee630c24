"""A chip of MEM alone behind its host port: quick to build, and the port sees no difference."""

import functools
from unittest import mock

from tsp import superlane
from tsp.arch.config import Config, QueueKind
from tsp.chip import Chip
from tsp.icu.strip import STOP_KINDS
from tspc.engines import records
from verif.support import Bench, BenchRun, build_bench
from verif.support.noise import Noise

__all__ = ["ODD", "run"]

#: Odd on purpose: three superlanes and a spare, sizes that are no powers of two where they need
#: not be.
ODD = Config("odd", 3, 1, 4, 64, 1, 16, 8, 1)


class _Broken:
    """A library that places noise for one of the superlanes."""

    def __init__(self, library, row):
        self._library, self._left = library, row

    def place(self, cls, *args, **kwargs):
        """Place what is asked for, but for that superlane."""
        if cls is superlane.Superlane:
            self._left -= 1
            cls = Noise if self._left == -1 else cls
        return self._library.place(cls, *args, **kwargs)


@functools.cache
def _built(broken: int | None) -> Bench:
    """The chip; row `broken` drives noise."""

    def chip(library):
        return Chip(ODD, library=library if broken is None else _Broken(library, broken))

    blocks = ["superlane", *(f"icu_stop_{kind}" for kind in STOP_KINDS)]
    with mock.patch.object(superlane, "_STOPS", {QueueKind.MEM: superlane.MemStop}):
        return build_bench(chip, top="chip_of_mem", blocks=[f"{b}_{ODD.tag}" for b in blocks])


def run(
    module: str, *, bypassed: int = ODD.superlanes, broken: int | None = None, **parameters
) -> BenchRun:
    """Run a cocotb module on the chip of which only ICU, MEM, streams and host port are there.

    Row `bypassed` is bypassed, row `broken` drives noise.
    """
    told = {"config": ODD.to_dict(), "bypassed": bypassed, **parameters}
    return _built(broken).run(module, parameters=told, image=records.image([]))
