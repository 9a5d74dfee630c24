"""Runs what the memories of :class:`verif.slices.sxm.bench.StackBench` hold."""

import json
from pathlib import Path

import cocotb
from cocotb.triggers import RisingEdge

from verif.support import tb


@cocotb.test
async def stack(dut):
    """Load, run to the end; the record is compared outside."""
    await tb.begin(dut, cycles=tb.parameters()["cycles"])
    await tb.backdoor(dut, 1, 2)
    dut.start.value = 1
    await RisingEdge(dut.clk)
    dut.start.value = 0
    await RisingEdge(dut.done)
    Path("bad_map.json").write_text(json.dumps(int(dut.bad_map.value)))
    await tb.backdoor(dut, 4)
