"""Random legal programs: schedule, golden model and RTL agree in every event and every bit.

All programs of a batch run in one simulation. Every bin of :mod:`verif.random_programs.bins` is
hit. A program is replayed by its seed, several as a range::

    TSP_SEEDS=17 .venv/bin/python -m pytest -s verif/chip/test_random.py -k agree
    TSP_SEEDS=1000..1999 ...

The bins are asked for only if the usual seeds run. Figures: ``sim_build/random.json``.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

import pytest

from tsp.arch.config import NANO, SMALL, Config
from tsp.arch.isa import FORMATS, OPCODE_BITS
from tspc.compare import Comparison, compare, explain
from tspc.engines.base import Result
from tspc.engines.rtl import Job, RtlEngine
from tspc.engines.verilator import BUILD_ROOT
from tspc.golden.model import GoldenEngine
from tspc.plan import expand
from tspc.program import Program
from tspc.verifier import verify
from verif.plan import covers, subjects_of
from verif.random_programs import Bin, bins, generate, hit

#: A program aims at the share of the bins that its seed modulo 100 says: the last three at those
#: that find no place in the two programs before.
SEEDS = (*range(200), 292, 492, 592)
LEAST_ISSUES = 20_000
BATCH = 102  #: programs that are in memory at once
ONE = Config("one", 1, 0, 18, 64, 1, 16, 4, 1)

_FUNCTIONAL = [f.opcode for f in FORMATS.values() if f.functional]


@dataclass
class Campaign:
    """What a series of programs did."""

    config: str
    seeds: tuple[int, ...]
    issues: int = 0
    busiest: int = 0
    idlest: int = 1 << 30
    events: int = 0
    bits: int = 0
    cycles: int = 0
    seconds: float = 0.0
    different: dict[int, str] = field(default_factory=dict)
    hit: set[Bin] = field(default_factory=set, repr=False)

    def add(self, seed: int, program: Program, golden: Result, rtl: Result) -> None:
        """Compare one program's runs, and count."""
        schedule = expand(program)
        verdict = compare(program.config, schedule.events, schedule.done, golden, rtl)
        if not verdict.equal or _differs(verdict):
            self.different[seed] = str(verdict.first)
        self.hit |= hit(program.config, golden.events)
        functional = golden.events["word"][:, 0] & ((1 << OPCODE_BITS) - 1)
        keep = [int(code) in _FUNCTIONAL for code in functional]
        busy = len(set(golden.events["queue"][keep].tolist()))
        self.busiest, self.idlest = max(self.busiest, busy), min(self.idlest, busy)
        self.issues += sum(keep)
        self.events += verdict.events.compared
        self.bits += verdict.bits.compared
        self.cycles += golden.done or 0
        self.seconds += rtl.seconds


def _differs(verdict: Comparison) -> bool:
    counts = verdict.events.different + verdict.bits.different
    return bool(counts) or not verdict.cycles.equal


def _chosen(usual: Sequence[int]) -> tuple[int, ...]:
    """The seeds of ``TSP_SEEDS`` (one, or first..last), or the usual ones."""
    text = os.environ.get("TSP_SEEDS")
    if not text:
        return tuple(usual)
    first, _, last = text.partition("..")
    return tuple(range(int(first), int(last or first) + 1))


def _run(config: Config, seeds: tuple[int, ...]) -> Campaign:
    """Generate, verify, run on both engines, compare; a simulation for each batch."""
    print(f"\nrandom programs for {config.name}, seeds {seeds[0]}..{seeds[-1]}")
    campaign = Campaign(config.name, seeds)
    for first in range(0, len(seeds), BATCH):
        batch = seeds[first : first + BATCH]
        programs = [generate(config, seed) for seed in batch]
        for program in programs:
            report = verify(program)
            assert report.ok, str(report)
        golden = [GoldenEngine().run(program) for program in programs]
        rtl = RtlEngine().run_jobs([Job(program, {}) for program in programs])
        for seed, program, expected, actual in zip(batch, programs, golden, rtl, strict=True):
            campaign.add(seed, program, expected, actual)
            covers("random", subjects_of(program))
    return campaign


def _explain(config: Config, campaign: Campaign) -> str:
    """The first differing program again, with every driven word."""
    seed = min(campaign.different)
    program = generate(config, seed)
    golden = GoldenEngine().run(program, deep=True)
    deep = explain(config, golden, RtlEngine().run(program, deep=True))
    return (
        f"{len(campaign.different)} of {len(campaign.seeds)} programs differ: "
        f"seeds {sorted(campaign.different)}\nseed {seed}: {campaign.different[seed]}\n{deep}\n"
        f"replay: TSP_SEEDS={seed} .venv/bin/python -m pytest -s {__file__} -k agree"
    )


def _agree(config: Config, seeds: tuple[int, ...]) -> Campaign:
    campaign = _run(config, seeds)
    print(
        f"{len(seeds)} programs, {campaign.issues} functional issues in {campaign.idlest} to "
        f"{campaign.busiest} of {len(config.queues)} queues, {campaign.events} events and "
        f"{campaign.bits} bits compared, {len(campaign.different)} programs differ"
    )
    if campaign.different:
        pytest.fail(_explain(config, campaign))
    assert campaign.idlest >= 0.3 * len(config.queues)
    return campaign


@pytest.mark.feature("random", "[A-Z]*", "type *", measured=True)
def test_random_programs_agree_and_hit_every_bin() -> None:
    seeds = _chosen(SEEDS)
    campaign = _agree(NANO, seeds)
    every = bins(NANO)
    missing = sorted(map(str, every - campaign.hit))
    figures = {k: v for k, v in asdict(campaign).items() if k != "hit"}
    figures |= {"seeds": [seeds[0], seeds[-1]], "bins": len(every), "missed": missing}
    BUILD_ROOT.mkdir(parents=True, exist_ok=True)
    (BUILD_ROOT / "random.json").write_text(json.dumps(figures, indent=2) + "\n")
    if seeds == SEEDS:
        assert campaign.issues >= LEAST_ISSUES
        assert not missing, f"{len(missing)} of {len(every)} bins are never hit: {missing[:20]}"


def test_one_wrong_bit_or_cycle_is_a_difference() -> None:
    program = generate(NANO, 0)
    golden = GoldenEngine().run(program)
    same = Campaign("nano", (0,))
    same.add(0, program, golden, golden)
    assert not same.different and same.issues > 100 and same.bits > 10_000
    writes, events = golden.writes.copy(), golden.events.copy()
    writes["data"][-1, 3] ^= 16
    events["cycle"][len(events) // 2] += 1
    for wrong in ({"writes": writes}, {"events": events}, {"done": 1 + (golden.done or 0)}):
        campaign = Campaign("nano", (0,))
        campaign.add(0, program, golden, replace(golden, **wrong))
        assert list(campaign.different) == [0] and campaign.different[0] != "None"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "seeds"),
    [(ONE, range(40)), (SMALL, range(200)), (NANO, range(1000, 2000))],
    ids=["one", "small", "nano"],
)
def test_more_random_programs_agree(config: Config, seeds: range) -> None:
    _agree(config, _chosen(seeds))
