"""Tables of what all issues do, one NumPy row for each copy: the input of every check.

A *use* says what one issue does to streams: from ``first``, ``count`` streams, ``delay`` cycles
after the issue. Here, and only here, stand the places and times of operands and results.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import STREAMS, Hemisphere
from tsp.arch.isa import AbcMode, AccMode, PortKind, Type, vxm_op
from tsp.arch.timing import Timing
from tspc.verifier.issues import Issue
from tspc.verifier.report import Party, Problem

__all__ = ["Ints", "Table", "drives_of", "first_of_pairs", "reads_of", "spread"]

Ints = NDArray[np.int64]

#: (issue number, first stream, streams, delay)
Use = tuple[int, int, int, int]

#: Operations of an SXM, and the unit whose delays they have.
_SWITCHES = {"SELECT": "shift"} | {
    name: name.lower() for name in ("SHIFT", "PERMUTE", "DISTRIBUTE", "ROTATE", "TRANSPOSE")
}

_EMITS = (AccMode.EMIT, AccMode.EMIT_SUM, AccMode.EMIT_STORED)


@dataclass(frozen=True)
class Table:
    """One row for each copy (and stream): which issue, which copy, when, which stream."""

    issue: Ints
    copy: Ints
    time: Ints
    stream: Ints


def _outward(issue: Issue) -> int:
    """First stream of the direction in which an MXM's inputs flow."""
    return STREAMS if issue.queue.hemisphere is Hemisphere.W else 0


def _switch_delay(name: str, what: str, timing: Timing) -> int:
    """d_skew or d_func of an operation of an SXM."""
    return int(getattr(timing, f"{_SWITCHES[name]}_d_{what}"))


def drives_of(number: int, issue: Issue, timing: Timing) -> Iterator[Use]:
    """Streams that an issue drives."""
    i = issue.instruction
    if i.name == "MEM" and issue.port == "read":
        yield number, i["read_stream"], 1, timing.mem_d_func
    elif i.name == "VXM":
        yield number, i["result_stream"], Type(i["result_type"]).bytes, timing.vxm_d_func
    elif i.name in _SWITCHES:
        width = 16 if i.name == "TRANSPOSE" else i["n"] ** 2 if i.name == "ROTATE" else 1
        yield number, i["result"], width, _switch_delay(i.name, "func", timing)
    elif i.name == "ACC" and i["mode"] in _EMITS:
        yield number, STREAMS - _outward(issue) + i["stream"], 4, timing.acc_d_func


def reads_of(number: int, issue: Issue, timing: Timing) -> Iterator[Use]:
    """Streams that an issue reads."""
    i = issue.instruction
    if i.name == "MEM":
        if issue.port == "write":
            yield number, i["write_stream"], 1, timing.mem_d_skew
        if i[f"{issue.port}_kind"] == PortKind.INDIRECT:
            yield number, i[f"{issue.port}_map"], 1, timing.mem_d_skew
    elif i.name == "VXM":
        for name in "abc"[: vxm_op(i["op"]).operands]:
            if not i[f"{name}_immediate"]:
                width = Type(i[f"{name}_type"]).bytes
                yield number, i[f"{name}_stream"], width, timing.vxm_d_skew
    elif i.name in _SWITCHES:
        delay = _switch_delay(i.name, "skew", timing)
        yield number, i["stream"], 16 if i.name == "TRANSPOSE" else 1, delay
        if i.name == "SELECT":
            yield number, i["mask"], 1, delay
        elif i.name in ("PERMUTE", "DISTRIBUTE"):
            yield number, i["map"], 2 if i.name == "PERMUTE" else 1, delay
    elif i.name == "LW":
        yield number, _outward(issue) + i["stream"], 16, timing.mxm_d_skew
    elif i.name == "MXM" and i["mode"] in (AbcMode.STREAM, AbcMode.KEEP):
        yield number, _outward(issue) + i["stream"], 1, timing.mxm_d_skew
    elif i.name == "IFETCH":
        for odd in (0, 1):  # the two vectors of a pair
            yield number, i["stream"], 1, timing.ifetch_d_skew + odd
    elif i.name == "ACC" and i["mode"] == AccMode.PRELOAD:
        yield number, _outward(issue) + i["stream"], 4, timing.acc_d_skew


def spread(uses: Sequence[Use], issues: Sequence[Issue]) -> Table:
    """Write out every copy and every stream of `uses`."""
    columns = np.array(uses, np.int64).reshape(-1, 4)
    number, first, count, delay = columns.T
    shape = [(issues[n].cycle, issues[n].copies, issues[n].interval) for n in number]
    cycle, copies, interval = np.array(shape, np.int64).reshape(-1, 3).T
    sizes = copies * count
    row = np.repeat(np.arange(len(sizes)), sizes)
    inside = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    copy = inside // count[row]
    stream = first[row] + inside % count[row]
    time = cycle[row] + copy * interval[row] + delay[row]
    return Table(number[row], copy, time, stream)


def first_of_pairs(
    cases: Sequence[tuple[int, ...]],
    times: Sequence[int],
    make: Callable[[int, int], Problem],
) -> list[Problem]:
    """One problem for each distinct case, made from its earliest row.

    Parameters
    ----------
    cases
        For each row what makes two rows the same case (issue numbers).
    times
        For each row its cycle.
    make
        Builds the problem from the number of a row and the number of rows of its case.
    """
    found: dict[tuple[int, ...], tuple[int, int]] = {}
    for row, (case, time) in enumerate(zip(cases, times, strict=True)):
        best, count = found.get(case, (row, 0))
        found[case] = (row if time < times[best] else best, count + 1)
    return [make(row, count) for row, count in found.values()]


def party_of(issues: Sequence[Issue], number: int, copy: int) -> Party:
    """Copy `copy` of an issue as a party of a problem."""
    return issues[number].party(int(copy))
