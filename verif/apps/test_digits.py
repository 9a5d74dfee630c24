"""The main job: its data are honest, its report complete, and it fails when something is wrong."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from tsp.arch.config import NANO
from tspc.apps import digits, gemm, network, report, train_digits
from tspc.apps.runs import Workload, execute
from tspc.compare import Counts
from tspc.scheduler import ScheduleError

KEYS = {
    "program", "config", "config_hash", "engine", "samples", "accuracy", "cycles",
    "lower_bound_cycles", "events", "bits", "instruction_bytes", "seconds", "cycles_per_second",
}  # fmt: skip


def test_images_for_training_calibration_and_test_are_disjoint():
    with np.load(network.WEIGHTS) as file:
        parts = [set(file[name].tolist()) for name in ("train", "calibration", "test")]
    train, calibration, test = parts
    assert not train & calibration and not train & test and not calibration & test
    assert len(test) >= 600 and len(calibration) >= 100
    assert len(train | calibration | test) == 1797


def test_the_committed_split_is_the_script_s():
    split = train_digits._split(1797, np.random.default_rng(train_digits.SEED))
    with np.load(network.WEIGHTS) as file:
        for name, chosen in vars(split).items():
            np.testing.assert_array_equal(file[name], chosen)


def test_committed_weights_are_small_and_of_the_chip_s_types():
    with np.load(network.WEIGHTS) as file:
        types = {name: file[name].dtype.name for name in ("w1", "b1", "w2", "b2", "scale")}
    assert types == {"w1": "int8", "b1": "int32", "w2": "int8", "b2": "int32", "scale": "float32"}
    assert network.WEIGHTS.stat().st_size < 64 * 1024


@pytest.fixture(scope="module")
def golden_run(tmp_path_factory):
    path = tmp_path_factory.mktemp("digits") / "report.json"
    arguments = ["--engine", "golden", "--images", "40", "--batch", "40", "--report", str(path)]
    result = CliRunner().invoke(digits.main, arguments)
    return result, path


def test_golden_job_succeeds_and_reports_every_key(golden_run):
    result, path = golden_run
    assert result.exit_code == 0, result.output
    entries = json.loads(path.read_text())
    assert [e["program"] for e in entries] == ["digits-1", "digits-40", "gemm-96-tiles"]
    for entry in entries:
        assert KEYS <= set(entry)
        assert entry["cycles"]["scheduled"] == entry["cycles"]["golden"]
        assert entry["lower_bound_cycles"] <= entry["cycles"]["scheduled"]
        assert entry["config_hash"] == NANO.hash


def test_table_has_every_digit(golden_run):
    rows = [line.split("│")[1].strip() for line in golden_run[0].output.splitlines() if "│" in line]
    assert {*"0123456789", "all"} <= set(rows)


def test_gemm_installs_a_tile_every_t_cycles():
    graph = gemm.gemm_graph(NANO)
    work = digits._workload(graph, [{"x": gemm.gemm_input(NANO)}], planes=gemm.PLANES)
    outcome = execute(work, rtl=False, report=lambda *_: None)
    assert gemm.K_TILES * gemm.N_TILES >= 64
    assert digits._tiles_in_time(outcome) is None
    np.testing.assert_array_equal(outcome.golden[0]["y"], gemm.gemm_product(NANO))
    outcome.first_events = outcome.first_events[:-400]
    assert "96 tiles were installed" in digits._tiles_in_time(outcome)


@pytest.mark.parametrize("fits", [1, 7, 39, 40, 41, 100])
def test_the_largest_batch_is_found(monkeypatch, fits):
    tried = []

    def build(data, config, batch):
        tried.append(batch)
        if batch > fits:
            raise ScheduleError("too large")
        return Workload(str(batch), None, [], 0)

    monkeypatch.setattr(digits, "_digits_workload", build)
    images = network.load_digits_network(40)
    assert digits.largest_batch(images, NANO, step=1).name == str(fits)
    assert len(tried) <= 11
    near = int(digits.largest_batch(images, NANO, step=8).name)
    assert fits - 8 < near <= fits


def test_a_batch_is_filled_up_with_images_again():
    images = network.load_digits_network(5)
    work = digits._digits_workload(images, NANO, 3)
    order = np.concatenate([i["x"] for i in work.inputs])
    np.testing.assert_array_equal(order, images.images[[0, 1, 2, 3, 4, 0]])


def good():
    return {
        "program": "p", "engine": "rtl", "first_difference": None,
        "accuracy": {"float": 0.975, "golden": 0.97, "rtl": 0.97},
        "cycles": {"scheduled": 200, "golden": 200, "rtl": 200}, "lower_bound_cycles": 150,
        "events": vars(Counts(5, 0)), "bits": vars(Counts(9, 0)),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"first_difference": "cycle 7"}, "cycle 7"),
        ({"events": vars(Counts(5, 1))}, "events or bits differ"),
        ({"bits": vars(Counts(9, 1))}, "events or bits differ"),
        ({"cycles": {"scheduled": 200, "golden": 200, "rtl": 201}}, "cycles differ"),
        ({"cycles": {"scheduled": 200, "golden": 200, "rtl": None}}, "cycles differ"),
        ({"lower_bound_cycles": 201}, "lower bound"),
        ({"accuracy": {"float": 0.975, "golden": 0.97, "rtl": 0.969}}, "rtl and golden differ"),
        ({"accuracy": {"float": 0.95, "golden": 0.95, "rtl": 0.95}}, "not above"),
        ({"accuracy": {"float": 0.99, "golden": 0.97, "rtl": 0.97}}, "more than a point"),
    ],
)
def test_every_shortfall_is_found(change, reason):
    assert report.judge(good(), exact=False) == []
    (wrong,) = report.judge(good() | change, exact=False)
    assert reason in wrong


def test_arithmetic_has_to_be_exact():
    (wrong,) = report.judge(good(), exact=True)
    assert "NumPy" in wrong


def test_a_wrong_weight_is_noticed(monkeypatch, tmp_path):
    right = gemm.gemm_product
    monkeypatch.setattr(gemm, "gemm_product", lambda config: right(config) + 1)
    arguments = [
        "--engine",
        "golden",
        "--images",
        "2",
        "--batch",
        "2",
        "--report",
        str(tmp_path / "r.json"),
    ]
    result = CliRunner().invoke(digits.main, arguments)
    assert result.exit_code == 1
    assert "differs from NumPy" in result.output
