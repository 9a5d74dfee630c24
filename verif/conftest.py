"""Counts the cocotb tests by level and prints the totals; notes which rows of the plan are hit.

A bench's level follows from where its cocotb module stands: ``verif/slices`` slice, ``verif/chip``
and the RTL engine chip, ``verif/system`` system, everything else unit.
"""

import re
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tspc.engines import verilator
from verif.plan import hits

#: The files that take longest, in the order in which they begin. The first one builds the chip that
#: others need; those that need it come when it stands, so that no worker waits for another's build.
#: Many small files follow, so that all workers end at the same time.
_FIRST = (
    "contract/test_delays.py",
    "host/test_host.py",
    "slices/sxm/test_units.py",
    "slices/vxm/test_alu.py",
    "chip/test_random.py",
    "slices/mxm/test_plane.py",
    "chip/test_faults.py",
    "slices/vxm/test_special.py",
    "icu/test_strip.py",
    "icu/test_chain.py",
)

_LEVELS = ("unit", "slice", "chip", "system")
_RULES = (
    (r"\.slices\.", "slice"),
    (r"\.chip\.|^tspc\.engines\.", "chip"),
    (r"\.system\.", "system"),
)
_PROPERTY = "cocotb tests"
_totals: Counter[str] = Counter()
_hits = hits.Hits()
_passed: set[str] = set()


def pytest_configure(config: pytest.Config) -> None:
    """Components that refuse their arguments, or whose layout alone is tested, are never used."""
    config.addinivalue_line("filterwarnings", "ignore::amaranth.hdl.UnusedElaboratable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the files; a file's tests keep their order."""
    here = Path(__file__).parent
    rank = {here / name: number for number, name in enumerate(_FIRST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


def _level(test_module: str) -> str:
    return next((level for rule, level in _RULES if re.search(rule, test_module)), "unit")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, Any]:
    """Attach what ran in this process since the last test; xdist carries it to the controller."""
    if call.when == "teardown":
        for test_module, tests in verilator.RAN:
            item.user_properties.append((_PROPERTY, (_level(test_module), tests)))
        verilator.RAN.clear()
        item.user_properties.append((hits.PROPERTY, hits.shown_by(item)))
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Sum up, in the process that prints the summary."""
    if report.when == "call" and report.passed:
        _passed.add(report.nodeid)
    if report.when == "teardown":
        for name, value in report.user_properties:
            if name == _PROPERTY:
                level, tests = value  # type: ignore[misc]
                _totals[level] += tests
            elif name == hits.PROPERTY and report.nodeid in _passed:
                _hits.add(report.nodeid, value)  # type: ignore[arg-type]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave the rows that were hit, in the process that sums up."""
    if not hasattr(session.config, "workerinput"):
        _hits.write()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the number of cocotb tests by level."""
    parts = ", ".join(f"{_totals[level]} {level}" for level in _LEVELS)
    terminalreporter.write_line(f"cocotb tests: {sum(_totals.values())} ({parts})")
