"""Whole strips under Verilator: an odd small one, flat, and nano with each kind of stop a block."""

import pytest

from tsp.arch.config import NANO, Config
from tsp.arch.timing import timing
from tsp.icu.strip import STOP_KINDS
from verif.icu.strip import Strip
from verif.support import run_bench

ODD = Config("odd", 3, 0, 2, 64, 2, 16, 8, 1)


@pytest.mark.parametrize(
    ("config", "blocks"),
    [(ODD, []), (NANO, [f"icu_stop_{kind}_nano" for kind in STOP_KINDS])],
    ids=["odd", "nano"],
)
@pytest.mark.feature("unit", "NOTIFY", "SYNC", "HALT")
def test_strip(config, blocks):
    table = timing(config)
    run_bench(
        lambda library: Strip(config, library),
        "verif.icu.tb_strip",
        top="strip",
        blocks=blocks,
        parameters={
            "config": config.to_dict(),
            "sync_release": table.sync_release,
            "done_drain": table.done_drain,
            "seeds": list(range(12)),
        },
    )
