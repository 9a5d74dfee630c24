"""One queue of each kind, in Amaranth's simulator, against the expansion of ``reference``."""

import random
from functools import cache

import pytest

from tsp.arch.config import NANO, Config, QueueKind
from tsp.arch.isa import FORMATS, VXM_OPS, BadWord, Compute, decode, is_built
from verif.icu.bench import QueueBench
from verif.icu.programs import TextMaker
from verif.icu.reference import OPCODES, expand, fields_of, is_bad, word_of

KINDS = list(QueueKind)
UNITS = [k for k in KINDS if k is not QueueKind.C2C]
#: T, accumulators, activations and bank differ from nano's and from each other.
ODD = Config("odd", 3, 0, 2, 64, 1, 16, 8, 1)

NOP1 = word_of("NOP", n=1)
SYNC1 = word_of("SYNC", n=1)
NOTIFY = word_of("NOTIFY")
HALT = word_of("HALT")


@cache
def bench(kind, config=ODD, gate=True):
    return QueueBench(kind.value, config, gate=gate)


def check(kind, text, *, config=ODD, cycles=120, releases=(0,), stop=None, gate=True, boot=None):
    """Run the text; everything the queue does must be what the reference says."""
    more = {"releases": releases, "stop": stop, "boot": boot}
    run = bench(kind, config, gate).run(text, cycles=cycles, **more)
    expected = expand(kind, config, text, releases, cycles, stop, boot)
    assert sorted(run.events) == expected.events
    assert run.notifies == expected.notifies
    # What a fetch goes on to take when the queue has stopped is lost with it.
    ends = [t for t in (run.cause_cycle, stop, cycles) if t is not None]
    assert [x for x in run.taken if x[0] < min(ends)] == expected.taken
    assert run.idle == expected.idle
    assert run.cause.name == expected.cause
    assert run.cause_cycle == expected.cause_cycle
    assert run.controls == controls_of(kind, config, expected.acting)
    return run


def controls_of(kind, config, acting):
    """Control words that the unit must see, from the issues."""
    found = {}
    for cycle, word, superlanes in acting:
        form = OPCODES[word % 64]
        if kind is QueueKind.SXM_SHIFT:
            v = fields_of(word)
            bits = v["stream"] | v["result"] << 6 | v["n"] << 12 | v.get("mask", 0) << 18
            found[cycle] = 1 | (form.name == "SELECT") << 1 | bits << 2 | superlanes << 26
        elif kind is not QueueKind.MEM:
            fields = word >> 6 | superlanes << sum(f.width for f in form.fields)
            found[cycle] = 1 | fields << 1
        if kind is not QueueKind.MEM:
            continue
        v, wide = fields_of(word), max(6, (config.words // 2 - 1).bit_length())
        for place, port in enumerate(("read", "write")):
            if v[f"{port}_kind"]:
                indirect = v[f"{port}_kind"] == 2
                where = v[f"{port}_map"] if indirect else v[f"{port}_offset"]
                bits = 1 | indirect << 1 | v[f"{port}_bank"] << 2 | where << 3
                bits |= v[f"{port}_stream"] << 3 + wide | superlanes << 9 + wide
                found[cycle] = found.get(cycle, 0) | bits << place * (16 + wide)
    return sorted(found.items())


def unit_words(kind, n, config=ODD):
    """`n` different functional words of a kind; MEM: single accesses."""
    words = []
    for i in range(n):
        if kind is QueueKind.MEM:
            ports = {"write_bank": 1} if i % 2 else {}
            port = "write" if i % 2 else "read"
            values = {f"{port}_{k}": 1 for k in ("kind", "count", "interval", "stride")}
            words.append(word_of("MEM", **values, **ports, **{f"{port}_offset": i}))
        elif kind is QueueKind.MXM_W:
            words.append(word_of("LW", column=i % config.superlanes))
        elif kind is QueueKind.MXM_A:
            words.append(word_of("MXM", mode=2, entry=i % config.activations))
        elif kind is QueueKind.MXM_R:
            words.append(word_of("ACC", mode=2, type=2, entry=i % config.accumulators))
        elif kind is QueueKind.SXM_SHIFT:
            words.append(word_of(("SHIFT", "SELECT")[i % 2], result=i, n=1 + i % 16))
        elif kind is QueueKind.SXM_ROTATE:
            words.append(word_of("ROTATE", stream=i, n=3 + i % 2))
        elif kind.name.startswith("SXM"):
            words.append(word_of(kind.name.removeprefix("SXM_"), stream=i))
        else:
            words.append(word_of("VXM", op=1, immediate0=i))
    return words


@pytest.mark.parametrize("kind", UNITS)
def test_a_word_every_cycle_through_the_whole_buffer(kind):
    words = ODD.queue_words
    run = check(kind, [*unit_words(kind, words - 1), HALT])
    assert [cycle for cycle, _ in run.events] == list(range(words))
    assert run.idle == words - 1


@pytest.mark.feature("unit", "NOP")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 70])
def test_nop_delays_by_n(kind, n):
    run = check(kind, [NOTIFY, word_of("NOP", n=n), NOTIFY, NOP1, NOP1, HALT])
    assert run.notifies == [0, 1 + n]


def test_the_longest_nop_is_65535_cycles():
    run = bench(QueueKind.C2C).run([word_of("NOP", n=0xFFFF), HALT], cycles=0x10004)
    assert run.idle == 0xFFFF


@pytest.mark.feature("unit", "REPEAT")
@pytest.mark.parametrize("kind", UNITS)
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("n", [1, 2, 9])
@pytest.mark.parametrize("after", [NOP1, SYNC1, HALT, None], ids=["nop", "sync", "halt", "word"])
def test_repeat_issues_copies_and_the_next_word_follows_the_last(kind, d, n, after):
    first, second = unit_words(kind, 2)
    text = [first, word_of("REPEAT", n=n, d=d), second if after is None else after, HALT]
    run = check(kind, text, releases=(0, 60))
    units = [cycle for cycle, word in run.events if OPCODES[word % 64].functional]
    assert units[: n + 1] == [d * k for k in range(n + 1)]
    if after is None:
        assert units[n + 1 :] == [n * d + 1]


@pytest.mark.parametrize(
    ("kind", "word", "field", "modulus"),
    [
        (QueueKind.MXM_W, word_of("LW", stream=16, column=1), "column", 3),
        (QueueKind.MXM_A, word_of("MXM", mode=2, entry=5, install=1), "entry", 8),
        (QueueKind.MXM_A, word_of("MXM", mode=3, entry=5), "entry", 8),
        (QueueKind.MXM_A, word_of("MXM", mode=1, stream=9), "entry", 1),
        (QueueKind.MXM_A, word_of("MXM", install=1), "entry", 1),
        (QueueKind.MXM_R, word_of("ACC", mode=1, type=2, entry=13), "entry", 16),
        (QueueKind.MXM_R, word_of("ACC", mode=2, type=2, entry=13), "entry", 16),
        (QueueKind.MXM_R, word_of("ACC", mode=3, type=2, stream=8), "entry", 1),
        (QueueKind.MXM_R, word_of("ACC", mode=4, type=2, entry=13), "entry", 16),
        (QueueKind.MXM_R, word_of("ACC", mode=5, type=2, entry=13), "entry", 16),
        (QueueKind.MXM_R, word_of("ACC", mode=6, type=2, entry=13), "entry", 16),
        (QueueKind.VXM, word_of("VXM", op=1, result_stream=60), "op", 1),
    ],
)
@pytest.mark.feature("unit", "REPEAT")
def test_repeat_steps_what_the_mode_uses_and_nothing_else(kind, word, field, modulus):
    run = check(kind, [word, word_of("REPEAT", n=2 * modulus, d=1), HALT])
    first = fields_of(word)
    for k, (_, issued) in enumerate(run.events[:-1]):
        value = (first[field] + k) % modulus if modulus > 1 else first[field]
        assert fields_of(issued) == {**first, field: value}


def test_repeat_of_a_mem_word_steps_both_ports_inside_their_banks():
    common = {"kind": 1, "count": 1, "interval": 1}
    values = {f"{p}_{k}": v for p in ("read", "write") for k, v in common.items()}
    word = word_of("MEM", **values, write_bank=1, read_offset=30, read_stride=3, write_stride=31)
    run = check(QueueKind.MEM, [word, word_of("REPEAT", n=40, d=2), HALT])
    offsets = [(30 + 3 * k) % 32 for k in range(41)], [31 * k % 32 for k in range(41)]
    seen = [fields_of(w) for _, w in run.events[:-1]]
    assert sorted(v["read_offset"] for v in seen if v["read_kind"]) == sorted(offsets[0])
    assert sorted(v["write_offset"] for v in seen if v["write_kind"]) == sorted(offsets[1])


def burst(port, count, interval, **more):
    values = {"kind": 1, "count": count, "interval": interval, **more}
    return word_of("MEM", **{f"{port}_{k}": v for k, v in values.items()})


@pytest.mark.parametrize("interval", [1, 2, 7])
@pytest.mark.parametrize("count", [2, 3, 10])
def test_a_burst_runs_on_while_other_words_use_the_other_port(count, interval):
    text = [
        burst("read", count, interval, offset=31, stride=5, stream=3),
        burst("write", 1, 1, bank=1, offset=7, stride=1),
        word_of("REPEAT", n=4, d=1),
        NOP1,
        burst("write", 3, 2, bank=1, offset=9, stride=31),
        HALT,
    ]
    run = check(QueueKind.MEM, text)
    assert run.idle == max((count - 1) * interval, 11)


def test_each_port_has_its_own_burst_direct_or_indirect():
    """GATHER and SCATTER step nothing: what a direct access left must not move their map."""
    both = burst("read", 4, 2, kind=2, map=61, stream=3)
    both |= burst("write", 3, 5, bank=1, offset=30, stride=3, stream=9)
    other = burst("write", 5, 1, kind=2, bank=1, map=63) | burst("read", 2, 3, offset=1, stride=7)
    check(QueueKind.MEM, [both, word_of("NOP", n=10), other, word_of("NOP", n=4), HALT])
    alone = burst("read", 1, 1, kind=2, map=62) | burst("write", 1, 1, kind=2, bank=1, map=1)
    run = check(QueueKind.MEM, [alone, word_of("REPEAT", n=5, d=2), HALT])
    words = {word for _, word in run.events} - {HALT}
    assert len(words) == 2, "REPEAT of GATHER and SCATTER steps something"


def test_sync_and_halt_may_precede_the_end_of_a_burst():
    text = [burst("write", 20, 3, stride=1), SYNC1, NOTIFY, HALT]
    run = check(QueueKind.MEM, text, releases=(0, 25))
    assert run.idle == 57
    assert run.notifies == [25]


def test_a_port_is_free_again_after_its_last_access():
    text = [burst("read", 4, 2, stride=1), word_of("NOP", n=6), burst("read", 2, 1, offset=20)]
    check(QueueKind.MEM, [*text, NOP1, NOP1, HALT])


@pytest.mark.feature("unit", "SYNC")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_sync_waits_for_the_nth_release(kind, n):
    text = [word_of("SYNC", n=n), NOTIFY, HALT]
    run = check(kind, text, releases=(0, 20, 40, 60, 80))
    assert run.notifies == [20 * n]


def test_a_queue_that_does_not_park_ignores_releases():
    run = check(QueueKind.VXM, [NOTIFY, word_of("NOP", n=50), NOTIFY, HALT], releases=(0, 20, 30))
    assert run.notifies == [0, 51]


def test_a_release_in_the_cycle_before_the_sync_issues_does_not_count():
    text = [NOTIFY, word_of("NOP", n=18), SYNC1, NOTIFY, HALT]  # SYNC issues in 19
    assert check(QueueKind.C2C, text, releases=(0, 19, 70)).notifies == [0, 70]
    assert check(QueueKind.C2C, text, releases=(0, 20, 70)).notifies == [0, 20]


@pytest.mark.feature("unit", "HALT")
def test_halt_ends_the_queue_whatever_follows():
    run = check(QueueKind.VXM, [HALT, 0, NOTIFY], releases=(0, 20))
    assert len(run.events) == 1


@pytest.mark.feature("unit", "CONFIG")
@pytest.mark.parametrize("kind", UNITS)
def test_config_goes_with_all_later_words_and_their_copies(kind):
    words = unit_words(kind, 4)
    repeat = word_of("REPEAT", n=2, d=2)
    text = [words[0], word_of("CONFIG", n=2), words[1], repeat, NOP1, word_of("CONFIG", n=1)]
    text += [words[2], SYNC1, words[3], word_of("CONFIG", n=3), words[0], HALT]
    run = check(kind, text, releases=(0, 40))
    configs = [fields_of(w)["n"] for _, w in run.events if w % 64 == FORMATS["CONFIG"].opcode]
    assert configs == [2, 1, 3]


def test_a_burst_keeps_what_was_configured_when_it_began():
    text = [word_of("CONFIG", n=1), burst("read", 9, 2, stride=1), word_of("CONFIG", n=2)]
    check(QueueKind.MEM, [*text, burst("write", 3, 1, bank=1), NOP1, NOP1, HALT])


# ---- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_queue_without_text_is_dry(kind):
    assert check(kind, []).cause_cycle == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "last", [NOTIFY, NOP1, word_of("NOP", n=9), SYNC1], ids=["notify", "nop1", "nop9", "sync"]
)
@pytest.mark.feature("unit", "error queue dry")
def test_running_past_the_text_is_dry_in_the_cycle_of_the_missing_word(kind, last):
    run = check(kind, [NOTIFY, last], releases=(0, 33))
    assert run.cause_cycle == {NOTIFY: 2, NOP1: 2, SYNC1: 33}.get(last, 10)


def test_a_full_buffer_without_halt_is_dry_and_does_not_wrap():
    run = check(QueueKind.VXM, unit_words(QueueKind.VXM, ODD.queue_words))
    assert run.cause_cycle == ODD.queue_words


@pytest.mark.parametrize("kind", UNITS)
@pytest.mark.parametrize("before", ["nop", "notify", "sync", "repeat", "nothing"])
def test_repeat_after_anything_but_a_functional_word_is_bad(kind, before):
    repeat = word_of("REPEAT", n=2, d=1)
    texts = {
        "nop": [*unit_words(kind, 1), NOP1],
        "notify": [*unit_words(kind, 1), NOTIFY],
        "sync": [*unit_words(kind, 1), SYNC1],
        "repeat": [*unit_words(kind, 1), repeat],
        "nothing": [],
    }
    run = check(kind, [*texts[before], repeat, HALT], releases=(0, 30))
    assert run.cause.name == "BAD_WORD"


@pytest.mark.parametrize("port", ["read", "write"])
def test_repeat_after_a_burst_is_bad(port):
    text = [burst(port, 2, 3), word_of("REPEAT", n=1, d=1), HALT]
    assert check(QueueKind.MEM, text).cause.name == "BAD_WORD"


@pytest.mark.parametrize("kind", KINDS)
def test_every_opcode_is_accepted_by_its_queues_alone(kind):
    good = {}
    for opcode in range(64):
        run = bench(kind).run([opcode | legal_rest(opcode), HALT], cycles=3)
        good[opcode] = run.cause.name != "BAD_WORD"
        assert good[opcode] != is_bad(opcode | legal_rest(opcode), kind) or opcode == 2
    built = {f.opcode for f in FORMATS.values() if f.built and kind in f.queues}
    assert {o for o, ok in good.items() if ok} == built - {FORMATS["REPEAT"].opcode}


def legal_rest(opcode):
    """Fields that make a built opcode a legal word."""
    rest = {
        "NOP": {"n": 1},
        "REPEAT": {"n": 1, "d": 1},
        "SYNC": {"n": 1},
        "IFETCH": {"n": 1},
        "CONFIG": {"n": 1},
        "MEM": {"read_kind": 1, "read_count": 1, "read_interval": 1},
        "MXM": {"install": 1},
        "ACC": {"mode": 1, "type": 2},
        "VXM": {"op": 1},
        "ROTATE": {"n": 3},
    }
    name = OPCODES[opcode].name if opcode in OPCODES else ""
    return word_of(name, **rest.get(name, {})) & ~63 if name else 0


@pytest.mark.feature("unit", "error bad word")
@pytest.mark.parametrize("kind", KINDS)
def test_every_value_of_every_checked_field_and_every_reserved_bit(kind):
    """One word with one field changed, each value of the small fields, each single bit."""
    for form in FORMATS.values():
        if not form.built or kind not in form.queues or form.name == "REPEAT":
            continue
        base = form.opcode | legal_rest(form.opcode)
        words = {base ^ 1 << bit for bit in range(6, 128)}
        for f in form.fields:
            small = f.width <= 6
            words |= {
                base & ~((1 << f.width) - 1 << f.low) | value << f.low
                for value in range(1 << f.width if small else 1)
            }
        for word in words:
            run = bench(kind).run([word], cycles=1)
            flagged = run.cause.name == "BAD_WORD"
            assert flagged == is_bad(word, kind), (form.name, hex(word))
            if flagged:
                assert refused(word), (form.name, hex(word))


def refused(word):
    """True if the tools refuse the word, whatever the configuration."""
    try:
        return not is_built(decode(word))
    except BadWord:
        return True


@pytest.mark.parametrize("op", range(64))
@pytest.mark.parametrize("compute", [0, 1])
def test_vxm_operations_are_refused_by_compute_type(op, compute):
    check(QueueKind.VXM, [word_of("VXM", op=op, compute=compute), HALT], cycles=4)


@pytest.mark.parametrize("name", [name for name, op in VXM_OPS.items() if Compute.FP32 in op.built])
@pytest.mark.parametrize("special", [True, False])
def test_special_functions_are_refused_where_the_alu_has_none(name, special):
    word = word_of("VXM", op=VXM_OPS[name].code, compute=1)
    run = bench(QueueKind.VXM).run([word, HALT], cycles=4, special=special)
    refused = name in ("EXP2", "LOG2", "RSQRT", "RECIP", "TANH") and not special
    assert run.cause.name == ("BAD_WORD" if refused else "NONE")
    assert bool(run.controls) != refused


def test_a_bad_word_ends_the_queues_bursts_one_cycle_later():
    text = [burst("read", 50, 1, stride=1), NOP1, NOP1, 0]
    run = check(QueueKind.MEM, text)
    assert run.cause_cycle == 3
    assert run.events[-1][0] == 3
    assert run.idle is None


@pytest.mark.parametrize("stop", [5, 6, 7, 8])
def test_stop_ends_issue_and_bursts_and_repeats(stop):
    text = [burst("read", 50, 2, stride=1), burst("write", 1, 1, bank=1, stride=1)]
    run = check(QueueKind.MEM, [*text, word_of("REPEAT", n=30, d=3), HALT], stop=stop)
    assert run.events[-1][0] <= stop
    assert run.cause.name == "NONE"


# ---- random --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "gate"), [(ODD, True), (NANO, True), (ODD, False)], ids=["odd", "nano", "always"]
)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_random_text(kind, config, seed, gate):
    """Random legal text; some of it stopped in the middle, some cut so that it runs dry.

    The gate of the queue's clock is transparent: ``always`` has it open in every cycle.
    """
    rng = random.Random(f"{kind.value} {config.name} {seed}")
    text = TextMaker(kind, config, rng).make(config.queue_words)
    releases = [0]
    while releases[-1] < 1500:
        releases.append(releases[-1] + rng.randint(config.stops + 2, 60))
    stop = rng.randint(20, 200) if seed % 3 == 1 else None
    if seed % 3 == 2:
        text = text[: rng.randint(1, len(text) - 1)]
    check(kind, text, config=config, cycles=1200, releases=releases, stop=stop, gate=gate)
