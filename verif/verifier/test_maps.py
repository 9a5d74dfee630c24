"""Maps of GATHER and SCATTER: what the verifier knows of them, and what it leaves to others."""

import numpy as np
import pytest

from tsp.arch.config import LANES, NANO
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import make
from tspc.program import Program, Tensor
from tspc.verifier import verify
from verif.support_programs import build, read, write
from verif.verifier.cases import Case, at, check, image, mem

ACCESS = at("MEM_W3", "MEM_W0", 40)  #: issue in MEM_W0 of what takes its map from MEM_W3
MAP = (NANO.queue_by_name["MEM_W3"].index, 0, 0)


def by_map(port: str, **more: int) -> dict[str, int]:
    """Fields of a GATHER or SCATTER whose map is on stream E4; its data on E6."""
    shape = {"kind": 2, "map": 4, "stream": 6, "count": 1, "interval": 1, **more}
    return {f"{port}_{name}": value for name, value in shape.items()}


def program(
    offset: int, port: str, *, byte: int = 0, more: dict | None = None, **rest: object
) -> Program:
    """One access whose map names `offset`, `byte` in lane 9 of superlane 1."""
    words = np.zeros((NANO.superlanes, LANES), np.uint8)
    words[:, 0], words[1, 9] = offset, byte
    memory = image(("MEM_W0", 0, 7), ("MEM_W3", 1, 0)) | {MAP: words.reshape(-1)}
    queues = {
        "MEM_W3": [(40, mem(**read(0, 0, 4)))],
        "MEM_W2": [(40, mem(**read(1, 0, 6)))],
        "MEM_W0": [(ACCESS, mem(**by_map(port)))],
    }
    memory[NANO.queue_by_name["MEM_W2"].index, 1, 0] = np.zeros(NANO.lanes, np.uint8)
    for queue, found in (more or {}).items():
        queues[queue] = sorted([*queues.get(queue, []), *found], key=lambda item: item[0])
    return build(NANO, queues, memory=memory, **rest)


def bad_gather(x: int) -> Program:
    return program(7, "read", byte=x)


def bad_scatter(x: int) -> Program:
    return program(7, "write", byte=x)


def gathers_nothing(x: int) -> Program:
    return program(7 + x, "read")


def map_comes_late(x: int) -> Program:
    """The GATHER issues a cycle after its map has passed."""
    made = program(7, "read")
    queue = NANO.queue_by_name["MEM_W0"].index
    wait, *words = made.text[queue]
    text = {**made.text, queue: (wait + (x << 6), *words)}  # a longer NOP
    return Program(made.name, NANO, text, {}, made.memory)


def read_before_scatter(x: int) -> Program:
    """A READ of what a SCATTER may have written in the cycle before, or has not yet."""
    wanted = {"MEM_W0": [(ACCESS + 1 - 2 * x, mem(**read(0, 9, 8)))]}
    return program(9, "write", more=wanted)


BAD, EMPTY = ErrorClass.BAD_MAP, ErrorClass.UNINITIALISED
CASES = (
    Case(BAD, bad_gather, ACCESS, ("MEM_W0", ACCESS), None),
    Case(BAD, bad_scatter, ACCESS, ("MEM_W0", ACCESS), None),
    Case(EMPTY, gathers_nothing, ACCESS, ("MEM_W0", ACCESS), None),
    Case(EMPTY, read_before_scatter, ACCESS - 1, ("MEM_W0", ACCESS - 1), None),
    Case(
        ErrorClass.EMPTY_STREAM,
        map_comes_late,
        ACCESS + 2,
        ("MEM_W0", ACCESS + 1),
        ("MEM_W3", 40),
    ),
)


@pytest.mark.feature("fault", "error {case.error_class.value}")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_class(case: Case) -> None:
    check(case)


def test_a_map_that_is_an_input_is_not_judged() -> None:
    places = np.array([[[MAP]]], np.int32)
    tensor = Tensor("map", "uint8", (NANO.lanes,), "input", places)
    assert verify(program(7, "read", byte=1, tensors=(tensor,))).ok


def test_a_map_that_something_overwrites_is_not_judged() -> None:
    """By a WRITE, or by a SCATTER that may write anywhere in its bank."""
    words = {"VXM0": [(90, make("VXM", op=8, result_stream=32 + 9, a_immediate=1))]}
    stops = NANO.queue_by_name
    arrives = 90 + 10 + stops["VXM0"].stop - stops["MEM_W3"].stop - 2
    words["MEM_W3"] = [(arrives, mem(**write(0, 0, 32 + 9)))]
    assert verify(program(7, "read", byte=1, more=words)).ok
    words["MEM_W3"] = [(arrives, mem(**by_map("write", map=32 + 9, stream=32 + 9)))]
    assert verify(program(7, "read", byte=1, more=words)).ok


def test_a_scatter_by_a_known_map_spares_other_maps() -> None:
    """Its own map is known, so the bank's other vectors are still known, too."""
    words = {"MEM_W5": [(70, mem(**read(0, 0, 10)))]}
    scatter = at("MEM_W5", "MEM_W3", 70)
    words["MEM_W3"] = [(scatter, mem(**by_map("write", map=10, stream=10)))]
    made = program(7, "read", byte=1, more=words)
    made.memory[NANO.queue_by_name["MEM_W5"].index, 0, 0] = np.zeros(NANO.lanes, np.uint8)
    assert verify(made).ok, "the map itself is at offset 0, which it overwrites"
    offsets = np.zeros((NANO.superlanes, LANES), np.uint8)
    offsets[:, 0] = 3
    made.memory[NANO.queue_by_name["MEM_W5"].index, 0, 0] = offsets.reshape(-1)
    assert verify(made).classes == {ErrorClass.BAD_MAP}
