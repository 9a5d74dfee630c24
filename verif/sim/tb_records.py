"""Three reads and writes in consecutive cycles, for the records."""

import cocotb
from cocotb.triggers import RisingEdge

from verif.support import tb


@cocotb.test
async def three(dut):
    p = tb.parameters()
    await tb.begin(dut, place=p["place"])
    await tb.backdoor(dut, 1, 2)
    dut.rd.value = dut.wr.value = 1
    for i, word in enumerate(p["words"]):
        dut.cycle.value = 100 + i
        dut.rd_addr.value = dut.wr_addr.value = 9 + i
        dut.wr_data.value = word
        await RisingEdge(dut.clk)
    dut.rd.value = dut.wr.value = 0
    await tb.backdoor(dut, 3, 4)
