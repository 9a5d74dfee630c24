"""A chip of MEM alone behind its host port: quick to build, and the port sees no difference."""

from unittest import mock

from tsp import superlane
from tsp.arch.config import Config, QueueKind
from tsp.chip import Chip
from tsp.icu.strip import STOP_KINDS
from tspc.engines import records
from verif.support import BenchRun, run_bench

#: Odd on purpose: three superlanes, sizes that are no powers of two where they need not be.
ODD = Config("odd", 3, 0, 4, 64, 1, 16, 8, 1)


def run(module: str, config: Config = ODD, **parameters) -> BenchRun:
    """Run a cocotb module on the chip of which only ICU, MEM, streams and host port are there."""
    blocks = ["superlane", *(f"icu_stop_{kind}" for kind in STOP_KINDS)]
    only_mem = {QueueKind.MEM: superlane.MemStop}
    with mock.patch.object(superlane, "_STOPS", only_mem):
        return run_bench(
            lambda library: Chip(config, library=library),
            module,
            top="chip_of_mem",
            blocks=[f"{name}_{config.tag}" for name in blocks],
            parameters={"config": config.to_dict(), **parameters},
            image=records.image([]),
        )
