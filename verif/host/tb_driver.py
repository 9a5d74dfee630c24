"""The driver boots, runs and reads back a chip of MEM: through our own bus, and cocotbext-axi's."""

import logging
import random
from itertools import groupby
from pathlib import Path

import cocotb
import numpy as np
import pytest
from cocotb.triggers import ClockCycles, gather
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp

from tsp.arch.config import LANES, NANO, Config
from tsp.arch.csr import BY_NAME, DATA_BYTES
from tspc import api
from tspc.engines.axi import AxiLite
from tspc.engines.readout import fault_records
from tspc.golden.model import GoldenEngine
from tspc.host import HostDriver, HostError
from verif.host.programs import copies, gathering, vectors
from verif.support import tb

P = tb.parameters()
CONFIG = Config.from_dict(P["config"])


async def begin(dut):
    """Clock and reset; the fuses bypass a row."""
    await tb.begin(dut, fuse=P["bypassed"])


class Foreign:
    """The driver's bus by another's hand."""

    def __init__(self, dut):
        self._master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "axi_"), dut.clk, dut.rst)
        for part in (self._master.read_if, self._master.write_if):
            part.log.setLevel(logging.WARNING)

    async def read(self, address):
        answer = await self._master.read(address, DATA_BYTES)
        if answer.resp is not AxiResp.OKAY:
            raise HostError(answer.resp.name)
        return int.from_bytes(answer.data, "little")

    async def write(self, address, data):
        answer = await self._master.write(address, data.to_bytes(DATA_BYTES, "little"))
        if answer.resp is not AxiResp.OKAY:
            raise HostError(answer.resp.name)


async def boot_run_and_read_back(dut, port):
    """Three programs after each other, without a reset; then what they left is still there."""
    rng = np.random.default_rng(5)
    driver = HostDriver(port, CONFIG)
    await driver.identify()
    left = {}
    for turn in range(3):
        program, memory, expected = copies(CONFIG, rng, turn)
        await driver.boot(program, memory)
        left |= memory | expected
        before = await driver.status()
        assert not (before.running or before.done or before.stopped)
        await driver.start()
        assert (await driver.status()).running
        while (status := await driver.status()).running:
            await ClockCycles(dut.clk, 50)
        assert status.done and not status.critical and status.cause is None
        done = api.engine("golden").run(program).done
        assert await driver.cycles() == done
        for address, vector in left.items():
            assert np.array_equal((await driver.read_vectors(address, 1))[0], vector), address


@cocotb.test
async def another_chip_is_noticed(dut):
    await begin(dut)
    with pytest.raises(HostError, match="HASH0 is"):
        await HostDriver(AxiLite(dut), NANO).identify()


@cocotb.test
async def reads_and_writes_take_turns(dut):
    """Whoever comes again and again does not keep the other from its answer."""
    await begin(dut)
    port = AxiLite(dut)
    address = BY_NAME["MEM_ADDRESS"].address
    done = []

    async def reads():
        for _ in range(40):
            await port.try_read(address)
            done.append("r")

    async def writes():
        for n in range(40):
            await port.try_write(address, n % CONFIG.superlanes)
            done.append("w")

    await gather(reads(), writes())
    assert max(len(list(run)) for _, run in groupby(done)) <= 2


@cocotb.test
async def by_our_own_bus(dut):
    await begin(dut)
    await boot_run_and_read_back(dut, AxiLite(dut))


@cocotb.test
async def by_cocotbext_axi(dut):
    await begin(dut)
    await boot_run_and_read_back(dut, Foreign(dut))


@cocotb.test
async def every_word_of_every_slice(dut):
    """All of MEM holds a word of its own, whatever the order of writing."""
    await begin(dut)
    driver = HostDriver(AxiLite(dut), CONFIG)
    rng = np.random.default_rng(1)
    banks = [(q.index, b) for q in CONFIG.queues if q.kind.value == "mem" for b in (0, 1)]
    content = {place: vectors(CONFIG, rng, CONFIG.bank_words) for place in banks}
    random.Random(3).shuffle(banks)
    for place in banks:
        await driver.write_vectors((*place, 0), content[place])
    random.Random(4).shuffle(banks)
    for place in banks:
        found = await driver.read_vectors((*place, 0), CONFIG.bank_words)
        assert np.array_equal(found, content[place]), place


@cocotb.test
async def errors_are_counted_by_unit(dut):
    """What the tiles, the text and the port itself have corrected, or could not."""
    await begin(dut)
    program, faults = gathering(CONFIG, np.random.default_rng(6))
    driver = HostDriver(AxiLite(dut), CONFIG)
    await driver.boot(program, {})
    Path("faults.bin").write_bytes(fault_records(faults, CONFIG))
    await tb.backdoor(dut, 1)
    await driver.start()
    while (status := await driver.status()).running:
        await ClockCycles(dut.clk, 50)
    golden = GoldenEngine().run(program, faults=faults)
    assert len(golden.counters) == 3 and status.critical
    assert await driver.errors() == golden.counters
    by_slice = await driver.errors_by_slice()
    assert by_slice == {"MEM_E0": (2, 1), "VXM0": (1, 0)}

    # The maps stand in MEM with their upsets: the port corrects what it can.
    for offset in range(3):
        address = CONFIG.queue_by_name["MEM_W0"].index, 0, offset
        found = (await driver.read_vectors(address, 1))[0]
        assert np.array_equal(found, program.memory[address]) == (offset < 2)
    assert await driver.read("PORT_ERRORS") == BY_NAME["PORT_ERRORS"].pack(corrected=2, double=1)
    await tb.backdoor(dut, 4)


@cocotb.test
async def a_window_goes_round_its_bank(dut):
    await begin(dut)
    driver = HostDriver(AxiLite(dut), CONFIG)
    words = vectors(CONFIG, np.random.default_rng(2), 3)
    queue = CONFIG.queue_by_name["MEM_E1"].index
    await driver.write_vectors((queue, 1, CONFIG.bank_words - 1), words)
    assert np.array_equal((await driver.read_vectors((queue, 1, 0), 2)), words[1:])
    assert LANES * CONFIG.superlanes == words.shape[1]
