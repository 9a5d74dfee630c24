"""Text to issue times: what each queue issues and when, barriers included.

execution.md, *Queues* and *Barrier and segments*. Times are absolute: cycles since the first
NOTIFY. NOTIFYs are taken in order of time; whatever a NOTIFY at t releases issues later than t, so
everything that precedes the earliest pending NOTIFY is known when it is taken.
"""

from dataclasses import dataclass, field, replace
from heapq import heappop, heappush

from tsp.arch.config import Queue, QueueKind
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import BadWord, Instruction, config_problems, make
from tsp.arch.timing import Timing
from tspc.program import Program, decoded
from tspc.verifier.buffer import Buffer, check_spacing
from tspc.verifier.describe import describe
from tspc.verifier.issues import Expansion, Issue, ports
from tspc.verifier.report import Party, Problem, Remark

__all__ = ["expand"]


@dataclass
class _Run:
    """A queue on its way through its text. ``since``: parked by a SYNC that issued then."""

    queue: Queue
    text: tuple[int, ...]
    buffer: Buffer
    limit: int
    time: int = 0
    next: int = 0
    since: int | None = -1
    remaining: int = 1
    sync: Issue | None = None
    repeatable: Issue | None = None
    dry: bool = False
    times: dict[int, int] = field(default_factory=dict)

    @property
    def implicit(self) -> bool:
        """True if the program has no text for this queue."""
        return not self.text


def _decode(word: int) -> Instruction | str:
    try:
        return decoded(word)
    except BadWord as error:
        return str(error)


def expand(program: Program, timing: Timing) -> Expansion:
    """Find the issue times of every word of `program`."""
    return _Expander(program, timing).run()


class _Expander:
    def __init__(self, program: Program, timing: Timing) -> None:
        self._program, self._release = program, timing.sync_release
        self._found = Expansion()
        self._pending: list[tuple[int, int, Issue]] = []
        queues = program.config.queues
        self._runs = [
            _Run(
                q,
                tuple(program.text.get(q.index, ())),
                Buffer(program.config, timing, len(program.loaded(q.index))),
                program.config.superlanes,
            )
            for q in queues
        ]
        self._halt = make("HALT")

    def run(self) -> Expansion:
        for number in _strays(self._program):
            party = Party(f"queue {number}", 0, None, "text")
            top = len(self._runs) - 1
            self._problem(
                ErrorClass.BAD_WORD,
                f"the program has text for queue {number}, and the last queue is {top}",
                0,
                party,
                help="use the configuration for which the program was made",
            )
        for run in self._runs:
            self._check_length(run)
        first = next(r for r in self._runs if r.queue.kind is QueueKind.VXM)
        first.since = None
        self._check_first(first)
        self._advance(first)
        while self._pending:
            _, _, notify = heappop(self._pending)
            self._settle(notify)
        for run in self._runs:
            self._check_end(run)
        self._found.problems += check_spacing(self._found.fetches)
        return self._found

    # ---- reports -------------------------------------------------------------------------

    def _problem(
        self,
        error_class: ErrorClass,
        message: str,
        cycle: int,
        party: Party,
        other: Party | None = None,
        help: str = "",
    ) -> None:
        self._found.problems.append(Problem(error_class, message, cycle, party, other, help))

    def _line(self, run: _Run, index: int) -> int | None:
        source = self._program.source
        lines = source.lines.get(run.queue.index, ()) if source else ()
        return lines[index] if 0 <= index < len(lines) else None

    def _party(self, run: _Run, index: int, cycle: int | None) -> Party:
        word = run.text[index]
        known = _decode(word)
        text = f"{word:#034x}" if isinstance(known, str) else describe(known)
        return Party(run.queue.name, index, cycle, text, self._line(run, index))

    def _check_length(self, run: _Run) -> None:
        size = self._program.config.queue_words
        loaded = len(self._program.loaded(run.queue.index))
        if loaded > size:
            self._problem(
                ErrorClass.QUEUE_OVERFLOW,
                f"{run.queue.name} has {loaded} words to load, and its buffer holds {size}",
                0,
                self._party(run, size, None),
                help="shorten the text with NOP, REPEAT and bursts, or fetch it from MEM",
            )

    def _check_first(self, run: _Run) -> None:
        known = _decode(run.text[0]) if run.text else self._halt
        if isinstance(known, str) or known.name in ("NOTIFY", "SYNC", "HALT"):
            return  # reported as a bad word, or (SYNC, HALT) nothing ever releases the others
        self._problem(
            ErrorClass.BAD_WORD,
            f"the first word of {run.queue.name} is not NOTIFY, and it alone runs at the start",
            0,
            self._party(run, 0, 0),
            help=f"let NOTIFY be the first word of {run.queue.name}",
        )

    def _check_end(self, run: _Run) -> None:
        self._found.problems += run.buffer.overflows()
        if run.since is None:
            self._check_plan(run)
            return
        name = run.queue.name
        if run.sync is not None:
            party, word = run.sync.party(), f"{name} stays parked for ever"
        else:
            if run.implicit and self._found.notifies:
                return
            text = "parked since reset"
            party, word = Party(name, -1, None, text), f"{name} is never released after reset"
        others = self._found.notifies
        self._problem(
            ErrorClass.UNFINISHED,
            f"{word}: {run.remaining} NOTIFYs too few",
            party.cycle or 0,
            party,
            others[-1].party() if others else None,
            "add the NOTIFY it waits for, park for fewer, or let VXM0 begin with NOTIFY",
        )

    def _check_plan(self, run: _Run) -> None:
        plan = self._program.plan.get(run.queue.index, ())
        for index, cycle in sorted(run.times.items()):
            if index < len(plan) and plan[index] != cycle:
                party = self._party(run, index, cycle)
                message = f"planned for cycle {plan[index]}, issues in cycle {cycle}"
                self._found.warnings.append(Remark(message, cycle, party))
                return

    # ---- barriers ------------------------------------------------------------------------

    def _settle(self, notify: Issue) -> None:
        start, known = notify.cycle, self._found.notifies
        if known and start - known[-1].cycle < self._release:
            self._problem(
                ErrorClass.BARRIER_SPACING,
                f"NOTIFY {start - known[-1].cycle} cycles after another; {self._release} needed",
                start,
                notify.party(),
                known[-1].party(),
                f"issue it in cycle {known[-1].cycle + self._release} or later",
            )
        known.append(notify)
        for run in self._runs:
            if run.since is None or run.since >= start + self._release:
                if run.since == start + self._release:
                    self._late(run, notify)
                continue
            if run.since > start + 1:
                self._late(run, notify)
            run.remaining -= 1
            if not run.remaining:
                run.since, run.time = None, start + self._release
                self._advance(run)

    def _late(self, run: _Run, notify: Issue) -> None:
        assert run.sync is not None and run.since is not None
        after = run.since - notify.cycle
        self._problem(
            ErrorClass.LATE_TO_BARRIER,
            f"SYNC {after} cycles after a NOTIFY; 2 .. {self._release} are too late for it",
            run.since,
            run.sync.party(),
            notify.party(),
            f"park by cycle {notify.cycle + 1}, or after {notify.cycle + self._release}",
        )

    def _park(self, run: _Run, sync: Issue) -> None:
        run.since, run.remaining, run.sync = sync.cycle, sync.instruction["n"], sync
        for notify in self._found.notifies[-2:]:
            if 2 <= sync.cycle - notify.cycle <= self._release:
                self._late(run, notify)

    # ---- words ---------------------------------------------------------------------------

    def _advance(self, run: _Run) -> None:
        """Let a released queue run until it parks or ends."""
        if run.implicit:
            self._found.end = max(self._found.end, run.time)
            return
        while run.since is None:
            if run.next == len(run.text) or run.buffer.ready(run.next) is None:
                return self._dry(run, run.time, "its text ended", "end the text with HALT")
            late = (run.buffer.ready(run.next) or 0) - run.time
            if late > 0 and not run.dry:  # what follows comes too late, too
                run.dry = True
                why = f"IFETCH brings word {run.next} {late} cycles too late"
                self._dry(run, run.time, why, f"issue the IFETCH {late} cycles earlier")
            index, run.next = run.next, run.next + 1
            ended = self._step(run, index)
            run.buffer.leaves.append(run.time - 1)
            if ended:
                return

    def _dry(self, run: _Run, cycle: int, why: str, help: str) -> None:
        name = run.queue.name
        self._problem(
            ErrorClass.QUEUE_DRY,
            f"{name} has no word to issue in cycle {cycle}: {why}",
            cycle,
            self._party(run, max(0, run.next - 1), None),
            run.buffer.bringer(run.next),
            help,
        )

    def _step(self, run: _Run, index: int) -> bool:
        """Take one word; True if it ends the queue."""
        previous, run.repeatable = run.repeatable, None
        known = _decode(run.text[index])
        faults = [known] if isinstance(known, str) else []
        if not isinstance(known, str):
            faults = config_problems(known, self._program.config, run.queue)
        if faults or isinstance(known, str):
            party = self._party(run, index, run.time)
            for fault in faults:
                self._problem(ErrorClass.BAD_WORD, fault, run.time, party, help="see the manual")
            run.time += 1
            return False
        line = self._line(run, index)
        issue = Issue(run.queue, index, known, run.time, line=line, limit=run.limit)
        if known.name == "REPEAT":
            self._repeat(run, issue, previous)
            return False
        if known.name != "NOP":
            run.times[index] = run.time
        run.time += known["n"] if known.name == "NOP" else 1
        if known.format.functional:
            self._functional(run, issue)
        elif known.name == "NOTIFY":
            heappush(self._pending, (issue.cycle, run.queue.index, issue))
        elif known.name == "SYNC":
            self._park(run, issue)
        elif known.name == "CONFIG":
            run.limit = known["n"]
        elif known.name == "IFETCH":
            self._found.fetches.append(run.buffer.fetch(issue))
        elif known.name == "HALT":
            self._halted(run, issue)
            return True
        return False

    def _halted(self, run: _Run, halt: Issue) -> None:
        self._found.end = max(self._found.end, halt.cycle)
        rest = max(len(run.text), run.buffer.words) - run.next
        if rest:
            self._problem(
                ErrorClass.UNFINISHED,
                f"{rest} words follow HALT and never issue",
                halt.cycle,
                halt.party(),
                self._party(run, run.next, None) if run.next < len(run.text) else None,
                "let HALT be the last word",
            )

    def _functional(self, run: _Run, issue: Issue) -> None:
        found = list(ports(issue))
        self._found.issues += found
        self._found.end = max(self._found.end, *(i.last for i in found))
        if not issue.instruction.has_burst:
            run.repeatable = issue

    def _repeat(self, run: _Run, repeat: Issue, previous: Issue | None) -> None:
        if previous is None:
            before = self._party(run, repeat.word - 1, None) if repeat.word else None
            self._problem(
                ErrorClass.BAD_WORD,
                "REPEAT does not directly follow a functional word without burst",
                repeat.cycle,
                repeat.party(),
                before,
                "place it behind the word that it repeats",
            )
            return
        n, d = repeat.instruction["n"], repeat.instruction["d"]
        for k in range(len(self._found.issues) - 1, -1, -1):
            issue = self._found.issues[k]
            if issue.queue is not run.queue or issue.word != previous.word:
                break
            self._found.issues[k] = replace(issue, copies=n + 1, interval=d)
        run.time = previous.cycle + n * d + 1
        self._found.end = max(self._found.end, run.time - 1)


def _strays(program: Program) -> list[int]:
    """Numbers of queues that the program has text for and the configuration has not."""
    return [n for n in program.text if not 0 <= n < len(program.config.queues)]
