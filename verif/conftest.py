"""Counts the cocotb tests by level and prints the totals; notes which rows of the plan are hit.

A bench's level follows from where its cocotb module stands: ``verif/slices`` slice, ``verif/chip``
and the RTL engine chip, ``verif/system`` system, everything else unit.
"""

import re
from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest

from tspc.engines import verilator
from verif.plan import hits

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
