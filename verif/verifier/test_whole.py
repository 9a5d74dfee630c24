"""The list of cases is complete, and no text whatsoever makes the verifier crash."""

from hypothesis import given
from hypothesis import strategies as st

from tsp.arch.config import NANO
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import FORMATS, make
from tspc.program import Program
from tspc.verifier import verify
from verif.verifier import test_maps, test_memory, test_mxm, test_queues, test_streams

#: Classes of instructions that are not built yet.
LATER = {
    ErrorClass.FETCH_SPACING,
    ErrorClass.NOT_PARKED,
    ErrorClass.SEND_SPACING,
}


def test_every_class_has_a_case() -> None:
    modules = (test_maps, test_memory, test_mxm, test_queues, test_streams)
    covered = {case.error_class for module in modules for case in module.CASES}
    assert covered == set(ErrorClass) - LATER


def _word(opcode: int, fields: int, small: bool) -> int:
    """Half of the words have small fields, so that some of them are instructions."""
    return opcode | (fields & (0x01010101 << 3 if small else (1 << 122) - 1)) << 6


WORDS = st.builds(
    _word,
    st.sampled_from([0, *(f.opcode for f in FORMATS.values())]),
    st.integers(0, (1 << 122) - 1),
    st.booleans(),
)
TEXTS = st.dictionaries(
    st.sampled_from(range(len(NANO.queues))), st.lists(WORDS, max_size=6).map(tuple), max_size=8
)


@given(TEXTS)
def test_no_text_crashes_it(texts: dict[int, tuple[int, ...]]) -> None:
    first = {NANO.queue_by_name["VXM0"].index: (make("NOTIFY").encode(), make("HALT").encode())}
    report = verify(Program("noise", NANO, texts | first, {}))
    assert report.ok == (not report.problems) and str(report) and report.to_json()
