"""Fetched text is what the object says: memory image, READ, stream, IFETCH, word by word.

Every vector that an IFETCH takes is followed back to the READ that drives it and to the memory
image; text that is computed, gathered, written before or given as an input cannot be proved.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from tsp.arch.config import LANES
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import WORD_BYTES, PortKind
from tsp.arch.timing import Timing
from tspc.program import Address, Program
from tspc.verifier.issues import Issue
from tspc.verifier.maps import Offsets, is_indirect, known_offsets
from tspc.verifier.report import Party, Problem
from tspc.verifier.streams import drivers

__all__ = ["Sources", "check_fetched"]


def check_fetched(
    issues: Sequence[Issue], fetches: Sequence[Issue], program: Program, timing: Timing
) -> list[Problem]:
    """Find every fetched word that is not, or may not be, what the program's text says.

    Parameters
    ----------
    issues, fetches
        All functional issues; all IFETCHes.
    """
    found = list(_collisions(program))
    if not fetches:
        return found
    sources = Sources(issues, program, known_offsets(issues, program, timing))
    for fetch, drives in zip(fetches, drivers(issues, fetches, program.config.stops, timing)):
        known = [drive for drive in drives if drive is not None]
        if len(known) < len(drives):
            continue  # an empty stream: reported there
        for number, drive in enumerate(known):
            issue, copy = issues[drive[0]], drive[1]
            why = sources.fault(issue, copy, program.text.get(fetch.queue.index, ()), fetch, number)
            if why:
                party, cycle = fetch.party(number // 2), fetch.at(number // 2)
                help_ = "let READs of the image bring the vectors of the text in their order"
                other = issue.party(copy)
                found.append(Problem(ErrorClass.BAD_WORD, why, cycle, party, other, help_))
                break
    return found


def _collisions(program: Program) -> Iterator[Problem]:
    """Places of text that hold something else, too, or that are not whole pairs."""
    taken: dict[Address, str] = dict.fromkeys(program.memory, "the memory image")
    for tensor in program.tensors:
        for q, b, o in tensor.places.reshape(-1, 3).tolist():
            taken[q, b, o] = f"tensor {tensor.name}"
    for queue, places in program.fetched.items():
        name = f"text of {program.config.queues[queue].name}"
        for queue_, bank, offset in places:
            address = queue_, bank, offset
            if address in taken:
                where = f"queue {queue_}, bank {bank}, offset {offset}"
                message = f"{name} and {taken[address]} stand in the same place"
                party = Party(name, -1, None, where)
                help_ = "give the text a place of its own"
                yield Problem(ErrorClass.BAD_WORD, message, 0, party, help=help_)
                break
            taken[address] = name


class Sources:
    """What the READs of a program are known to bring."""

    def __init__(
        self, issues: Sequence[Issue], program: Program, maps: Offsets | None = None
    ) -> None:
        self._maps = maps or {}
        self._config, self._image = program.config, program.image
        self._given = {
            (q, b, o)
            for t in program.tensors
            if t.role == "input"
            for q, b, o in t.places.reshape(-1, 3).tolist()
        }.difference(*program.fetched.values())  # those are reported as collisions
        self._writes: dict[tuple[int, int], list[tuple[int, Issue]]] = {}
        for number, issue in enumerate(issues):
            if issue.port == "write":
                bank = issue.queue.index, issue.instruction["write_bank"]
                self._writes.setdefault(bank, []).append((number, issue))

    def fault(
        self, issue: Issue, copy: int, text: Sequence[int], fetch: Issue, number: int
    ) -> str | None:
        """Why vector `number` of a fetch, which an issue drives, is not the text; or None."""
        vector = self.vector(issue, copy)
        if isinstance(vector, str):
            return vector
        return self._difference(vector, text, fetch, number)

    def vector(self, issue: Issue, copy: int) -> np.ndarray | str:
        """The vector of the image that an issue drives, or why it may be another one."""
        i = issue.instruction
        if issue.port != "read" or i["read_kind"] != PortKind.DIRECT:
            return f"{issue.queue.name} drives fetched text, and only a READ can be proved"
        words = self._config.bank_words
        offset = (i["read_offset"] + copy * i["read_stride"]) % words
        address = issue.queue.index, i["read_bank"], offset
        if address in self._given:
            return "fetched text is an input of the program"
        for writer, write in self._writes.get(address[:2], ()):
            if self._reaches(writer, write, offset, issue.at(copy)):
                return f"{write.queue.name} may write offset {offset} before its text is read"
        vector = self._image.get(address)
        if vector is None:
            return f"offset {offset} of {issue.queue.name} holds no text"
        known = np.array(vector, np.uint8)
        known[LANES * issue.limit :] = 0  # where CONFIG has switched the READ off
        return known

    def _reaches(self, number: int, write: Issue, offset: int, before: int) -> bool:
        """True if a write may change `offset` before a cycle."""
        if write.cycle >= before:
            return False
        i, words = write.instruction, self._config.bank_words
        copies = np.arange(min(write.copies, -(-(before - write.cycle) // write.interval)))
        if is_indirect(write):
            maps = [self._maps.get((number, copy)) for copy in copies.tolist()]
            return any(offsets is None or offset in offsets for offsets in maps)
        return bool(((i["write_offset"] + copies * i["write_stride"]) % words == offset).any())

    def _difference(
        self, vector: np.ndarray, text: Sequence[int], fetch: Issue, number: int
    ) -> str | None:
        superlanes = self._config.superlanes
        first = fetch.first + number // 2 * 2 * superlanes + number % 2
        for y, row in enumerate(vector.reshape(superlanes, LANES)):
            index = first + 2 * y
            word = int.from_bytes(row.tobytes()[:WORD_BYTES], "little")
            if index < len(text) and text[index] != word:
                return (
                    f"word {index} of {fetch.queue.name} is {text[index]:#x}, fetched is {word:#x}"
                )
        return None
