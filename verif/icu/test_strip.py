"""Whole strips under Verilator: an odd small one, flat, and nano with each kind of stop a block."""

import pytest

from tsp.arch.config import FULL, NANO, SMALL, Config
from tsp.arch.timing import timing
from tsp.icu.strip import STOP_KINDS
from verif.icu.strip import Strip
from verif.support import run_bench

ODD = Config("odd", 3, 0, 2, 64, 2, 16, 8, 1)


def bench(config, module, blocks):
    table = timing(config)
    run_bench(
        lambda library: Strip(config, library),
        module,
        top="strip",
        blocks=blocks,
        parameters={
            "config": config.to_dict(),
            "sync_release": table.sync_release,
            "done_drain": table.done_drain,
            "seeds": list(range(12)),
        },
    )


@pytest.mark.parametrize(
    "config", [pytest.param(ODD, marks=pytest.mark.slow), NANO], ids=lambda c: c.name
)
@pytest.mark.feature("unit", "NOTIFY", "SYNC", "HALT")
def test_strip(config):
    blocks = [f"icu_stop_{kind}_nano" for kind in STOP_KINDS] if config is NANO else []
    bench(config, "verif.icu.tb_strip", blocks)


@pytest.mark.slow
@pytest.mark.parametrize("config", [SMALL, FULL], ids=lambda c: c.name)
def test_barrier_of_the_large_sizes(config):
    """From every stop, every queue parked; and NOTIFYs as close as they may be."""
    bench(config, "verif.icu.tb_barrier", [f"icu_stop_{kind}_{config.name}" for kind in STOP_KINDS])
