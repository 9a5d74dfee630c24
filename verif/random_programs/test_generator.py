"""The generator keeps its promises: legal, replayable, busy, nothing lost, everything used."""

from collections import Counter
from functools import cache

import numpy as np
import pytest

from tsp.arch.config import FULL, NANO, SMALL, Config
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import AccMode, Instruction, decode
from tsp.arch.timing import timing
from tspc.golden.errors import GoldenError
from tspc.golden.model import GoldenEngine
from tspc.program import Program
from tspc.verifier import verify
from tspc.verifier.expand import expand
from tspc.verifier.streams import feeders
from verif.random_programs import bins, directed, generate, hit
from verif.random_programs.generate import SHARES
from verif.random_programs.mutate import mutate

ONE = Config("one", 1, 0, 18, 64, 1, 16, 4, 1)
SEEDS = 12


@cache
def program(config: Config, seed: int) -> Program:
    return generate(config, seed)


@cache
def decoded(seed: int) -> list[Instruction]:
    return [decode(word) for text in program(NANO, seed).text.values() for word in text]


@pytest.mark.parametrize(
    ("config", "seeds"), [(NANO, SEEDS), (ONE, 4), (SMALL, 3), (FULL, 2)], ids=str
)
def test_programs_are_legal_and_busy(config: Config, seeds: int) -> None:
    issues = []
    for seed in range(seeds):
        report = verify(program(config, seed))
        assert report.ok and not report.warnings, f"seed {seed}: {report}"
        assert report.busy >= 0.3 * len(config.queues), f"seed {seed}: {report.busy} queues"
        issues.append(report.issues)
    assert np.mean(issues) >= 100


def test_a_seed_gives_the_same_program_again() -> None:
    first, again = generate(NANO, 3), generate(NANO, 3)
    assert first.text == again.text and first.plan == again.plan
    assert first.memory.keys() == again.memory.keys()
    assert all((first.memory[k] == again.memory[k]).all() for k in first.memory)
    assert generate(NANO, 4).text != first.text


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_driven_value_is_taken(seed: int) -> None:
    """No READ, VXM or ACC result flows off the chip unused."""
    found = expand(program(NANO, seed), timing(NANO))
    taken, driven = feeders([*found.issues, *found.fetches], NANO.stops, timing(NANO))
    assert driven > 50 and taken == driven


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_accumulator_is_emitted(seed: int) -> None:
    """Whatever is written, added or preloaded is emitted before it is overwritten or at the end."""
    owed: set[tuple[int, int]] = set()
    acc = []
    for issue in expand(program(NANO, seed), timing(NANO)).issues:
        if issue.instruction.name == "ACC":
            acc += [(issue.at(k), k, issue) for k in range(issue.copies)]
    for _, copy, issue in sorted(acc, key=lambda a: a[0]):
        mode = AccMode(issue.instruction["mode"])
        entry = (issue.instruction["entry"] + copy) % NANO.accumulators
        key = issue.queue.index, entry
        if mode in (AccMode.WRITE, AccMode.PRELOAD):
            assert key not in owed
        if mode in (AccMode.WRITE, AccMode.PRELOAD, AccMode.ADD):
            owed.add(key)
        elif mode is not AccMode.EMIT:
            owed.discard(key)
    assert not owed


def test_text_uses_everything_that_the_queues_can_do() -> None:
    words = [i for seed in range(SEEDS) for i in decoded(seed)]
    found = Counter(i.name for i in words)
    assert all(found[n] > 5 for n in ("NOP", "REPEAT", "SYNC", "NOTIFY", "LW", "MXM", "ACC"))
    assert sum(i.has_burst for i in words) > 50
    assert sum(i.name == "MEM" and i["read_kind"] * i["write_kind"] for i in words) > 5
    assert sum(i.name == "SYNC" and i["n"] > 1 for i in words) > 5


def test_wanted_bins_are_aimed_at() -> None:
    """Shares deal out every bin; a program hits most of its own share, few of another's."""
    shares = [directed(NANO, seed) for seed in range(SHARES)]
    assert sorted(map(str, bins(NANO))) == sorted(str(b) for share in shares for b in share)
    seed = 50
    got = hit(NANO, GoldenEngine().run(program(NANO, seed)).events)
    assert got <= bins(NANO)
    own = [len(got & set(share)) / max(1, len(share)) for share in (shares[50], shares[20])]
    assert own[0] > 0.8 > 2 * own[1]


@pytest.mark.parametrize("seed", range(4))
def test_golden_model_and_verifier_judge_mutants_alike(seed: int) -> None:
    """Legal for one is legal for the other, with the same `done`; else the classes agree."""
    illegal = 0
    for change in range(25):
        # Text in MEM that differs from the object's is legal for golden, who executes it.
        mutant = mutate(generate(NANO, seed, 100, fetches=False), change)
        report = verify(mutant)
        try:
            result = GoldenEngine().run(mutant)
        except GoldenError as error:
            illegal += 1
            assert error.error_class in report.classes, f"{mutant.name}: {error}\n{report}"
        else:
            maps = result.critical and report.classes == {ErrorClass.BAD_MAP}  # runs on
            assert (report.ok or maps) and report.done == result.done, f"{mutant.name}: {report}"
    assert 5 < illegal < 25
