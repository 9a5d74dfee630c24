"""Bad maps: what the image alone shows, each with its legal twin."""

import numpy as np
import pytest

from tsp.arch.config import NANO
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import make
from tspc.golden.model import GoldenEngine
from tspc.program import Program
from tspc.verifier import verify
from verif.support_programs import build, read, write
from verif.verifier.cases import Case, at, check, image, mem

ISSUE = at("MEM_E0", "SXM_E_SHIFT", 40)
UNITS = {"SELECT": "SHIFT", "PERMUTE": "PERMUTE", "DISTRIBUTE": "DISTRIBUTE"}


def mapped(name: str, entry: int, written: bool = False) -> Program:
    """An operation of SXM_E in cycle ISSUE; lane 5 of its map (second byte of two) is `entry`."""
    fields = {"mask": 5, "n": 1} if name == "SELECT" else {"map": 4}
    sources = {"MEM_E0": 3, "MEM_E1": 4, "MEM_E2": 5}
    memory = image(*((slice_, 0, 0) for slice_ in sources))
    tested = NANO.queue_by_name["MEM_E1" if name == "DISTRIBUTE" else "MEM_E2"].index
    memory[tested, 0, 0] = np.where(np.arange(NANO.lanes) == 5, entry, 0).astype(np.uint8)
    words = {
        slice_: [(40 + (slice_ == "MEM_E2"), mem(**read(0, 0, stream)))]
        for slice_, stream in sources.items()
    }
    queue = f"SXM_E_{UNITS[name]}"
    words[queue] = [(ISSUE, make(name, stream=3, result=35, **fields))]
    if written:
        words["MEM_W0"] = [(31, mem(**read(0, 0, 9)))]
        memory |= image(("MEM_W0", 0, 0))
        later = at("MEM_W0", "MEM_E2", 31)
        words["MEM_E2"].insert(0, (later, mem(**write(0, 0, 9))))
    return build(NANO, words, memory=memory)


def select(x: int) -> Program:
    """A mask of two bits only."""
    return mapped("SELECT", 3 + x)


def permute(x: int) -> Program:
    """A superlane that the chip does not have."""
    return mapped("PERMUTE", NANO.superlanes - 1 + x)


def distribute(x: int) -> Program:
    """An unused bit."""
    return mapped("DISTRIBUTE", 0x8F + x)


BAD = ErrorClass.BAD_MAP
CASES = tuple(
    Case(BAD, make_, ISSUE, (f"SXM_E_{UNITS[make_.__name__.upper()]}", ISSUE), (source, cycle))
    for make_, source, cycle in (
        (select, "MEM_E2", 41),
        (permute, "MEM_E2", 41),
        (distribute, "MEM_E1", 40),
    )
)


@pytest.mark.feature("fault", "error bad map")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_class(case: Case) -> None:
    check(case)


@pytest.mark.feature("unit", "error bad map")
@pytest.mark.parametrize("name", UNITS)
def test_the_golden_model_notes_it_and_runs_on(name: str) -> None:
    """Legal and bad map: both end in the same cycle, one of them critical."""
    legal, bad = (GoldenEngine().run(mapped(name, entry)) for entry in (0, 0x7F))
    assert not legal.critical and bad.critical and bad.stopped is None
    assert legal.done == bad.done


def test_a_map_that_may_have_been_written_is_not_judged() -> None:
    assert not verify(mapped("PERMUTE", 9)).ok
    assert verify(mapped("PERMUTE", 9, written=True)).ok
