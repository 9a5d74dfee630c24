"""A plane of the MXM against its NumPy model: every mode, full rate, extremes, forwarding."""

from pathlib import Path

import cocotb
import numpy as np

from tsp.arch.config import LANES, Config
from tsp.arch.timing import timing
from tspc.engines import records
from verif.slices.mxm.bench import QUEUE
from verif.slices.mxm.player import expected, play
from verif.slices.mxm.programs import (
    configured,
    initial_accumulators,
    random_program,
    random_streams,
    tiles,
)
from verif.support import tb

P = tb.parameters()
CONFIG = Config.from_dict(P["config"])
DELAY = timing(CONFIG).abc_to_acc


async def _start(dut, west=0):
    await tb.begin(dut, west=west)
    await tb.backdoor(dut, 1, 2)


async def _check(dut, program, streams, west=0, upset=False):
    """Play on a freshly loaded plane; results and the accumulators at the end are the model's."""
    await _start(dut, west)
    found = await play(dut, CONFIG, program, streams, upset)
    wanted, accumulators = expected(
        CONFIG,
        program,
        streams,
        west=bool(west),
        accumulators=initial_accumulators(CONFIG, P["seed"]),
    )
    assert len(wanted) > len(program) // 8 * CONFIG.superlanes, "the program emits too little"
    for key in sorted(wanted.keys() | found.keys()):
        assert found.get(key) == wanted.get(key), f"cycle and superlane {key}"
    await tb.backdoor(dut, 3, 4)
    dump = {p.place: p.data for p in records.read_dump(Path("dump.bin"))}
    rows = range(CONFIG.superlanes)
    counters = [dump.pop(records.place(records.Kind.COUNTERS, y, QUEUE), None) for y in rows]
    assert len(dump) == CONFIG.superlanes, "only accumulators and counters are dumped"
    for y in rows:
        if upset:
            corrected, doubles = counters[y].view("<u2").ravel().tolist()
            assert corrected > len(program) and doubles == 0
        else:
            assert counters[y] is None, "no error, nothing counted"
        stored = dump[records.place(records.Kind.ACCUMULATOR, y, QUEUE)].view("<i4")
        assert np.array_equal(stored, accumulators[:, LANES * y : LANES * (y + 1)])


@cocotb.test
async def full_rate(dut):
    """A tile every T cycles, no bubble; one superlane's activations every cycle."""
    program = tiles(CONFIG, P["tiles"], DELAY)
    rng = np.random.default_rng(P["seed"])
    await _check(dut, program, random_streams(rng, CONFIG, len(program)))


@cocotb.test
async def random_busy(dut):
    """Every queue nearly always busy, few accumulator entries: installs, keeps and hits collide."""
    rng = np.random.default_rng(P["seed"] + 1)
    program = random_program(rng, CONFIG, P["cycles"], DELAY)
    await _check(dut, program, random_streams(rng, CONFIG, P["cycles"]), west=1)


@cocotb.test
async def random_sparse(dut):
    """Gaps between the instructions: what is enabled by what is valid shows."""
    rng = np.random.default_rng(P["seed"] + 2)
    program = random_program(rng, CONFIG, P["cycles"], DELAY, busy=0.5, spread=256)
    await _check(dut, program, random_streams(rng, CONFIG, P["cycles"]))


@cocotb.test
async def superlanes_off(dut):
    """Every word acts in a number of superlanes of its own."""
    rng = np.random.default_rng(P["seed"] + 4)
    program = configured(rng, CONFIG, random_program(rng, CONFIG, P["cycles"], DELAY))
    await _check(dut, program, random_streams(rng, CONFIG, P["cycles"]))


@cocotb.test
async def extremes(dut):
    """-128 * -128 everywhere and its neighbours; accumulators wrap modulo 2^32."""
    rng = np.random.default_rng(P["seed"] + 3)
    program = random_program(rng, CONFIG, P["cycles"], DELAY)
    await _check(dut, program, random_streams(rng, CONFIG, P["cycles"], extreme=True))
    await _check(dut, program, np.full((P["cycles"], 32, CONFIG.lanes), -128, np.int8))


@cocotb.test
async def single_errors(dut):
    """One bit of every word that comes is wrong, and nothing changes."""
    rng = np.random.default_rng(P["seed"] + 4)
    program = random_program(rng, CONFIG, P["cycles"], DELAY)
    await _check(dut, program, random_streams(rng, CONFIG, P["cycles"]), upset=True)
