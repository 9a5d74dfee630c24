"""The SECDED code: every single and every double error of a word, in software and in RTL."""

import functools
import itertools

import numpy as np
import pytest

import tsp.ecc
import tsp.macro
from tsp.arch.config import CHECK_BITS, DATA_BITS, WORD_BITS
from tsp.arch.secded import SECDED, Secded, Status
from tspc.engines.records import Piece, image, read_dump
from tspc.protection import encode
from verif.ecc import bench
from verif.support import run_bench

_SINGLES = [1 << n for n in range(WORD_BITS)]
_DOUBLES = [a | b for a, b in itertools.combinations(_SINGLES, 2)]
_ERRORS = [0, *_SINGLES, *_DOUBLES]
_MASK = (1 << DATA_BITS) - 1

_RNG = np.random.default_rng(137)
_DATA = [0, _MASK, *(int.from_bytes(_RNG.bytes(16), "little") for _ in range(4))]


_MATRIX = np.array([[c >> i & 1 for c in SECDED.columns] for i in range(CHECK_BITS)])


@functools.cache
def _oracle(data):
    """Check bits by a matrix product over GF(2); it shares the columns and nothing else."""
    raw = np.frombuffer(data.to_bytes(DATA_BITS // 8, "little"), np.uint8)
    bits = np.unpackbits(raw, bitorder="little")
    return int(np.packbits(_MATRIX @ bits % 2 == 1, bitorder="little").view("<u2")[0])


def _expected(data, error):
    """Data, single, double: what a corrector has to find, from the error alone."""
    if error.bit_count() == 1:
        return data, 1, 0
    return data ^ error & _MASK, 0, int(error != 0)


def test_the_matrix_is_a_hsiao_code():
    columns = SECDED.all_columns
    assert len(columns) == len(set(columns)) == WORD_BITS == 137
    assert all(c.bit_count() % 2 for c in columns)
    weights = [c.bit_count() for c in SECDED.columns]
    assert weights.count(3) == 84 and weights.count(5) == 44, "as few ones as there can be"
    assert sorted({row.bit_count() for row in SECDED.rows}) == [52, 53], "balanced"
    assert SECDED.encode(0) == 0


def test_counts():
    assert (len(_SINGLES), len(_DOUBLES)) == (137, 9316)


@pytest.mark.feature("unit", "protection")
@pytest.mark.parametrize("data", _DATA)
def test_every_single_and_double_error_in_software(data):
    word = SECDED.encode(data)
    assert word >> DATA_BITS == _oracle(data)
    status = {(0, 0): Status.CLEAN, (1, 0): Status.CORRECTED, (0, 1): Status.DOUBLE}
    for error in _ERRORS:
        wanted, *flags = _expected(data, error)
        assert SECDED.check(word ^ error) == (wanted, status[tuple(flags)]), f"{error:#x}"


def test_many_words_at_once():
    data = _RNG.integers(0, 256, (50, 3, 16), np.uint8)
    words = encode(data)
    for one, word in zip(data.reshape(-1, 16), words.reshape(-1, 18), strict=True):
        number = int.from_bytes(one.tobytes(), "little")
        assert int.from_bytes(word.tobytes(), "little") == number | _oracle(number) << DATA_BITS
    assert not encode(np.zeros((4, 16), np.uint8)).any()


def _run(words, *, used=1):
    """What the RTL finds: (data, check bits made of it, single, double) of each word."""
    raw = np.frombuffer(b"".join(w.to_bytes(20, "little") for w in words), np.uint8)
    ran = run_bench(
        lambda library: bench.EccBench(),
        "verif.ecc.tb_words",
        parameters={"cycles": len(words), "used": used},
        image=image([Piece(bench.WORDS, 0, raw.reshape(-1, 20))]),
    )
    (dump,) = (p for p in read_dump(ran.directory / "dump.bin") if p.place == bench.RESULTS)
    found = (int.from_bytes(row.tobytes(), "little") for row in dump.data[: len(words)])
    return [(r & _MASK, r >> 128 & 0x1FF, r >> 137 & 1, r >> 138 & 1) for r in found]


def _mistakes():
    """Words of which the RTL does not find what it has to."""
    pairs = [(data, error) for data in _DATA for error in _ERRORS]
    found = _run([(data | _oracle(data) << DATA_BITS) ^ error for data, error in pairs])
    wrong = []
    for (data, error), (got, check, *flags) in zip(pairs, found, strict=True):
        if (got, *flags) != _expected(data, error) or check != _oracle(got):
            wrong.append((data, error))
    return wrong


@pytest.mark.feature("unit", "protection")
def test_every_single_and_double_error_in_rtl():
    assert _mistakes() == []


def test_a_word_that_is_not_used_is_not_judged():
    data = _DATA[2]
    word = SECDED.encode(data) ^ 5
    assert _run([word], used=0) == [(data ^ 5, 0, 0, 0)]


@pytest.mark.feature("fault", "protection")
@pytest.mark.parametrize("bit", [0, 127])
def test_a_sabotaged_matrix_is_found(bit, monkeypatch):
    """The hardware is made of a matrix with one column wrong: by another bit, or even."""
    columns = list(SECDED.columns)
    columns[bit] ^= 0b11 if bit else 1
    sabotaged = Secded(tuple(columns))
    monkeypatch.setattr(tsp.ecc, "SECDED", sabotaged)
    monkeypatch.setattr(tsp.macro, "SECDED", sabotaged)
    assert _mistakes()
