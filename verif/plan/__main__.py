"""``python -m verif.plan``: the rows that the last ``make test`` hit (``make plan``).

``--write`` writes docs/reference/plan.md, ``--check`` says whether it is what would be written.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from tspc.markdown import table
from verif.plan.claims import named
from verif.plan.rows import Row, rows

__all__ = ["main", "page", "report"]

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "plan.md"
FOUND = ROOT / "sim_build" / "plan.json"
_HEAD = "<!-- Written by python -m verif.plan --write; make no change here. -->\n\n"


def page() -> str:
    """docs/reference/plan.md: for each row the tests that are named for it."""
    lines = ["# Rows of the verification plan", ""]
    lines += [
        "Made from `tsp.arch`: every subject on every level that is asked of its kind, and the",
        "tests that are named for it. [The plan](../verification.md) says what the levels mean;",
        "`make plan` prints which rows the last `make test` hit.",
        "",
    ]
    for group, own in groupby(rows(), key=lambda row: row.group):
        body = [
            (f"`{row.subject}`", row.level, "<br>".join(f"`{t}`" for t in named(row)))
            for row in own
        ]
        lines += [f"## {group}", "", *table(("subject", "level", "tests in verif/"), body)]
    return _HEAD + "\n".join(lines).rstrip() + "\n"


def report(found: list[dict[str, object]]) -> tuple[list[str], bool]:
    """Lines of ``make plan``, and whether every row was hit."""
    tests = {Row(str(f["group"]), str(f["subject"]), str(f["level"])): f["tests"] for f in found}
    lines, hit = [], 0
    for row in rows():
        by = tests.get(row)
        hit += bool(by)
        names = [str(t).removeprefix("verif/") for t in by] if isinstance(by, list) else []
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        what = f"{names[0]}{more}" if names else "NOT HIT"
        lines.append(f"{row.subject:28} {row.level:7} {what}")
    lines.append(f"plan: {hit} of {len(rows())} rows hit")
    return lines, hit == len(rows())


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m verif.plan", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/reference/plan.md")
    parser.add_argument("--check", action="store_true", help="write nothing, say if it is stale")
    options = parser.parse_args(argv)
    if options.write or options.check:
        text = page()
        if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text:
            return 0
        if options.check:
            print(f"stale: {PAGE}\n  = help: python -m verif.plan --write", file=sys.stderr)
            return 1
        PAGE.write_text(text, encoding="utf-8")
        print(f"wrote {PAGE}")
        return 0
    if not FOUND.is_file():
        print("no tests have run: make test", file=sys.stderr)
        return 1
    lines, complete = report(json.loads(FOUND.read_text(encoding="utf-8")))
    print("\n".join(lines))
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
