"""A chip of MEM alone behind its host port: quick to build, and the port sees no difference."""

import functools
from itertools import count
from unittest import mock

from tsp import superlane
from tsp.arch.config import Config, QueueKind
from tsp.chip import Chip
from tsp.icu.strip import STOP_KINDS
from tsp.spare import SparedSuperlane
from tspc.engines import records
from verif.support import Bench, BenchRun, build_bench
from verif.support.noise import BrokenSuperlane

__all__ = ["BROKEN", "ODD", "run"]

#: Odd on purpose: three superlanes and a spare, sizes that are no powers of two where they need
#: not be.
ODD = Config("odd", 3, 1, 4, 64, 1, 16, 8, 1)
BROKEN = 1


class _Broken:
    """A library that places noise for row BROKEN."""

    def __init__(self, library):
        self._library, self._rows = library, count()

    def place(self, cls, *args, **kwargs):
        """Place what is asked for, but for that row."""
        if cls is SparedSuperlane and next(self._rows) == BROKEN:
            cls = BrokenSuperlane
        return self._library.place(cls, *args, **kwargs)


@functools.cache
def _built() -> Bench:
    blocks = ["superlane", *(f"icu_stop_{kind}" for kind in STOP_KINDS)]
    with mock.patch.object(superlane, "_STOPS", {QueueKind.MEM: superlane.MemStop}):
        return build_bench(
            lambda library: Chip(ODD, library=_Broken(library)),
            top="chip_of_mem",
            blocks=[f"{name}_{ODD.tag}" for name in blocks],
        )


def run(module: str, *, bypassed: int = BROKEN, **parameters) -> BenchRun:
    """Run a cocotb module on the chip of which only ICU, MEM, streams and host port are there.

    Its row BROKEN drives noise, row `bypassed` is bypassed.
    """
    told = {"config": ODD.to_dict(), "bypassed": bypassed, **parameters}
    return _built().run(module, parameters=told, image=records.image([]))
