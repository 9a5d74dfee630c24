"""MXM planes against NumPy: weights, activations, accumulators and the order they are seen in."""

import numpy as np
import pytest

from tsp.arch.config import FULL, NANO, Config
from tsp.arch.isa import decode, make
from verif.golden.builder import Maker, read, repeat, write

PLANES = ["MXM_W0", "MXM_E0"]
TINY = Config("tiny", 1, 0, 36, 512, 1, 32, 32, 2)
SLICES = 16  # of the plane's hemisphere feed LW, one stream each; 16 .. 19 the rest


def iw_abc(install=0, mode=0, stream=0, entry=0):
    return make("MXM", install=install, mode=mode, stream=stream, entry=entry)


def acc(mode, entry=0, stream=0):
    modes = ["", "write", "add", "emit", "emit-sum", "emit-stored", "preload"]
    return make("ACC", mode=modes.index(mode), entry=entry, stream=stream, type=2)


class Bench:
    """A plane of one chip, fed by the slices of the other hemisphere, results written there.

    Streams 0 .. 15 carry weights, 16 activations, 20 .. 23 preloads; 0 .. 3 results.
    """

    def __init__(self, plane, config=NANO, seed=0):
        self.maker = Maker(config)
        self.plane = plane
        self.inward = "E" if plane[4] == "W" else "W"
        self.outward = "W" if plane[4] == "W" else "E"
        self.side = f"MEM_{'E' if plane[4] == 'W' else 'W'}"
        self.rng = np.random.default_rng(seed)
        self.queues = {}
        self.bases = {}  # next free offset of a slice

    def _feed(self, slice_, stream, at, rows):
        """Let vectors be on the plane's inputs for issues at, at + 1, .."""
        maker, timing = self.maker, self.maker.timing
        base = self.bases.setdefault(slice_, 0)
        for i, row in enumerate(rows):
            maker.put(slice_, 0, base + i, np.asarray(row).astype(np.int8).view(np.uint8))
        self.bases[slice_] += len(rows)
        far = abs(maker.hops(slice_, self.plane + "_W"))
        issue = at + timing.mxm_d_skew - timing.mem_d_func - far + 1
        word = read(0, base, f"{self.outward}{stream}", count=len(rows), stride=1)
        self.queues.setdefault(slice_, []).append((issue, word))

    def load(self, at, weights):
        """LW of all column groups from `at` on; weights of shape (outputs, inputs)."""
        t = self.maker.config.superlanes
        for i in range(16):
            self._feed(f"{self.side}{i}", i, at, [weights[16 * c + i] for c in range(t)])
        words = [(at, make("LW", stream=0, column=0))]
        if t > 1:
            words.append((at, repeat(t - 1)))
        self.queues.setdefault(self.plane + "_W", []).extend(words)

    def stream(self, at, vectors):
        """Activations on stream 16 for issues at, at + 1, .."""
        self._feed(f"{self.side}16", 16, at, vectors)

    def preload(self, at, values):
        raw = np.asarray(values, "<i4").view(np.uint8).reshape(-1, 4)
        for k in range(4):
            self._feed(f"{self.side}{k}", 20 + k, at, [raw[:, k]])

    def issue(self, queue, at, *words):
        self.queues.setdefault(f"{self.plane}_{queue}", []).extend((at, w) for w in words)

    def collect(self, at, count):
        """Write the emits at, at + 1, .. to bank 1 of the slices 0 .. 3."""
        maker, timing = self.maker, self.maker.timing
        for k in range(4):
            slice_ = f"{self.side}{k}"
            issue = maker.arrival(at, timing.acc_d_func, self.plane + "_R", slice_)
            word = write(1, 0, f"{self.inward}{k}", count=count, stride=1)
            self.queues.setdefault(slice_, []).append((issue - timing.mem_d_skew, word))

    def run(self, count, **options):
        for items in self.queues.values():
            items.sort(key=lambda item: item[0])
        run = self.maker.run(self.queues, **options)
        found = []
        for i in range(count):
            planes = [self.maker.vector(run, f"{self.side}{k}", 1, i) for k in range(4)]
            found.append(np.stack(planes, -1).copy().view("<i4")[:, 0])
        return np.array(found), run

    def random(self, *shape):
        return self.rng.integers(-128, 128, shape)


def base(bench):
    """An issue time by which every slice can have sent."""
    return bench.maker.start + bench.maker.config.stops + 10


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("config", [NANO, TINY], ids=["nano", "tiny"])
def test_one_tile_equals_numpy(plane, config):
    bench = Bench(plane, config)
    v, t0 = config.lanes, base(bench)
    weights, vectors = bench.random(v, v), bench.random(5, v)
    weights[0], vectors[0] = -128, -128
    d = bench.maker.timing
    bench.load(t0, weights)
    at = t0 + config.superlanes + 3
    bench.stream(at, vectors)
    bench.issue("A", at - 1, iw_abc(install=1))
    bench.issue("A", at, iw_abc(mode=1, stream=16), repeat(4))
    bench.issue("R", at + d.abc_to_acc, acc("emit"), repeat(4))
    bench.collect(at + d.abc_to_acc, 5)
    found, _ = bench.run(5)
    np.testing.assert_array_equal(found, vectors @ weights.T)


def test_full_size_sums_are_exact():
    bench = Bench("MXM_E1", FULL)
    v, t0 = FULL.lanes, base(bench)
    weights, vector = bench.random(v, v), np.full((1, v), -128)
    weights[0], weights[1] = -128, 127
    d = bench.maker.timing
    bench.load(t0, weights)
    at = t0 + FULL.superlanes + 1
    bench.stream(at, vector)
    bench.issue("A", at - d.iw_to_abc, iw_abc(install=1))
    bench.issue("A", at, iw_abc(mode=1, stream=16))
    bench.issue("R", at + d.abc_to_acc, acc("emit"))
    bench.collect(at + d.abc_to_acc, 1)
    found, _ = bench.run(1)
    assert found[0, 0] == 320 << 14
    np.testing.assert_array_equal(found, vector @ weights.T)


def test_weights_follow_each_other_every_t_cycles_and_abc_uses_those_before_its_own_iw():
    bench = Bench("MXM_W0")
    tiles, t0, t = 6, base(bench), NANO.superlanes
    weights, vectors = bench.random(tiles, 32, 32), bench.random(tiles * t, 32)
    d = bench.maker.timing
    for tile in range(tiles):
        bench.load(t0 + t * tile, weights[tile])
    at = t0 + t  # the first IW; the word with IW and ABC uses the tile before
    bench.stream(at + 1, vectors)
    bench.issue("A", at, iw_abc(install=1))
    for tile in range(tiles):
        last = tile == tiles - 1
        for i in range(t):
            install = int(i == t - 1 and not last)
            bench.issue("A", at + 1 + t * tile + i, iw_abc(install, mode=1, stream=16))
    bench.issue("R", at + 1 + d.abc_to_acc, acc("emit"), repeat(tiles * t - 1))
    bench.collect(at + 1 + d.abc_to_acc, tiles * t)
    found, _ = bench.run(tiles * t)
    expected = [vectors[i] @ weights[i // t].T for i in range(tiles * t)]
    np.testing.assert_array_equal(found, expected)


def test_iw_leaves_the_load_buffer_and_takes_a_half_new_one():
    bench = Bench("MXM_W0")
    t0, d = base(bench), bench.maker.timing
    one, two = bench.random(2, 32, 32)
    vector = bench.random(1, 32)
    bench.load(t0, one)
    bench.load(t0 + 10, two)
    for at in (t0 + 4, t0 + 11, t0 + 14):  # the second: only group 0 of `two` has come
        bench.issue("A", at, iw_abc(install=1))
        bench.stream(at + 1, vector)
        bench.issue("A", at + 1, iw_abc(mode=1, stream=16))
        bench.issue("R", at + 1 + d.abc_to_acc, acc("emit"))
    for n, at in enumerate((t0 + 4, t0 + 11, t0 + 14)):
        emit = at + 1 + d.abc_to_acc
        for k in range(4):
            slice_ = f"{bench.side}{k}"
            issue = bench.maker.arrival(emit, d.acc_d_func, "MXM_W0_R", slice_) - d.mem_d_skew
            bench.queues[slice_].append((issue, write(1, n, f"E{k}")))
    found, _ = bench.run(3)
    half = np.concatenate([two[:16], one[16:]])
    np.testing.assert_array_equal(found, [(vector @ w.T)[0] for w in (one, half, two)])


def test_keep_buffer_and_all_modes_of_acc():
    bench = Bench("MXM_E0")
    t0, d = base(bench), bench.maker.timing
    weights, vectors = bench.random(32, 32), bench.random(3, 32)
    preload = np.tile([2**31 - 1, -(2**31)], 16)
    bench.load(t0, weights)
    at = t0 + NANO.superlanes + 1
    bench.issue("A", at - 1, iw_abc(install=1))
    bench.stream(at, vectors)
    bench.issue("A", at, iw_abc(mode=2, stream=16, entry=31), repeat(2))  # entries 31, 0, 1
    bench.issue("A", at + 3, iw_abc(mode=3, entry=31), repeat(2))
    r0, r1, r2 = (vectors @ weights.T).astype(np.int64)
    ready = at + d.abc_to_acc
    bench.preload(ready + 3, preload)
    program = [
        acc("write", 5),
        acc("add", 5),
        acc("emit"),
        acc("preload", 7, stream=20),
        acc("emit-sum", 7),
        acc("add", 7),
        acc("emit-stored", 5),
        acc("emit-stored", 7),
    ]
    for i, word in enumerate(program):
        bench.issue("R", ready + i, word)
    for n, i in enumerate((2, 4, 6, 7)):
        for k in range(4):
            slice_ = f"{bench.side}{k}"
            issue = bench.maker.arrival(ready + i, d.acc_d_func, "MXM_E0_R", slice_)
            bench.queues[slice_].append((issue - d.mem_d_skew, write(1, n, f"W{k}")))
    found, run = bench.run(4)
    # ABCs: r0 r1 r2, then from the buffer r0 r1 r2; emit-sum meets buffered r1, add r2.
    exact = [r2, preload + r1, r0 + r1, preload + r2]
    wrapped = [(x + 2**31) % 2**32 - 2**31 for x in exact]
    np.testing.assert_array_equal(found, wrapped)
    assert any((x != w).any() for x, w in zip(exact, wrapped)), "int32 wraps"
    queue = bench.maker.queue("MXM_E0_R")
    assert set(run.accumulators) == {(queue, 5), (queue, 7)}
    np.testing.assert_array_equal(run.accumulators[queue, 7], wrapped[3])


def test_repeat_steps_column_and_entries_modulo_their_size():
    bench = Bench("MXM_W0")
    t0, d = base(bench), bench.maker.timing
    bench.load(t0, bench.random(32, 32))
    at = t0 + 4
    bench.issue("A", at - 1, iw_abc(install=1))
    bench.stream(at, bench.random(3, 32))
    bench.issue("A", at, iw_abc(mode=2, stream=16, entry=30), repeat(2))
    bench.issue("R", at + d.abc_to_acc, acc("write", 31), repeat(2))
    _, run = bench.run(0)

    def fields(queue, name):
        events = run.events[run.events["queue"] == bench.maker.queue(f"MXM_W0_{queue}")]
        words = [int.from_bytes(e["word"].tobytes(), "little") for e in events[:-1]]
        return [decode(w)[name] for w in words]

    assert fields("W", "column") == [0, 1]
    assert fields("A", "entry")[1:] == [30, 31, 0]
    assert fields("R", "entry") == [31, 0, 1]
