"""Runs the words of :class:`verif.ecc.bench.EccBench` through a corrector and a generator."""

import cocotb
from cocotb.triggers import RisingEdge

from verif.support import tb


@cocotb.test
async def words(dut):
    """Load, run to the end, dump; the results are compared outside."""
    await tb.begin(dut, **tb.parameters())
    await tb.backdoor(dut, 1, 2)
    dut.start.value = 1
    await RisingEdge(dut.clk)
    dut.start.value = 0
    await RisingEdge(dut.done)
    await tb.backdoor(dut, 3, 4)
