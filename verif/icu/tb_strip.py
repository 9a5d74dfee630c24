"""A whole ICU strip: barrier, done, stop, and random texts in every queue at once."""

from pathlib import Path

import cocotb
from cocotb.triggers import RisingEdge

from tsp.arch.config import Config
from tsp.arch.errors import ErrorClass
from tspc.engines import records
from verif.icu.reference import word_of
from verif.icu.strip import HALT, NOTIFY, image, predict, random_texts
from verif.support import tb

P = tb.parameters()
CONFIG = Config.from_dict(P["config"])
RELEASE, DRAIN = P["sync_release"], P["done_drain"]
FIRST = CONFIG.queue_by_name["VXM0"].index
BEGIN = [NOTIFY, word_of("SYNC", n=1)]


async def run(dut, texts, cycles=4000):
    """Load and run; returns events (cycle since the first NOTIFY, queue, word), done excluded.

    The second result is the cycle in which ``done`` rose, or None; it is checked that the port
    and the record agree.
    """
    Path("image.bin").write_bytes(image(CONFIG, texts))
    dut.rst.value = 1
    for _ in range(2):
        await RisingEdge(dut.clk)
    dut.rst.value = 0
    await tb.backdoor(dut, 1, 2)
    dut.start.value = 1
    await RisingEdge(dut.clk)
    dut.start.value = 0
    for _ in range(cycles):
        await RisingEdge(dut.clk)
        if dut.done.value or dut.stopped.value:
            break
    for _ in range(CONFIG.stops + 40):  # nothing may follow
        await RisingEdge(dut.clk)
    ended = bool(dut.done.value)
    await tb.backdoor(dut, 4)
    raw = records.read_events(Path("events.bin"))
    start = min((int(e["cycle"]) for e in raw), default=0)
    events = sorted(
        (int(e["cycle"]) - start, int(e["queue"]), int.from_bytes(bytes(e["word"]), "little"))
        for e in raw
    )
    done = [e for e in events if e[1] == records.DONE_QUEUE]
    assert len(done) == ended, "the record of done"
    return [e for e in events if e[1] != records.DONE_QUEUE], done[0][0] if done else None


async def check(dut, texts):
    """Run legal texts to the end: every event, and the cycle of ``done``."""
    events, done = await run(dut, texts)
    expected = predict(CONFIG, texts, RELEASE, 4000)
    wanted = sorted((t, q, w) for q, e in expected.items() for t, w in e.events)
    assert events == wanted, first_difference(events, wanted)
    assert all(e.idle is not None for e in expected.values()), "the texts never end"
    assert done == max(e.idle for e in expected.values()) + DRAIN
    assert not dut.stopped.value and not dut.cause.value
    return events


def first_difference(events, wanted):
    odd = sorted(set(events) ^ set(wanted))[:4]
    return [(t, CONFIG.queues[q].name, hex(w), "RTL" * ((t, q, w) in events)) for t, q, w in odd]


def one_of_each_stop():
    return [next(q for q in CONFIG.queues if q.stop == p) for p in range(CONFIG.stops)]


@cocotb.test
async def barrier_from_every_stop(dut):
    """Every queue parks; one of each stop in turn notifies: all issue D cycles later."""
    await tb.begin(dut)
    sync = word_of("SYNC", n=1)
    for sender in one_of_each_stop():
        for late in (0, 1):  # SYNCs issue before the NOTIFY, and in the cycle after it
            texts = {q.index: [word_of("NOP", n=6 + late), sync, HALT] for q in CONFIG.queues}
            texts[sender.index] = [word_of("NOP", n=6), NOTIFY, sync, HALT]
            texts[FIRST] = [*BEGIN, *texts[FIRST]]
            events = await check(dut, texts)
            halts = {t for t, _, w in events if w == HALT}
            assert halts == {RELEASE + 6 + RELEASE}, (sender.name, halts)


@cocotb.test
async def start_releases_the_first_vxm_queue_alone(dut):
    """Whatever the length of its text; all others stay parked."""
    await tb.begin(dut)
    for words in range(6):
        texts = {q.index: [NOTIFY, HALT] for q in CONFIG.queues}
        texts[FIRST] = [word_of("NOP", n=1)] * words + [HALT]
        events, done = await run(dut, texts, cycles=100)
        assert events == [(0, FIRST, HALT)] and done is None
        assert not dut.stopped.value


@cocotb.test
async def notifies_d_apart(dut):
    """A queue notifies every D cycles; SYNC n lets n - 1 of them pass."""
    await tb.begin(dut)
    count = 6
    texts = {q.index: [word_of("SYNC", n=1 + q.index % 5), HALT] for q in CONFIG.queues}
    texts[FIRST] = [w for _ in range(count) for w in BEGIN] + [HALT]
    events = await check(dut, texts)
    for cycle, queue, word in events:
        if word == HALT and queue != FIRST:
            assert cycle == RELEASE * (2 + queue % 5)


@cocotb.test
async def done_after_the_last_halt_at_every_stop(dut):
    await tb.begin(dut)
    for last in one_of_each_stop():
        texts = {last.index: [word_of("NOP", n=100), HALT]}
        texts[FIRST] = [*BEGIN, *texts.get(FIRST, [HALT])]
        await check(dut, texts)


@cocotb.test
async def done_after_the_last_access_of_a_burst(dut):
    await tb.begin(dut)
    for last in [q for q in CONFIG.queues if q.kind.value == "mem"]:
        for port in ("read", "write"):
            values = {f"{port}_{k}": v for k, v in (("kind", 1), ("count", 9), ("interval", 7))}
            await check(dut, {last.index: [word_of("MEM", **values), HALT], FIRST: [*BEGIN, HALT]})


@cocotb.test
async def a_bad_word_anywhere_stops_every_queue_within_p_cycles(dut):
    """Every queue issues NOTIFY-free work for ever; the bad word's stop spreads both ways."""
    await tb.begin(dut)
    busy = [word_of("NOP", n=1)] * (CONFIG.queue_words - 4)
    for culprit in one_of_each_stop():
        texts = {}
        for q in CONFIG.queues:
            values = {"read_kind": 1, "read_count": 4000, "read_interval": 1}
            texts[q.index] = [word_of("MEM", **values), HALT] if q.kind.value == "mem" else busy
        where = 20
        texts[culprit.index] = [word_of("NOP", n=where), 0]
        texts[FIRST] = [*BEGIN, *texts[FIRST]]
        events, done = await run(dut, texts)
        assert done is None and dut.stopped.value
        assert ErrorClass.BAD_WORD is list(ErrorClass)[dut.cause.value.to_unsigned() - 1]
        bad = RELEASE + where
        # The stop reaches a queue k stops away k + 1 cycles after the bad word's.
        last = {
            q.index: max(t for t, queue, _ in events if queue == q.index)
            for q in CONFIG.queues
            if q.kind.value == "mem" and q is not culprit and q.stop != culprit.stop
        }
        for index, cycle in last.items():
            assert cycle == bad + abs(CONFIG.queues[index].stop - culprit.stop) + 1
        assert max(t for t, *_ in events) <= bad + CONFIG.stops


@cocotb.test
async def a_dry_queue_stops_the_chip(dut):
    await tb.begin(dut)
    for culprit in one_of_each_stop():
        text = [word_of("NOP", n=30)]
        texts = {culprit.index: text}
        texts[FIRST] = [*BEGIN, *(text if culprit.index == FIRST else [HALT])]
        _, done = await run(dut, texts)
        assert done is None and dut.stopped.value
        assert ErrorClass.QUEUE_DRY is list(ErrorClass)[dut.cause.value.to_unsigned() - 1]


@cocotb.test
async def random_texts_in_every_queue(dut):
    await tb.begin(dut)
    for seed in P["seeds"]:
        dut._log.info("random_texts(%s, seed=%d)", CONFIG.name, seed)
        await check(dut, random_texts(CONFIG, seed, RELEASE))
