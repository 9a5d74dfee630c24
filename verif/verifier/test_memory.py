"""Bank conflict, port busy, and uninitialised words of MEM."""

import numpy as np
import pytest

from tsp.arch.config import NANO
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import make
from tspc.program import Program, Tensor
from tspc.verifier import verify
from verif.support_programs import build, read, write
from verif.verifier.cases import Case, at, check, image, mem

WRITTEN = at("MEM_W3", "MEM_W0", 40)  #: issue of the WRITE in MEM_W0


def _copy(count: int = 1):
    return {
        "MEM_W3": [(40, mem(**read(0, 0, 4, count=count)))],
        "MEM_W0": [(WRITTEN, mem(**write(0, 0, 4, count=count)))],
    }


def same_bank(x: int) -> Program:
    """A read during a write burst; the twin's is of the other bank."""
    words = _copy(count=4)
    words["MEM_W0"] += [(WRITTEN + 2, mem(**read(1 - x, 9, 7)))]
    places = [("MEM_W3", 0, 0), ("MEM_W0", 0, 9), ("MEM_W0", 1, 9)]
    return build(NANO, words, memory=image(*places))


def last_access_of_a_burst(x: int) -> Program:
    """A read in the cycle of the last access; the twin's is a cycle later."""
    words = _copy(count=4)
    words["MEM_W0"] += [(WRITTEN + 4 - x, mem(**read(0, 9, 7)))]
    return build(NANO, words, memory=image(("MEM_W3", 0, 0), ("MEM_W0", 0, 9)))


def port_in_a_burst(x: int) -> Program:
    """A port named in the cycle of its burst's last access."""
    words = {"MEM_W3": [(40, mem(**read(0, 0, 4, count=3, interval=2))), (45 - x, mem(**OTHER))]}
    return build(NANO, words, memory=image(("MEM_W3", 0, 0), ("MEM_W3", 1, 0)))


OTHER = read(1, 0, 9)


def not_in_the_image(x: int) -> Program:
    words = {"MEM_W3": [(40, mem(**read(0, 7 + x, 4)))]}
    return build(NANO, words, memory=image(("MEM_W3", 0, 7)))


def before_the_write(x: int) -> Program:
    """A read of the word one cycle before its WRITE; the twin's one cycle after."""
    words = _copy()
    words["MEM_W0"] += [(WRITTEN + 1 - 2 * x, mem(**read(0, 0, 9)))]
    words["MEM_W0"].sort(key=lambda w: w[0])
    return build(NANO, words, memory=image(("MEM_W3", 0, 0)))


def a_repeat_too_many(x: int) -> Program:
    """READ steps by its stride inside the bank: offsets 254, 255, 0, then 1."""
    words = {"MEM_W3": [(40, mem(**read(0, 254, 4, stride=1))), (0, make("REPEAT", n=2 + x, d=3))]}
    return build(NANO, words, memory=image(*(("MEM_W3", 0, n) for n in (254, 255, 0))))


def an_output_is_no_input(x: int) -> Program:
    places = np.array([[[[NANO.queue_by_name["MEM_W3"].index, 0, 7]]]], np.int32)
    tensor = Tensor("x", "int8", (NANO.lanes,), "output" if x else "input", places)
    return build(NANO, {"MEM_W3": [(40, mem(**read(0, 7, 4)))]}, tensors=(tensor,))


BANK, BUSY = ErrorClass.BANK_CONFLICT, ErrorClass.PORT_BUSY
EMPTY = ErrorClass.UNINITIALISED
CASES = (
    Case(BANK, same_bank, WRITTEN + 2, ("MEM_W0", WRITTEN + 2), ("MEM_W0", WRITTEN + 2)),
    Case(
        BANK, last_access_of_a_burst, WRITTEN + 3, ("MEM_W0", WRITTEN + 3), ("MEM_W0", WRITTEN + 3)
    ),
    Case(BUSY, port_in_a_burst, 44, ("MEM_W3", 44), ("MEM_W3", 40)),
    Case(EMPTY, not_in_the_image, 40, ("MEM_W3", 40), None),
    Case(EMPTY, before_the_write, WRITTEN - 1, ("MEM_W0", WRITTEN - 1), ("MEM_W0", WRITTEN)),
    Case(EMPTY, a_repeat_too_many, 49, ("MEM_W3", 49), None),
    Case(EMPTY, an_output_is_no_input, 40, ("MEM_W3", 40), None),
)


@pytest.mark.feature("fault", "error {case.error_class.value}")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_class(case: Case) -> None:
    check(case)


def test_both_parties_of_a_bank_conflict_are_told_apart() -> None:
    problem = verify(same_bank(1)).problems[0]
    assert problem.other is not None
    texts = [problem.party.text, problem.other.text]
    assert any("READ 0:9" in t for t in texts) and any("(3 of 4)" in t for t in texts)


def test_an_image_outside_of_the_chip() -> None:
    program = build(NANO, {}, memory={(0, 0, 0): np.zeros(NANO.lanes, np.uint8)})
    assert verify(program).classes == {ErrorClass.BAD_WORD}
