"""``tsp view``: the page, its summary, and what bad input gets."""

import json
from pathlib import Path

import numpy as np
import pytest

from tsp.arch.config import NANO
from tspc.events import EVENT
from verif.cli.conftest import ADD, DONE


@pytest.fixture
def record(tsp, obj):
    """An event record of the golden model."""
    ran = tsp("sim", obj, "--engine", "golden", "--load", "x=x.npy", "--events", "golden.npz")
    assert ran.exit_code == 0
    return "golden.npz"


def test_view_writes_a_page_beside_the_object_file(tsp, obj):
    told = tsp("view", obj)
    assert told.exit_code == 0
    assert told.stdout == f"increment.html: {len(NANO.queues) + 4} events, {DONE} cycles\n"
    text = Path("increment.html").read_text()
    assert text.startswith("<!doctype html>") and "<title>increment on nano</title>" in text


def test_view_against_a_record(tsp, obj, record):
    told = tsp("view", obj, "--events", record, "-o", "page.html", "--json")
    report = json.loads(told.stdout)
    assert report["ok"] and report["out"] == "page.html"
    assert report["bytes"] == Path("page.html").stat().st_size
    assert report["record"] == {
        "engine": "golden", "events": report["events"], "differences": {},
    }  # fmt: skip
    assert (report["config_hash"], report["cycles"], report["values"]) == (NANO.hash, DONE, 2)


def test_view_prefers_what_the_rtl_did_and_counts_what_differs(tsp, obj, record):
    with np.load(record) as file:
        tables = {name: file[name] for name in file.files}
    late = tables["golden_events"].copy()
    alu = late["queue"] == NANO.queue_by_name["VXM12"].index
    late["cycle"][np.flatnonzero(alu & (late["cycle"] == ADD))] += 1
    np.savez("rtl.npz", rtl_events=late, **tables)
    told = tsp("view", obj, "--events", "rtl.npz")
    assert told.exit_code == 0 and "rtl: 1 differences from the plan" in told.stdout
    report = json.loads(tsp("view", obj, "--events", "rtl.npz", "--json").stdout)
    assert report["record"]["differences"] == {"moved": 1}


def test_view_through_pipes(tsp, obj):
    told = tsp("view", "-", "--json", stdin=Path(obj).read_bytes())
    assert told.stdout.startswith("<!doctype html>")
    assert json.loads(told.stderr)["out"] == "-"


def test_view_refuses_what_is_no_record(tsp, obj):
    files = {
        "text.npz": b"hello", "empty.npz": b"", "cut.npz": b"PK\x03\x04 and no more",
    }  # fmt: skip
    for name, data in files.items():
        Path(name).write_bytes(data)
    np.savez("other.npz", x=np.zeros(3))
    np.savez("shape.npz", rtl_events=np.zeros(3))
    np.savez("pickle.npz", rtl_events=np.array([{}], object))
    far = np.zeros(1, EVENT)
    far["queue"] = 200
    np.savez("far.npz", rtl_events=far)
    np.save("array.npz.npy", far)
    names = [*files, "other.npz", "shape.npz", "pickle.npz", "far.npz", "array.npz.npy"]
    for name in names:
        report = tsp.fails("view", obj, "--events", name)
        assert "error[C0012]" in report and f"--> {name}" in report and "help: " in report
    assert "C0001" in tsp.fails("view", obj, "--events", "nothing.npz")
    report = tsp("view", obj, "--events", "far.npz", "--json")
    assert report.exit_code == 1 and json.loads(report.stdout)["errors"][0]["code"] == "C0012"


def test_view_refuses_what_is_no_program(tsp, obj, record):
    assert "O0" in tsp.fails("view", record)
    assert "C0003" in tsp.fails("view", obj, "--config", "small")
    assert "C0002" in tsp.fails("view", obj, "-o", "no/such/folder.html")
    assert tsp("view", obj, "-o", obj).exit_code == 2
    assert tsp("view", "-", "--events", "-").exit_code == 2
