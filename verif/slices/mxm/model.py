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

    def step(self, cycle, lw, mxm, acc, streams, limits=None):
        """One issue cycle; `streams` is int8 (32, V), what is on the inputs at t + d_skew.

        `limits`: superlanes in which each of the three acts, by name; 0 or nothing: in all.

        Returns
        -------
        tuple of (stream index, int32 (V)), or None
            What ACC emits.
        """
        on = {name: self._acting((limits or {}).get(name, 0)) for name in ("lw", "mxm", "acc")}
        if mxm:
            self._compute(cycle, mxm, streams, on["mxm"])
            if mxm["install"]:
                self._weights = np.where(on["mxm"], self._buffer, self._weights)
        if lw:
            words = streams[lw["stream"] : lw["stream"] + LANES]
            rows = slice(LANES * lw["column"], LANES * (lw["column"] + 1))
            self._buffer[rows] = np.where(on["lw"], words, self._buffer[rows])
        return self._accumulate(cycle, acc, streams, on["acc"]) if acc else None

    def _acting(self, limit):
        """The lanes in which an operation acts."""
        v = self._weights.shape[0]
        return np.arange(v) < (LANES * limit or v)

    def _compute(self, cycle, mxm, streams, on):
        if mxm["mode"] == AbcMode.NONE:
            return
        if mxm["mode"] == AbcMode.BUFFER:
            x = self._kept[mxm["entry"]]
        else:
            x = streams[mxm["stream"]]
        if mxm["mode"] == AbcMode.KEEP:
            self._kept[mxm["entry"]] = np.where(on, x, self._kept[mxm["entry"]])
        x = np.where(on, x, 0)
        self._results[cycle] = self._weights.astype(np.int32) @ x.astype(np.int32)

    def _accumulate(self, cycle, acc, streams, on):
        mode, entry, base = acc["mode"], acc["entry"], acc["stream"]
        a = self.accumulators[entry].copy()
        r = self._results.get(cycle - self._delay)
        if mode == AccMode.PRELOAD:
            planes = streams[base : base + 4].view(np.uint8).astype(np.uint32)
            new = sum(planes[k] << (8 * k) for k in range(4)).view(np.int32)
        elif mode == AccMode.WRITE:
            new = r
        elif mode == AccMode.ADD:
            new = a + r
        else:
            out = {AccMode.EMIT: r, AccMode.EMIT_STORED: a}.get(mode)
            return base, np.where(on, a + r if out is None else out, 0)
        self.accumulators[entry] = np.where(on, new, a)
        return None
