"""MXM: what is used before it is loaded, results that do not meet their ACC, accumulator range."""

from collections.abc import Iterator, Sequence

import numpy as np

from tsp.arch.config import Config, QueueKind
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import AbcMode, AccMode
from tsp.arch.timing import Timing
from tspc.verifier.issues import Issue
from tspc.verifier.report import Party, Problem, Remark
from tspc.verifier.tables import Ints, Table, first_of_pairs, party_of, spread

__all__ = ["check_mxm"]

_NEVER = 1 << 60
_USES_RESULT = (AccMode.WRITE, AccMode.ADD, AccMode.EMIT, AccMode.EMIT_SUM)
_USES_ENTRY = (AccMode.ADD, AccMode.EMIT_SUM, AccMode.EMIT_STORED)
_SETS_ENTRY = (AccMode.WRITE, AccMode.ADD, AccMode.PRELOAD)

#: Largest magnitude of a product of two int8 is 2^14; int32 holds less than 2^31.
_PRODUCT, _LIMIT = 1 << 14, 1 << 31


def check_mxm(
    issues: Sequence[Issue], config: Config, timing: Timing, bound: int | None
) -> tuple[list[Problem], list[Remark]]:
    """Check every plane; returns problems and warnings."""
    planes: dict[tuple[object, int], list[Issue]] = {}
    for issue in issues:
        kind = issue.queue.kind
        if kind in (QueueKind.MXM_W, QueueKind.MXM_A, QueueKind.MXM_R):
            planes.setdefault((issue.queue.hemisphere, issue.queue.unit), []).append(issue)
    problems: list[Problem] = []
    warnings: list[Remark] = []
    for plane in planes.values():
        check = _Plane(plane, config, timing)
        problems += check.weights() + check.activations() + check.entries() + check.results()
        problems += check.range(bound)
        warnings += check.discarded()
    return problems, warnings


class _Plane:
    """Tables of one plane's issues; ``number`` in a table counts ``self._issues``."""

    def __init__(self, issues: Sequence[Issue], config: Config, timing: Timing) -> None:
        self._issues, self._config, self._timing = issues, config, timing

        def rows(name: str) -> Table:
            found = [(n, 0, 1, 0) for n, i in enumerate(issues) if i.instruction.name == name]
            return spread(found, issues)

        self._lw, self._mxm, self._acc = rows("LW"), rows("MXM"), rows("ACC")
        self._limits = np.array([i.limit for i in issues], np.int64)
        self._abc_mode = self._field(self._mxm, "mode")
        self._acc_mode = self._field(self._acc, "mode")
        self._acc_entry = self._stepped(self._acc, "entry", config.accumulators)
        self._abc_entry = self._stepped(self._mxm, "entry", config.activations)

    def _field(self, table: Table, name: str) -> Ints:
        values = [i.instruction.values.get(name, 0) for i in self._issues]
        return np.array(values, np.int64)[table.issue]

    def _stepped(self, table: Table, name: str, modulus: int) -> Ints:
        return (self._field(table, name) + table.copy) % modulus

    def _pairs(
        self, used: Table, users: Ints, table: Table, setters: Ints
    ) -> Iterator[tuple[Ints, Ints]]:
        """Users of each number of superlanes, with the setters that act in as many or more."""
        wanted, given = self._limits[used.issue[users]], self._limits[table.issue[setters]]
        for limit in np.unique(wanted).tolist():
            yield users[wanted == limit], setters[given >= limit]

    def _missing(
        self, table: Table, rows: Ints, what: Sequence[str], cause: Sequence[Party | None]
    ) -> list[Problem]:
        """Uninitialised: one problem for each word, with whoever would have been the cause."""

        def make(n: int, count: int) -> Problem:
            row = int(rows[n])
            party = party_of(self._issues, int(table.issue[row]), int(table.copy[row]))
            other = cause[n]
            help_ = "issue what sets it before" if other is None else f"{other.queue} sets it later"
            time = int(table.time[row])
            message = f"{party.queue} uses {what[n]}, which nothing has set"
            return Problem(ErrorClass.UNINITIALISED, message, time, party, other, help_, count)

        return first_of_pairs(
            [(int(table.issue[r]),) for r in rows], [int(table.time[r]) for r in rows], make
        )

    def _first(self, table: Table, rows: Ints, index: Ints, size: int, delay: int) -> Ints:
        """For each of `size` entries the first cycle in which it may be used."""
        ready = np.full(size, _NEVER, np.int64)
        np.minimum.at(ready, index[rows], table.time[rows] + delay)
        return ready

    def _setter(self, table: Table, rows: Ints, index: Ints, entry: int) -> Party | None:
        """The word that is first to set an entry."""
        found = rows[index[rows] == entry]
        if not len(found):
            return None
        row = int(found[np.argmin(table.time[found])])
        return party_of(self._issues, int(table.issue[row]), int(table.copy[row]))

    def weights(self) -> list[Problem]:
        """IW with column groups never loaded, ABC without installed weights."""
        timing, columns = self._timing, self._config.superlanes
        column = self._stepped(self._lw, "column", columns)
        installs = np.flatnonzero(self._field(self._mxm, "install"))
        found: list[Problem] = []
        for users, loads in self._pairs(self._mxm, installs, self._lw, np.arange(len(column))):
            loaded = self._first(self._lw, loads, column, columns, timing.lw_to_iw)
            last = int(np.argmax(loaded))
            early = users[self._mxm.time[users] < loaded[last]]
            cause = self._setter(self._lw, loads, column, last)
            label = f"column group {last} of the load buffer"
            found += self._missing(self._mxm, early, [label] * len(early), [cause] * len(early))

        zeros = np.zeros(len(self._mxm.time), np.int64)
        computes = np.flatnonzero(self._abc_mode)
        for users, sets in self._pairs(self._mxm, computes, self._mxm, installs):
            ready = self._first(self._mxm, sets, zeros, 1, timing.iw_to_abc)[0]
            early = users[self._mxm.time[users] < ready]
            cause = self._setter(self._mxm, sets, zeros, 0)
            found += self._missing(self._mxm, early, ["weights"] * len(early), [cause] * len(early))
        return found

    def activations(self) -> list[Problem]:
        """ABC from buffer entries that nothing kept."""
        keeps = np.flatnonzero(self._abc_mode == AbcMode.KEEP)
        size, delay = self._config.activations, self._timing.keep_to_buffer
        return self._entries(
            self._mxm, keeps, np.flatnonzero(self._abc_mode == AbcMode.BUFFER), self._abc_entry,
            size, delay, "activation buffer entry",
        )  # fmt: skip

    def entries(self) -> list[Problem]:
        """ACC with accumulator entries that nothing wrote."""
        sets = np.flatnonzero(np.isin(self._acc_mode, _SETS_ENTRY))
        uses = np.flatnonzero(np.isin(self._acc_mode, _USES_ENTRY))
        size, delay = self._config.accumulators, self._timing.acc_to_acc
        return self._entries(
            self._acc, sets, uses, self._acc_entry, size, delay, "accumulator entry"
        )

    def _entries(
        self, table: Table, sets: Ints, uses: Ints, entry: Ints, size: int, delay: int, what: str
    ) -> list[Problem]:
        found: list[Problem] = []
        for users, setters in self._pairs(table, uses, table, sets):
            ready = self._first(table, setters, entry, size, delay)
            early = users[table.time[users] < ready[entry[users]]]
            names = [f"{what} {int(entry[r])}" for r in early]
            causes = [self._setter(table, setters, entry, int(entry[r])) for r in early]
            own = [party_of(self._issues, int(table.issue[r]), int(table.copy[r])) for r in early]
            others = [None if c == o else c for o, c in zip(own, causes, strict=True)]
            found += self._missing(table, early, names, others)
        return found

    def results(self) -> list[Problem]:
        """ACC that uses r without an ABC exactly ``abc_to_acc`` before."""
        delay = self._timing.abc_to_acc
        sent = np.flatnonzero(self._abc_mode)
        users = np.flatnonzero(np.isin(self._acc_mode, _USES_RESULT))
        alone = users[~np.isin(self._acc.time[users] - delay, self._mxm.time[sent])]

        def make(n: int, count: int) -> Problem:
            row = int(alone[n])
            party = party_of(self._issues, int(self._acc.issue[row]), int(self._acc.copy[row]))
            due, other = int(self._acc.time[row]) - delay, None
            help_ = f"issue the ABC in cycle {due}"
            if len(sent):
                near = int(sent[np.argmin(np.abs(self._mxm.time[sent] - due))])
                number, copy = int(self._mxm.issue[near]), int(self._mxm.copy[near])
                other = party_of(self._issues, number, copy)
                help_ += f", or the ACC {delay} cycles after its ABC"
            return Problem(
                ErrorClass.EMPTY_STREAM,
                f"{party.queue} uses the result of an ABC in cycle {due}, and there is none",
                int(self._acc.time[row]),
                party,
                other,
                help_,
                count,
            )

        return first_of_pairs(
            [(int(self._acc.issue[r]),) for r in alone],
            [int(self._acc.time[r]) for r in alone],
            make,
        )

    def discarded(self) -> list[Remark]:
        """ABC whose result no ACC takes."""
        takes = self._acc.time[np.isin(self._acc_mode, _USES_RESULT)] - self._timing.abc_to_acc
        sent = np.flatnonzero(self._abc_mode)
        lost = sent[~np.isin(self._mxm.time[sent], takes)]
        counts: dict[int, tuple[int, int]] = {}
        for row in lost.tolist():
            number = int(self._mxm.issue[row])
            first, count = counts.get(number, (row, 0))
            counts[number] = (first, count + 1)
        found = []
        for number, (row, count) in counts.items():
            party = party_of(self._issues, number, int(self._mxm.copy[row]))
            message = "the result of this ABC is discarded: no ACC takes it"
            found.append(Remark(message, int(self._mxm.time[row]), party, count))
        return found

    def range(self, bound: int | None) -> list[Problem]:
        """Entries to which more vectors are added than int32 is sure to hold.

        The vector that ``write`` stores is the first of them, and ``emit-sum`` has one more in
        its result; ``preload`` starts at none.
        """
        size = self._config.lanes * _PRODUCT
        order = np.lexsort((self._acc.time, self._acc_entry))
        order = order[self._acc_mode[order] != AccMode.EMIT]
        mode, entry = self._acc_mode[order], self._acc_entry[order]
        added = np.cumsum(np.isin(mode, (AccMode.WRITE, AccMode.ADD)))
        # What is written in some superlanes only leaves the others' sums, and so the count.
        whole = self._limits[self._acc.issue[order]] == self._config.superlanes
        fresh = np.isin(mode, (AccMode.WRITE, AccMode.PRELOAD)) & whole
        start = np.append(True, entry[1:] != entry[:-1])[: len(order)] | fresh
        index = np.arange(len(order))
        begin = np.maximum.accumulate(np.where(start, index, 0)) if len(order) else index
        before: Ints = added[begin] - np.isin(mode[begin], (AccMode.WRITE, AccMode.ADD))
        vectors = added - before + (mode == AccMode.EMIT_SUM)
        over = vectors * size >= _LIMIT
        if bound is not None:
            over = np.full(len(order), bound >= _LIMIT)
        rows = np.flatnonzero(over)

        def make(n: int, count: int) -> Problem:
            row = int(rows[n])
            at, first = int(order[row]), int(order[begin[row]])
            party = party_of(self._issues, int(self._acc.issue[at]), int(self._acc.copy[at]))
            other = party_of(self._issues, int(self._acc.issue[first]), int(self._acc.copy[first]))
            reach = f"{int(vectors[row])} vectors x {self._config.lanes} x 2^14"
            return Problem(
                ErrorClass.ACCUMULATOR_RANGE,
                f"entry {int(entry[row])} may reach "
                f"{reach if bound is None else bound}, and int32 holds less than 2^31",
                int(self._acc.time[at]),
                party,
                other,
                "emit and begin anew, or let the program give a bound",
                count,
            )

        cases = [(int(self._acc.issue[order[r]]),) for r in rows]
        return first_of_pairs(cases, [int(self._acc.time[order[r]]) for r in rows], make)
