"""MEM: busy ports, banks accessed twice in a cycle, and words read before they are written.

Where GATHER reads and SCATTER writes follows from data. What is known of it before a run
(:mod:`tspc.verifier.maps`) is used; a word that some SCATTER may have written is not complained of.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import QueueKind
from tsp.arch.errors import ErrorClass
from tsp.arch.timing import Timing
from tspc.program import Address, Program
from tspc.verifier.issues import Issue
from tspc.verifier.maps import Offsets, is_indirect, known_offsets
from tspc.verifier.report import Party, Problem
from tspc.verifier.tables import Ints, Table, first_of_pairs, party_of, spread

__all__ = ["check_memory"]


def check_memory(issues: Sequence[Issue], program: Program, timing: Timing) -> list[Problem]:
    """Find every *port busy*, *bank conflict* and *uninitialised* of MEM."""
    found = _ports(issues) + _image(program)
    uses = [(n, i.port == "write", 1, 0) for n, i in enumerate(issues) if i.port]
    if not uses:
        return found
    table = spread(uses, issues)
    words = program.config.bank_words
    fields = [_fields(i) if i.port else (0, 0, 0, 0) for i in issues]
    queue, bank, offset, stride = np.array(fields, np.int64)[table.issue].T
    tile = queue * 2 + bank
    address = tile * words + (offset + table.copy * stride) % words
    found += _banks(issues, table, tile)
    offsets = known_offsets(issues, program, timing)
    accesses = _accesses(issues, table, address, offsets, words)
    # Who writes fewer superlanes than another reads has not written for it.
    limits = np.array([i.limit for i in issues], np.int64)
    for limit in np.unique(limits[accesses.reads.issue]).tolist():
        found += _uninitialised(
            issues,
            replace(
                accesses,
                reads=accesses.reads.where(limits[accesses.reads.issue] == limit),
                writes=accesses.writes.where(limits[accesses.writes.issue] >= limit),
            ),
            program,
        )
    return found


def _fields(issue: Issue) -> tuple[int, int, int, int]:
    i, port = issue.instruction, issue.port
    return issue.queue.index, i[f"{port}_bank"], i[f"{port}_offset"], i[f"{port}_stride"]


def _ports(issues: Sequence[Issue]) -> list[Problem]:
    """Words that name a port while its burst goes on."""
    found, busy = [], dict[tuple[int, str], Issue]()
    for issue in sorted((i for i in issues if i.port), key=lambda i: i.cycle):
        key = issue.queue.index, issue.port
        before = busy.get(key)
        if before is not None and issue.cycle <= before.last:
            found.append(
                Problem(
                    ErrorClass.PORT_BUSY,
                    f"the {issue.port} port of {issue.queue.name} is in a burst "
                    f"until cycle {before.last}",
                    issue.cycle,
                    issue.party(),
                    before.party(),
                    f"issue it in cycle {before.last + 1} or later",
                )
            )
        if before is None or issue.last > before.last:
            busy[key] = issue
    return found


def _banks(issues: Sequence[Issue], table: Table, tile: Ints) -> list[Problem]:
    """A read and a write of the same bank in the same cycle."""
    order = np.lexsort((table.stream, table.time, tile))
    tile, time, port = tile[order], table.time[order], table.stream[order]
    same = (tile[1:] == tile[:-1]) & (time[1:] == time[:-1]) & (port[1:] != port[:-1])
    rows = np.flatnonzero(same)
    issue, copy = table.issue[order], table.copy[order]

    def make(n: int, count: int) -> Problem:
        row = int(rows[n])
        a, b = (party_of(issues, int(issue[r]), int(copy[r])) for r in (row, row + 1))
        return Problem(
            ErrorClass.BANK_CONFLICT,
            f"{a.queue} reads and writes bank {int(tile[row]) % 2} in cycle {int(time[row])}",
            int(time[row]),
            b,
            a,
            "move one of them to the other bank or to another cycle",
            count,
        )

    cases = [(int(issue[r]), int(issue[r + 1])) for r in rows]
    return first_of_pairs(cases, [int(time[r]) for r in rows], make)


def _initial(program: Program) -> Iterable[tuple[Address, str]]:
    """Addresses that hold something before the start, and what says so."""
    for address in program.image:
        yield address, "the memory image"
    for tensor in program.tensors:
        if tensor.role in ("input", "constant"):
            for queue, bank, offset in tensor.places.reshape(-1, 3).tolist():
                yield (queue, bank, offset), f"tensor {tensor.name}"


def _image(program: Program) -> list[Problem]:
    """Places that the configuration does not have."""
    config, found = program.config, []
    slices = {q.index for q in config.queues if q.kind is QueueKind.MEM}
    for (queue, bank, offset), what in _initial(program):
        if queue not in slices or bank not in (0, 1) or not 0 <= offset < config.bank_words:
            party = Party(what, -1, None, f"queue {queue}, bank {bank}, offset {offset}")
            message = f"{what} names a place that {config.name} does not have"
            help_ = "use the configuration for which the program was made"
            found.append(Problem(ErrorClass.BAD_WORD, message, 0, party, help=help_))
            break
    return found


@dataclass(frozen=True)
class _Rows:
    """One row for each word of a bank that an access reads or writes."""

    issue: Ints
    copy: Ints
    time: Ints
    address: Ints

    def where(self, chosen: NDArray[np.bool_]) -> "_Rows":
        """The rows that are chosen."""
        return _Rows(*(x[chosen] for x in (self.issue, self.copy, self.time, self.address)))


@dataclass(frozen=True)
class _Accesses:
    """What is known of all accesses.

    ``parts``: when SCATTER first writes to an address; ``banks``: when one does whose map is not
    known, by queue * 2 + bank.
    """

    reads: _Rows
    writes: _Rows
    parts: dict[int, int]
    banks: dict[int, int]


def _accesses(
    issues: Sequence[Issue], table: Table, address: Ints, offsets: Offsets, words: int
) -> _Accesses:
    indirect = np.array([is_indirect(i) for i in issues], bool)[table.issue]
    columns = np.stack([table.issue, table.copy, table.time, address])
    reads = columns[:, ~indirect & (table.stream == 0)]
    writes = columns[:, ~indirect & (table.stream == 1)]
    parts, banks = dict[int, int](), dict[int, int]()
    gathered = []
    for issue, copy, time, place in columns[:, indirect].T.tolist():
        tile, known = place // words, offsets.get((issue, copy))
        addresses = [] if known is None else np.unique(tile * words + known).tolist()
        if issues[issue].port == "read":
            gathered += [(issue, copy, time, where) for where in addresses]
        elif known is None:
            banks[tile] = min(time, banks.get(tile, time))
        else:
            parts |= {where: min(time, parts.get(where, time)) for where in addresses}
    more = np.array(gathered, np.int64).reshape(-1, 4).T
    reads = np.concatenate([reads, more], axis=1)
    return _Accesses(_Rows(*reads), _Rows(*writes), parts, banks)


def _started(times: dict[int, int], keys: Ints) -> Ints:
    """The time of each key; a very late one for those without."""
    never = np.iinfo(np.int64).max
    known = np.array(sorted(times.items()), np.int64).reshape(-1, 2)
    known = np.concatenate([known, [[never, never]]])
    place = np.searchsorted(known[:, 0], keys)
    found: Ints = np.where(known[place, 0] == keys, known[place, 1], never)
    return found


def _uninitialised(issues: Sequence[Issue], accesses: _Accesses, program: Program) -> list[Problem]:
    """Reads of words that nothing wrote in an earlier cycle."""
    words = program.config.bank_words
    reads, writes = accesses.reads, accesses.writes
    ready = {(q * 2 + b) * words + o for (q, b, o), _ in _initial(program)}
    order = np.lexsort((writes.time, writes.address))
    written, first = np.unique(writes.address[order], return_index=True)
    maybe = np.minimum(
        _started(accesses.parts, reads.address), _started(accesses.banks, reads.address // words)
    )
    unsure = ~np.isin(reads.address, np.fromiter(ready, np.int64, len(ready)))
    rows = np.flatnonzero(unsure & (maybe >= reads.time))
    if not len(rows):
        return []
    place = np.searchsorted(written, reads.address[rows])
    known = np.minimum(place, max(0, len(written) - 1))
    writer = np.full(len(rows), -1)
    if len(written):
        ever = written[known] == reads.address[rows]
        writer = np.where(ever, order[first[known]], -1)
    late = (writer < 0) | (writes.time[writer] >= reads.time[rows]) if len(written) else writer < 0
    rows, writer = rows[late], writer[late]

    def make(n: int, count: int) -> Problem:
        row, write = int(rows[n]), int(writer[n])
        party = party_of(issues, int(reads.issue[row]), int(reads.copy[row]))
        where = int(reads.address[row])
        text = f"bank {where // words % 2} offset {where % words}"
        other, help_ = None, "write it before, or give it in the image, an input or a constant"
        if write >= 0:
            other = party_of(issues, int(writes.issue[write]), int(writes.copy[write]))
            help_ = f"read it after cycle {other.cycle}, when it is first written"
        return Problem(
            ErrorClass.UNINITIALISED,
            f"{party.queue} reads {text}, which nothing has written",
            int(reads.time[row]),
            party,
            other,
            help_,
            count,
        )

    cases = [(int(reads.issue[r]),) for r in rows]
    return first_of_pairs(cases, [int(reads.time[r]) for r in rows], make)
