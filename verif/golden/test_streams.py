"""Streams seen along the flow equal registers that hop every cycle."""

import numpy as np
import pytest

from tsp.arch.config import NANO, STREAMS
from tsp.arch.errors import ErrorClass
from tspc.golden.errors import GoldenError, Party
from tspc.golden.streams import Streams
from verif.golden.builder import Maker, read, write

STOPS = 9
CYCLES = 60
USED = (0, 5, 32, 40)  # streams E0, E5, W0, W8


def hop(stream, drives):
    """Value of register [cycle][stop], one cycle after the other; None is nothing."""
    east = stream < STREAMS
    registers, history = [None] * STOPS, []
    for cycle in range(CYCLES):
        registers = [None, *registers[:-1]] if east else [*registers[1:], None]
        for stop in range(STOPS):
            registers[stop] = drives.get((stream, stop, cycle), registers[stop])
        history.append(list(registers))
    return history


@pytest.mark.parametrize("density", [0.01, 0.1, 0.6])
@pytest.mark.parametrize("forget", [False, True])
def test_every_input_of_every_stop_in_every_cycle(density, forget):
    rng = np.random.default_rng(int(density * 100))
    drives, flow = {}, Streams(STOPS)
    histories = {}
    for cycle in range(CYCLES):
        for stream in USED:
            for stop in range(STOPS):
                if rng.random() < density:
                    value = np.array([len(drives)])
                    drives[stream, stop, cycle] = value
                    flow.drive(stream, stop, cycle, value, Party("Q", cycle, 0, "drive"))
    histories = {stream: hop(stream, drives) for stream in USED}
    seen = empty = 0
    for cycle in range(CYCLES):
        if forget:
            flow.forget(cycle)
        for stream in USED:
            for stop in range(STOPS):
                before = stop - 1 if stream < STREAMS else stop + 1
                inside = 0 <= before < STOPS
                expected = histories[stream][cycle][before] if inside else None
                party = Party("Q", cycle, 0, "read")
                if expected is None:
                    with pytest.raises(GoldenError) as caught:
                        flow.read(stream, stop, cycle, party)
                    assert caught.value.error_class is ErrorClass.EMPTY_STREAM
                    empty += 1
                else:
                    assert flow.read(stream, stop, cycle, party) is expected
                    seen += 1
    assert seen > 20 and empty > 20


def test_a_conflict_names_both():
    flow = Streams(STOPS)
    first, second = Party("MEM_W1", 3, 7, "MEM"), Party("VXM2", 1, 4, "VXM")
    flow.drive(3, 4, 10, np.zeros(1), first)
    flow.drive(3, 5, 10, np.zeros(1), second)
    flow.drive(35, 4, 10, np.zeros(1), second)
    with pytest.raises(GoldenError) as caught:
        flow.drive(3, 4, 10, np.zeros(1), second)
    assert caught.value.error_class is ErrorClass.STREAM_CONFLICT
    assert caught.value.parties == (second, first)
    for part in ("MEM_W1", "VXM2", "word 7", "word 4", "cycle 3", "E3", "stop 4", "cycle 10"):
        assert part in caught.value.message


@pytest.mark.parametrize(("off", "what"), [(1, "1 cycle too late"), (-2, "2 cycles too early")])
def test_a_near_miss_says_by_how_much(off, what):
    flow = Streams(STOPS)
    flow.drive(3, 4, 10, np.zeros(1), Party("MEM_W1", 5, 0, "MEM"))
    with pytest.raises(GoldenError) as caught:
        flow.read(3, 6, 11 + off, Party("VXM2", 11, 4, "VXM"))
    assert what in caught.value.message and "MEM_W1" in caught.value.message


def far_apart(config):
    """Pairs of slices, eastward and westward, from one stop apart to the whole chip."""
    west, east = f"MEM_W{config.mem_slices - 1}", f"MEM_E{config.mem_slices - 1}"
    return [("MEM_W2", "MEM_W1"), ("MEM_W0", "MEM_E0"), (west, east)]


@pytest.mark.parametrize("pair", far_apart(NANO))
@pytest.mark.parametrize("east", [True, False])
def test_a_copy_over_the_chip_arrives_in_its_cycle_and_in_no_other(pair, east):
    source, sink = pair if east else pair[::-1]
    stream = "E9" if east else "W9"
    for off in (-1, 0, 1):
        maker = Maker()
        maker.put(source, 0, 1, range(32))
        issue = maker.start + 40
        arrival = maker.arrival(issue, maker.timing.mem_d_func, source, sink)
        late = arrival - maker.timing.mem_d_skew + off
        queues = {source: [(issue, read(0, 1, stream))], sink: [(late, write(1, 2, stream))]}
        if off:
            with pytest.raises(GoldenError) as caught:
                maker.run(queues)
            assert caught.value.error_class is ErrorClass.EMPTY_STREAM
        else:
            run = maker.run(queues)
            np.testing.assert_array_equal(maker.vector(run, sink, 1, 2), range(32))


def test_a_slice_reads_a_stream_that_it_replaces_in_the_same_cycle():
    maker = Maker()
    for n, slice_ in enumerate(("MEM_W4", "MEM_W2"), 1):
        maker.put(slice_, 0, 0, n)
    d = maker.timing.mem_d_func
    at, issue = maker.start, maker.start + maker.hops("MEM_W4", "MEM_W2")
    capture = maker.arrival(at, d, "MEM_W4", "MEM_W3") + maker.hops("MEM_W3", "MEM_W2")
    skew = maker.timing.mem_d_skew
    after = maker.arrival(issue, d, "MEM_W2", "MEM_W0") - skew
    run = maker.run(
        {
            "MEM_W4": [(at, read(0, 0, "E1"))],
            "MEM_W2": [(issue, read(0, 0, "E1"))],
            "MEM_W3": [(capture - skew, write(1, 0, "E1"))],
            "MEM_W0": [(after, write(1, 0, "E1"))],
        }
    )
    assert (maker.vector(run, "MEM_W3", 1, 0) == 1).all(), "W3 shares W2's stop: it sees the old"
    assert (maker.vector(run, "MEM_W0", 1, 0) == 2).all()
