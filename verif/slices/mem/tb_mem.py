"""Runs assembled programs of the MEM slices on the chip and watches its pins meanwhile."""

import cocotb
from cocotb.triggers import RisingEdge

from tspc.engines.bench import run_jobs


@cocotb.test()
async def mem_programs(dut):
    """Every program ends with one rise of done; the chip never stops."""
    rises = {"done": 0, "stopped": 0}

    async def watch(name):
        while True:
            await RisingEdge(getattr(dut, name))
            rises[name] += 1

    for name in rises:
        cocotb.start_soon(watch(name))
    await run_jobs(dut)
    assert rises["done"] > 0, rises
    assert rises["stopped"] == 0, rises
