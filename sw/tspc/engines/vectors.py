"""Vectors of MEM in a file, between the engine and the process of its simulation."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tspc.program import Address

__all__ = ["Errors", "load_results", "load_vectors", "save_vectors"]

#: Corrected and double errors by (queue, superlane).
Errors = Mapping[tuple[int, int], tuple[int, int]]


def save_vectors(
    path: Path,
    vectors: Mapping[Address, NDArray[np.uint8]],
    cycles: int = 0,
    errors: Errors | None = None,
) -> None:
    """Write vectors with their addresses, and the cycle and the errors of a run."""
    addresses = np.array(list(vectors), np.int64).reshape(-1, 3)
    data = np.stack(list(vectors.values())) if vectors else np.zeros((0, 0), np.uint8)
    counts = [(*place, *count) for place, count in (errors or {}).items()]
    found = np.array(counts, np.int64).reshape(-1, 4)
    np.savez(path, addresses=addresses, data=data, cycles=cycles, errors=found)


def load_vectors(path: Path) -> dict[Address, NDArray[np.uint8]]:
    """The vectors that :func:`save_vectors` wrote."""
    with np.load(path) as file:
        places = [(int(q), int(b), int(o)) for q, b, o in file["addresses"]]
        return dict(zip(places, file["data"], strict=True))


def load_results(path: Path) -> tuple[int, dict[tuple[int, int], tuple[int, int]]]:
    """Cycle and errors of the run."""
    with np.load(path) as file:
        errors = file["errors"].tolist()
        return int(file["cycles"]), {(q, y): (one, two) for q, y, one, two in errors}
