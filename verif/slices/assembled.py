"""Assembled programs of one kind of slice on the nano chip, and the memory that they must leave.

Each program is text for the assembler. What must be in memory at the end is worked out by the test
with NumPy, apart from the golden model; then schedule, golden model and RTL are compared as ever.
"""

import numpy as np

from tsp.arch.config import NANO
from tsp.arch.timing import timing
from tspc.asm import assemble
from tspc.compare import compare
from tspc.engines.rtl import Job, RtlEngine
from tspc.golden.model import GoldenEngine
from tspc.plan import expand
from verif.plan import covers, subjects_of

__all__ = ["STOP", "Case", "run", "stream_between"]

#: Stop of each queue.
STOP = {q.name: q.stop for q in NANO.queues}

_TIMES = timing(NANO)


def stream_between(source: str, sink: str, index: int) -> str:
    """Stream `index` of the direction that leads from one queue's unit to another's."""
    return f"{'E' if STOP[source] < STOP[sink] else 'W'}{index}"


class Case:
    """One program: text by queue, image and what must be in memory at the end.

    Attributes
    ----------
    words
        (issue cycle, text) of each queue, in any order; the text may end with a REPEAT's line.
    image, expected
        Vectors by (slice, bank, offset).
    """

    def __init__(self, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.words: dict[str, list[tuple[int, str]]] = {"VXM0": [(0, "NOTIFY")]}
        self.image: dict[tuple[str, int, int], bytes] = {}
        self.expected: dict[tuple[str, int, int], bytes] = {}

    def data(self, slice_: str, bank: int, offset: int) -> bytes:
        """Put a random vector into the image, unless there is one."""
        key = (slice_, bank, offset % NANO.bank_words)
        if key not in self.image:
            self.image[key] = self.rng.bytes(NANO.lanes)
        return self.image[key]

    def add(self, queue: str, cycle: int, word: str) -> None:
        """Let a word issue in `cycle`; a read and a write of one cycle share a word."""
        words = self.words.setdefault(queue, [])
        ports = ("READ", "WRITE")
        for n, (at, other) in enumerate(words):
            if at == cycle and word.startswith(ports) and other.startswith(ports):
                words[n] = at, " | ".join(sorted((other, word)))
                return
        words.append((cycle, word))

    def feed(self, source: tuple[str, int, int], sink: str, cycle: int, index: int) -> str:
        """Read a vector so that it is on the inputs of `sink` in `cycle`; returns its stream."""
        slice_, bank, offset = source
        stream = stream_between(slice_, sink, index)
        hops = abs(STOP[sink] - STOP[slice_])
        issue = cycle - _TIMES.mem_d_func - hops + 1
        self.add(slice_, issue, f"READ {bank}:{offset} -> {stream}")
        return stream

    def take(self, source: str, cycle: int, stream: str, sink: tuple[str, int, int]) -> None:
        """Write what `source` has in its stream register from `cycle` on."""
        slice_, bank, offset = sink
        hops = abs(STOP[slice_] - STOP[source])
        issue = cycle + hops - 1 - _TIMES.mem_d_skew
        self.add(slice_, issue, f"WRITE {bank}:{offset} <- {stream}")

    def program(self, name: str):
        """The assembled program."""
        lines = [".config nano", f".name {name}"]
        for (slice_, bank, offset), value in self.image.items():
            lines.append(f'.data {slice_}:{bank}:{offset} x"{value.hex()}"')
        for queue, words in self.words.items():
            lines += [f"{queue}:", *(f"    @{at} {word}" for at, word in sorted(words))]
            lines.append("    HALT")
        return assemble("\n".join(lines) + "\n", f"{name}.tsp")


def run(cases: list[Case], test_module: str) -> list:
    """Run on the RTL and compare three ways, and the memory with what each case expects.

    Returns
    -------
    list of tspc.engines.base.Result
        What the RTL left of each.
    """
    programs = [case.program(f"case_{n}") for n, case in enumerate(cases)]
    engine = RtlEngine(test_module=test_module)
    results = engine.run_jobs([Job(program, {}) for program in programs])
    for case, program, actual in zip(cases, programs, results, strict=True):
        assert case.expected, "a case without a result shows nothing"
        for (slice_, bank, offset), value in case.expected.items():
            found = actual.memory[NANO.queue_by_name[slice_].index, bank, offset]
            assert found.tobytes() == value, f"{slice_}:{bank}:{offset} of {program.name}"
        golden, schedule = GoldenEngine().run(program), expand(program)
        verdict = compare(NANO, schedule.events, schedule.done, golden, actual)
        assert verdict.first is None, verdict.first
        covers("slice", subjects_of(program))
    return results
