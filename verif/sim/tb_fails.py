"""A bench that fails on purpose: the helper must say so."""

import cocotb

from verif.support import tb


@cocotb.test
async def fails(dut):
    await tb.begin(dut)
    if tb.parameters()["fail"]:
        raise RuntimeError(f"meant to fail: {40 + 1}")
