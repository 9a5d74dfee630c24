"""SRAM macro: back door, old word on read during write, holding output, record of writes."""

import cocotb
from cocotb.triggers import RisingEdge

from verif.support import tb

P = tb.parameters()


async def _step(dut, **values):
    for name, value in values.items():
        getattr(dut, name).value = value
    await RisingEdge(dut.clk)


@cocotb.test
async def backdoor_and_ports(dut):
    await tb.begin(dut, place=P["place"])
    await tb.backdoor(dut, 1, 2)
    assert dut.loaded.value.to_unsigned() == len(P["words"])
    cycle = 100
    for i, word in enumerate(P["words"]):
        address = P["first"] + i
        new = ~word & ((1 << P["width"]) - 1)
        # Read and write the same address in one cycle: the old word comes.
        await _step(dut, rd=1, rd_addr=address, wr=1, wr_addr=address, wr_data=new, cycle=cycle)
        cycle += 1
        await _step(dut, rd=0, wr=0)
        assert dut.rd_data.value.to_unsigned() == word
        await _step(dut)
        assert dut.rd_data.value.to_unsigned() == word, "rd_data must hold"
        await _step(dut, rd=1)
        await _step(dut, rd=0)
        assert dut.rd_data.value.to_unsigned() == new
    await _step(dut, rd=1, rd_addr=P["depth"] - 1)
    await _step(dut, rd=0)
    assert dut.rd_data.value.to_unsigned() == 0
    await tb.backdoor(dut, 3, 4)


@cocotb.test
async def persistence(dut):
    """A second load without `clear` keeps what stands elsewhere; with it, all else is zero."""
    for clear in (0, 1):
        with open("image.bin", "r+b") as f:
            f.write(bytes([clear, 0, 0, 0]))
        await tb.begin(dut, place=P["place"])
        await _step(dut, wr=1, wr_addr=P["depth"] - 1, wr_data=5)
        await _step(dut, wr=0)
        await tb.backdoor(dut, 1, 2)
        await _step(dut, rd=1, rd_addr=P["depth"] - 1)
        await _step(dut, rd=0)
        assert dut.rd_data.value.to_unsigned() == (0 if clear else 5)
        await tb.backdoor(dut, 3, 4)
