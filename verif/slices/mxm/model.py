"""A plane in NumPy, one instruction a queue and cycle, after execution.md *MXM*."""

import numpy as np

from tsp.arch.config import LANES
from tsp.arch.isa import AbcMode, AccMode

__all__ = ["PlaneModel"]


class PlaneModel:
    """All of a plane's state; what was never written is zero, as in RTL.

    Parameters
    ----------
    config
        The configuration.
    abc_to_acc
        Cycles from an ABC to the ACC that takes its result.
    accumulators
        Initial contents, int32 (entries, V), or None for zeros.
    """

    def __init__(self, config, abc_to_acc, accumulators=None):
        v = config.lanes
        self._delay = abc_to_acc
        self._buffer = np.zeros((v, v), np.int8)
        self._weights = np.zeros((v, v), np.int8)
        self._kept = np.zeros((config.activations, v), np.int8)
        self._results = {}
        self.accumulators = np.zeros((config.accumulators, v), np.int32)
        if accumulators is not None:
            self.accumulators[:] = accumulators

    def step(self, cycle, lw, mxm, acc, streams):
        """One issue cycle; `streams` is int8 (32, V), what is on the inputs at t + d_skew.

        Returns
        -------
        tuple of (stream index, int32 (V)), or None
            What ACC emits.
        """
        if mxm:
            self._compute(cycle, mxm, streams)
            if mxm["install"]:
                self._weights = self._buffer.copy()
        if lw:
            words = streams[lw["stream"] : lw["stream"] + LANES]
            self._buffer[LANES * lw["column"] : LANES * (lw["column"] + 1)] = words
        return self._accumulate(cycle, acc, streams) if acc else None

    def _compute(self, cycle, mxm, streams):
        if mxm["mode"] == AbcMode.NONE:
            return
        if mxm["mode"] == AbcMode.BUFFER:
            x = self._kept[mxm["entry"]]
        else:
            x = streams[mxm["stream"]]
        if mxm["mode"] == AbcMode.KEEP:
            self._kept[mxm["entry"]] = x
        self._results[cycle] = self._weights.astype(np.int32) @ x.astype(np.int32)

    def _accumulate(self, cycle, acc, streams):
        mode, entry, base = acc["mode"], acc["entry"], acc["stream"]
        a = self.accumulators[entry].copy()
        r = self._results.get(cycle - self._delay)
        if mode == AccMode.PRELOAD:
            planes = streams[base : base + 4].view(np.uint8).astype(np.uint32)
            self.accumulators[entry] = sum(planes[k] << (8 * k) for k in range(4)).view(np.int32)
        elif mode == AccMode.WRITE:
            self.accumulators[entry] = r
        elif mode == AccMode.ADD:
            self.accumulators[entry] = a + r
        else:
            out = {AccMode.EMIT: r, AccMode.EMIT_STORED: a}.get(mode)
            return base, a + r if out is None else out
        return None
