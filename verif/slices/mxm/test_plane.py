"""The MXM plane at several sizes."""

import dataclasses

import numpy as np
import pytest

from tsp.arch.config import FULL, LANES, NANO, SMALL
from tspc.engines import records
from tspc.engines.records import Kind, Piece, place
from tspc.engines.verilator import SimulationError
from verif.slices.mxm.bench import MUTANTS, QUEUE, plane
from verif.slices.mxm.programs import initial_accumulators
from verif.support import run_bench

ONE = dataclasses.replace(NANO, name="one", superlanes=1)


def _run(config, module="verif.slices.mxm.tb_plane", *, seed=1, mutant=None, cycles=300, tiles=40):
    loaded = initial_accumulators(config, seed)
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
            "seed": seed,
            "cycles": cycles,
            "tiles": tiles,
        },
        image=records.image(pieces),
        blocks=[f"{part}_{config.tag}" for part in ("plane_row", "supercell")],
    )


SIZES = pytest.mark.parametrize(
    "config",
    [pytest.param(ONE, marks=pytest.mark.slow), NANO, SMALL],
    ids=lambda c: f"T{c.superlanes}",
)


@pytest.mark.feature("slice", "protection")
@SIZES
def test_plane(config):
    assert _run(config).tests == 6


@SIZES
def test_delays(config):
    """Every delay is measured and is the timing table's."""
    assert _run(config, "verif.slices.mxm.tb_delays").tests == 7


@pytest.mark.slow
def test_full_plane():
    """320 x 320, exact."""
    assert _run(FULL, cycles=150, tiles=4).tests == 6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mutant", "module", "test"),
    [("no forwarding", "tb_plane", "random_busy"), ("late install", "tb_delays", "iw_to_abc")],
)
def test_mutant(mutant, module, test):
    """A plane with a fault fails, and in the test that is meant to find it."""
    assert mutant in MUTANTS
    with pytest.raises(SimulationError, match=test):
        _run(ONE, f"verif.slices.mxm.{module}", mutant=mutant)
