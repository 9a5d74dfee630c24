"""The object file: same program, same bytes; anything else is refused with a reason."""

import hashlib
import os
import stat
import struct
from dataclasses import replace

import cbor2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsp.arch.config import NANO, NODE
from tspc import objectfile
from tspc.asm import assemble
from tspc.objectdata import to_payload
from tspc.objectfile import CODES, ObjectError, dumps, load, loads, save
from tspc.program import Tensor
from verif.asm.strategies import programs

TEXT = """
.config nano
.bound 7
.tensor x int16[3,40] input { MEM_E0:0:0+12 }
.data MEM_E3:1:2 x"0102"
VXM0:
    NOTIFY
    HALT
MEM_E3:
    @40 READ 1:2 -> E3
    HALT
"""
PROGRAM = assemble(TEXT, "sample.tsp")
BYTES = dumps(PROGRAM)


def code(data: bytes) -> str:
    with pytest.raises(ObjectError) as caught:
        loads(data)
    assert caught.value.code in CODES and str(caught.value)
    return caught.value.code


def sealed(payload: bytes, version: int = objectfile.VERSION) -> bytes:
    """A file whose SHA-256 is right, whatever it holds."""
    start = struct.pack("<8sIQ", objectfile.MAGIC, version, len(payload))
    return start + hashlib.sha256(start + payload).digest() + payload


def test_round_trip():
    again = loads(BYTES)
    assert to_payload(again) == to_payload(PROGRAM)
    assert dumps(again) == BYTES
    assert again.source == PROGRAM.source
    assert again.source.lines[48] == (10, 10, 11)
    vector = again.memory[48, 1, 2]
    assert vector.dtype == np.uint8 and vector.tolist() == [1, 2] + [0] * 30
    vector[0] = 9  # the loaded image is the caller's own
    assert again.tensor("x").places.dtype == np.int32


@settings(max_examples=100, deadline=None)
@given(programs(unchecked=True))
def test_round_trip_of_any_program(program):
    data = dumps(program)
    again = loads(data)
    assert to_payload(again) == to_payload(program)
    assert dumps(again) == data


def test_order_of_making_leaves_no_trace():
    text = dict(reversed(PROGRAM.text.items()))
    plan = dict(reversed(PROGRAM.plan.items()))
    assert dumps(replace(PROGRAM, text=text, plan=plan)) == BYTES


def test_every_single_byte_corruption_is_refused():
    """Each byte in turn, with all 255 other values."""
    for at in range(len(BYTES)):
        data = bytearray(BYTES)
        for flip in range(1, 256):
            data[at] = BYTES[at] ^ flip
            with pytest.raises(ObjectError):
                loads(bytes(data))


def test_every_truncation_is_refused():
    for length in range(len(BYTES)):
        expected = "O0002" if not length else "O0004"
        assert code(BYTES[:length]) == expected


def test_every_deletion_and_doubling_of_a_byte_is_refused():
    for at in range(len(BYTES)):
        code(BYTES[:at] + BYTES[at + 1 :])
        code(BYTES[:at] + BYTES[at : at + 1] + BYTES[at:])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(BYTES)))
def test_any_bytes_are_refused(noise, at):
    code(noise)
    if noise:
        code(BYTES + noise)
        code(BYTES[:at] + noise)


def test_reasons():
    assert code(b"") == "O0002"
    assert code(b"\x7fELF" + bytes(100)) == "O0002"
    assert code(BYTES + b"\0") == "O0004"
    assert code(BYTES[:-1] + b"x") == "O0005"
    payload = BYTES[52:]
    assert loads(sealed(payload)).name == "sample"
    assert code(sealed(payload, version=3)) == "O0003"
    assert code(sealed(payload + b"\0")) == "O0006"
    assert code(sealed(b"\xff\xff")) == "O0006"
    assert code(sealed(cbor2.dumps([1, 2]))) == "O0006"


def test_configuration_hash():
    payload = cbor2.loads(BYTES[52:])
    other = payload | {"config_hash": NODE.hash}
    assert code(sealed(cbor2.dumps(other))) == "O0007"
    other = payload | {"config": NODE.to_dict()}
    assert code(sealed(cbor2.dumps(other))) == "O0007"
    other = payload | {"config": NANO.to_dict() | {"mem_slices": 3}}
    assert code(sealed(cbor2.dumps(other))) == "O0007"
    other = payload | {"config": {"name": "nano"}}
    assert code(sealed(cbor2.dumps(other))) == "O0007"


TENSOR = to_payload(PROGRAM)["tensors"][0]


@pytest.mark.parametrize(
    "change",
    [
        {"name": 5},
        {"bound": "7"},
        {"links": [1]},
        {"text": {99: bytes(16)}},
        {"text": {29: bytes(15)}},
        {"text": []},
        {"plan": {}},
        {"plan": {29: bytes(16), 48: bytes(16)}},
        {"source": {"name": "x"}},
        {"source": {"name": "x", "text": "", "lines": {29: bytes(4)}}},
        {"places": b""},
        {"places": bytes(11)},
        {"places": np.array([29, 0, 0], "<i4").tobytes()},  # a VXM queue
        {"places": np.array([48, 2, 0], "<i4").tobytes()},
        {"places": np.array([48, 0, 256], "<i4").tobytes()},
        {"data": bytes(31)},
        {"tensors": None},
        {"tensors": [TENSOR, TENSOR]},
        {"tensors": [TENSOR | {"role": "guest"}]},
        {"tensors": [TENSOR | {"dtype": "int64"}]},
        {"tensors": [TENSOR | {"shape": [3, 0]}]},
        {"tensors": [TENSOR | {"shape": [4, 40]}]},
        {"tensors": [TENSOR | {"places": bytes(len(TENSOR["places"]))}]},
        {"extra": 1},
    ],
    ids=str,
)
def test_sealed_nonsense(change):
    """A right SHA-256 over contents that are no program: refused, not crashed upon."""
    payload = cbor2.loads(BYTES[52:])
    assert code(sealed(cbor2.dumps(payload | change))) == "O0006"
    short = {k: v for k, v in payload.items() if k not in change}
    if short != payload:
        assert code(sealed(cbor2.dumps(short))) == "O0006"


def test_scalar_tensor():
    places = np.array([[[[48, 0, 0]]]], np.int32)
    program = replace(PROGRAM, tensors=(Tensor("s", "int8", (), "output", places),))
    assert loads(dumps(program)).tensor("s").shape == ()


def test_files(tmp_path):
    path = tmp_path / "a.tspo"
    save(PROGRAM, path)
    assert to_payload(load(path)) == to_payload(PROGRAM)
    assert stat.S_IMODE(path.stat().st_mode) & 0o600 == 0o600
    with pytest.raises(ObjectError) as caught:
        load(tmp_path / "none.tspo")
    assert caught.value.code == "O0001" and "No such file" in str(caught.value)
    with pytest.raises(ObjectError):
        load(tmp_path)


def test_writing_fails_whole(tmp_path, monkeypatch):
    """A write that breaks off leaves the old file, and nothing beside it."""
    path = tmp_path / "a.tspo"
    save(PROGRAM, path)

    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(OSError):
        save(replace(PROGRAM, name="other"), path)
    assert load(path).name == "sample"
    assert os.listdir(tmp_path) == ["a.tspo"]
