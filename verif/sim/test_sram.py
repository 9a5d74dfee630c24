"""The SRAM macro, its back door and its records."""

import numpy as np
import pytest
from amaranth import Module
from amaranth.lib.wiring import Component, connect, flipped

from tsp.macro import Library
from tsp.sram import BackdoorControl, DriveLog, EventLog, Sram
from tspc.engines import records
from tspc.engines.records import Kind, Piece, place
from tspc.engines.verilator import SimulationError
from verif.support import run_bench


class _Bench(Component):
    """An SRAM with the back door's control, and logs of what its read port does."""

    def __init__(self, words, width):
        self._sram = Sram(words, width)
        super().__init__(self._sram.signature)

    def elaborate(self, platform):
        m = Module()
        m.submodules.sram = self._sram
        m.submodules.control = control = BackdoorControl()
        m.submodules.event = event = EventLog()
        m.submodules.drive = drive = DriveLog()
        connect(m, flipped(self), self._sram)
        m.d.comb += [
            control.backdoor.eq(self.backdoor),
            event.valid.eq(self.rd),
            event.cycle.eq(self.cycle),
            event.queue.eq(7),
            event.word.eq(self.rd_addr),
            drive.valid.eq(self.rd),
            drive.cycle.eq(self.cycle),
            drive.place.eq(place(Kind.DRIVE, 1, 7)),
            drive.address.eq(63),
            drive.data.eq(self.wr_data),
        ]
        return m


def _words(width, count=3):
    rng = np.random.default_rng(width)
    return [int.from_bytes(rng.bytes(64), "little") & ((1 << width) - 1) for _ in range(count)]


def _piece(words, size, where, first):
    data = np.frombuffer(b"".join(w.to_bytes(size, "little") for w in words), np.uint8)
    return Piece(where, first, data.reshape(len(words), size))


@pytest.mark.parametrize(
    ("kind", "depth", "width", "size"),
    [(Kind.MEM, 256, 137, 20), (Kind.TEXT, 80, 128, 16), (Kind.ACCUMULATOR, 32, 512, 64)],
)
def test_sram(kind, depth, width, size):
    where, first, words = place(kind, 3, 41), 5, _words(width)
    parameters = {"place": where, "first": first, "words": words, "width": width, "depth": depth}
    ran = run_bench(
        lambda library: _Bench(depth, width),
        "verif.sim.tb_sram",
        parameters=parameters,
        image=records.image([_piece(words, size, where, first)]),
    )
    assert ran.tests == 2
    (dump,) = records.read_dump(ran.directory / "dump.bin")
    assert (dump.place, dump.first, dump.data.shape) == (where, 0, (depth, size))
    values = [int.from_bytes(row.tobytes(), "little") for row in dump.data]
    assert values[first : first + 3] == words
    assert not any(values[:first] + values[first + 3 :])


def test_records():
    """Writes of MEM are recorded with the cycle of the write, drives with the next one."""
    where, words = place(Kind.MEM, 3, 41), _words(137)
    parameters = {"place": where, "first": 0, "words": words, "width": 137, "depth": 64}
    directory = run_bench(
        lambda library: _Bench(64, 137),
        "verif.sim.tb_records",
        parameters=parameters,
        image=records.image([]),
    ).directory
    events = records.read_events(directory / "events.bin")
    assert [tuple(e)[:2] for e in events] == [(100, 7), (101, 7), (102, 7)]
    assert [int.from_bytes(e["word"].tobytes(), "little") for e in events] == [9, 10, 11]
    found = records.read_words(directory / "words.bin")
    kind, superlane, unit = records.split_place(found["place"])
    writes, drives = found[kind == Kind.MEM], found[kind == Kind.DRIVE]
    assert set(superlane[kind == Kind.MEM]) == {3} and set(unit[kind == Kind.MEM]) == {41}
    assert writes["cycle"].tolist() == [100, 101, 102]
    assert drives["cycle"].tolist() == [101, 102, 103]
    assert drives["address"].tolist() == [63] * 3
    for record in (writes, drives):
        got = [int.from_bytes(d.tobytes(), "little") for d in record["data"]]
        assert got == words


def test_image_out_of_range_is_an_error():
    where = place(Kind.MEM, 0, 1)
    parameters = {"place": where, "first": 0, "words": [1], "width": 137, "depth": 64}
    with pytest.raises(SimulationError, match="address 64 is not below 64"):
        run_bench(
            lambda library: _Bench(64, 137),
            "verif.sim.tb_records",
            parameters=parameters,
            image=records.image([_piece([1], 20, where, 64)]),
        )


def test_a_failing_bench_fails():
    """The helper itself: a failure in cocotb and an empty module both reach pytest."""
    arguments = {"parameters": {"fail": True}, "image": records.image([])}
    with pytest.raises(SimulationError, match="meant to fail: 41"):
        run_bench(lambda library: _Bench(64, 137), "verif.sim.tb_fails", **arguments)
    with pytest.raises(SimulationError, match="no cocotb test ran"):
        run_bench(lambda library: _Bench(64, 137), "verif.sim", **arguments)


@pytest.mark.parametrize(("words", "width"), [(1, 137), (65536, 137), (64, 0), (64, 513)])
def test_impossible_sizes(words, width):
    with pytest.raises(ValueError, match="is not in"):
        Sram(words, width)


class _Pair(Component):
    """Three SRAMs, two of them alike."""

    def __init__(self, library):
        self._library = library
        super().__init__({})

    def elaborate(self, platform):
        m = Module()
        m.submodules += [self._library.place(_Bench, 64, width) for width in (137, 137, 128)]
        return m


def test_library_elaborates_once(tmp_path):
    library = Library()
    library.top(_Pair(library), "pair")
    assert library.count == {"__bench_64_137": 2, "__bench_64_128": 1}
    logs = ["backdoor_control", "drive_log", "event_log", "sram"]
    assert library.handwritten == logs
    assert library.names == sorted([*library.count, "pair", *logs])
    paths = library.write(tmp_path)
    text = (tmp_path / "pair.v").read_text()
    assert text.count("__bench_64_137 ") == 2 and text.count("__bench_64_128 ") == 1
    times = [path.stat().st_mtime_ns for path in paths]
    assert [path.stat().st_mtime_ns for path in library.write(tmp_path)] == times
