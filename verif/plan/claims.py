"""Markers of all tests, read without running any: which tests are named for which row."""

import fnmatch
import functools
import importlib
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import FunctionType
from typing import Any

from verif.plan.hits import MARKER
from verif.plan.rows import Row

__all__ = ["Claim", "claims", "named"]

ROOT = Path(__file__).resolve().parents[1]

#: (level, pattern of subjects, test as ``path::function`` below verif)
Claim = tuple[str, str, str]


@functools.cache
def claims() -> tuple[Claim, ...]:
    """Every marker of every test."""
    found: list[Claim] = []
    for path in sorted(ROOT.rglob("test_*.py")):
        if f"mark.{MARKER}(" in path.read_text(encoding="utf-8"):
            name = path.relative_to(ROOT).with_suffix("").as_posix()
            module = importlib.import_module(f"verif.{name.replace('/', '.')}")
            for test, function in vars(module).items():
                if isinstance(function, FunctionType) and test.startswith("test_"):
                    found += [(level, p, f"{name}.py::{test}") for level, p in _markers(function)]
    return tuple(found)


def _markers(function: FunctionType) -> Iterator[tuple[str, str]]:
    """Levels and patterns of a test, with every value of the parameters that they name."""
    marks = getattr(function, "pytestmark", [])
    values: dict[str, list[Any]] = {}
    for mark in (mark for mark in marks if mark.name == "parametrize"):
        names, rows = mark.args[:2]
        names = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)
        for row in rows:
            row = getattr(row, "values", row if len(names) > 1 else (row,))
            for name, value in zip(names, row() if callable(row) else row):
                values.setdefault(name, []).append(value)
    for mark in (mark for mark in marks if mark.name == MARKER):
        level, *subjects = mark.args
        for subject in subjects:
            used = sorted(set(re.findall(r"\{(\w+)", subject)))
            for chosen in product(*(values[name] for name in used)):
                yield level, subject.format(**dict(zip(used, chosen)))


def named(row: Row) -> list[str]:
    """Tests that are named for a row."""
    return sorted(
        {
            test
            for level, pattern, test in claims()
            if level == row.level and fnmatch.fnmatchcase(row.subject, pattern)
        }
    )
