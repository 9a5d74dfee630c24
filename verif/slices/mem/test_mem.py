"""MEM slices run assembled programs: every slice, both directions, bursts, banks, turnaround."""

import pytest

from tsp.arch.config import NANO, Hemisphere
from tsp.arch.timing import timing
from verif.random_programs import hit
from verif.slices.assembled import STOP, Case, run, stream_between

D = timing(NANO)
START = 60
SLICES = [f"MEM_{h.name}{n}" for h in Hemisphere for n in range(NANO.mem_slices)]


def consumer(source: str, sink: str, issue: int) -> int:
    """Issue of a WRITE in `sink` that takes what a READ in `source` drives."""
    return issue + D.mem_d_func + abs(STOP[sink] - STOP[source]) - 1 - D.mem_d_skew


def copy(case: Case, source: str, sink: str, index: int, at: int, count: int, stride: int) -> None:
    """A burst from bank 0 of one slice to bank 1 of another, around the end of both banks."""
    stream = stream_between(source, sink, index)
    first, every = NANO.bank_words - 3, 1 + index % 3
    options = f"count={count} stride={stride} every={every}"
    case.add(source, at, f"READ 0:{first} -> {stream} {options}")
    written = consumer(source, sink, at)
    case.add(sink, written, f"WRITE 1:{first} <- {stream} {options}")
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
    case.add(source, START, "READ 0:7 -> E3")
    at = consumer(source, middle, START)
    case.add(middle, at, "READ 1:9 -> E5 | WRITE 0:1 <- E3")
    case.add(middle, at + 1, "READ 0:1 -> E5")
    for i, bank in enumerate((0, 1)):
        case.add(sink, consumer(middle, sink, at + i), f"WRITE {bank}:30 <- E5")
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
    repeat = "\n    REPEAT 4, 3"
    case.add(source, START, f"READ 0:254 -> W9 stride=1{repeat}")
    case.add(sink, consumer(source, sink, START), f"WRITE 0:250 <- W9 stride=2{repeat}")
    for i in range(5):
        value = case.data(source, 0, 254 + i)
        case.expected[sink, 0, (250 + 2 * i) % NANO.bank_words] = value
    return case


@pytest.mark.feature("slice", "READ", "WRITE", measured=True)
def test_assembled_programs_of_every_slice():
    cases = [*bursts(), turnaround(), repeated()]
    seen = set()
    for actual in run(cases, "verif.slices.mem.tb_mem"):
        seen |= set(actual.events["queue"].tolist())
        assert hit(NANO, actual.events)
    assert {NANO.queue_by_name[name].index for name in SLICES} <= seen
