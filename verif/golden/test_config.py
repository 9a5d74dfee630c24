"""CONFIG: what acts in the first n superlanes only, against NumPy; reading more is refused."""

import functools
from dataclasses import replace

import numpy as np
import pytest

from tsp.arch.config import LANES, NANO, Config
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import make
from tspc.asm.plan import resolve_plan
from tspc.golden.errors import GoldenError
from tspc.golden.simulate import simulate
from tspc.verifier import verify
from verif.golden.builder import Maker, read, repeat, vxm, write
from verif.golden.test_mxm import Bench, acc, base, iw_abc

FOUR = Config("four", 4, 0, 18, 64, 1, 16, 4, 1)
SOURCE, SINK = "MEM_W0", "MEM_E1"


def config_word(n):
    return make("CONFIG", n=n)


class Copy:
    """A vector goes from MEM through an ALU to MEM; one queue of the three is configured."""

    queues = (SOURCE, "VXM2", SINK)

    def __init__(self, config, queue, n):
        self.maker = maker = Maker(config)
        rng = np.random.default_rng(n)
        self.x, self.old = rng.integers(0, 256, (2, config.lanes), np.uint8)
        maker.put(SOURCE, 0, 3, self.x)
        maker.put(SINK, 1, 5, self.old)
        d, at = maker.timing, maker.start + 40
        alu = maker.arrival(at, d.mem_d_func, SOURCE, "VXM2") - d.vxm_d_skew
        sink = maker.arrival(alu, d.vxm_d_func, "VXM2", SINK) - d.mem_d_skew
        # The words before and after act in all superlanes: an ALU without operands, a burst.
        items = {
            SOURCE: [(at, read(0, 3, "E3"))],
            "VXM2": [(alu, vxm("ADD", ["E3", 1], "E7"))],
            SINK: [(sink, write(1, 5, "E7"))],
        }
        first = items[queue][0][0]
        items[queue] = [(first - 4, config_word(n)), *items[queue], (first + 1, config_word(n))]
        self.items = items
        acts = np.arange(config.lanes) < LANES * n
        seen = np.where(acts | (queue != SOURCE), self.x, 0)
        result = np.where(acts | (queue != "VXM2"), seen + 1, 0).astype(np.uint8)
        self.expected = np.where(acts | (queue != SINK), result, self.old)

    def program(self):
        return self.maker.program(self.items)

    def result(self, memory):
        return memory[self.maker.queue(SINK), 1, 5]


class Plane:
    """A vector through a plane whose queue W, A (IW or ABC) or R is configured."""

    queues = ("W", "IW", "ABC", "R")

    def __init__(self, config, queue, n, plane="MXM_W0"):
        self.bench = bench = Bench(plane, config, seed=n)
        self.maker, t0, v = bench.maker, base(bench), config.lanes
        one, two = bench.random(2, v, v)
        (x,) = bench.random(1, v)
        bench.load(t0, one)
        again = t0 + 2 * config.superlanes + 2
        at = again + config.superlanes + 8
        ready = at + bench.maker.timing.abc_to_acc
        bench.load(again, two)
        bench.issue("A", again - 1, iw_abc(install=1))
        bench.stream(at, [x])
        if queue == "W":
            bench.queues[f"{plane}_W"].append((again - 1, config_word(n)))
        when = {"IW": at - 4, "ABC": at - 1}.get(queue, at - 5)
        bench.issue("A", when, config_word(n if queue in ("IW", "ABC") else config.superlanes))
        bench.issue("A", at - 2, iw_abc(install=1))
        if queue == "IW":
            bench.issue("A", at - 1, config_word(config.superlanes))
        bench.issue("A", at, iw_abc(mode=1, stream=16))
        bench.issue("R", ready - 2, config_word(n if queue == "R" else config.superlanes))
        bench.issue("R", ready, acc("emit"))
        bench.collect(ready, 1)
        for items in bench.queues.values():
            items.sort(key=lambda item: item[0])
        acts = np.arange(v) < LANES * n
        weights = np.where(acts | (queue not in ("W", "IW")), two, one)
        y = weights @ np.where(acts | (queue != "ABC"), x, 0)
        self.expected = np.where(acts | (queue != "R"), y, 0).astype("<i4")

    def program(self):
        return self.maker.program(self.bench.queues)

    def result(self, memory):
        side, number = self.bench.side, self.maker.queue
        planes = [memory[number(f"{side}{k}"), 1, 0] for k in range(4)]
        return np.stack(planes, -1).copy().view("<i4")[:, 0]


CASES = [(kind, queue) for kind in (Copy, Plane) for queue in kind.queues]


@functools.cache
def case(kind, config, queue, n):
    """A case and its program, planned."""
    made = kind(config, queue, n)
    program = made.program()
    return made, replace(program, plan=resolve_plan(config, program.text))


@pytest.mark.parametrize(("kind", "queue"), CASES)
@pytest.mark.parametrize(
    ("config", "n"), [(NANO, 1), (NANO, 2), (FOUR, 1), (FOUR, 3)], ids=lambda x: str(x)[:13]
)
def test_equals_numpy(kind, queue, config, n):
    made, program = case(kind, config, queue, n)
    report = verify(program)
    assert report.ok, str(report)
    run = simulate(program, [{}], deep=True)[0]
    np.testing.assert_array_equal(made.result(run.memory), made.expected)
    full = simulate(kind(config, queue, config.superlanes).program(), [{}], deep=True)[0]
    assert run.done == full.done and len(run.drives) == len(full.drives), "timing never changes"
    if kind is Copy:
        assert len(run.writes) == (n if queue == SINK else config.superlanes)


def refused(program):
    """Golden and verifier find the same and only class."""
    with pytest.raises(GoldenError) as caught:
        simulate(program, [{}])
    report = verify(program)
    assert report.classes == {caught.value.error_class}, str(report)
    return caught.value.error_class


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_what_was_written_in_part_may_be_read_in_part(n):
    """Three superlanes are written of a word that held nothing."""
    made = Copy(FOUR, SINK, 3)
    del made.maker.memory[made.maker.queue(SINK), 1, 5]
    last = made.items[SINK][-1][0]
    made.items[SINK] += [(last + 1, config_word(n)), (last + 9, read(1, 5, "E9"))]
    program = made.program()
    if n == 4:
        assert refused(program) is ErrorClass.UNINITIALISED
    else:
        assert verify(program).ok and simulate(program, [{}])


@pytest.mark.parametrize(
    ("setter", "user", "what"),
    [
        ("W", "IW", "column group"),
        ("IW", "ABC", "weights"),
        ("keep", "buffer", "activation buffer"),
        ("write", "emit-stored", "accumulator"),
    ],
)
@pytest.mark.parametrize("by", [0, 1])
def test_state_of_a_plane_that_is_set_in_part(setter, user, what, by):
    """Set in two of four superlanes, used in two, or in one more."""
    bench = Bench("MXM_E0", FOUR)
    t0, d = base(bench), bench.maker.timing
    sets = {name: 2 if name == setter else 4 for name in ("W", "IW", "keep", "write")}
    uses = {name: 2 + by if name == user else 4 for name in ("buffer", "emit-stored")}
    sets["IW"] = 2 + by if user == "IW" else sets["IW"]
    abc = {"W": 2, "IW": 2 + by}.get(setter, 4)
    sets["keep"] = min(sets["keep"], abc if user != "ABC" else 2 + by)
    uses["buffer"] = min(uses["buffer"], sets["keep"] if user != "buffer" else 4)
    uses["buffer"] = min(uses["buffer"], abc)
    bench.issue("W", t0 - 1, config_word(sets["W"]))
    bench.load(t0, bench.random(64, 64))
    at = t0 + 20
    bench.stream(at, bench.random(1, 64))
    bench.issue("A", at - 6, config_word(sets["IW"]))
    bench.issue("A", at - 5, iw_abc(install=1))
    bench.issue("A", at - 1, config_word(sets["keep"]))
    bench.issue("A", at, iw_abc(mode=2, stream=16, entry=1))
    bench.issue("A", at + 1, config_word(uses["buffer"]))
    bench.issue("A", at + 2, iw_abc(mode=3, entry=1))
    ready = at + d.abc_to_acc
    bench.issue("R", ready - 1, config_word(sets["write"]))
    bench.issue("R", ready, acc("write", 1))
    bench.issue("R", ready + 1, config_word(4))
    bench.issue("R", ready + 2, acc("write", 2))
    bench.issue("R", ready + 3, config_word(uses["emit-stored"]))
    bench.issue("R", ready + 4, acc("emit-stored", 1))
    for items in bench.queues.values():
        items.sort(key=lambda item: item[0])
    program = bench.maker.program(bench.queues)
    if by:
        assert refused(program) is ErrorClass.UNINITIALISED
        assert what in str(verify(program))
    else:
        assert verify(program).ok, str(verify(program))
        assert simulate(program, [{}])


def test_repeat_after_config_is_refused():
    program = Copy(NANO, SOURCE, 1).program()
    queue = NANO.queue_by_name[SOURCE].index
    *words, halt = program.text[queue]  # the last word before it is CONFIG
    text = {**program.text, queue: (*words, repeat(1).encode(), halt)}
    assert refused(replace(program, text=text)) is ErrorClass.BAD_WORD


@pytest.mark.parametrize("n", [3, 255])
def test_more_superlanes_than_there_are(n):
    assert refused(Copy(NANO, SOURCE, n).program()) is ErrorClass.BAD_WORD
