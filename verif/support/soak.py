"""A soak: tests whose operands are random run again and again, each time with others.

``TSP_SOAK=3 .venv/bin/python -m pytest verif/golden/test_numerics.py`` replays turn 3; turn 0 is
what `make test` runs.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["TURN", "again"]

_ROOT = Path(__file__).parents[2]

#: Which turn this process runs; tests draw their seeds from it.
TURN = int(os.environ.get("TSP_SOAK", "0"))


def again(turn: int, tests: Sequence[str]) -> None:
    """Run `tests` (pytest's arguments) in a process of their own, as turn `turn`.

    Raises
    ------
    AssertionError
        With the end of pytest's output, unless all pass and there are some.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-m", "not slow", *tests]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment["TSP_SOAK"] = str(turn)
    ran = subprocess.run(
        command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout[-4000:]  # 5: no test at all
