"""The timing table: every delay of the chip, as a function of the configuration.

There is one table. Scheduler, verifier and golden model read it; RTL must not (a lint rule
refuses the import) and is measured against it. Architecture section 4:

* ``d_skew``: an operand must be on Ein/Win of the unit's stop in cycle t + d_skew;
* ``d_func``: the result stands in the stop's stream register in cycle t + d_func;
* a consumer q >= 1 stops further has it on its inputs in t + d_func + q - 1.

t is the issue cycle at superlane 0.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from tsp.arch.config import Config

__all__ = ["ENTRIES", "Entry", "Timing", "timing"]


@dataclass(frozen=True)
class Timing:
    """All delays of one configuration, in cycles. Tests alter one with :meth:`shifted`."""

    mem_d_skew: int
    mem_access: int
    mem_d_func: int
    vxm_d_skew: int
    vxm_d_func: int
    mxm_d_skew: int
    acc_d_skew: int
    acc_d_func: int
    lw_to_iw: int
    iw_to_abc: int
    keep_to_buffer: int
    abc_to_acc: int
    acc_to_acc: int
    ifetch_d_skew: int
    ifetch_to_buffer: int
    ifetch_to_word: int
    shift_d_skew: int
    shift_d_func: int
    permute_d_skew: int
    permute_d_func: int
    distribute_d_skew: int
    distribute_d_func: int
    rotate_d_skew: int
    rotate_d_func: int
    transpose_d_skew: int
    transpose_d_func: int
    sync_release: int
    done_drain: int

    def shifted(self, name: str, by: int) -> "Timing":
        """The table with one entry changed."""
        return replace(self, **{name: getattr(self, name) + by})


@dataclass(frozen=True)
class Entry:
    """One row of the table: name, meaning, formula in words, and the formula itself."""

    name: str
    doc: str
    formula: str
    value: Callable[[Config], int]


#: The table. T: superlanes, M: MEM slices of a hemisphere, P = M + 10: stops.
ENTRIES = (
    Entry("mem_d_skew", "MEM: data of WRITE and SCATTER, maps, on the inputs", "1", lambda c: 1),
    Entry("mem_access", "MEM: the array is accessed (a_mem), all operations", "3", lambda c: 3),
    Entry("mem_d_func", "MEM: READ data in the stream register", "5", lambda c: 5),
    Entry("vxm_d_skew", "VXM: operands on the inputs", "1", lambda c: 1),
    Entry("vxm_d_func", "VXM: result in the stream register", "10", lambda c: 10),
    Entry("mxm_d_skew", "MXM: LW weights and ABC activations on the inputs", "1", lambda c: 1),
    Entry("acc_d_skew", "MXM: ACC preload on the inputs", "1", lambda c: 1),
    Entry("acc_d_func", "MXM: ACC result in the stream register", "5", lambda c: 5),
    Entry("lw_to_iw", "MXM: an IW sees the LW issued this long before", "1", lambda c: 1),
    Entry("iw_to_abc", "MXM: an ABC uses the IW issued this long before", "1", lambda c: 1),
    Entry("keep_to_buffer", "MXM: ABC buffer sees the keep issued this long before", "1",
          lambda c: 1),
    Entry("abc_to_acc", "MXM: ACC takes the result of the ABC issued this long before", "2T + 1",
          lambda c: 2 * c.superlanes + 1),
    Entry("acc_to_acc", "MXM: ACC sees the entry written by the ACC this long before", "1",
          lambda c: 1),
    Entry("ifetch_d_skew", "ICU: the first vector of IFETCH's pair i on the inputs, after 2Ti; "
          "the second a cycle later", "1", lambda c: 1),
    Entry("ifetch_to_buffer", "ICU: word j of IFETCH takes its place in the buffer, after j", "2",
          lambda c: 2),
    Entry("ifetch_to_word", "ICU: word j of IFETCH can issue, after j", "7", lambda c: 7),
    Entry("shift_d_skew", "SXM SHIFT, SELECT: operands on the inputs", "1", lambda c: 1),
    Entry("shift_d_func", "SXM SHIFT, SELECT: result in the stream register", "6", lambda c: 6),
    Entry("permute_d_skew", "SXM PERMUTE: operands on the inputs", "1", lambda c: 1),
    Entry("permute_d_func", "SXM PERMUTE: result in the stream register", "2T + 4",
          lambda c: 2 * c.superlanes + 4),
    Entry("distribute_d_skew", "SXM DISTRIBUTE: operands on the inputs", "1", lambda c: 1),
    Entry("distribute_d_func", "SXM DISTRIBUTE: result in the stream register", "5", lambda c: 5),
    Entry("rotate_d_skew", "SXM ROTATE: operand on the inputs", "1", lambda c: 1),
    Entry("rotate_d_func", "SXM ROTATE: result in the stream register", "5", lambda c: 5),
    Entry("transpose_d_skew", "SXM TRANSPOSE: operands on the inputs", "1", lambda c: 1),
    Entry("transpose_d_func", "SXM TRANSPOSE: result in the stream register", "4", lambda c: 4),
    Entry("sync_release", "ICU: NOTIFY to the issue of every parked queue (D)", "M + 12",
          lambda c: c.stops + 2),
    Entry("done_drain", "ICU: last HALT or burst access to done", "P + 3T + 16",
          lambda c: c.stops + 3 * c.superlanes + 16),
)  # fmt: skip

assert [e.name for e in ENTRIES] == [f.name for f in fields(Timing)]


def timing(config: Config) -> Timing:
    """The table of one configuration."""
    return Timing(**{e.name: e.value(config) for e in ENTRIES})
