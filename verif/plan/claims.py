"""Markers of all tests, read from their files: which tests are named for which row."""

import ast
import fnmatch
import re
from collections.abc import Iterator
from pathlib import Path

from verif.plan.hits import MARKER
from verif.plan.rows import Row

__all__ = ["Claim", "claims", "named"]

ROOT = Path(__file__).resolve().parents[1]

#: (level, pattern of subjects, test as ``path::function`` below verif)
Claim = tuple[str, str, str]


def claims(folder: Path = ROOT) -> list[Claim]:
    """Every marker of every test."""
    found: list[Claim] = []
    for path in sorted(folder.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        name = path.relative_to(folder).as_posix()
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for level, pattern in _markers(node.decorator_list):
                    found.append((level, pattern, f"{name}::{node.name}"))
    return found


def _markers(decorators: list[ast.expr]) -> Iterator[tuple[str, str]]:
    """Levels and patterns of a test; a parameter stands for its values, if they are written out."""
    calls = [d for d in decorators if isinstance(d, ast.Call) and isinstance(d.func, ast.Attribute)]
    values = dict(_values(call) for call in calls if call.func.attr == "parametrize")  # type: ignore[attr-defined]
    for call in calls:
        if call.func.attr == MARKER:  # type: ignore[attr-defined]
            level, *subjects = [ast.literal_eval(a) for a in call.args]
            for subject in subjects:
                name = re.search(r"\{([^}]*)\}", subject)
                for value in values.get(name[1] if name else "", ["*"]):
                    yield level, re.sub(r"\{[^}]*\}", str(value), subject)


def _values(call: ast.Call) -> tuple[str, list[object]]:
    """Name and values of a parameter."""
    try:
        name, values = (ast.literal_eval(a) for a in call.args[:2])
        return (name, list(values)) if isinstance(name, str) else ("", ["*"])
    except ValueError:
        return "", ["*"]


def named(row: Row, said: list[Claim]) -> list[str]:
    """Tests that are named for a row."""
    return sorted(
        {t for level, p, t in said if level == row.level and fnmatch.fnmatchcase(row.subject, p)}
    )
