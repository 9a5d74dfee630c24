"""MEM: busy ports, banks accessed twice in a cycle, and words read before they are written."""

from collections.abc import Iterable, Sequence

import numpy as np

from tsp.arch.config import QueueKind
from tsp.arch.errors import ErrorClass
from tspc.program import Address, Program
from tspc.verifier.issues import Issue
from tspc.verifier.report import Party, Problem
from tspc.verifier.tables import Ints, Table, first_of_pairs, party_of, spread

__all__ = ["check_memory"]


def check_memory(issues: Sequence[Issue], program: Program) -> list[Problem]:
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
    return found + _uninitialised(issues, table, address, program)


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


def _uninitialised(
    issues: Sequence[Issue], table: Table, address: Ints, program: Program
) -> list[Problem]:
    """Reads of words that nothing wrote in an earlier cycle."""
    words = program.config.bank_words
    ready = {(q * 2 + b) * words + o for (q, b, o), _ in _initial(program)}
    writes = np.flatnonzero(table.stream == 1)
    writes = writes[np.lexsort((table.time[writes], address[writes]))]
    written, first = np.unique(address[writes], return_index=True)
    reads = np.flatnonzero(table.stream == 0)
    reads = reads[~np.isin(address[reads], np.fromiter(ready, np.int64, len(ready)))]
    if not len(reads):
        return []
    place = np.searchsorted(written, address[reads])
    known = np.minimum(place, max(0, len(written) - 1))
    ever = np.zeros(len(reads), bool)
    when = np.zeros(len(reads), np.int64)
    if len(written):
        ever = written[known] == address[reads]
        when = table.time[writes[first[known]]]
    rows = np.flatnonzero(~(ever & (when < table.time[reads])))

    def make(n: int, count: int) -> Problem:
        row = int(rows[n])
        read = int(reads[row])
        party = party_of(issues, int(table.issue[read]), int(table.copy[read]))
        where = int(address[read])
        place = f"bank {where // words % 2} offset {where % words}"
        other, help_ = None, "write it before, or give it in the image, an input or a constant"
        if ever[row]:
            write = int(writes[first[known[row]]])
            other = party_of(issues, int(table.issue[write]), int(table.copy[write]))
            help_ = f"read it after cycle {other.cycle}, when it is first written"
        return Problem(
            ErrorClass.UNINITIALISED,
            f"{party.queue} reads {place}, which nothing has written",
            int(table.time[read]),
            party,
            other,
            help_,
            count,
        )

    cases = [(int(table.issue[reads[r]]),) for r in rows]
    return first_of_pairs(cases, [int(table.time[reads[r]]) for r in rows], make)
