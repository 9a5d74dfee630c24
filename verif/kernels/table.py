"""docs/kernels.md: cycles of each kernel beside its lower bound.

Scheduling all kernels at full takes minutes, so the figures are recorded by ``make kernels``; a
test compares those of nano with what the scheduler does now, and by night all.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from tsp.arch.config import NAMED, Config
from tspc.plan import expand
from verif.kernels.bound import bound
from verif.kernels.cases import CASES, Case

__all__ = ["CONFIGS", "PAGE", "measure", "recorded", "write"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "kernels.md"
CONFIGS = ("nano", "small", "full")
_ROW = re.compile(r"\| (.+) \| (\w+) \| (.+) \| (\d+) \| (\d+) \| (.+) \| [\d.]+ \|")
_BEGIN, _END = "<!-- written by make kernels -->\n", "<!-- end -->\n"

#: size, cycles, lower bound, the resource that sets it
Row = tuple[str, int, int, str]


def measure(case: Case, config: Config) -> Row:
    """One kernel on one chip."""
    kernel = case.kernel(config)
    least = bound(kernel.graph)
    size = " x ".join(str(n) for n in case.sizes[config.name])
    return size, expand(kernel.program()).done or 0, least.cycles, least.limiting


def recorded() -> dict[tuple[str, str], Row]:
    """The table in the page: by kernel and configuration."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        match = re.fullmatch(
            r"\| (.+) \| (\w+) \| (.+) \| (\d+) \| (\d+) \| (.+) \| [\d.]+ \|", line
        )
        if match:
            name, config, size, cycles, least, limiting = match.groups()
            found[name, config] = (size, int(cycles), int(least), limiting)
    return found


def write(names: Sequence[str] = ()) -> None:
    """Measure the kernels of these names (all, if none is given), and write the page's table."""
    rows = recorded() if names else {}
    for case in CASES:
        for name in CONFIGS if not names or case.name in names else ():
            rows[case.name, name] = measure(case, NAMED[name])
            print(case.name, name, *rows[case.name, name], flush=True)
    lines = [
        "| kernel | chip | size | cycles | lower bound | set by | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    for case in CASES:
        for name in CONFIGS:
            if (case.name, name) in rows:
                size, cycles, least, limiting = rows[case.name, name]
                cells = (case.name, name, size, cycles, least, limiting, f"{cycles / least:.2f}")
                lines.append(f"| {' | '.join(map(str, cells))} |")
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(_BEGIN)
    tail = rest.split(_END)[1]
    PAGE.write_text(head + _BEGIN + "\n".join(lines) + "\n" + _END + tail, encoding="utf-8")
