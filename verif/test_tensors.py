"""Tensors to vectors and back."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsp.arch.config import NANO, SMALL
from tspc.program import Program, Tensor
from tspc.tensors import load, pack, shape_of_places, unpack

DTYPES = ("int8", "uint8", "int16", "int32", "float16", "float32")


def _tensor(name, dtype, shape, config, role="input", first=0):
    probe = Tensor(name, dtype, shape, role, np.zeros((0, 3), np.int32))
    rows, chunks, size = shape_of_places(probe, config)
    queue = config.queue_by_name["MEM_E0"].index
    flat = [(queue + i % 3, i % 2, first + i) for i in range(rows * chunks * size)]
    places = np.array(flat, np.int32).reshape(rows, chunks, size, 3)
    return Tensor(name, dtype, shape, role, places)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(DTYPES),
    st.lists(st.integers(1, 70), max_size=3).map(tuple).filter(lambda s: np.prod(s) < 2000),
    st.sampled_from([NANO, SMALL]),
    st.integers(0, 2**32 - 1),
)
def test_round_trip(dtype, shape, config, seed):
    raw = np.random.default_rng(seed).bytes(int(np.prod(shape)) * np.dtype(dtype).itemsize)
    array = np.frombuffer(raw, dtype).reshape(shape)
    tensor = _tensor("t", dtype, shape, config)
    memory = pack(tensor, array, config)
    assert all(v.shape == (config.lanes,) and v.dtype == np.uint8 for v in memory.values())
    again = unpack(tensor, memory, config)
    assert again.dtype == array.dtype and again.shape == array.shape
    assert again.tobytes() == array.tobytes()


def test_layout():
    """Element e of a chunk is in lane e, byte k in plane k, the rest of the last chunk zero."""
    array = np.arange(40, dtype=np.int16).reshape(1, 40) * 257 + 3
    tensor = _tensor("t", "int16", (1, 40), NANO)
    memory = pack(tensor, array, NANO)
    for chunk, byte in itertools.product(range(2), range(2)):
        vector = memory[tuple(tensor.places[0, chunk, byte])]
        for lane in range(NANO.lanes):
            e = chunk * NANO.lanes + lane
            expected = int(array[0, e]) >> 8 * byte & 0xFF if e < 40 else 0
            assert vector[lane] == expected


def test_errors_name_tensor_expected_and_given():
    tensor = _tensor("pixels", "int8", (3, 64), NANO)
    with pytest.raises(ValueError, match=r"'pixels' has shape \(3, 64\).*\(3, 65\) was given"):
        pack(tensor, np.zeros((3, 65), np.int8), NANO)
    with pytest.raises(ValueError, match="'pixels' holds int8, but an array of float64"):
        pack(tensor, np.zeros((3, 64)), NANO)
    memory = pack(tensor, np.zeros((3, 64), np.int8), NANO)
    memory.popitem()
    with pytest.raises(ValueError, match=r"'pixels': MEM_E\d bank 1 offset 5 was never written"):
        unpack(tensor, memory, NANO)
    wrong = Tensor("t", "int8", (3, 64), "input", tensor.places[:2])
    with pytest.raises(ValueError, match=r"places of shape \(3, 2, 1, 3\)"):
        pack(wrong, np.zeros((3, 64), np.int8), NANO)


def test_load_wants_every_input():
    a, b = _tensor("a", "int8", (4,), NANO), _tensor("b", "int8", (4,), NANO, first=9)
    value = np.arange(4, dtype=np.int8)
    image = pack(b, value, NANO)
    with pytest.raises(ValueError, match="input tensor 'a' is not given"):
        load(Program("p", NANO, {}, {}, image, (a, b)), {})
    assert set(load(Program("p", NANO, {}, {}, image, (a, b)), {"a": value})) == set(
        pack(a, value, NANO)
    )
    with pytest.raises(ValueError, match="no tensor 'c'; the program's inputs are: a, b"):
        load(Program("p", NANO, {}, {}, image, (a, b)), {"c": value})
