"""MEM slices run assembled programs: every slice, both directions, bursts, banks, turnaround.

Each program is text for the assembler. What must be in memory at the end is worked out here with
NumPy, apart from the golden model; then schedule, golden model and RTL are compared as ever.
"""

import numpy as np

from tsp.arch.config import NANO, Hemisphere
from tsp.arch.timing import timing
from tspc.asm import assemble
from tspc.compare import compare
from tspc.engines.rtl import Job, RtlEngine
from tspc.golden.model import GoldenEngine
from tspc.plan import expand
from verif.random_programs import hit

D = timing(NANO)
START = 60
STOP = {q.name: q.stop for q in NANO.queues}
SLICES = [f"MEM_{h.name}{n}" for h in Hemisphere for n in range(NANO.mem_slices)]
RNG = np.random.default_rng(2)


def consumer(source: str, sink: str, issue: int) -> int:
    """Issue of a WRITE in `sink` that takes what a READ in `source` drives."""
    return issue + D.mem_d_func + abs(STOP[sink] - STOP[source]) - 1 - D.mem_d_skew


class Case:
    """One program: text by queue, image and what must be in memory at the end."""

    def __init__(self) -> None:
        self.words: dict[str, list[str]] = {"VXM0": ["NOTIFY"]}
        self.image: dict[tuple[str, int, int], bytes] = {}
        self.expected: dict[tuple[str, int, int], bytes] = {}

    def data(self, slice_: str, bank: int, offset: int) -> bytes:
        """Put a random vector into the image."""
        return self.image.setdefault(
            (slice_, bank, offset % NANO.bank_words), RNG.bytes(NANO.lanes)
        )

    def add(self, queue: str, word: str) -> None:
        self.words.setdefault(queue, []).append(word)

    def program(self, name: str):
        lines = [".config nano", f".name {name}"]
        for (slice_, bank, offset), value in self.image.items():
            lines.append(f'.data {slice_}:{bank}:{offset} x"{value.hex()}"')
        for queue, words in self.words.items():
            lines += [f"{queue}:", *(f"    {word}" for word in words), "    HALT"]
        return assemble("\n".join(lines) + "\n", f"{name}.tsp")


def copy(case: Case, source: str, sink: str, index: int, at: int, count: int, stride: int) -> None:
    """A burst from bank 0 of one slice to bank 1 of another, around the end of both banks."""
    stream = f"{'E' if STOP[source] < STOP[sink] else 'W'}{index}"
    first, every = NANO.bank_words - 3, 1 + index % 3
    options = f"count={count} stride={stride} every={every}"
    case.add(source, f"@{at} READ 0:{first} -> {stream} {options}")
    written = consumer(source, sink, at)
    case.add(sink, f"@{written} WRITE 1:{first} <- {stream} {options}")
    for i in range(count):
        offset = (first + i * stride) % NANO.bank_words
        case.expected[sink, 1, offset] = case.data(source, 0, offset)


def bursts() -> list[Case]:
    """Every slice reads to one of the other half of the chip and writes from one."""
    cases = []
    half = len(SLICES) // 2
    for turn in (0, 1):
        case = Case()
        for i in range(half):
            source, sink = SLICES[i], SLICES[half + (i + turn) % half]
            if turn:
                source, sink = sink, source
            copy(case, source, sink, i, START, 5, 1 + i % 4)
        cases.append(case)
    return cases


def turnaround() -> Case:
    """A word written is read in the next cycle; one word reads one bank and writes the other."""
    case = Case()
    source, middle, sink = "MEM_W4", "MEM_E2", "MEM_E9"
    value, other = case.data(source, 0, 7), case.data(middle, 1, 9)
    case.add(source, f"@{START} READ 0:7 -> E3")
    at = consumer(source, middle, START)
    case.add(middle, f"@{at} READ 1:9 -> E5 | WRITE 0:1 <- E3")
    case.add(middle, f"@{at + 1} READ 0:1 -> E5")
    for i, bank in enumerate((0, 1)):
        case.add(sink, f"@{consumer(middle, sink, at + i)} WRITE {bank}:30 <- E5")
    case.expected |= {
        (middle, 0, 1): value,
        (sink, 0, 30): other,
        (sink, 1, 30): value,
    }
    return case


def repeated() -> Case:
    """REPEAT steps both ports of a word by their strides, inside their banks."""
    case = Case()
    source, sink = "MEM_E11", "MEM_E3"
    case.add(source, f"@{START} READ 0:254 -> W9 stride=1")
    case.add(source, "REPEAT 4, 3")
    case.add(sink, f"@{consumer(source, sink, START)} WRITE 0:250 <- W9 stride=2")
    case.add(sink, "REPEAT 4, 3")
    for i in range(5):
        value = case.data(source, 0, 254 + i)
        case.expected[sink, 0, (250 + 2 * i) % NANO.bank_words] = value
    return case


def test_assembled_programs_of_every_slice():
    cases = [*bursts(), turnaround(), repeated()]
    programs = [case.program(f"mem_{n}") for n, case in enumerate(cases)]
    engine = RtlEngine(test_module="verif.slices.mem.tb_mem")
    rtl = engine.run_jobs([Job(program, {}) for program in programs])
    seen = set()
    for case, program, actual in zip(cases, programs, rtl, strict=True):
        for (slice_, bank, offset), value in case.expected.items():
            found = actual.memory[NANO.queue_by_name[slice_].index, bank, offset]
            assert found.tobytes() == value, f"{slice_}:{bank}:{offset} of {program.name}"
        golden, schedule = GoldenEngine().run(program), expand(program)
        verdict = compare(NANO, schedule.events, schedule.done, golden, actual)
        assert verdict.first is None, verdict.first
        seen |= set(actual.events["queue"].tolist())
        assert hit(NANO, actual.events)
    assert {NANO.queue_by_name[name].index for name in SLICES} <= seen
