"""A bench that feeds special functions an operand in every cycle, without Python in the loop."""

from dataclasses import dataclass

import numpy as np
from amaranth import Cat, Module, Signal
from amaranth.lib.wiring import Component, In, Out
from numpy.typing import NDArray

from tsp.arch.config import LANES
from tsp.arch.isa import VXM_OPS, Type
from tsp.slices.vxm.control import BYTES
from tsp.slices.vxm.specials import SpecialUnit
from tsp.sram import BackdoorControl, Sram
from tspc.engines.records import Kind, Piece, image, place, read_dump
from verif.support import run_bench

__all__ = ["Job", "run"]

_DEPTH = 65535
_CONTROL, _OPERANDS, _RESULTS = (place(Kind.TEXT, 0, n) for n in range(3))
_DRAIN = 10  # cycles after the last operand


class _Bench(Component):
    """The unit between memories: operand n in cycle n, result n at address n."""

    backdoor: In(3)
    start: In(1)
    cycles: In(16)
    done: Out(1)

    def __init__(self, library):
        super().__init__()
        self._library = library

    def elaborate(self, platform):
        m = Module()
        m.submodules.files = files = BackdoorControl()
        m.d.comb += files.backdoor.eq(self.backdoor)
        m.submodules.unit = unit = self._library.place(SpecialUnit)
        port = unit.alu
        sources = {}
        reading, at = Signal(), Signal(16)
        with m.If(self.start):
            m.d.sync += reading.eq(1), at.eq(0)
        with m.Elif(reading):
            m.d.sync += at.eq(at + 1)
            with m.If(at == self.cycles):
                m.d.sync += reading.eq(0), self.done.eq(1)
        for name, where, width in (("control", _CONTROL, 16), ("data", _OPERANDS, 32 * LANES)):
            m.submodules[name] = sources[name] = memory = Sram(_DEPTH, width)
            m.d.comb += memory.place.eq(where), memory.backdoor.eq(self.backdoor)
            m.d.comb += memory.rd.eq(reading), memory.rd_addr.eq(at)
        data, control = sources["data"].rd_data, sources["control"].rd_data
        m.d.sync += port.valid.eq(reading)
        m.d.comb += Cat(port.op, port.result_type, port.a_type).eq(control)
        address = Signal(16)
        with m.If(port.done):
            m.d.sync += address.eq(address + 1)
        m.submodules.results = results = Sram(_DEPTH, 32 * LANES)
        m.d.comb += results.place.eq(_RESULTS), results.backdoor.eq(self.backdoor)
        m.d.comb += results.wr.eq(port.done), results.wr_addr.eq(address)
        for k in range(BYTES):
            for n in range(LANES):
                byte = slice(32 * n + 8 * k, 32 * n + 8 * k + 8)
                m.d.comb += getattr(port, f"a{k}").word_select(n, 8).eq(data[byte])
                m.d.comb += results.wr_data[byte].eq(getattr(port, f"byte{k}").word_select(n, 8))
        return m


@dataclass(frozen=True, eq=False)
class Job:
    """Patterns for one function: uint32, in the low bits of the source type."""

    name: str
    operands: NDArray[np.uint32]
    source: Type = Type.FP32
    result: Type = Type.FP32

    @property
    def cycles(self) -> int:
        """Cycles that the bench takes for it."""
        return -(-self.operands.size // LANES)

    @property
    def control(self) -> int:
        """What the bench's control memory holds."""
        return VXM_OPS[self.name].code | self.result << 6 | self.source << 9


def run(jobs):
    """Feed jobs one after the other; returns the result patterns of each."""
    cycles = sum(job.cycles for job in jobs)
    if cycles > _DEPTH:
        raise ValueError(f"{cycles} cycles do not fit {_DEPTH}")
    control = np.repeat([job.control for job in jobs], [job.cycles for job in jobs])
    data = np.concatenate([np.resize(job.operands, job.cycles * LANES) for job in jobs])
    pieces = [
        Piece(_CONTROL, 0, control.astype("<u2").view(np.uint8).reshape(-1, 2)),
        Piece(_OPERANDS, 0, data.astype("<u4").view(np.uint8).reshape(-1, 4 * LANES)),
    ]
    ran = run_bench(
        _Bench,
        "verif.slices.vxm.tb_vectors",
        parameters={"cycles": cycles + _DRAIN},
        image=image(pieces),
        blocks=("special_lane",),
    )
    dump = {p.place: p.data for p in read_dump(ran.directory / "dump.bin")}
    found = np.ascontiguousarray(dump[_RESULTS]).view("<u4").ravel()
    ends = np.cumsum([job.cycles * LANES for job in jobs])
    parts = np.split(found[: ends[-1]], ends[:-1])
    return [
        part[: job.operands.size] & np.uint32((1 << 8 * job.result.bytes) - 1)
        for part, job in zip(parts, jobs)
    ]
