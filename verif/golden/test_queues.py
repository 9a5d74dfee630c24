"""Control flow: NOP, REPEAT, bursts, SYNC and NOTIFY, segments, done."""

import numpy as np
import pytest

from tsp.arch.config import FULL, NANO
from tsp.arch.secded import SECDED
from tspc.golden.simulate import simulate
from tspc.program import Program
from verif.golden.builder import (
    HALT,
    NOTIFY,
    Maker,
    both,
    nop,
    read,
    repeat,
    sync,
    vxm,
    write,
)


def issues(maker, run, queue):
    """(segment, cycle, word) of each event of a queue."""
    mine = run.events[run.events["queue"] == maker.queue(queue)]
    return [
        (int(e["segment"]), int(e["cycle"]), int.from_bytes(e["word"].tobytes(), "little"))
        for e in mine
    ]


def filled(slice_, config=NANO):
    maker = Maker(config)
    for bank in (0, 1):
        for offset in range(config.bank_words):
            maker.put(slice_, bank, offset, offset)
    return maker


@pytest.mark.parametrize("config", [NANO, FULL])
def test_at_reset_everybody_waits_for_the_first_notify(config):
    maker = Maker(config)
    run = maker.run({})
    release = maker.timing.sync_release
    table = {q.name: issues(maker, run, q.name) for q in config.queues}
    assert table.pop("VXM0") == [(0, 0, NOTIFY.encode()), (0, 1, HALT.encode())]
    assert all(events == [(0, release, HALT.encode())] for events in table.values())
    assert run.done == release + maker.timing.done_drain


def test_nop_waits_and_repeat_takes_no_cycle():
    maker = filled("MEM_E1")
    word, last = read(0, 250, "E0", stride=3), read(1, 0, "E1")
    t = maker.start + 7
    words = [nop(7), word, repeat(4, 5), last, HALT]
    program = maker.program({})
    program.text[maker.queue("MEM_E1")] = tuple(w.encode() for w in words)
    run = simulate(program, [{}])[0]
    stepped = [
        (0, t + 5 * i, read(0, (250 + 3 * i) % NANO.bank_words, "E0").encode()) for i in range(5)
    ]
    assert issues(maker, run, "MEM_E1") == [
        *stepped,
        (0, t + 21, last.encode()),
        (0, t + 22, HALT.encode()),
    ]


def test_repeat_steps_both_ports_of_a_word():
    maker = filled("MEM_E1")
    maker.put("MEM_W0", 0, 0, 77)
    t = maker.start
    feed = maker.arrival(t, maker.timing.mem_d_func, "MEM_W0", "MEM_E1") - maker.timing.mem_d_skew
    word = both(read(0, 1, "E4", stride=1), write(1, 255, "E3", stride=2))
    run = maker.run(
        {
            "MEM_W0": [(t, read(0, 0, "E3")), (t, repeat(2))],
            "MEM_E1": [(feed, word), (feed, repeat(2))],
        }
    )
    expected = []
    for i in range(3):
        expected.append((0, feed + i, read(0, 1 + i, "E4").encode()))
        expected.append((0, feed + i, write(1, (255 + 2 * i) % 256, "E3").encode()))
    found = issues(maker, run, "MEM_E1")[:-1]
    assert sorted(found) == sorted(expected)
    assert (maker.vector(run, "MEM_E1", 1, 3) == 77).all()


def test_bursts_run_beside_the_queue_and_past_its_halt():
    maker = filled("MEM_E1")
    t = maker.start
    burst = read(0, 254, "E0", count=5, interval=3, stride=1)
    maker.put("MEM_W0", 0, 0, 9)
    feed = maker.arrival(t, maker.timing.mem_d_func, "MEM_W0", "MEM_E1") - maker.timing.mem_d_skew
    assert feed > t
    run = maker.run(
        {
            "MEM_W0": [(t, read(0, 0, "E1"))],
            "MEM_E1": [(feed - 1, burst), (feed, write(1, 2, "E1"))],
        }
    )
    end = feed - 1 + 4 * 3
    accesses = [(0, feed - 1 + 3 * i, read(0, (254 + i) % 256, "E0").encode()) for i in range(5)]
    others = [(0, feed, write(1, 2, "E1").encode()), (0, feed + 1, HALT.encode())]
    assert sorted(issues(maker, run, "MEM_E1")) == sorted(accesses + others)
    assert run.done == end + maker.timing.done_drain


def test_a_port_is_free_the_cycle_after_its_last_access():
    maker = filled("MEM_E1")
    t = maker.start
    run = maker.run(
        {"MEM_E1": [(t, read(0, 0, "E0", count=3, interval=4)), (t + 9, read(0, 0, "E0"))]}
    )
    assert [cycle for _, cycle, _ in issues(maker, run, "MEM_E1")] == [
        t,
        t + 4,
        t + 8,
        t + 9,
        t + 10,
    ]


# ---- barrier -----------------------------------------------------------------------------


def test_notify_starts_a_segment_for_all_queues_and_releases_the_parked():
    maker = filled("MEM_E1")
    d = maker.timing.sync_release
    second = 3 * d
    busy = [(d + 1, read(0, 0, "E0")), (d + 1, repeat(2, 2 * d))]
    run = maker.run(
        {
            "VXM3": [(second, NOTIFY)],
            "VXM5": [(second + 1, sync(), second + d), (second + d + 2, vxm("ADD", [1, 2], "E5"))],
            "VXM6": [(d + 1, sync(), second + d)],
            "MEM_E1": busy,
        }
    )
    assert issues(maker, run, "VXM3")[0] == (1, 0, NOTIFY.encode())
    word = vxm("ADD", [1, 2], "E5").encode()
    assert issues(maker, run, "VXM5") == [
        (1, 1, sync().encode()),
        (1, d + 2, word),
        (1, d + 3, HALT.encode()),
    ]
    assert issues(maker, run, "VXM6") == [(0, d + 1, sync().encode()), (1, d, HALT.encode())]
    times = [(segment, cycle) for segment, cycle, _ in issues(maker, run, "MEM_E1")]
    assert times == [(0, d + 1), (1, 1), (1, 2 * d + 1), (1, 2 * d + 2)]


def test_sync_n_stays_parked_through_n_minus_1_notifies():
    maker = Maker()
    d = maker.timing.sync_release
    notifies = [d + 5, 2 * d + 5, 4 * d]
    run = maker.run(
        {
            "VXM1": [(t, NOTIFY) for t in notifies],
            "VXM2": [(d + 2, sync(3), 5 * d)],
            "VXM4": [(d + 2, sync(2), 3 * d + 5), (3 * d + 6, sync(), 5 * d)],
        }
    )
    assert issues(maker, run, "VXM2")[-1] == (3, d, HALT.encode())
    assert issues(maker, run, "VXM4")[1:] == [(2, d + 1, sync().encode()), (3, d, HALT.encode())]


def test_notifies_may_be_d_apart_and_come_from_different_queues():
    maker = Maker()
    d = maker.timing.sync_release
    run = maker.run({"VXM9": [(d, NOTIFY)], "MEM_W1": [(2 * d, NOTIFY)]})
    assert issues(maker, run, "VXM9")[0] == (1, 0, NOTIFY.encode())
    assert issues(maker, run, "MEM_W1") == [(2, 0, NOTIFY.encode()), (2, 1, HALT.encode())]


def test_writes_are_counted_in_the_segment_of_the_array_access():
    maker = Maker()
    d, access = maker.timing.sync_release, maker.timing.mem_access
    maker.put("MEM_W0", 0, 0, range(32))
    notify = 2 * d
    at = notify - access - 1  # superlane 0 is written before, superlane 1 with the NOTIFY
    feed = at + maker.timing.mem_d_skew - maker.arrival(0, 0, "MEM_W0", "MEM_E1")
    feed -= maker.timing.mem_d_func
    run = maker.run(
        {
            "MEM_W0": [(feed, read(0, 0, "E1"))],
            "MEM_E1": [(at, write(0, 3, "E1"))],
            "VXM3": [(notify, NOTIFY)],
        }
    )
    found = [(int(w["segment"]), int(w["cycle"]), int(w["superlane"])) for w in run.writes]
    assert found == [(0, notify - 1, 0), (1, 0, 1)]
    data = np.stack([w["data"] for w in run.writes])
    for superlane, word in enumerate(data):
        payload = bytes(range(16 * superlane, 16 * superlane + 16))
        encoded = SECDED.encode(int.from_bytes(payload, "little"))
        assert int.from_bytes(word.tobytes(), "little") == encoded


def test_the_plan_is_not_looked_at():
    maker = filled("MEM_E1")
    good = maker.program({"MEM_E1": [(maker.start + 3, read(0, 0, "E0"))]})
    wrong = {queue: tuple(range(99, 99 + len(words))) for queue, words in good.text.items()}
    other = Program("wrong plan", good.config, good.text, wrong, good.memory)
    one, two = (simulate(p, [{}])[0] for p in (good, other))
    np.testing.assert_array_equal(one.events, two.events)
