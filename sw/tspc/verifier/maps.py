"""Maps of GATHER and SCATTER that are known before a run: constants that nothing overwrites.

A map comes from data, so most are not known here, and the golden model alone judges them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import LANES
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import PortKind
from tsp.arch.timing import Timing
from tspc.program import Address, Program
from tspc.verifier.issues import Issue
from tspc.verifier.report import Problem
from tspc.verifier.streams import sources
from tspc.verifier.tables import first_of_pairs, party_of

__all__ = ["Offsets", "check_maps", "is_indirect", "known_offsets"]

#: (issue, copy) of an access -> the offset of each superlane.
Offsets = Mapping[tuple[int, int], NDArray[np.int64]]


def is_indirect(issue: Issue) -> bool:
    """True if the issue is a port of MEM whose offsets come from a map."""
    return bool(issue.port) and issue.instruction[f"{issue.port}_kind"] == PortKind.INDIRECT


@dataclass(frozen=True)
class _Map:
    """A map that is known: whose, when, and a word of 16 bytes for each superlane that acts."""

    issue: int
    copy: int
    time: int
    words: NDArray[np.uint8]

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Bytes 0 and 1 of each word."""
        low, high = self.words[:, 0].astype(np.int64), self.words[:, 1].astype(np.int64)
        return low | high << 8

    def bad(self, words_of_bank: int) -> NDArray[np.bool_]:
        """Superlanes whose word is no offset of a bank."""
        found: NDArray[np.bool_] = self.words[:, 2:].any(axis=1) | (self.offsets >= words_of_bank)
        return found


def _constants(
    issues: Sequence[Issue], program: Program, known: Offsets
) -> dict[Address, NDArray[np.uint8]]:
    """The image without what a run's inputs replace and what some access may write."""
    found = dict(program.image)
    words = program.config.bank_words
    for tensor in program.tensors:
        if tensor.role == "input":
            for queue, bank, offset in tensor.places.reshape(-1, 3).tolist():
                found.pop((queue, bank, offset), None)
    anywhere = set()
    for number, issue in enumerate(issues):
        if issue.port != "write":
            continue
        i, bank = issue.instruction, issue.instruction["write_bank"]
        for copy in range(issue.copies):
            offsets = [(i["write_offset"] + copy * i["write_stride"]) % words]
            if is_indirect(issue):
                if (number, copy) not in known:
                    anywhere.add((issue.queue.index, bank))
                    break
                offsets = known[number, copy].tolist()
            for offset in offsets:
                found.pop((issue.queue.index, bank, offset), None)
    return {a: v for a, v in found.items() if a[:2] not in anywhere}


def _sources(
    issues: Sequence[Issue], program: Program, timing: Timing
) -> Iterator[tuple[int, int, Address, int]]:
    """(issue, copy) of each access whose map is what a READ drives, and what that reads.

    Last comes the number of superlanes in which it does.
    """
    wanted = {n for n, issue in enumerate(issues) if is_indirect(issue)}
    if not wanted:
        return
    words = program.config.bank_words
    for number, copy, stream, driver, of in sources(issues, wanted, program.config.stops, timing):
        issue, source = issues[number], issues[driver]
        i = source.instruction
        if stream != issue.instruction[f"{issue.port}_map"] or source.port != "read":
            continue
        if not is_indirect(source):
            offset = (i["read_offset"] + of * i["read_stride"]) % words
            address = source.queue.index, i["read_bank"], offset
            yield number, copy, address, source.limit


def _known(issues: Sequence[Issue], program: Program, timing: Timing) -> list[_Map]:
    """Every map that is known; a SCATTER by a known map spares all other constants."""
    reads = list(_sources(issues, program, timing))
    known: dict[tuple[int, int], _Map] = {}
    while True:
        constants = _constants(issues, program, {key: m.offsets for key, m in known.items()})
        before = len(known)
        for number, copy, address, limit in reads:
            if address in constants:
                words = np.array(constants[address]).reshape(-1, LANES)
                words[limit:] = 0  # where CONFIG has switched the READ off
                words = words[: issues[number].limit]
                known[number, copy] = _Map(number, copy, issues[number].at(copy), words)
        if len(known) == before:
            return list(known.values())


def known_offsets(issues: Sequence[Issue], program: Program, timing: Timing) -> Offsets:
    """The offsets of every access whose map is known and right."""
    words = program.config.bank_words
    maps = _known(issues, program, timing)
    return {(m.issue, m.copy): m.offsets for m in maps if not m.bad(words).any()}


def check_maps(issues: Sequence[Issue], program: Program, timing: Timing) -> list[Problem]:
    """Find every *bad map* of MEM that follows from the image alone."""
    words = program.config.bank_words
    maps = [m for m in _known(issues, program, timing) if m.bad(words).any()]

    def make(n: int, count: int) -> Problem:
        bad = maps[n]
        superlane = int(np.flatnonzero(bad.bad(words))[0])
        party = party_of(issues, bad.issue, bad.copy)
        word = bad.words[superlane].tobytes()[::-1].hex()
        return Problem(
            ErrorClass.BAD_MAP,
            f"the map of {party.queue} has {word} for superlane {superlane}, "
            f"and a bank has {words} words",
            bad.time,
            party,
            None,
            "let bytes 0 and 1 of each superlane's map word be the offset, and the others zero",
            count,
        )

    return first_of_pairs([(m.issue,) for m in maps], [m.time for m in maps], make)
