"""Every illegal class that the built operations allow: met, named, with both parties."""

import numpy as np
import pytest

from tsp.arch.config import NANO, Config
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import make
from tspc.golden.errors import GoldenError
from tspc.golden.simulate import simulate
from tspc.program import Program
from verif.golden.builder import (
    HALT,
    NEVER,
    NOTIFY,
    Maker,
    nop,
    read,
    repeat,
    sync,
    vxm,
    write,
)
from verif.golden.test_mxm import Bench, acc, base, iw_abc

D = Maker().timing.sync_release
ABC_TO_ACC = Maker().timing.abc_to_acc


def filled(*slices):
    maker = Maker()
    for slice_ in slices:
        for bank in (0, 1):
            for offset in range(4):
                maker.put(slice_, bank, offset, offset)
    return maker


def refuse(error_class, call, *parts, parties=None):
    """`call` raises this class; the message holds every part."""
    with pytest.raises(GoldenError) as caught:
        call()
    error = caught.value
    assert error.error_class is error_class
    for part in parts:
        assert part in error.message, error.message
    assert error.remedy and str(error).startswith(error_class.value)
    if parties is not None:
        assert [(p.queue, p.cycle) for p in error.parties] == parties
    return error


def texts(maker, words_of):
    """A program of raw words."""
    text = {maker.queue(name): tuple(words) for name, words in words_of.items()}
    text.setdefault(maker.queue("VXM0"), (NOTIFY.encode(), HALT.encode()))
    return Program("raw", maker.config, text, {}, maker.memory)


def run_raw(maker, words_of):
    encoded = {
        name: [w if isinstance(w, int) else w.encode() for w in words]
        for name, words in words_of.items()
    }
    return simulate(texts(maker, encoded), [{}])[0]


@pytest.mark.feature("unit", "error stream conflict")
def test_stream_conflict_between_neighbours_of_a_stop():
    maker = filled("MEM_E2", "MEM_E3")
    queues = {"MEM_E2": [(D + 4, read(0, 0, "E7"))], "MEM_E3": [(D + 4, read(1, 1, "E7"))]}
    refuse(
        ErrorClass.STREAM_CONFLICT,
        lambda: maker.run(queues),
        *("MEM_E2", "MEM_E3", f"cycle {D + 4}", "word 1", "E7"),
        parties=[("MEM_E3", D + 4), ("MEM_E2", D + 4)],
    )
    queues["MEM_E3"] = [(D + 5, read(1, 1, "E7"))]
    maker.run(queues)
    queues["MEM_E3"] = [(D + 4, read(1, 1, "W7"))]
    maker.run(queues)


@pytest.mark.feature("unit", "error empty stream")
def test_empty_stream_of_a_write_and_of_an_operand():
    maker = filled()
    refuse(
        ErrorClass.EMPTY_STREAM,
        lambda: maker.run({"MEM_E2": [(D, write(0, 0, "E7"))]}),
        *("MEM_E2", "word 0", f"cycle {D}", "E7", "carries nothing"),
        parties=[("MEM_E2", D)],
    )
    word = vxm("ADD", ["W1", 1], "W1")
    refuse(ErrorClass.EMPTY_STREAM, lambda: maker.run({"VXM7": [(D, word)]}), "VXM7", "W1")


def test_units_of_a_stop_do_not_see_each_other():
    maker = filled("MEM_E2")
    t = maker.timing
    for sink, legal in (("MEM_E3", False), ("MEM_E4", True)):
        at = D + t.mem_d_func - t.mem_d_skew
        queues = {"MEM_E2": [(D, read(0, 0, "E7"))], sink: [(at, write(0, 0, "E7"))]}
        if legal:
            maker.run(queues)
        else:
            refuse(ErrorClass.EMPTY_STREAM, lambda q=queues: maker.run(q), "MEM_E3")


@pytest.mark.feature("unit", "error bank conflict")
@pytest.mark.parametrize("access", [1, 2, 3])
def test_bank_conflict_of_a_burst_with_a_later_word(access):
    maker = filled("MEM_E2", "MEM_W2")
    t, timing = D + 40, maker.timing
    feed = t + timing.mem_d_skew - maker.arrival(0, timing.mem_d_func, "MEM_W2", "MEM_E2")
    burst = read(0, 0, "E7", count=4, interval=2)
    for bank in (0, 1):
        word = write(bank, 3, "E1")
        items = [(t - 2 * access, burst), (t, word)]
        queues = {"MEM_W2": [(feed, read(0, 0, "E1"))], "MEM_E2": items}
        if bank:
            maker.run(queues)
        else:
            refuse(
                ErrorClass.BANK_CONFLICT,
                lambda q=queues: maker.run(q),
                *("bank 0 of MEM_E2", f"cycle {t}", "word 1", "word 3"),
                parties=[("MEM_E2", t), ("MEM_E2", t)],
            )


@pytest.mark.feature("unit", "error port busy")
def test_port_busy_until_the_last_access_has_issued():
    maker = filled("MEM_E2")
    burst = (D, read(0, 0, "E7", count=3, interval=5))
    for at in (D + 1, D + 5, D + 10):
        queues = {"MEM_E2": [burst, (at, read(1, 0, "E8"))]}
        refuse(
            ErrorClass.PORT_BUSY,
            lambda q=queues: maker.run(q),
            *("read port", f"cycle {at}", f"cycle {D + 10}"),
            parties=[("MEM_E2", at), ("MEM_E2", D)],
        )
    maker.run({"MEM_E2": [burst, (D + 11, read(1, 0, "E8"))]})


@pytest.mark.feature("unit", "error uninitialised")
def test_uninitialised_memory():
    maker = filled("MEM_E2")
    queues = {"MEM_E2": [(D, read(1, 2, "E7", count=3, stride=1))]}
    refuse(
        ErrorClass.UNINITIALISED,
        lambda: maker.run(queues),
        *("MEM_E2", f"cycle {D + 2}", "bank 1 offset 4"),
    )


def mxm(*, groups=2, install=True, mode=1, accs=(), at=4, entry=0):
    """A plane with so many column groups loaded, one ABC, and ACCs that start with its result."""
    bench = Bench("MXM_W0")
    t0 = base(bench)
    bench.load(t0, bench.random(32, 32))
    if groups < 2:
        bench.queues["MXM_W0_W"] = bench.queues["MXM_W0_W"][:groups]
    if install:
        bench.issue("A", t0 + 3, iw_abc(install=1))
    bench.stream(t0 + at, bench.random(1, 32))
    stream = 16 if mode in (1, 2) else 0
    bench.issue("A", t0 + at, iw_abc(mode=mode, stream=stream, entry=entry))
    for i, word in enumerate(accs):
        bench.issue("R", t0 + at + ABC_TO_ACC + i, word)
    return bench


@pytest.mark.parametrize(
    ("bench", "parts"),
    [
        ({"groups": 1}, ("MXM_W0_A", "column group 1")),
        ({"install": False}, ("MXM_W0_A", "weights")),
        ({"mode": 3, "entry": 9}, ("MXM_W0_A", "activation buffer entry 9")),
        ({"accs": [acc("add", 3)]}, ("MXM_W0_R", "accumulator entry 3")),
        ({"accs": [acc("write", 2), acc("emit-stored", 3)]}, ("MXM_W0_R", "entry 3")),
        ({"accs": [acc("emit-sum", 4)]}, ("MXM_W0_R", "accumulator entry 4")),
    ],
)
@pytest.mark.feature("unit", "error uninitialised")
def test_uninitialised_in_a_plane(bench, parts):
    refuse(ErrorClass.UNINITIALISED, lambda: mxm(**bench).run(0), *parts)


@pytest.mark.feature("unit", "error empty stream")
@pytest.mark.parametrize("mode", ["write", "add", "emit", "emit-sum"])
def test_acc_without_a_result_is_a_missing_operand(mode):
    bench = mxm(accs=[acc("write"), acc(mode)])
    refuse(ErrorClass.EMPTY_STREAM, lambda: bench.run(0), "MXM_W0_R", f"({ABC_TO_ACC} before)")


def test_an_abc_without_acc_is_legal():
    mxm().run(0)


@pytest.mark.feature("unit", "error queue dry")
def test_queue_dry():
    maker = filled("MEM_E2")
    word = read(0, 0, "E7")
    cases = [
        ([word], D + 1),
        ([word, repeat(3, 4)], D + 13),
        ([nop(9)], D + 9),
        ([read(0, 0, "E7", count=2, interval=50)], D + 1),
    ]
    for words, at in cases:
        refuse(
            ErrorClass.QUEUE_DRY,
            lambda w=words: run_raw(maker, {"MEM_E2": w}),
            *("MEM_E2", f"cycle {at}", f"{len(words)} words"),
        )
    refuse(ErrorClass.QUEUE_DRY, lambda: run_raw(maker, {"VXM0": [NOTIFY]}), "VXM0", "cycle 1")


@pytest.mark.feature("unit", "error queue overflow")
def test_queue_overflow():
    maker = filled()
    fits = [nop(1)] * (NANO.queue_words - 1) + [HALT]
    run_raw(maker, {"VXM3": fits})
    refuse(
        ErrorClass.QUEUE_OVERFLOW,
        lambda: run_raw(maker, {"VXM3": [nop(1), *fits]}),
        *("VXM3", str(NANO.queue_words + 1), str(NANO.queue_words)),
    )


@pytest.mark.feature("unit", "error late to barrier")
def test_late_to_barrier():
    t = 3 * D
    for late in (2, 3, D - 1, D):
        queues = {"VXM3": [(t, NOTIFY)], "MEM_E1": [(t + late, sync(), NEVER)]}
        refuse(
            ErrorClass.LATE_TO_BARRIER,
            lambda q=queues: Maker().run(q),
            *("MEM_E1", "VXM3", f"cycle {t}", f"cycle {t + late}"),
            parties=[("MEM_E1", t + late), ("VXM3", t)],
        )
    # At D + 1 it waits for the next one.
    maker = Maker()
    maker.run({"VXM3": [(t, NOTIFY), (5 * D, NOTIFY)], "MEM_E1": [(t + D + 1, sync(), 6 * D)]})


def test_a_queue_that_is_released_into_a_sync_is_late():
    refuse(
        ErrorClass.LATE_TO_BARRIER,
        lambda: Maker().run({"VXM3": [(2 * D, NOTIFY)], "MEM_E1": [(D, sync(), NEVER)]}),
        *("MEM_E1", "VXM0"),
    )


@pytest.mark.feature("unit", "error barrier spacing")
@pytest.mark.parametrize("apart", [1, D - 1])
@pytest.mark.parametrize("same", [True, False])
def test_barrier_spacing(apart, same):
    t = 3 * D
    other = "VXM3" if same else "MEM_E1"
    queues = {"VXM3": [(t, NOTIFY)]}
    queues.setdefault(other, []).append((t + apart, NOTIFY))
    refuse(
        ErrorClass.BARRIER_SPACING,
        lambda: Maker().run(queues),
        *("VXM3", other, f"cycle {t}", f"cycle {t + apart}"),
        parties=[(other, t + apart), ("VXM3", t)],
    )


def test_two_notifies_in_one_cycle():
    queues = {"VXM3": [(3 * D, NOTIFY)], "VXM4": [(3 * D, NOTIFY)]}
    refuse(ErrorClass.BARRIER_SPACING, lambda: Maker().run(queues), "VXM3", "VXM4")


@pytest.mark.feature("unit", "error accumulator range")
def test_accumulator_range_without_a_bound_counts_vectors():
    config = Config("one", 1, 0, 36, 64, 1, 4, 2, 1)
    bench = Bench("MXM_W0", config)
    timing, t0 = bench.maker.timing, base(bench)
    bench.load(t0, bench.random(16, 16))
    bench.issue("A", t0 + 2, iw_abc(install=1))
    at = t0 + 3
    bench.stream(at, bench.random(2, 16))
    limit = (1 << 31) // (16 << 14)  # one vector too many in an entry
    copies = 4 * limit
    bench.issue("A", at, iw_abc(mode=2, stream=16), repeat(1))
    bench.issue("A", at + 2, iw_abc(mode=3), repeat(copies - 3))
    ready = at + timing.abc_to_acc
    bench.issue("R", ready, acc("write"), repeat(3))
    bench.issue("R", ready + 4, acc("add"), repeat(copies - 5))
    refuse(
        ErrorClass.ACCUMULATOR_RANGE,
        lambda: bench.run(0),
        *("MXM_W0_R", "entry 0", f"vector {limit}", f"cycle {ready + 4 * (limit - 1)}"),
    )


@pytest.mark.parametrize("bound", ["holds", "broken", "useless"])
def test_accumulator_range_with_a_bound_is_checked_against_the_sums(bound):
    bench = mxm(accs=[acc("write"), acc("emit-stored")])
    queue = bench.maker.queue("MXM_W0_R")
    largest = int(np.abs(bench.run(0)[1].accumulators[queue, 0].astype(int)).max())
    bench.maker.bound = {"holds": largest, "broken": largest - 1, "useless": 1 << 31}[bound]
    if bound == "holds":
        bench.run(0)
    else:
        quoted = str(bench.maker.bound)
        refuse(ErrorClass.ACCUMULATOR_RANGE, lambda: bench.run(0), "entry 0", quoted)


BAD = {
    "no opcode": (0, "opcode 0"),
    "unknown opcode": (63, "opcode 63"),
    "reserved bit": (HALT.encode() | 1 << 100, "reserved"),
    "not of this queue": (read(0, 0, "E0").encode(), "VXM3"),
    "zero NOP": (make("NOP", n=1).format.opcode, "n = 0"),
    "special function of ALU 0": (vxm("RECIP", [1], "E0", compute=1).encode(), "ALU 0"),
    "not built": (make("DESKEW").encode(), "not built"),
    "bad type": (vxm("ADD", [1, 2], "E0").encode() | 7 << 14, "type"),
}


@pytest.mark.feature("unit", "error bad word")
@pytest.mark.parametrize("which", BAD)
def test_bad_word(which):
    word, part = BAD[which]
    words = [nop(3).encode(), word, HALT.encode()]
    refuse(
        ErrorClass.BAD_WORD,
        lambda: run_raw(Maker(), {"VXM3": words}),
        *("VXM3", "word 1", f"cycle {D + 3}", part),
    )


def test_bad_words_that_depend_on_the_configuration():
    for queue, word, part in (
        ("MXM_W0_W", make("LW", column=2), "column = 2"),
        ("MXM_W0_A", iw_abc(mode=3, entry=32), "entry = 32"),
        ("MXM_W0_R", acc("write", 32), "entry = 32"),
        ("MEM_E1", read(0, 256, "E0"), "read_offset = 256"),
    ):
        refuse(
            ErrorClass.BAD_WORD,
            lambda q=queue, w=word: run_raw(Maker(), {q: [w, HALT]}),
            *(queue, "word 0", part),
        )


def test_places_that_the_configuration_does_not_have():
    maker = Maker()
    program = maker.program({})
    program.text[len(NANO.queues)] = (HALT.encode(),)
    refuse(ErrorClass.BAD_WORD, lambda: simulate(program, [{}]), f"queue {len(NANO.queues)}")
    for address in ((0, 0, 0), (maker.queue("MEM_E1"), 2, 0), (maker.queue("MEM_E1"), 0, 256)):
        maker = Maker()
        maker.memory[address] = np.zeros(32, np.uint8)
        refuse(ErrorClass.BAD_WORD, lambda m=maker: m.run({}), f"queue {address[0]}, bank")


def test_repeat_behind_anything_but_a_functional_word_without_burst():
    word = read(0, 0, "E7")
    for words in (
        [repeat(1)],
        [nop(2), repeat(1)],
        [word, nop(2), repeat(1)],
        [word, repeat(1), repeat(1)],
        [read(0, 0, "E7", count=2), repeat(1)],
    ):
        refuse(
            ErrorClass.BAD_WORD,
            lambda w=words: run_raw(filled("MEM_E2"), {"MEM_E2": [*w, HALT]}),
            *("MEM_E2", "REPEAT", f"word {len(words) - 1}"),
        )


def test_a_word_that_never_issues_may_be_bad_only_if_it_is_behind_halt():
    refuse(ErrorClass.UNFINISHED, lambda: run_raw(Maker(), {"VXM3": [HALT, 0]}), "VXM3", "1 words")


@pytest.mark.feature("unit", "error unfinished")
def test_unfinished_if_parked_for_ever():
    queues = {"MEM_E1": [(D + 1, sync(), NEVER)]}
    refuse(ErrorClass.UNFINISHED, lambda: Maker().run(queues), "MEM_E1", f"cycle {D + 1}")
    queues = {"VXM3": [(3 * D, NOTIFY)], "MEM_E1": [(D + 1, sync(2), NEVER)]}
    refuse(ErrorClass.UNFINISHED, lambda: Maker().run(queues), "MEM_E1")


@pytest.mark.feature("unit", "error unfinished")
@pytest.mark.parametrize("first", [HALT, sync()])
def test_unfinished_if_nobody_notifies(first):
    words = [first] if first is HALT else [first, HALT]
    refuse(ErrorClass.UNFINISHED, lambda: run_raw(Maker(), {"VXM0": words}), "for ever")


def test_the_first_word_is_notify():
    refuse(
        ErrorClass.BAD_WORD,
        lambda: run_raw(Maker(), {"VXM0": [nop(1), NOTIFY, HALT]}),
        *("VXM0", "NOTIFY"),
    )
