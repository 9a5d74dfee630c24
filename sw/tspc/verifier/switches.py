"""Maps of the SXM: impossible entries, where a READ of the memory image brings the map."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import LANES
from tsp.arch.errors import ErrorClass
from tsp.arch.timing import Timing
from tspc.program import Program
from tspc.verifier.fetch import Sources
from tspc.verifier.issues import Issue
from tspc.verifier.report import Problem
from tspc.verifier.streams import drivers
from tspc.verifier.tables import Ints

__all__ = ["check_switches"]

_MAPPED = ("SELECT", "PERMUTE", "DISTRIBUTE")


def check_switches(issues: Sequence[Issue], program: Program, timing: Timing) -> list[Problem]:
    """Find every *bad map* that the image alone shows.

    A map that is computed, written or an input is not looked at: there golden model and RTL say it.
    """
    readers = [i for i in issues if i.instruction.name in _MAPPED]
    others = [i for i in issues if i.instruction.name not in _MAPPED]
    found: list[Problem] = []
    if not readers:
        return found
    sources = Sources(issues, program)
    for reader, drives in zip(readers, drivers(others, readers, program.config.stops, timing)):
        i = reader.instruction
        tested = i["mask"] if i.name == "SELECT" else i["map"] + (i.name == "PERMUTE")
        maps = [tested - 1, tested] if i.name == "PERMUTE" else [tested]
        streams = sorted([i["stream"], *maps])
        place, every = streams.index(tested), len(streams)
        for copy, drive in enumerate(drives[place::every]):
            if drive is None or drive[0] >= len(others):
                continue  # nothing, or a result of an SXM
            vector = sources.vector(others[drive[0]], drive[1])
            if isinstance(vector, str):
                continue
            entries = vector.astype(np.int64)[: LANES * reader.limit]
            lanes = np.flatnonzero(_impossible(i.name, entries, program.config.superlanes))
            if len(lanes):
                found.append(_problem(reader, copy, others[drive[0]], drive[1], lanes, vector))
                break
    return found


def _impossible(name: str, entries: Ints, superlanes: int) -> NDArray[np.bool_]:
    """Lanes whose byte of the map, PERMUTE's second one, is no entry."""
    if name == "SELECT":
        return entries > 3
    if name == "PERMUTE":
        return entries >= superlanes
    return (entries & 0x70).astype(np.bool_)


def _problem(
    reader: Issue, copy: int, source: Issue, number: int, lanes: np.ndarray, vector: np.ndarray
) -> Problem:
    lane = int(lanes[0])
    return Problem(
        ErrorClass.BAD_MAP,
        f"{reader.queue.name} takes a map whose lane {lane} is {int(vector[lane]):#x}",
        reader.at(copy),
        reader.party(copy),
        source.party(number),
        "tspc.permute makes maps; the manual says which bits each operation uses",
        len(lanes),
    )
