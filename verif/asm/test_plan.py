"""When words issue: NOP, REPEAT, SYNC and NOTIFY, and the cycle counted from the first NOTIFY."""

import pytest

from tsp.arch.config import NANO, SMALL
from tsp.arch.isa import decode
from tsp.arch.timing import timing
from tspc.asm import assemble

D = timing(NANO).sync_release


def plan(body: str, queue: str, *, unchecked: bool = False) -> tuple[int, ...]:
    program = assemble(f".config nano\n{body}", unchecked=unchecked)
    return program.plan[NANO.queue_by_name[queue].index]


def names(body: str, queue: str) -> list[str]:
    program = assemble(f".config nano\n{body}")
    return [decode(w).name for w in program.text[NANO.queue_by_name[queue].index]]


def test_first_words():
    body = "VXM0:\nNOTIFY\nHALT\nMEM_E0:\nHALT"
    assert plan(body, "VXM0") == (0, 1)
    assert plan(body, "MEM_E0") == (D,)


@pytest.mark.parametrize("config", [NANO, SMALL])
def test_release_follows_the_configuration(config):
    program = assemble("VXM0:\nNOTIFY\nHALT\nVXM1:\nHALT", config=config)
    release = timing(config).sync_release
    assert program.plan[config.queue_by_name["VXM1"].index] == (release,)


@pytest.mark.parametrize("gap, inserted", [(1, []), (2, [1]), (10, [9]), (65536, [65535])])
def test_gap_is_filled(gap, inserted):
    body = f"VXM0:\nNOTIFY\nHALT\nMEM_E0:\n@40 READ 0:0 -> E0\n@{40 + gap} HALT"
    program = assemble(f".config nano\n{body}")
    words = [decode(w) for w in program.text[NANO.queue_by_name["MEM_E0"].index]]
    assert [w["n"] for w in words[2:] if w.name == "NOP"] == inserted
    assert plan(body, "MEM_E0")[-1] == 40 + gap


def test_gap_beyond_one_nop():
    body = "VXM0:\nNOTIFY\nHALT\nMEM_E0:\n@40 READ 0:0 -> E0\n@200000 HALT"
    times = [D, 40, 41, 41 + 65535, 41 + 2 * 65535, 41 + 3 * 65535, 200000]
    assert plan(body, "MEM_E0") == tuple(times)


def test_repeat_takes_no_cycle_and_its_copies_do():
    body = "VXM0:\nNOTIFY\nHALT\nMEM_E0:\nREAD 0:0 -> E0\nREPEAT 3, 4\nHALT"
    assert plan(body, "MEM_E0") == (D, D, D + 13)


def test_nop_is_its_count():
    assert plan("VXM0:\nNOTIFY\nNOP 5\nHALT", "VXM0") == (0, 1, 6)


def test_burst_does_not_hold_the_queue():
    body = "VXM0:\nNOTIFY\nHALT\nMEM_E0:\nREAD 0:0 -> E0 count=9\nWRITE 1:0 <- E0\nHALT"
    assert plan(body, "MEM_E0") == (D, D + 1, D + 2)


def test_sync_starts_a_new_count():
    body = """VXM0:
      NOTIFY
      SYNC          ; parked in the next cycle: its own NOTIFY releases it
      @100 NOTIFY
      SYNC
      @50 HALT
    MEM_E0:
      SYNC
      @60 HALT"""
    assert plan(body, "VXM0") == (0, 1, D, 100, 101, 100 + D, 150)
    assert plan(body, "MEM_E0") == (D, 100 + D, 160)


def test_sync_counts_notifies():
    body = "VXM0:\nNOTIFY\n@100 NOTIFY\n@200 NOTIFY\nHALT\nMEM_E0:\nSYNC 2\nHALT"
    assert plan(body, "MEM_E0") == (D, 200 + D)


def test_sync_at_the_last_moment_and_just_after():
    """Parked by t + 1 is released; one cycle later is late, and waits for the next."""
    body = "VXM0:\nNOTIFY\n@100 NOTIFY\n@200 NOTIFY\nHALT\nMEM_E0:\n@{} SYNC\nHALT"
    assert plan(body.format(101), "MEM_E0")[-1] == 100 + D
    assert plan(body.format(102), "MEM_E0")[-1] == 200 + D


def test_any_queue_may_notify():
    body = """VXM0:
      NOTIFY
      SYNC 2
      HALT
    MEM_W3:
      @70 NOTIFY
      SYNC
      HALT
    MEM_E0:
      SYNC
      HALT"""
    assert plan(body, "MEM_W3") == (D, 70, 71, 70 + D)
    assert plan(body, "VXM0") == (0, 1, 70 + D)
    assert plan(body, "MEM_E0") == (D, 70 + D)


def test_parked_for_ever_is_no_error_of_the_assembler():
    """The verifier calls it unfinished; only a word that could never issue is refused here."""
    assert names("VXM0:\nNOTIFY\nSYNC\nSYNC", "VXM0") == ["NOTIFY", "SYNC", "SYNC"]
    assert plan("VXM0:\nNOTIFY\nSYNC 2\nHALT", "VXM0", unchecked=True) == (0, 1, -1)


def test_text_after_halt_goes_on():
    assert plan("VXM0:\nNOTIFY\nHALT\nNOTIFY", "VXM0") == (0, 1, 2)
