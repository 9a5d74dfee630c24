"""``tsp as`` and ``tsp dis``."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tspc import objectfile
from tspc.objectdata import to_payload
from verif.cli.conftest import ADD, TEXT


def test_there_and_back(tsp):
    told = tsp("as", "increment.tsp")
    assert told.exit_code == 0
    assert told.stdout == "increment.tspo: 10 words in 4 queues\n"
    text = tsp("dis", "increment.tspo")
    assert text.exit_code == 0
    assert f"    @{ADD}      ADD.int32.sat W3:int8, #1:int8 -> E7:int8\n" in text.stdout
    assert tsp("as", "-", "-o", "again.tspo", stdin=text.stdout_bytes).exit_code == 0
    payloads = [to_payload(objectfile.load(f), False) for f in ("increment.tspo", "again.tspo")]
    assert payloads[0] == payloads[1]


def test_standard_streams(tsp):
    made = tsp("as", "-", stdin=TEXT.encode())
    assert made.exit_code == 0
    assert made.stdout_bytes.startswith(objectfile.MAGIC) and not made.stderr
    shown = tsp("dis", "-", stdin=made.stdout_bytes)
    assert shown.exit_code == 0 and shown.stdout.startswith(".config nano\n")
    with_json = tsp("as", "-", "--json", stdin=TEXT.encode())
    assert with_json.stdout_bytes == made.stdout_bytes
    assert json.loads(with_json.stderr)["words"] == 10


def test_json(tsp):
    report = json.loads(tsp("as", "increment.tsp", "--json").stdout)
    assert report["ok"] and report["instruction_bytes"] == 160 and report["tensors"] == ["x", "y"]
    report = json.loads(tsp("dis", "increment.tspo", "--json").stdout)
    assert report["text"].startswith(".config nano\n")
    Path("bad.tsp").write_text(TEXT.replace("READ", "REED"))
    bad = tsp("as", "bad.tsp", "--json")
    assert bad.exit_code == 1
    first = json.loads(bad.stdout)["errors"][0]
    assert first["code"] == "A0003" and first["span"]["line"] == 10


def test_out_of_disassembler(tsp, obj):
    assert tsp("dis", obj, "-o", "back.tsp").exit_code == 0
    assert Path("back.tsp").read_text().startswith(".config nano\n")


@pytest.mark.parametrize(
    "old, new, code, place",
    [
        ("READ 0:0", "REED 0:0", "A0003", "bad.tsp:10:5"),
        ("READ 0:0 ->", "READ 0:0 =>", "A0001", "bad.tsp:10:15"),
        ("READ 0:0", "READ 0:999", "A0006", "bad.tsp:10:12"),
        (f"@{ADD}", "@12", "A0007", "bad.tsp:13:5"),
        ("nano", "namo", "A0008", "bad.tsp:1:9"),
        ("MEM_E1:\n", "MEM_E77:\n", "A0004", "bad.tsp:15:1"),
        ("    HALT\nMEM_E1", "    SYNC 9\n    HALT\nMEM_E1", "A0014", "bad.tsp:15:5"),
    ],
)
def test_bad_text(tsp, old, new, code, place):
    assert TEXT.count(old) >= 1
    Path("bad.tsp").write_text(TEXT.replace(old, new, 1))
    report = tsp.fails("as", "bad.tsp")
    assert report.startswith(f"error[{code}]") and f"--> {place}\n" in report
    assert not Path("bad.tspo").exists()


def test_bad_text_leaves_the_old_object(tsp, obj):
    before = Path(obj).read_bytes()
    Path("increment.tsp").write_text("nonsense")
    tsp.fails("as", "increment.tsp")
    assert Path(obj).read_bytes() == before


def test_configurations(tsp):
    assert "A0008" in tsp.fails("as", "increment.tsp", "--config", "small")
    text = TEXT.replace(".config nano\n", "").encode()
    assert "A0008" in tsp.fails("as", "-", stdin=text)
    assert tsp("as", "-", "--config", "nano", stdin=text).exit_code == 0
    sizes = "spares=0,mem_slices=18,words=512,planes=1,accumulators=32,activations=32,links=2"
    made = tsp("as", "-", "--config", f"superlanes=2,{sizes}", stdin=text)
    assert made.exit_code == 0
    Path("c.json").write_text(json.dumps({"superlanes": 2} | _sizes(sizes)))
    assert tsp("as", "-", "--config", "c.json", stdin=text).exit_code == 0
    for wrong, why in [
        ("nope", "unknown configuration"),
        (f"superlanes=99,{sizes}", "superlanes = 99 is impossible"),
        (sizes, "missing"),
        ("superlanes=two", "is not size=number"),
        ("increment.tsp", "configuration 'increment.tsp'"),
    ]:
        report = tsp.fails("as", "increment.tsp", "--config", wrong)
        assert "C0003" in report and why in report


def _sizes(text: str) -> dict[str, int]:
    return {key: int(value) for key, value in (item.split("=") for item in text.split(","))}


def test_files_that_are_not_there(tsp):
    for name in ("none.tsp", ".", ""):
        assert "C0001" in tsp.fails("as", name)
    assert "C0001" in tsp.fails("dis", "none.tspo")
    assert "C0002" in tsp.fails("as", "increment.tsp", "-o", "no/folder/x.tspo")
    Path("taken").mkdir()
    assert "C0002" in tsp.fails("as", "increment.tsp", "-o", "taken")
    Path("latin.tsp").write_bytes(TEXT.encode() + b"; \xe9t\xe9")
    assert "A0017" in tsp.fails("as", "latin.tsp")


def test_damaged_objects(tsp, obj):
    data = Path(obj).read_bytes()
    for name, damaged, code in (
        ("cut", data[:-1], "O0004"),
        ("altered", data[:-5] + bytes([data[-5] ^ 1]) + data[-4:], "O0005"),
        ("text", TEXT.encode(), "O0002"),
        ("nothing", b"", "O0002"),
    ):
        Path(name).write_bytes(damaged)
        for command in ("dis", "verify", "sim"):
            report = tsp.fails(command, name)
            assert code in report and f"--> {name}" in report
        assert code in tsp.fails("dis", "-", stdin=damaged)


def test_wrong_command_lines(tsp):
    for arguments in (
        ["as"],
        ["as", "increment.tsp", "--nope"],
        ["nope"],
        ["as", "increment.tsp", "-o", "increment.tsp"],
        ["sim", "x", "--engine", "abacus"],
    ):
        result = tsp(*arguments)
        assert result.exit_code == 2 and result.stderr.startswith("Usage:")


def test_a_full_disk(tsp, obj):
    """/dev/full takes nothing: files, standard output and reports alike."""
    for arguments in (["as", "increment.tsp", "-o", "-"], ["dis", obj], ["timing"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [sys.executable, "-c", "from tspc.cli import main; main()", *arguments],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert done.returncode == 1 and done.stderr.startswith("error[C0002]: cannot write")
    assert "C0002" in tsp.fails("as", "increment.tsp", "-o", "/dev/full")
