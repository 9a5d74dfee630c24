"""The host port on a chip of MEM: driver, random transactions."""

import json

import pytest

from tsp.arch.csr import REGISTERS
from tspc.engines.verilator import SimulationError
from verif.host import bench
from verif.host.model import DONE, IDLE, MODELS, RUNNING, STOPPED


@pytest.mark.feature("unit", "host port")
def test_driver():
    bench.run("verif.host.tb_driver")


def _of(seen, *words):
    """Counts of the accesses whose names begin so."""
    start = " ".join(words) + " "
    return {key: n for key, n in seen.items() if key.startswith(start)}


@pytest.mark.parametrize(
    ("seed", "transactions"), [(1, 4_000), pytest.param(2, 100_000, marks=pytest.mark.slow)]
)
@pytest.mark.feature("random", "host port", "spare superlane")
def test_random_transactions(seed, transactions):
    """Each is answered as the model says; refused ones change nothing; no register is left out."""
    ran = bench.run("verif.host.tb_random", seed=seed, transactions=transactions, model="PortModel")
    seen = json.loads((ran.directory / "seen.json").read_text())
    assert sum(seen.values()) >= transactions
    for register in REGISTERS:
        for what, may in (("read", register.access.reads), ("write", register.access.writes)):
            found = {r: sum(_of(seen, what, register.name, r).values()) for r in ("OKAY", "SLVERR")}
            assert any(found.values()), (what, register.name)
            assert may == bool(found["OKAY"]), (what, register.name)
    for mode in (IDLE, RUNNING, DONE, STOPPED):
        assert sum(n for key, n in seen.items() if key.endswith(f" {mode}")) > transactions // 50


@pytest.mark.parametrize("model", sorted(set(MODELS) - {"PortModel"}))
@pytest.mark.feature("fault", "host port")
def test_a_port_that_is_not_as_its_model_is_found_out(model):
    with pytest.raises(SimulationError, match="the port is not as its model"):
        bench.run("verif.host.tb_random", seed=3, transactions=1_500, model=model)


@pytest.mark.feature("chip", "spare superlane")
def test_programs_run_around_a_broken_row():
    bench.run("verif.host.tb_spare")


@pytest.mark.feature("fault", "spare superlane")
def test_a_broken_row_that_is_not_bypassed_is_found_out():
    with pytest.raises(SimulationError):
        bench.run("verif.host.tb_spare", bypassed=bench.ODD.superlanes)
