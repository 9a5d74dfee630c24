"""The comparison itself: every kind of difference is caught, counted and named."""

from dataclasses import replace

import numpy as np
import pytest

from tsp.arch.config import NANO
from tsp.arch.isa import make
from tspc.compare import compare, explain
from tspc.engines.base import Result
from tspc.events import DRIVE, EVENT, WRITE, sort_events

VXM0, MEM = (NANO.queue_by_name[n].index for n in ("VXM0", "MEM_E3"))
ACC = NANO.queue_by_name["MXM_E0_R"].index
READ = make("MEM", read_kind=1, read_offset=7, read_stream=3, read_count=1, read_interval=1)


def _events(*rows):
    table = np.zeros(len(rows), EVENT)
    for i, (segment, cycle, queue, instruction) in enumerate(rows):
        word = instruction.encode().to_bytes(16, "little")
        table[i] = (segment, cycle, queue, np.frombuffer(word, np.uint8))
    return sort_events(table)


def _words(dtype, *rows):
    table = np.zeros(len(rows), dtype)
    for i, (*keys, value) in enumerate(rows):
        table[i] = (*keys, np.frombuffer(value.to_bytes(18, "little"), np.uint8))
    return sort_events(table)


EVENTS = (
    (0, 0, VXM0, make("NOTIFY")),
    (0, 20, MEM, READ),
    (0, 21, MEM, make("HALT")),
    (0, 21, VXM0, make("HALT")),
)
WRITES = ((0, 30, MEM, 1, 5, 0, 0xAB), (0, 31, MEM, 1, 5, 1, 0xCD))
DRIVES = ((0, 25, MEM, 3, 0, 0x11), (0, 26, MEM, 3, 1, 0x22))
DONE = 60


def _result(**changes):
    memory = {(MEM, 1, 5): np.arange(32, dtype=np.uint8)}
    base = Result(
        outputs={},
        events=_events(*EVENTS),
        writes=_words(WRITE, *WRITES),
        drives=_words(DRIVE, *DRIVES),
        memory=memory,
        accumulators={(ACC, 3): np.arange(32, dtype=np.int32)},
        done=DONE,
        stopped=None,
        seconds=0.0,
    )
    return replace(base, **changes)


def _compare(*, schedule=None, done=DONE, golden=None, rtl=None):
    events = _events(*EVENTS) if schedule is None else schedule
    return compare(NANO, events, done, golden or _result(), rtl or _result())


def test_equal():
    verdict = _compare()
    assert verdict.equal and verdict.first is None and verdict.cycles.equal
    assert (verdict.events.compared, verdict.events.different) == (4, 0)
    assert verdict.bits.compared == 2 * 137 + 32 * 8 + 32 * 32
    assert verdict.bits.different == 0


def test_rtl_lists_all_accumulators_of_a_plane():
    entries = {(ACC, e): np.zeros(32, np.int32) for e in range(32)}
    entries[ACC, 3] = np.arange(32, dtype=np.int32)
    assert _compare(rtl=_result(accumulators=entries)).equal
    entries[ACC, 4] = np.eye(1, 32, 20, dtype=np.int32)[0]
    verdict = _compare(rtl=_result(accumulators=entries))
    assert "MXM_E0_R accumulator entry 4: lane 20: golden 0, rtl 1" in _in(verdict)
    assert verdict.bits.different == 1


def _in(verdict):
    assert not verdict.equal
    return verdict.first


@pytest.mark.parametrize("where", ["schedule", "golden", "rtl"])
@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda rows: [rows[0], *rows[2:]], "no event"),
        (lambda rows: [*rows, (0, 20, VXM0, READ)], "VXM0: MEM read_kind=1"),
        (lambda rows: [rows[0], (0, 19, *rows[1][2:]), *rows[2:]], "cycle 19"),
        (lambda rows: [rows[0], (1, *rows[1][1:]), *rows[2:]], "cycle 20"),
        (lambda rows: [rows[0], (*rows[1][:3], READ.replace(read_offset=8)), *rows[2:]], "=8"),
        (lambda rows: [*rows, rows[1]], "; MEM_E3: MEM"),
    ],
    ids=["missing", "extra", "early", "segment", "word", "twice"],
)
def test_event_differences(where, change, names):
    odd = _events(*change(list(EVENTS)))
    if where == "schedule":
        verdict = _compare(schedule=odd)
    else:
        verdict = _compare(**{where: _result(events=odd)})
    text = _in(verdict)
    assert names in text and "first difference: segment 0 cycle" in text
    assert all(f"{name}:" in text for name in ("schedule", "golden", "rtl"))
    assert verdict.events.different in (1, 2)


def test_first_difference_is_the_earliest_by_time_queue_superlane():
    late = _result(
        events=_events(*EVENTS[:3]),
        writes=_words(WRITE, WRITES[0], (*WRITES[1][:-1], 0xCC)),
        memory={(MEM, 1, 5): np.zeros(32, np.uint8)},
    )
    text = _in(_compare(rtl=late))
    assert "segment 0 cycle 21, VXM0" in text, "the event, 9 cycles before the write"
    text = _in(_compare(rtl=replace(late, events=_events(*EVENTS))))
    assert "superlane 1, written in segment 0 cycle 31" in text


def test_write_differences():
    flipped = (*WRITES[1][:-1], 0xCD ^ 0b101)
    verdict = _compare(rtl=_result(writes=_words(WRITE, WRITES[0], flipped)))
    assert verdict.bits.different == 2
    text = _in(verdict)
    assert "MEM_E3 bank 1 offset 5, superlane 1, written in segment 0 cycle 31" in text
    assert "golden writes 000000000000000000000000000000000cd, rtl" in text
    verdict = _compare(rtl=_result(writes=_words(WRITE, WRITES[0])))
    assert verdict.bits.different == 137 and "only golden writes" in _in(verdict)
    verdict = _compare(golden=_result(writes=_words(WRITE, WRITES[0])))
    assert verdict.bits.different == 137 and "only rtl writes" in _in(verdict)
    late = (0, 32, *WRITES[1][2:])
    verdict = _compare(rtl=_result(writes=_words(WRITE, WRITES[0], late)))
    assert verdict.bits.different == 2 * 137 and "cycle 31" in _in(verdict)
    check = (*WRITES[1][:-1], 0xCD | 1 << 136)
    verdict = _compare(rtl=_result(writes=_words(WRITE, WRITES[0], check)))
    assert verdict.bits.different == 1, "check bits count"
    verdict = _compare(rtl=_result(writes=_words(WRITE, *WRITES, WRITES[1])))
    assert verdict.bits.different == 137, "a write that happens twice"


def test_final_state_differences():
    memory = {(MEM, 1, 5): np.arange(32, dtype=np.uint8)}
    memory[MEM, 1, 5][17] ^= 3
    verdict = _compare(rtl=_result(memory=memory))
    assert verdict.bits.different == 2
    assert "at the end, MEM_E3 bank 1 offset 5: lane 17: golden 17, rtl 18" in _in(verdict)
    memory = {(MEM, 1, 5): np.arange(32, dtype=np.uint8), (MEM, 0, 0): np.ones(32, np.uint8)}
    verdict = _compare(rtl=_result(memory=memory))
    assert verdict.bits.different == 256 and "only rtl has it" in _in(verdict)
    verdict = _compare(golden=_result(memory=memory))
    assert verdict.bits.different == 256 and "only golden has it" in _in(verdict)


def test_done_and_stop():
    for arguments in ({"done": 61}, {"golden": _result(done=61)}, {"rtl": _result(done=61)}):
        verdict = _compare(**arguments)
        assert not verdict.cycles.equal and "61" in _in(verdict)
    verdict = _compare(rtl=_result(done=None, stopped="queue dry"))
    assert "rtl stopped: queue dry" in _in(verdict)
    verdict = _compare(rtl=_result(events=_events(), done=None, stopped="hang"))
    assert verdict.events.different == 4
    assert "first difference: segment 0 cycle 0, VXM0" in _in(verdict)


def test_explain_names_the_unit_and_its_last_instruction():
    assert explain(NANO, _result(), _result()) is None
    odd = _words(DRIVE, DRIVES[0], (*DRIVES[1][:-1], 0x23))
    text = explain(NANO, _result(), _result(drives=odd))
    assert text is not None
    assert "MEM_E3 on E3 at superlane 1, segment 0 cycle 26" in text
    assert "segment 0 cycle 20: MEM_E3: MEM read_kind=1 read_offset=7" in text
    with pytest.raises(ValueError, match="deep"):
        explain(NANO, _result(), _result(drives=None))


def test_report():
    verdict = _compare(rtl=_result(done=61)).to_dict()
    assert verdict["cycles"] == {"scheduled": 60, "golden": 60, "rtl": 61}
    assert verdict["events"] == {"compared": 4, "different": 0}
