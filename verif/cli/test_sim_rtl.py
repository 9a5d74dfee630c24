"""``tsp sim --engine both`` and the Python interface on the RTL: three columns, no difference."""

import json

import numpy as np

from tspc import api
from verif.cli.conftest import DONE, TEXT

X = np.arange(96, 128, dtype=np.int8)
Y = [*range(97, 128), 127]


def test_both_engines(tsp, obj):
    told = tsp(
        "sim",
        obj,
        "--deep",
        "--load",
        "x=x.npy",
        "--dump",
        "out.npz",
        "--events",
        "e.npz",
        "--json",
    )
    assert told.exit_code == 0, told.output
    report = json.loads(told.stdout)
    assert report["cycles"] == dict.fromkeys(("scheduled", "golden", "rtl"), DONE)
    assert report["events"] == {"compared": 78, "different": 0}
    assert report["bits"]["compared"] > 0 and report["bits"]["different"] == 0
    with np.load("out.npz") as dumped:
        assert dumped["y"].tolist() == Y
    with np.load("e.npz") as records:
        for kind in ("events", "writes", "drives"):
            assert len(records[f"rtl_{kind}"])
            assert np.array_equal(records[f"rtl_{kind}"], records[f"golden_{kind}"])


def test_rtl_alone_shows_its_rate(tsp, obj):
    told = tsp("sim", obj, "--engine", "rtl", "--load", "x=x.npy")
    assert told.exit_code == 0, told.output
    assert f"done in cycle {DONE:12}           -{DONE:12}" in told.stdout
    assert "cycles/s" in told.stdout


def test_python_interface():
    result = api.run(api.assemble(TEXT), {"x": X}, on="rtl")
    assert result.outputs["y"].tolist() == Y and result.done == DONE
