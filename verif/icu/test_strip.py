"""Whole strips under Verilator: the smallest configuration at odd sizes, and nano."""

import pytest

from tsp.arch.config import NANO, Config
from tsp.arch.timing import timing
from verif.icu.strip import Strip
from verif.support import run_bench

ODD = Config("odd", 3, 0, 2, 64, 2, 16, 8, 1)


@pytest.mark.parametrize("config", [ODD, NANO], ids=["odd", "nano"])
def test_strip(config):
    table = timing(config)
    run_bench(
        lambda library: Strip(config, library),
        "verif.icu.tb_strip",
        top="strip",
        parameters={
            "config": config.to_dict(),
            "sync_release": table.sync_release,
            "done_drain": table.done_drain,
            "seeds": list(range(12)),
        },
    )
