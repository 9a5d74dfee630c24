"""Plays programs on the plane's ports and compares what comes out with the model.

A program is a list: for each cycle a dictionary of the instructions ``lw``, ``mxm`` and ``acc``
that issue in it. Streams are int8 (cycles, 32, V): what passes superlane 0 in a cycle.
"""

import numpy as np
from cocotb.triggers import RisingEdge

from tsp.arch.config import DATA_BITS, LANES, STREAMS, WORD_BITS
from tsp.arch.secded import SECDED
from tsp.arch.timing import timing
from tsp.slices.mxm.edge import CONTROLS
from tspc.protection import encode
from verif.slices.mxm.model import PlaneModel

__all__ = ["expected", "play"]

_TAIL = 8  #: cycles from the issue of an ACC until nothing of it is left in a row


def _control(form, instruction, superlanes):
    """Bits of ``control_layout(form)``."""
    if instruction is None:
        return 0
    value, at = 1, 1
    for f in form.fields:
        value |= instruction[f.name] << at
        at += f.width
    return value | superlanes << at


def _buses(streams, rows, upset):
    """Input buses as integers [cycle][row]; `upset`: one bit of every word is wrong."""
    cycles = len(streams)
    words = streams.view(np.uint8).reshape(cycles, STREAMS, rows, LANES).transpose(0, 2, 1, 3)
    bits = np.unpackbits(encode(words), axis=-1, count=WORD_BITS, bitorder="little")
    if upset:
        wrong = np.random.default_rng(cycles).integers(0, WORD_BITS, (*bits.shape[:-1], 1))
        np.put_along_axis(bits, wrong, np.take_along_axis(bits, wrong, -1) ^ 1, -1)
    packed = np.packbits(bits.reshape(cycles, rows, -1), axis=-1, bitorder="little")
    return [[int.from_bytes(bus.tobytes(), "little") for bus in buses] for buses in packed]


async def play(dut, config, program, streams, upset=False):
    """Play a program, staggered; `upset`: one bit of every word on the streams is wrong.

    Returns
    -------
    dict
        (cycle at superlane 0 in which the result would be driven there, superlane) ->
        (stream, int32[16]).
    """
    rows = config.superlanes
    found = {}
    buses = _buses(streams, rows, upset)
    for cycle in range(len(program) + rows + _TAIL):
        fields = program[cycle] if cycle < len(program) else {}
        for name, form in CONTROLS.items():
            getattr(dut, f"{name}_south").value = _control(
                form, fields.get(name), fields.get("limits", {}).get(name, 0)
            )
        for y in range(rows):
            # Before and after the program's streams something else passes.
            getattr(dut, f"streams__{y}").value = buses[(cycle - y) % len(buses)][y]
        await RisingEdge(dut.clk)
        enables = int(dut.enables.value)
        for y in range(rows):
            if enables >> y & 1:
                index = getattr(dut, f"indices__{y}").value.to_unsigned()
                words = getattr(dut, f"results__{y}").value.to_unsigned()
                found[cycle - y, y] = index, _lanes(words)
    return found


def _lanes(words):
    planes = []
    for k in range(4):
        word = words >> (WORD_BITS * k) & ((1 << WORD_BITS) - 1)
        low = word & ((1 << DATA_BITS) - 1)
        assert word == SECDED.encode(low), "check bits"
        planes.append(np.frombuffer(low.to_bytes(LANES, "little"), np.uint8))
    return tuple(np.stack(planes, 1).copy().view("<i4")[:, 0].tolist())


def expected(config, program, streams, *, west=False, accumulators=None, table=None):
    """What :func:`play` must return, and the accumulators at the end."""
    table = table or timing(config)
    model = PlaneModel(config, table.abc_to_acc, accumulators)
    out = {}
    for t, fields in enumerate(program):
        now = streams[(t + table.mxm_d_skew) % len(streams)]
        words = (fields.get(name) for name in ("lw", "mxm", "acc"))
        emitted = model.step(t, *words, now, fields.get("limits"))
        if emitted:
            index, values = emitted
            for y, lanes in enumerate(values.reshape(config.superlanes, LANES)):
                stream = index + STREAMS * (not west)
                out[t + table.acc_d_func - 1, y] = stream, tuple(lanes.tolist())
    return out, model.accumulators
