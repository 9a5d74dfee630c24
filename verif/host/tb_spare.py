"""Around a bypassed row: what the host reads of it, and programs by the port alone."""

import cocotb

from tsp.arch.config import Config
from tspc.engines.axi import AxiLite
from tspc.host import HostDriver
from verif.host.tb_driver import boot_run_and_read_back
from verif.support import tb

P = tb.parameters()


@cocotb.test
async def a_row_is_bypassed(dut):
    await tb.begin(dut, fuse=P["bypassed"])
    driver = HostDriver(AxiLite(dut), Config.from_dict(P["config"]))
    assert await driver.read("SPARE") == P["bypassed"]
    await boot_run_and_read_back(dut, AxiLite(dut))
