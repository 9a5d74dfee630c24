"""``tsp verify`` and ``tsp sim`` on the golden model: arrays in and out, records, reports."""

import io
import json
from pathlib import Path

import numpy as np
import pytest

from tsp.arch.config import NANO
from tspc import events, objectfile
from tspc.asm import assemble
from tspc.cli import sim
from tspc.cli.ranges import parse_range
from tspc.cli.running import run_golden
from tspc.diagnostics import DiagnosticError
from tspc.engines.rtl import RtlEngine
from tspc.engines.verilator import SimulationError
from verif.cli.conftest import ADD, DONE, TEXT, WRITE

GOLDEN = ["--engine", "golden"]
#: nano with a spare superlane.
SPARED = ".config " + " ".join(f"{k}={v}" for k, v in (NANO.to_dict() | {"spares": 1}).items())
Y = np.minimum(np.arange(97, 129), 127)


def made(text: str) -> str:
    objectfile.save(assemble(text, "made.tsp"), "made.tspo")
    return "made.tspo"


def test_verify(tsp, obj):
    told = tsp("verify", obj)
    assert told.exit_code == 0
    assert told.stdout.startswith("increment: legal; 3 functional issues in 3 queues")
    report = json.loads(tsp("verify", obj, "--json").stdout)
    assert report["ok"] and report["done"] == DONE
    assert "C0003" in tsp.fails("verify", obj, "--config", "small")


def test_verify_names_both_parties_and_their_lines(tsp):
    bad = made(TEXT.replace(f"@{ADD}", f"@{ADD - 1}"))
    result = tsp("verify", bad)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error[empty stream]: VXM12 reads W3 in cycle {ADD}")
    assert "--> made.tsp:13:5\n" in result.stderr and "--> made.tsp:10:5\n" in result.stderr
    assert f"13 |     @{ADD - 1} ADD.int32.sat" in result.stderr
    report = json.loads(tsp("verify", bad, "--json").stdout)
    assert not report["ok"] and report["errors"][0]["span"]["line"] == 13


def test_verify_without_source_map(tsp):
    program = assemble(TEXT.replace(f"@{ADD}", f"@{ADD - 1}"))
    stripped = type(program)(**{**vars(program), "source": None})
    objectfile.save(stripped, "x.tspo")
    assert "--> increment:VXM12[1]" in tsp("verify", "x.tspo").stderr


def test_verify_warns(tsp):
    """An ABC whose result nobody takes is legal and odd, and shown with its line."""
    text = TEXT + "MXM_W0_A:\n    ABC.buffer entry=0\n    HALT\n"
    told = tsp("verify", made(text))
    assert "error[uninitialised]" in told.stderr
    assert "\nwarning: the result of this ABC is discarded" in told.stderr
    assert "--> made.tsp:19:5\n" in told.stderr.partition("\nwarning")[2]


def test_sim_gives_outputs_and_the_comparison(tsp, obj):
    told = tsp("sim", obj, *GOLDEN, "--load", "x=x.npy", "--dump", "out.npz")
    assert told.exit_code == 0, told.output
    with np.load("out.npz") as dumped:
        assert list(dumped) == ["y"]
        assert dumped["y"].dtype == np.int8 and np.array_equal(dumped["y"], Y)
    assert f"done in cycle {DONE:12}{DONE:12}           -" in told.stdout
    assert "0 of 78 events differ" in told.stdout


def test_sim_json(tsp, obj):
    report = json.loads(tsp("sim", obj, *GOLDEN, "--load", "x=x.npy", "--json").stdout)
    assert report["ok"] and report["engines"] == ["golden"]
    assert report["cycles"] == {"scheduled": DONE, "golden": DONE, "rtl": None}
    assert report["events"] == {"compared": 78, "different": 0}


def test_sim_of_standard_input_to_standard_output(tsp, obj):
    data = Path(obj).read_bytes()
    told = tsp("sim", "-", *GOLDEN, "--load", "x=x.npy", "--dump", "-", stdin=data)
    assert told.exit_code == 0
    with np.load(io.BytesIO(told.stdout_bytes)) as dumped:
        assert np.array_equal(dumped["y"], Y)
    assert "0 of 78 events differ" in told.stderr


def test_raw_ranges(tsp):
    """Without tensors: vectors go into any address, and come out of any that was written."""
    text = TEXT.replace(".tensor", ";").replace(
        "READ 0:0 -> W3", "READ 0:4 -> W3 | WRITE 1:0 <- W9"
    )
    text = text.replace(" | WRITE 1:0 <- W9", "")
    obj = made(text)
    vectors = np.arange(96, dtype=np.int8).reshape(3, 32)
    np.save("v.npy", vectors)
    what = ["e:1:0:0", "MEM_E0:0:3+3", "E:0:0:5"]
    told = tsp("sim", obj, *what, *GOLDEN, "--load", "e:0:0:3=v.npy", "--dump", "out.npz")
    assert told.exit_code == 0, told.output
    with np.load("out.npz") as dumped:
        assert list(dumped) == what
        assert np.array_equal(dumped["e:1:0:0"], vectors[1:2].astype(np.uint8) + 1)
        assert np.array_equal(dumped["MEM_E0:0:3+3"], vectors.view(np.uint8))
        assert np.array_equal(dumped["E:0:0:5"], vectors.view(np.uint8)[2:])


def test_tensors_by_name(tsp, obj):
    told = tsp("sim", obj, "x", "y", *GOLDEN, "--load", "x=x.npy", "--dump", "out.npz")
    assert told.exit_code == 0
    with np.load("out.npz") as dumped:
        assert list(dumped) == ["x", "y"] and np.array_equal(dumped["x"], np.load("x.npy"))


def test_events_file(tsp, obj):
    told = tsp("sim", obj, *GOLDEN, "--deep", "--load", "x=x.npy", "--events", "e.npz")
    assert told.exit_code == 0
    with np.load("e.npz") as records:
        assert sorted(records) == [
            "golden_drives", "golden_events", "golden_writes", "schedule_events",
        ]  # fmt: skip
        assert (
            records["golden_events"].dtype == events.EVENT and len(records["golden_events"]) == 78
        )
        assert records["golden_writes"].dtype == events.WRITE and len(records["golden_writes"]) == 2
        assert np.array_equal(records["golden_events"], records["schedule_events"])


BAD_LOADS = [
    ("x=x.npy --load z=x.npy", "C0004", "no tensor 'z'; the program has: x, y"),
    ("y=x.npy", "C0004", "input tensor 'x' is not given"),
    ("x=none.npy", "C0001", "none.npy"),
    ("x=increment.tsp", "C0005", "no NumPy array"),
    ("x=archive.npz", "C0005", "no NumPy array"),
    ("x=pickle.npy", "C0005", "no NumPy array"),
    ("x=long.npy", "C0005", "tensor 'x' is int8[32], the file holds int8[33]"),
    ("x=wide.npy", "C0005", "tensor 'x' is int8[32], the file holds int16[32]"),
    ("x=x.npy --load e:0:0:0=long.npy", "C0006", "bytes of shape [n,32]"),
    ("x=x.npy --load e:0:0:0=wide.npy", "C0006", "bytes of shape [n,32]"),
    ("x=x.npy --load e:0:0:255=two.npy", "C0006", "beyond the memory of nano"),
    ("x=x.npy --load e:0:0:0+3=two.npy", "C0006", "holds 2 vectors, e:0:0:0+3 takes 3"),
    ("x=x.npy --load e:18:0:0=x.npy", "C0006", "no slice MEM_E18"),
    ("x=x.npy --load w:0:2:0=x.npy", "C0006", "banks are 0 and 1"),
]


@pytest.mark.parametrize("load, code, message", BAD_LOADS)
def test_bad_loads(tsp, obj, load, code, message):
    np.save("long.npy", np.zeros(33, np.int8))
    np.save("wide.npy", np.zeros(32, np.int16))
    np.save("two.npy", np.zeros((2, 32), np.int8))
    np.savez("archive.npz", x=np.zeros(32, np.int8))
    np.save("pickle.npy", np.array([{}], dtype=object), allow_pickle=True)
    report = tsp.fails("sim", obj, *GOLDEN, "--dump", "out.npz", "--load", *load.split())
    assert f"error[{code}]" in report and message in report
    assert not Path("out.npz").exists()


BAD_DUMPS = [
    ("z", "C0004"),
    ("e:99:0:0", "C0006"),
    ("e:0:0:256", "C0006"),
    ("e:0:0:0+0", "C0006"),
    ("w:1:0:7", "C0011"),
    ("e:1:0:0+2", "C0011"),
]


@pytest.mark.parametrize("what, code", BAD_DUMPS)
def test_bad_dumps(tsp, obj, what, code):
    """Unknown, beyond the memory, or never written."""
    report = tsp.fails("sim", obj, what, *GOLDEN, "--load", "x=x.npy", "--dump", "out.npz")
    assert report.startswith(f"error[{code}]")


def test_an_output_that_is_never_written(tsp):
    obj = made(TEXT.replace("MEM_E1:0:0 }", "MEM_E1:0:1 }"))
    report = tsp.fails("sim", obj, *GOLDEN, "--load", "x=x.npy")
    assert report.startswith("error[C0011]: tensor 'y'")


def test_a_bad_word_unverified(tsp):
    text = TEXT.replace("READ 0:0 -> W3", "WORD 0")
    objectfile.save(assemble(text, unchecked=True), "bad.tspo")
    report = tsp.fails("sim", "bad.tspo", *GOLDEN, "--no-verify", "--load", "x=x.npy")
    assert report.startswith("error[bad word]")


def test_wrong_command_lines(tsp, obj):
    for arguments in (
        ["y"],
        ["--load", "x"],
        ["--load", "x=x.npy", "--load", "x=x.npy"],
        ["--dump", "-", "--events", "-"],
    ):
        assert tsp("sim", obj, *GOLDEN, *arguments).exit_code == 2


def test_illegal_program(tsp):
    """The verifier refuses it; unverified, the golden model stops with the same class."""
    bad = made(TEXT.replace(f"@{ADD}", f"@{ADD - 1}"))
    for options in ([], ["--no-verify"]):
        arguments = ["sim", bad, *GOLDEN, "--load", "x=x.npy", "--dump", "o.npz", *options]
        report = tsp.fails(*arguments)
        assert report.startswith("error[empty stream]") and "--> made.tsp:13:5\n" in report


def test_a_difference_is_exit_code_1(tsp):
    """A plan that is one cycle off: the first event that disagrees is named."""
    program = assemble(TEXT)
    queue = NANO.queue_by_name["MEM_E1"].index
    plan = dict(program.plan) | {queue: (*program.plan[queue][:-1], WRITE + 2)}
    objectfile.save(type(program)(**{**vars(program), "plan": plan}), "off.tspo")
    told = tsp("sim", "off.tspo", *GOLDEN, "--load", "x=x.npy")
    assert told.exit_code == 1
    assert "error[C0007]" in told.stderr and f"cycle {WRITE + 1}, MEM_E1" in told.stderr
    report = tsp("sim", "off.tspo", *GOLDEN, "--load", "x=x.npy", "--json")
    assert report.exit_code == 1
    data = json.loads(report.stdout)
    assert not data["ok"] and data["events"]["different"] > 0


def test_a_row_is_bypassed_only_where_there_is_a_spare(tsp, obj, monkeypatch):
    told = tsp("sim", obj, *GOLDEN, "--load", "x=x.npy", "--bypass", "0")
    assert told.exit_code == 2 and "the golden model has no row to bypass" in told.stderr
    told = tsp("sim", obj, "--load", "x=x.npy", "--bypass", "0")
    assert told.exit_code == 2 and "a nano chip has no spare superlane" in told.stderr
    asked = []

    def run(program, tensors, deep, quiet, bypassed):
        asked.append(bypassed)
        return run_golden(program, tensors, deep)

    monkeypatch.setattr(sim, "run_rtl", run)
    spared = made(TEXT.replace(".config nano", SPARED))
    told = tsp("sim", spared, "--load", "x=x.npy", "--bypass", "3")
    assert told.exit_code == 2 and "--bypass 3: a nano chip has rows 0 .. 2" in told.stderr
    for arguments, row in (((), None), (("--bypass", "1"), 1)):
        assert tsp("sim", spared, "--load", "x=x.npy", *arguments).exit_code == 0
        assert asked.pop() == row


def test_engines_that_differ_are_run_again_deep(tsp, obj, monkeypatch):
    """An RTL that gets one bit wrong: told by time and place, and by the word on the stream."""
    asked = []

    def wrong(program, tensors, deep, quiet, bypassed):
        asked.append(deep)
        result = run_golden(program, tensors, deep)
        for record in (result.writes, result.drives):
            if record is not None:
                record["data"][-1, 3] ^= 1
        return result

    monkeypatch.setattr(sim, "run_rtl", wrong)
    told = tsp("sim", obj, "--load", "x=x.npy", "--dump", "out.npz")
    assert told.exit_code == 1 and asked == [False, True]
    assert "0 of 78 events differ, 1 of " in told.stdout
    place = f"MEM_E1 bank 0 offset 0, superlane 1, written in segment 0 cycle {WRITE + 4}"
    assert f"error[C0007]: first difference: {place}" in told.stderr
    assert "note: first difference: VXM12 on E7 at superlane 1" in told.stderr
    assert Path("out.npz").exists()
    asked.clear()
    report = json.loads(tsp("sim", obj, "--deep", "--load", "x=x.npy", "--json").stdout)
    assert asked == [True] and not report["ok"] and "VXM12 on E7" in report["first_drive"]


def test_a_simulation_that_fails(tsp, obj, monkeypatch):
    """The tool's own traceback stays inside; what happened is told."""

    def broken(*_, **__):
        trace = "Traceback (most recent call last):\n  File x\nNameError: no such thing"
        raise SimulationError(f"writing the Verilog failed:\n{trace}")

    monkeypatch.setattr(RtlEngine, "run_many", broken)
    report = tsp.fails("sim", obj, "--engine", "rtl", "--load", "x=x.npy")
    assert "error[C0009]: the simulation failed: writing the Verilog failed: NameError" in report
    monkeypatch.setattr(RtlEngine, "run_many", lambda *_, **__: [Stopped()])
    report = tsp.fails("sim", obj, "--engine", "rtl", "--load", "x=x.npy")
    assert "error[C0010]: the chip stopped: queue dry" in report


class Stopped:
    """The one thing of a result that the command looks at first."""

    stopped = "queue dry"


def test_ranges():
    found = parse_range("w:3:1:250+6", NANO)
    assert found is not None and found.count == 6
    assert NANO.queues[found.queue].name == "MEM_W3" and found.addresses()[-1][2] == 255
    assert parse_range("weights", NANO) is None
    with pytest.raises(DiagnosticError):
        parse_range("w:3:1:250+7", NANO)
    with pytest.raises(DiagnosticError):
        parse_range("w:3:1:99999999999999999999", NANO)
