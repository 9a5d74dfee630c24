"""The golden model's ALU on the operands of the bench: its unit code and its arithmetic."""

from types import SimpleNamespace

import numpy as np

from tsp.arch.config import NANO
from tsp.arch.isa import Type, vxm_op
from tsp.arch.timing import timing
from tspc.golden.errors import Party
from tspc.golden.record import Record
from tspc.golden.slices.unit import Chip
from tspc.golden.slices.vxm import Alu

__all__ = ["expected"]

_QUEUE = NANO.queue_by_name["VXM0"]


class _Streams:
    """Stand where the golden model's streams do: operands in, result out, no time."""

    def __init__(self, carried):
        self._carried, self.driven = carried, {}

    def read(self, stream, stop, cycle, party):
        return self._carried[stream]

    def drive(self, stream, stop, cycle, value, party):
        self.driven[stream] = value


def expected(instruction, operands):
    """Result patterns of one VXM instruction, as :func:`verif.slices.vxm.oracle.expected`."""
    i, carried = instruction, {}
    for x, patterns in zip("abc"[: vxm_op(i["op"]).operands], operands):
        if not i[f"{x}_immediate"]:
            for byte in range(Type(i[f"{x}_type"]).bytes):
                shifted = patterns.ravel() >> np.uint32(8 * byte)
                carried[i[f"{x}_stream"] + byte] = shifted.astype(np.uint8)
    streams = _Streams(carried)
    # As many lanes as there are tuples, in one superlane that acts.
    config = SimpleNamespace(lanes=operands[0].size, superlanes=1)
    alu = Alu(_QUEUE, Chip(config, timing(NANO), streams, Record(NANO, False), None))
    with np.errstate(all="ignore"):
        alu.issue(0, alu.prepare(i), 0, Party(_QUEUE.name, 0, 0, "VXM"))
    result = np.zeros(operands[0].size, np.uint32)
    for stream, value in streams.driven.items():
        result |= value.astype(np.uint32) << np.uint32(8 * (stream - i["result_stream"]))
    return result.reshape(operands[0].shape)
