"""Verifier and golden model, written apart, agree on what is legal: random programs, half right.

Chains of READ, VXM and WRITE with the right times, of which some words are moved by a cycle, to
another bank or stream; NOTIFYs and SYNCs at random.
"""

import random
from collections import Counter

import numpy as np
import pytest

from tsp.arch.config import NANO
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import make
from tspc.golden.errors import GoldenError
from tspc.golden.simulate import simulate
from tspc.verifier import verify
from verif.golden.builder import NOTIFY, Maker, nop, read, repeat, sync, vxm, write
from verif.golden.test_mxm import Bench, acc, base, iw_abc

PROGRAMS = 400


class Draft:
    """Queues as lists of (cycle, words); clashes within a queue are dropped."""

    def __init__(self, rng, blur):
        self.rng, self.blur, self.maker = rng, blur, Maker()
        self.items = {}
        for name in self.slices():
            for bank in (0, 1):
                for offset in range(8):
                    if rng.random() > blur / 40:
                        self.maker.put(name, bank, offset, rng.randrange(256))

    def slices(self):
        """Few, so that they meet."""
        return [f"MEM_{h}{n}" for h in "WE" for n in (0, 1, 2, NANO.mem_slices - 1)]

    def jitter(self):
        return self.rng.choice((-1, 1)) if self.rng.random() < self.blur else 0

    def add(self, queue, cycle, *words, busy=1):
        """Put words where nothing of the queue is in the way; False if something is."""
        return self.add_all([(queue, cycle, words, busy)])

    def add_all(self, wanted):
        """All of it or nothing."""
        for queue, cycle, _, busy in wanted:
            mine = self.items.get(queue, {})
            first = 1 if queue == "VXM0" else self.maker.start
            if cycle < first or any(c in mine for c in range(cycle, cycle + busy)):
                return False
        for queue, cycle, words, busy in wanted:
            mine = self.items.setdefault(queue, {})
            mine |= dict.fromkeys(range(cycle, cycle + busy), ())
            mine[cycle] = words
        return True

    def copy(self):
        """A vector or a few from slice to slice, maybe through an ALU."""
        rng, maker, t = self.rng, self.maker, self.maker.timing
        east = rng.random() < 0.5
        order = sorted(
            rng.sample(self.slices(), 2), key=lambda s: maker.config.queue_by_name[s].stop
        )
        source, sink = order if east else order[::-1]
        stream = f"{'E' if east else 'W'}{rng.randrange(30)}"
        count, interval = rng.choice(((1, 1), (1, 1), (2, 3), (4, 1)))
        stride, offset, bank = rng.randrange(2), rng.randrange(4), rng.randrange(2)
        start = maker.start + rng.randrange(40, 120)
        fetch = read(bank, offset, stream, count, interval, stride)
        busy = 1 if rng.random() < self.blur else count * interval
        wanted = [(source, start + self.jitter(), (fetch,), busy)]
        at = maker.arrival(start, t.mem_d_func, source, sink)
        alu = f"VXM{rng.randrange(16)}"
        between = maker.hops(source, alu) * maker.hops(alu, sink) > 0
        if between and count == 1 and rng.random() < 0.7:
            issue = maker.arrival(start, t.mem_d_func, source, alu) - t.vxm_d_skew
            other = f"{stream[0]}{rng.randrange(32)}"
            wanted.append((alu, issue + self.jitter(), (vxm("ADD", [stream, 1], other),), 1))
            at, stream = maker.arrival(issue, t.vxm_d_func, alu, sink), other
        bank = rng.randrange(2)
        words = (write(bank, rng.randrange(8), stream, stride=stride),)
        if count > 1:
            words += (repeat(count - 1, interval),)
        store = at - t.mem_d_skew + self.jitter()
        wanted.append((sink, store, words, (count - 1) * interval + 1))
        if self.add_all(wanted):
            self.mischief(source, start, fetch, sink, store, bank)

    def mischief(self, source, start, fetch, sink, store, bank):
        """Somebody in the way of a copy."""
        rng = self.rng
        if rng.random() < self.blur:  # a neighbour drives the same stream
            number = int(source[5:]) ^ 1
            if number < 3:
                self.add(f"{source[:5]}{number}", start, fetch)
        if rng.random() < self.blur:  # a burst of the sink, maybe in the written bank
            words = (read(rng.choice((bank, 1 - bank)), 0, "E31", count=3, interval=2),)
            self.add(sink, store - rng.choice((2, 4)), *words)
        if rng.random() < self.blur:  # another read while one may still be busy
            self.add(source, start + rng.randrange(1, 12), read(0, 0, "W31"))

    def barrier(self):
        """A NOTIFY, and queues that wait for it, some too late or for one too many."""
        rng, d = self.rng, self.maker.timing.sync_release
        at = self.maker.start + rng.randrange(200, 300)
        self.add("VXM1", at, NOTIFY)
        if rng.random() < 0.5:
            self.add("VXM2", at + rng.choice((d - 1, d, d, d + 3)), NOTIFY)
        for _ in range(rng.randrange(1, 6)):
            wrong = rng.random() < 2 * self.blur
            late = rng.choice((1, 2, d, d + 1)) if wrong else -rng.randrange(40)
            waits = 2 if rng.random() < self.blur else 1
            self.add(rng.choice(self.slices()), at + late, sync(waits), busy=400)

    def program(self):
        text = {}
        for queue, mine in self.items.items():
            words, cursor = [], self.maker.start
            if queue == "VXM0":
                words, cursor = [NOTIFY], 1
            for cycle in sorted(c for c in mine if mine[c]):
                if cycle > cursor:
                    words.append(nop(cycle - cursor))
                words += mine[cycle]
                last = mine[cycle][-1]
                copies = last["n"] * last["d"] if last.name == "REPEAT" else 0
                cursor = cycle + copies + 1
            if self.rng.random() > self.blur / 8:
                words.append(make("HALT"))
            text[self.maker.queue(queue)] = tuple(w.encode() for w in words)
        program = self.maker.program({})
        program.text.update(text)
        return program


def planes(rng, blur):
    """One tile through a plane, with words moved."""
    bench = Bench(rng.choice(("MXM_W0", "MXM_E0")), seed=rng.randrange(1000))
    t0, d = base(bench), bench.maker.timing

    def moved(cycle):
        return cycle + (rng.choice((-1, 1)) if rng.random() < blur else 0)

    bench.load(t0, bench.random(32, 32))
    bench.issue("A", moved(t0 + 2), iw_abc(install=1))
    at = moved(t0 + 4)
    bench.stream(t0 + 4, bench.random(2, 32))
    bench.issue("A", at, iw_abc(mode=2, stream=16, entry=rng.randrange(2)), repeat(1))
    bench.issue("A", at + 2, iw_abc(mode=3, entry=rng.randrange(2)))
    modes = ["write", rng.choice(("add", "emit-sum", "emit-stored")), rng.choice(("add", "emit"))]
    for i, mode in enumerate(modes):
        entry = 0 if mode == "emit" else rng.choice((3, 3, 3, 4))
        bench.issue("R", moved(at) + d.abc_to_acc + i, acc(mode, entry))
    for items in bench.queues.values():
        items.sort(key=lambda item: item[0])
    try:
        return bench.maker.program(bench.queues)
    except AssertionError:  # two words of a queue in one cycle
        return None


def draft(seed):
    rng = random.Random(seed)
    blur = rng.choice((0, 0, 0.03, 0.2))
    if seed % 4 == 3:
        return planes(rng, 2 * blur)
    made = Draft(rng, blur)
    for _ in range(rng.randrange(1, 12)):
        made.copy()
    if rng.random() < 0.8:
        made.barrier()
    return made.program()


@pytest.fixture(scope="module")
def verdicts():
    """(seed, report, error or None, run or None) of every program."""
    found = []
    for seed in range(PROGRAMS):
        program = draft(seed)
        if program is None:
            continue
        report = verify(program)
        try:
            found.append((seed, report, None, simulate(program, [{}])[0]))
        except GoldenError as error:
            found.append((seed, report, error, None))
    return found


def test_legal_for_one_is_legal_for_the_other(verdicts):
    for seed, report, error, _ in verdicts:
        assert report.ok == (error is None), f"seed {seed}: {error or report}"


def test_the_golden_model_stops_with_a_class_that_the_verifier_found(verdicts):
    for seed, report, error, _ in verdicts:
        assert error is None or error.error_class in report.classes, f"seed {seed}: {error}"


def test_issues_segments_and_done_are_the_same(verdicts):
    for seed, report, _, run in verdicts:
        if run is not None:
            assert run.done == report.done, f"seed {seed}"
            opcodes = run.events["word"][:, 0] & 63
            notifies = np.count_nonzero(opcodes == make("NOTIFY").format.opcode)
            assert notifies == len(report.notifies)
            assert np.count_nonzero(opcodes >= 16) == report.issues, f"seed {seed}"


def test_the_programs_are_worth_it(verdicts):
    classes = Counter(error.error_class for _, _, error, _ in verdicts if error)
    legal = sum(error is None for _, _, error, _ in verdicts)
    assert legal > len(verdicts) // 5
    needed = {
        ErrorClass.STREAM_CONFLICT,
        ErrorClass.EMPTY_STREAM,
        ErrorClass.BANK_CONFLICT,
        ErrorClass.PORT_BUSY,
        ErrorClass.UNINITIALISED,
        ErrorClass.QUEUE_DRY,
        ErrorClass.LATE_TO_BARRIER,
        ErrorClass.BARRIER_SPACING,
        ErrorClass.UNFINISHED,
    }
    assert needed <= set(classes), classes
