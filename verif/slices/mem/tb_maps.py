"""Runs programs of which every second one has a bad map, and looks at the chip's critical bit."""

import cocotb
from cocotb.triggers import RisingEdge

from tspc.engines.bench import run_jobs


@cocotb.test()
async def bad_maps(dut):
    """The critical bit rises with a bad map alone and stays; the program runs on to its end."""
    found = []

    async def watch():
        while True:
            await RisingEdge(dut.done)
            found.append(int(dut.critical.value))

    async def refuse():
        await RisingEdge(dut.stopped)
        raise AssertionError("a bad map stops the chip")

    watching = [cocotb.start_soon(job()) for job in (watch, refuse)]
    await run_jobs(dut)
    for task in watching:
        task.cancel()
    assert len(found) > 1 and found == [n % 2 for n in range(len(found))], found
