"""Clock a ring of cells and note what it shows."""

import json
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, Timer


@cocotb.test()
async def trace(dut):
    """300 cycles after reset."""
    dut.rst.value = 1
    await Timer(1, "ns")
    Clock(dut.clk, 10, unit="ns").start()
    await ClockCycles(dut.clk, 3)
    dut.rst.value = 0
    seen = []
    for _ in range(300):
        await FallingEdge(dut.clk)
        seen.append(int(dut.seen.value))
    Path("seen.json").write_text(json.dumps(seen))
