"""What the tests of a session show: a pytest plugin's half, used by ``verif/conftest.py``.

A row is hit by a test that passed, and that either carries the marker ``feature(level, *subjects)``
or called :func:`covers`. Subjects of markers may have ``*``, and ``{name}`` for a parameter of the
test, attributes included: ``feature("unit", "error {case.error_class.value}")``.
"""

import fnmatch
import json
import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from verif.plan.rows import Row, rows

__all__ = ["MARKER", "PROPERTY", "Hits", "covers", "shown_by"]

MARKER = "feature"
PROPERTY = "rows of the plan"

#: Where ``make test`` wants to know it; nothing is written without it.
VARIABLE = "TSP_PLAN"

_seen: set[tuple[str, str]] = set()


def covers(level: str, subjects: Iterable[str]) -> None:
    """Say that the running test shows these subjects on this level, if it passes."""
    _seen.update((level, subject) for subject in subjects)


def shown_by(item: pytest.Item) -> list[tuple[str, str]]:
    """What a test has shown, in (level, pattern of subjects); forgets what was said so far."""
    found = set(_seen)
    _seen.clear()
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    for marker in item.iter_markers(MARKER):
        if marker.kwargs.get("measured"):
            continue  # such a test says by itself what it covers
        level, *subjects = marker.args
        found |= {(level, str(s).format(**parameters)) for s in subjects}
    return sorted(found)


class Hits:
    """Rows and the tests that hit them, collected in the process that sums up."""

    def __init__(self) -> None:
        self._rows = rows()
        self._tests: dict[Row, set[str]] = defaultdict(set)

    def add(self, test: str, shown: Iterable[tuple[str, str]]) -> None:
        """A test passed."""
        for level, pattern in shown:
            for row in self._rows:
                if row.level == level and fnmatch.fnmatchcase(row.subject, pattern):
                    self._tests[row].add(test)

    def write(self) -> None:
        """Leave them where ``make plan`` looks, if this is what ``make test`` runs."""
        where = os.environ.get(VARIABLE)
        if where:
            found = [
                {"group": r.group, "subject": r.subject, "level": r.level, "tests": sorted(tests)}
                for r, tests in sorted(self._tests.items())
            ]
            Path(where).parent.mkdir(parents=True, exist_ok=True)
            Path(where).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
