"""Random and directed programs for a plane, in the form that ``player`` plays."""

import numpy as np

from tsp.arch.config import LANES, STREAMS
from tsp.arch.isa import AbcMode, AccMode, make

__all__ = ["configured", "initial_accumulators", "random_program", "random_streams", "tiles"]

_EXTREMES = np.array([-128, 127, -1, 0, 1], np.int8)
_WITH_RESULT = (AccMode.WRITE, AccMode.ADD, AccMode.EMIT, AccMode.EMIT_SUM)
_WITHOUT = (AccMode.EMIT_STORED, AccMode.PRELOAD)


def initial_accumulators(config, seed):
    """int32 (entries, V) that the image of a test loads."""
    rng = np.random.default_rng(seed)
    return rng.integers(-(2**31), 2**31, (config.accumulators, config.lanes), np.int32)


def random_streams(rng, config, cycles, *, extreme=False):
    """int8 (cycles, 32, V): anything, or only values at the ends of the range."""
    shape = cycles, STREAMS, config.lanes
    if extreme:
        return rng.choice(_EXTREMES, shape)
    return rng.integers(-128, 128, shape, np.int8)


def _acc(rng, config, modes, spread):
    mode = AccMode(rng.choice(modes))
    acc = {"mode": mode, "type": 2}
    if mode != AccMode.EMIT:
        acc["entry"] = int(rng.integers(min(spread, config.accumulators)))
    if mode not in (AccMode.WRITE, AccMode.ADD):
        acc["stream"] = 4 * int(rng.integers(STREAMS // 4))
    return acc


def _words(program):
    """Make instructions of the fields, so that only encodable ones are played."""
    return [{n: make(n.upper(), **fields) for n, fields in step.items()} for step in program]


def random_program(rng, config, cycles, delay, *, busy=0.9, spread=3):
    """Any legal words in the three queues; accumulator entries below `spread`, to collide often."""
    program, computed = [], set()
    for t in range(cycles):
        step = {}
        if rng.random() < busy:
            step["lw"] = {
                "stream": LANES * int(rng.integers(2)),
                "column": int(rng.integers(config.superlanes)),
            }
        if rng.random() < busy:
            mode = AbcMode(rng.integers(4))
            mxm = {"install": int(mode == AbcMode.NONE or rng.random() < 0.3), "mode": mode}
            if mode in (AbcMode.STREAM, AbcMode.KEEP):
                mxm["stream"] = int(rng.integers(STREAMS))
            if mode in (AbcMode.KEEP, AbcMode.BUFFER):
                mxm["entry"] = int(rng.integers(3))
            step["mxm"] = mxm
            if mode:
                computed.add(t)
        if rng.random() < busy:
            with_result = t - delay in computed
            step["acc"] = _acc(rng, config, _WITH_RESULT * with_result + _WITHOUT, spread)
        program.append(step)
    return _words(program)


def tiles(config, count, delay):
    """A tile every T cycles without a bubble; T vectors each; every second sum is emitted.

    Weights come alternately on streams 0 and 16; IW stands in the word of the last ABC of the tile
    before. Entry of a vector: its number in the tile; even tiles write, odd ones emit the sum.
    """
    t = config.superlanes
    last = (count + 1) * t + delay
    program = [{} for _ in range(last + 1)]
    for tile in range(count):
        for c in range(t):
            program[tile * t + c]["lw"] = {"stream": LANES * (tile % 2), "column": c}
        program[(tile + 1) * t].setdefault("mxm", {})["install"] = 1
        for c in range(t):
            at = (tile + 1) * t + 1 + c
            program[at].setdefault("mxm", {}).update(
                mode=AbcMode.STREAM, stream=(LANES * (1 - tile % 2) + c) % STREAMS
            )
            if at + delay <= last:
                acc = {"entry": c, "type": 2, "mode": AccMode.WRITE}
                if tile % 2:
                    acc.update(mode=AccMode.EMIT_SUM, stream=4 * (c % 8))
                program[at + delay]["acc"] = acc
    return _words(program)


def configured(rng, config, program):
    """The same words, each acting in a random number of superlanes; 0: in all."""
    return [
        {**step, "limits": {n: int(rng.integers(config.superlanes + 1)) for n in step}}
        for step in program
    ]
