"""The MXM runs assembled programs: both hemispheres, every mode of LW, IW, ABC and ACC."""

import numpy as np
import pytest

from tsp.arch.config import LANES, NANO
from tsp.arch.timing import timing
from verif.slices.assembled import Case, run, stream_between

D = timing(NANO)
START = 80
V, T = NANO.lanes, NANO.superlanes


class Plane:
    """Writes the text of plane 0 of a hemisphere, and keeps in NumPy what it holds."""

    def __init__(self, case, hemisphere):
        self.case, self.name = case, f"MXM_{hemisphere}0"
        self.slices = [f"MEM_{hemisphere}{n}" for n in range(NANO.mem_slices)]
        self.loaded = np.zeros((V, V), np.int8)
        self.kept, self.entries = {}, {}
        self.emitted = 0

    def load(self, cycle, group, row):
        """LW of all column groups, a cycle each; weights of output o in row o of bank 0."""
        for column in range(T):
            for k in range(LANES):
                place = (self.slices[k], 0, row + column)
                data = self.case.data(*place)
                self.loaded[LANES * column + k] = np.frombuffer(data, np.int8)
                self.case.feed(
                    place, f"{self.name}_W", cycle + column + D.mxm_d_skew, LANES * group + k
                )
            self.case.add(f"{self.name}_W", cycle + column, f"LW s{LANES * group} column={column}")

    def vector(self, cycle, offset, index):
        """A vector of activations on stream `index` for an ABC in `cycle`."""
        place = (self.slices[16], 0, offset)
        data = self.case.data(*place)
        self.case.feed(place, f"{self.name}_A", cycle + D.mxm_d_skew, index)
        return np.frombuffer(data, np.int8).astype(np.int32)

    def abc(self, cycle, text):
        """A word of queue A."""
        self.case.add(f"{self.name}_A", cycle, text)

    def acc(self, cycle, text, result=None, index=0):
        """A word of queue R for the ABC of `cycle`; its result goes to four slices, bank 1."""
        at = cycle + D.abc_to_acc
        queue = f"{self.name}_R"
        if result is None:
            self.case.add(queue, at, text)
            return
        self.case.add(queue, at, f"{text} -> s{index}")
        for byte, plane in enumerate(result.astype("<i4")[:, None].view(np.uint8).T):
            place = (self.slices[byte], 1, self.emitted)
            stream = stream_between(queue, place[0], index + byte)
            self.case.take(queue, at + D.acc_d_func, stream, place)
            self.case.expected[place] = plane.tobytes()
        self.emitted += 1


def work(case, hemisphere, start):
    """Load, compute in every mode, install other weights in between."""
    plane = Plane(case, hemisphere)
    plane.load(start, 0, 0)
    first = plane.loaded.astype(np.int32)
    t = start + T - 1 + D.lw_to_iw
    plane.abc(t, "IW")
    t += D.iw_to_abc
    x = [plane.vector(t + n, 40 + n, 4 + n) for n in range(3)]
    y = [first @ v for v in x]
    plane.abc(t, "ABC.stream s4")
    plane.acc(t, "ACC.write 5")
    plane.abc(t + 1, "ABC.keep s5 entry=7")
    plane.acc(t + 1, "ACC.add 5")
    # The second tile is loaded meanwhile; a word with IW and ABC still uses the first one.
    plane.load(t, 1, 10)
    second = plane.loaded.astype(np.int32)
    plane.abc(t + 2, "IW | ABC.stream s6")
    plane.acc(t + 2, "ACC.emit", y[2], 8)
    plane.abc(t + 3, "ABC.buffer entry=7")
    plane.acc(t + 3, "ACC.emit_sum 5", y[0] + y[1] + second @ x[1], 12)
    later = t + 3 + 8
    plane.acc(later, "ACC.emit_stored 5", y[0] + y[1], 4)
    _preload(plane, later + 1)


def _preload(plane, cycle):
    """ACC takes an entry from four streams and gives it back."""
    at = cycle + D.abc_to_acc
    number = plane.case.rng.integers(-(2**31), 2**31, V).astype("<i4")
    for byte, data in enumerate(number[:, None].view(np.uint8).T):
        place = (plane.slices[4 + byte], 0, 60)
        plane.case.image[place] = data.tobytes()
        plane.case.feed(place, f"{plane.name}_R", at + D.acc_d_skew, 24 + byte)
    plane.case.add(f"{plane.name}_R", at, "ACC.preload 31 <- s24")
    plane.acc(cycle + 1, "ACC.emit_stored 31", number, 28)


def repeated(case, hemisphere, start):
    """REPEAT steps the column group, the buffer entry and the accumulator entry."""
    plane, count, every = Plane(case, hemisphere), 4, 3
    queues = [f"{plane.name}_{letter}" for letter in "WAR"]
    plane.load(start, 0, 0)
    case.words[queues[0]] = [(start, f"LW s0 column=0\n    REPEAT {T - 1}, 1")]
    t = start + T - 1 + D.lw_to_iw
    plane.abc(t, "IW")
    t += D.iw_to_abc
    results = []
    for n in range(count):
        results.append(plane.loaded.astype(np.int32) @ plane.vector(t + every * n, 50 + n, 9))
    entry = NANO.activations - 2  # the entries go on from 0
    again = f"\n    REPEAT {count - 1}, {every}"
    plane.abc(t, f"ABC.keep s9 entry={entry}{again}")
    plane.acc(t, f"ACC.write {NANO.accumulators - 1}{again}")
    t += every * count
    plane.abc(t, f"ABC.buffer entry={entry}{again}")
    for n, result in enumerate(results):
        plane.acc(t + every * n, f"ACC.emit_sum {(n - 1) % NANO.accumulators}", 2 * result, 4 * n)


@pytest.mark.feature("slice", "LW", "IW", "ABC.*", "ACC.*", measured=True)
def test_assembled_programs_of_both_planes():
    cases = []
    for program in (work, repeated):
        case = Case(len(cases))
        program(case, "W", START)
        program(case, "E", START + 3)
        cases.append(case)
    results = run(cases, "verif.slices.mxm.tb_mxm")
    seen = set().union(*(result.events["queue"].tolist() for result in results))
    planes = {q.index for q in NANO.queues if q.name.startswith("MXM")}
    assert len(planes) == 6 and planes <= seen
