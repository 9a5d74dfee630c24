"""The MXM plane at several sizes."""

import dataclasses

import numpy as np
import pytest

from tsp.arch.config import LANES, NANO, SMALL
from tspc.engines import records
from tspc.engines.records import Kind, Piece, place
from verif.slices.mxm.bench import QUEUE, plane
from verif.support import run_bench

ONE = dataclasses.replace(NANO, name="one", superlanes=1)


def _run(config, module="verif.slices.mxm.tb_plane", *, seed=1, mutant=None, cycles=300, tiles=40):
    rng = np.random.default_rng(seed)
    loaded = rng.integers(-(2**31), 2**31, (config.accumulators, config.lanes), np.int32)
    pieces = [
        Piece(
            place(Kind.ACCUMULATOR, y, QUEUE),
            0,
            np.ascontiguousarray(loaded[:, LANES * y : LANES * (y + 1)]).view(np.uint8),
        )
        for y in range(config.superlanes)
    ]
    return run_bench(
        plane(config, mutant),
        module,
        parameters={
            "config": config.to_dict(),
            "accumulators": loaded.ravel().tolist(),
            "seed": seed,
            "cycles": cycles,
            "tiles": tiles,
        },
        image=records.image(pieces),
    )


@pytest.mark.parametrize("config", [ONE, NANO, SMALL], ids=lambda c: f"T{c.superlanes}")
def test_plane(config):
    assert _run(config).tests == 4
