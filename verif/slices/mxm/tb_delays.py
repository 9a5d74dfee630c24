"""The plane's delays, found by moving one instruction or operand until the result is wrong."""

import cocotb
import numpy as np

from tsp.arch.config import LANES, Config
from tsp.arch.isa import AbcMode, AccMode, make
from tsp.arch.timing import timing
from verif.slices.mxm.player import play
from verif.slices.mxm.programs import random_streams
from verif.support import tb

P = tb.parameters()
CONFIG = Config.from_dict(P["config"])
TABLE = timing(CONFIG)
T, V = CONFIG.superlanes, CONFIG.lanes
LOAD, COMPUTE = 8, 40  #: cycles of the last LW and of the ABC, unless they are moved
END = COMPUTE + 2 * T + 16
COLUMN = T - 1  #: the column group that a moved LW loads


class _Trial:
    """One matrix times one vector, with every time and place open to change."""

    def __init__(self, seed):
        self._rng = np.random.default_rng(seed)
        self.streams = random_streams(self._rng, CONFIG, END)
        self.program = [{} for _ in range(END)]
        self.weights = self._rng.integers(-128, 128, (V, V), np.int8)
        self.x = self._rng.integers(-128, 128, V, np.int8)

    def at(self, cycle, name, **fields):
        self.program[cycle][name.lower()] = make(name, **fields)

    def load(self, skew=TABLE.mxm_d_skew):
        """LW of all columns; the last issues in cycle LOAD."""
        for c in range(T):
            cycle = LOAD - T + 1 + c
            self.at(cycle, "LW", column=c, stream=16)
            self.streams[cycle + skew, 16:] = self.weights[LANES * c : LANES * (c + 1)]

    def compute(self, cycle=COMPUTE, skew=TABLE.mxm_d_skew, mode=AbcMode.STREAM, install=0):
        self.at(cycle, "MXM", mode=mode, stream=5, install=install)
        self.streams[cycle + skew, 5] = self.x

    def emit(self, cycle, mode=AccMode.EMIT, **fields):
        self.at(cycle, "ACC", mode=mode, type=2, stream=8, **fields)

    @property
    def product(self):
        return self.weights.astype(np.int32) @ self.x.astype(np.int32)

    async def results(self, dut):
        """What is emitted: cycle -> int32 (V)."""
        await tb.begin(dut)
        await tb.backdoor(dut, 1, 2)
        found = await play(dut, CONFIG, self.program, self.streams)
        cycles = sorted({cycle for cycle, _ in found})
        return {c: np.array([found[c, y][1] for y in range(T)]).ravel() for c in cycles}


async def _works(dut, candidates, build):
    """The candidates with which the trial that `build` makes yields what it should."""
    good = []
    for d in candidates:
        trial = _Trial(P["seed"])
        wanted = build(trial, d)
        (value,) = (await trial.results(dut)).values()
        if np.array_equal(value, wanted):
            good.append(d)
    return good


def _around(value):
    return range(value - 2, value + 4)


def _from(value, candidates):
    """All candidates from `value` on: what holds of a delay that may be exceeded."""
    return [d for d in candidates if d >= value]


@cocotb.test
async def lw_to_iw(dut):
    def build(trial, d):
        trial.load()
        trial.at(LOAD + d, "MXM", install=1)
        trial.compute()
        trial.emit(COMPUTE + TABLE.abc_to_acc)
        return trial.product

    tried = _around(TABLE.lw_to_iw)
    assert await _works(dut, tried, build) == _from(TABLE.lw_to_iw, tried)


@cocotb.test
async def iw_to_abc(dut):
    """IW moves along the ABC; in the same word it comes too late."""

    def build(trial, d):
        trial.load()
        trial.compute(install=int(d == 0))
        if d:
            trial.at(COMPUTE - d, "MXM", install=1)
        trial.emit(COMPUTE + TABLE.abc_to_acc)
        return trial.product

    tried = _around(TABLE.iw_to_abc)
    assert await _works(dut, tried, build) == _from(TABLE.iw_to_abc, tried)


@cocotb.test
async def abc_to_acc(dut):
    def build(trial, d):
        trial.load()
        trial.at(COMPUTE - 3, "MXM", install=1)
        for other in range(COMPUTE - 2, COMPUTE + 4):  # neighbours with other activations
            trial.at(other, "MXM", mode=AbcMode.STREAM, stream=9)
        trial.compute()
        trial.emit(COMPUTE + d)
        return trial.product

    assert await _works(dut, _around(TABLE.abc_to_acc), build) == [TABLE.abc_to_acc]


@cocotb.test
async def mxm_d_skew(dut):
    """Of weights, then of activations."""

    def weights(trial, d):
        trial.load(skew=d)
        trial.at(COMPUTE - 3, "MXM", install=1)
        trial.compute()
        trial.emit(COMPUTE + TABLE.abc_to_acc)
        return trial.product

    def activations(trial, d):
        trial.load()
        trial.at(COMPUTE - 3, "MXM", install=1)
        trial.compute(skew=d)
        trial.emit(COMPUTE + TABLE.abc_to_acc)
        return trial.product

    tried = _around(TABLE.mxm_d_skew)
    assert await _works(dut, tried, weights) == [TABLE.mxm_d_skew]
    assert await _works(dut, tried, activations) == [TABLE.mxm_d_skew]


@cocotb.test
async def keep_to_buffer(dut):
    """One queue issues once a cycle: nothing below 1 can be written."""

    def build(trial, d):
        trial.load()
        trial.at(COMPUTE - d - 1, "MXM", install=1)
        trial.at(COMPUTE - d, "MXM", mode=AbcMode.KEEP, stream=5, entry=1)
        trial.streams[COMPUTE - d + TABLE.mxm_d_skew, 5] = trial.x
        trial.at(COMPUTE, "MXM", mode=AbcMode.BUFFER, entry=1)
        trial.emit(COMPUTE + TABLE.abc_to_acc)
        return trial.product

    tried = range(1, 5)
    assert await _works(dut, tried, build) == _from(TABLE.keep_to_buffer, tried)


def _planes(values):
    """Four vectors of bytes, little-endian, of int32 values."""
    return values.astype("<i4").view(np.int8).reshape(-1, 4).T


@cocotb.test
async def acc_delays(dut):
    """d_skew of preload; then from an entry's writing to its reading, back to back included."""
    value = np.random.default_rng(P["seed"]).integers(-(2**31), 2**31, V, np.int32)

    def skew(trial, d):
        trial.emit(COMPUTE, AccMode.PRELOAD, entry=2)
        trial.streams[COMPUTE + d, 8:12] = _planes(value)
        trial.emit(COMPUTE + 9, AccMode.EMIT_STORED, entry=2)
        return value

    def again(trial, d):
        trial.emit(COMPUTE, AccMode.PRELOAD, entry=2)
        trial.streams[COMPUTE + TABLE.acc_d_skew, 8:12] = _planes(value)
        trial.emit(COMPUTE + d, AccMode.EMIT_STORED, entry=2)
        return value

    assert await _works(dut, _around(TABLE.acc_d_skew), skew) == [TABLE.acc_d_skew]
    tried = range(1, 5)
    assert await _works(dut, tried, again) == _from(TABLE.acc_to_acc, tried)


@cocotb.test
async def acc_d_func(dut):
    """All modes that emit drive at the end of the same cycle after their issue."""
    for mode in (AccMode.EMIT, AccMode.EMIT_SUM, AccMode.EMIT_STORED):
        trial = _Trial(P["seed"])
        trial.compute(COMPUTE)
        at = COMPUTE + TABLE.abc_to_acc
        trial.emit(at, mode)
        (cycle,) = await trial.results(dut)
        assert cycle + 1 - at == TABLE.acc_d_func
