"""What the cocotb side of a bench needs: parameters, a clock, reset, the back door.

One rule for all benches: inputs change just after a rising edge, outputs are sampled there, too,
before the inputs change, so a sampled value is that of the cycle that the edge ended.
"""

import json
import os
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge, Timer

from tspc.engines.bench import run_jobs

__all__ = ["PERIOD", "backdoor", "begin", "parameters", "run_programs"]

PERIOD = 10  #: clock period in ns


def parameters() -> dict[str, Any]:
    """The parameters that :func:`verif.support.run_bench` was given."""
    found: dict[str, Any] = json.loads(os.environ.get("TSP_PARAMETERS", "{}"))
    return found


async def begin(dut: Any, **values: int) -> None:
    """Set all inputs to zero (or to `values`), start the clock, reset for two cycles.

    Returns just after a rising edge, out of reset.
    """
    for name in json.loads(os.environ["TSP_INPUTS"]):
        if name not in ("clk", "rst"):
            getattr(dut, name).value = values.get(name, 0)
    has_reset = hasattr(dut, "rst")
    if has_reset:
        dut.rst.value = 1
    await Timer(1, "ns")  # an edge at time 0 races
    Clock(dut.clk, PERIOD, unit="ns", impl="gpi").start()
    for _ in range(2):
        await RisingEdge(dut.clk)
    if has_reset:
        dut.rst.value = 0


async def backdoor(dut: Any, *codes: int) -> None:
    """Pulse each back door code for one cycle: 1 open, 2 load, 3 dump, 4 close."""
    for code in codes:
        dut.backdoor.value = code
        await RisingEdge(dut.clk)
        dut.backdoor.value = 0
        await RisingEdge(dut.clk)


async def run_programs(dut: Any) -> None:
    """Run the jobs of the RTL engine; each ends with one rise of done, and the chip never stops."""
    rises = {"done": 0, "stopped": 0}

    async def watch(name: str) -> None:
        while True:
            await RisingEdge(getattr(dut, name))
            rises[name] += 1

    for name in rises:
        cocotb.start_soon(watch(name))
    await run_jobs(dut)
    assert rises["done"] > 0, rises
    assert rises["stopped"] == 0, rises
