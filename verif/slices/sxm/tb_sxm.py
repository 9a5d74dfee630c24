"""Runs assembled programs of the SXMs on the chip and watches its pins meanwhile."""

import cocotb

from verif.support import tb


@cocotb.test()
async def sxm_programs(dut):
    """Every program ends with done, none stops."""
    await tb.run_programs(dut)
