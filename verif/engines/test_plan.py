"""The schedule's expansion: copies, bursts, segments and the cycle of done, against hand counts."""

import numpy as np
import pytest

from tsp.arch.config import NANO
from tsp.arch.isa import decode, make
from tsp.arch.timing import timing
from tspc.plan import expand
from tspc.program import Program

D, DRAIN = timing(NANO).sync_release, timing(NANO).done_drain
READ = {"read_kind": 1, "read_stream": 9, "read_count": 1, "read_interval": 1}


def _program(**queues):
    index = {name: NANO.queue_by_name[name].index for name in queues}
    text = {index[n]: tuple(i.encode() for _, i in words) for n, words in queues.items()}
    plan = {index[n]: tuple(t for t, _ in words) for n, words in queues.items()}
    return Program("by hand", NANO, text, plan)


def _expand(name, *words, **others):
    """(segment, cycle, instruction) of each event of one queue; VXM0 boots."""
    boot = others or {"VXM0": [(0, make("NOTIFY")), (1, make("HALT"))]}
    schedule = expand(_program(**{name: list(words)}, **boot))
    queue = NANO.queue_by_name[name].index
    own = schedule.events[schedule.events["queue"] == queue]
    return schedule, [
        (int(e["segment"]), int(e["cycle"]), decode(int.from_bytes(e["word"].tobytes(), "little")))
        for e in own
    ]


def test_nop_and_repeat_are_no_events():
    lw = make("LW", stream=16, column=1)
    words = [(D, make("NOP", n=5)), (D + 5, lw), (D + 5, make("REPEAT", n=2, d=3))]
    schedule, found = _expand("MXM_E0_W", *words, (D + 12, make("HALT")))
    columns = [lw, lw.replace(column=0), lw]  # modulo T
    expected = [(0, D + 5 + 3 * i, c) for i, c in enumerate(columns)]
    assert found == [*expected, (0, D + 12, make("HALT"))]
    assert schedule.done == D + 12 + DRAIN


@pytest.mark.parametrize(
    ("queue", "word", "field", "values"),
    [
        ("MXM_W0_A", make("MXM", mode=2, stream=3, entry=30), "entry", [30, 31, 0]),
        ("MXM_W0_A", make("MXM", mode=3, entry=31, install=1), "entry", [31, 0, 1]),
        ("MXM_W0_A", make("MXM", mode=1, stream=3), "entry", [0, 0, 0]),
        ("MXM_W0_R", make("ACC", mode=2, entry=31, type=2), "entry", [31, 0, 1]),
        ("MXM_W0_R", make("ACC", mode=3, stream=4, type=2), "entry", [0, 0, 0]),
        ("VXM5", make("VXM", op=1, result_stream=3), "result_stream", [3, 3, 3]),
        ("MEM_E2", make("MEM", **READ, read_offset=250, read_stride=5), "read_offset",
         [250, 255, 4]),
    ],
)  # fmt: skip
def test_what_repeat_steps(queue, word, field, values):
    _, found = _expand(queue, (D, word), (D, make("REPEAT", n=2, d=2)), (D + 9, make("HALT")))
    assert [(cycle, i[field]) for _, cycle, i in found[:-1]] == [
        (D, values[0]),
        (D + 2, values[1]),
        (D + 4, values[2]),
    ]


def test_bursts_are_one_event_for_each_port():
    word = make(
        "MEM", **READ | {"read_count": 3, "read_interval": 4}, read_offset=254, read_stride=1,
        write_kind=1, write_bank=1, write_offset=8, write_stream=40, write_stride=255,
        write_count=2, write_interval=1,
    )  # fmt: skip
    schedule, found = _expand("MEM_W7", (D, word), (D + 1, make("HALT")))
    one = {"read_interval": 1, "read_count": 1, "read_kind": 1, "read_stream": 9}
    reads = [(D + 4 * i, make("MEM", **one, read_offset=o)) for i, o in enumerate([254, 255, 0])]
    two = {"write_interval": 1, "write_count": 1, "write_kind": 1, "write_stream": 40}
    writes = [
        (D + i, make("MEM", **two, write_bank=1, write_offset=o)) for i, o in enumerate([8, 7])
    ]
    expected = sorted([*reads, *writes, (D + 1, make("HALT"))], key=lambda e: (e[0], str(e[1])))
    got = sorted([e[1:] for e in found], key=lambda e: (e[0], str(e[1])))
    assert got == expected
    assert schedule.done == D + 8 + DRAIN, "the burst outlasts the HALT"


def test_segments_follow_the_planned_notifies():
    boot = [(0, make("NOTIFY")), (100, make("NOTIFY")), (101, make("HALT"))]
    words = [(D, make("SYNC", n=1)), (100 + D, make("HALT"))]
    schedule, found = _expand("MEM_W0", *words, VXM0=boot)
    assert found == [(0, D, make("SYNC", n=1)), (1, D, make("HALT"))]
    assert schedule.notifies == (0, 100)
    own = schedule.events[schedule.events["queue"] == NANO.queue_by_name["VXM0"].index]
    assert list(zip(own["segment"], own["cycle"])) == [(0, 0), (1, 0), (1, 1)]


def test_queues_without_text_halt_when_released():
    schedule = expand(_program(VXM0=[(0, make("NOTIFY")), (1, make("HALT"))]))
    assert len(schedule.events) == len(NANO.queues) + 1
    late = schedule.events[schedule.events["cycle"] == D]
    assert len(late) == len(NANO.queues) - 1 and schedule.done == D + DRAIN


def test_timing_can_be_altered():
    program = _program(VXM0=[(0, make("NOTIFY")), (1, make("HALT"))])
    longer = timing(NANO).shifted("done_drain", 1)
    assert expand(program, timing=longer).done == expand(program).done + 1


def test_unfit_plans_are_refused():
    program = _program(VXM0=[(0, make("NOTIFY")), (1, make("HALT"))])
    queue = NANO.queue_by_name["VXM0"].index
    short = Program("short", NANO, program.text, {queue: (0,)})
    with pytest.raises(ValueError, match="VXM0 has 2 words, but 1 planned"):
        expand(short)
    with pytest.raises(ValueError, match="REPEAT planned for cycle 3 follows no functional word"):
        expand(_program(VXM0=[(0, make("NOTIFY")), (3, make("REPEAT", n=1, d=1))]))


def test_no_time_comes_from_counting():
    """A NOP that is too long does not move the events: the plan says when they are due."""
    words = [(D, make("NOP", n=50)), (D + 5, make("HALT"))]
    _, found = _expand("MEM_W0", *words)
    assert found == [(0, D + 5, make("HALT"))]
    assert np.all(expand(_program(MEM_W0=words)).events["cycle"] <= D + 5)


def test_events_name_the_word_that_they_come_from():
    read = make("MEM", **READ, read_stride=1)
    burst = make("MEM", **(READ | {"read_count": 3, "read_interval": 2}))
    words = [(D, make("NOP", n=2)), (D + 2, read), (D + 2, make("REPEAT", n=2, d=4))]
    words += [(D + 20, burst), (D + 21, make("HALT"))]
    schedule, _ = _expand("MEM_E0", *words)
    queue = NANO.queue_by_name["MEM_E0"].index
    own = schedule.events["queue"] == queue
    pairs = zip(schedule.events["cycle"][own], schedule.origin[own])
    found = [(int(cycle) - D, int(origin)) for cycle, origin in pairs]
    assert found == [(2, 1), (6, 1), (10, 1), (20, 3), (21, 4), (22, 3), (24, 3)]
    idle = schedule.events["queue"] == NANO.queue_by_name["MEM_E1"].index
    assert schedule.origin[idle].tolist() == [-1]
