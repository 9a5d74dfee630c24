"""Random transactions, legal and illegal, between and during programs, against the port's model."""

import json
import random
from collections import Counter
from itertools import count
from pathlib import Path

import cocotb
import numpy as np
from cocotb.triggers import ClockCycles, RisingEdge

from tsp.arch.config import Config, Hemisphere
from tsp.arch.csr import BY_NAME, REGISTERS, RESERVED, Response
from tsp.arch.errors import ErrorClass
from tspc.engines import records
from tspc.engines.axi import AxiLite
from tspc.golden.model import GoldenEngine
from verif.host.model import DONE, IDLE, MODELS, RUNNING, STOPPED
from verif.host.programs import copies, text_of
from verif.support import tb

P = tb.parameters()
CONFIG = Config.from_dict(P["config"])
#: Registers that show the port's state, and change nothing when they are read.
LOOK = ["MEM_DATA1", "MEM_DATA2", "MEM_ADDRESS", "QUEUE", "QUEUE_WORDS", "UNIT", "STATUS"]
STATUS = BY_NAME["STATUS"].address


def same(found, wanted, *where):
    """What the port does is what its model does."""
    if found != wanted:
        raise AssertionError(f"the port is not as its model: {found}, not {wanted}: {where}")


class Fuzz:
    """One port, its model, and who makes up accesses."""

    def __init__(self, dut, seed):
        self.rng = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.dut, self.port, self.model = (
            dut,
            AxiLite(dut),
            MODELS[P["model"]](CONFIG, P["bypassed"]),
        )
        self.seen = Counter()

    # ---- what is asked -------------------------------------------------------------------

    def _address(self):
        rng = self.rng
        if rng.random() < 0.8:
            return rng.choice(REGISTERS).address
        where = rng.randrange(4)
        if where == 0:
            return rng.choice(REGISTERS).address + rng.randrange(1, 4)
        if where == 1:
            block = rng.choice(RESERVED)
            return rng.randint(block.first, block.last) & ~3
        return rng.randrange(0, 0x80 if where == 2 else 1 << 16)

    def _data(self, address):
        rng = self.rng
        register = next((r for r in REGISTERS if r.address == address), None)
        if register is None or rng.random() < 0.1:
            return rng.getrandbits(32)
        values = {}
        for f in register.fields:
            count = f.values(CONFIG)
            values[f.name] = rng.choice([0, count - 1, rng.randrange(count), rng.randrange(count)])
            if rng.random() < 0.05:
                values[f.name] = min(count, (1 << f.width) - 1)
        data = register.pack(**values)
        return data | (1 << rng.randrange(32) if rng.random() < 0.05 else 0)

    async def any_access(self):
        rng = self.rng
        if rng.random() < 0.03:
            await self._whole_word()
        address = self._address()
        if rng.random() < 0.5:
            await self.read(address)
            return
        data = self._data(address)
        if address == BY_NAME["CONTROL"].address and self.model.mode == IDLE:
            data &= ~1  # programs are started by whoever loaded one
        strobes = 15 if rng.random() < 0.9 else rng.randrange(16)
        if await self.write(address, data, strobes) is not Response.OKAY and rng.random() < 0.1:
            await self.look()

    async def look(self):
        """Read what a refused access could have changed; a program that runs hides most of it."""
        for name in LOOK:
            await self.read(BY_NAME[name].address)

    async def _whole_word(self):
        """One word of MEM, or of a queue's text, in whatever mode the chip is."""
        window, choose = self.rng.choice([("MEM_DATA", "MEM_ADDRESS"), ("QUEUE_DATA", "QUEUE")])
        fields = {f.name: self.rng.randrange(f.values(CONFIG)) for f in BY_NAME[choose].fields}
        await self.set(choose, **fields)
        await self._word(window, self.rng.getrandbits(128))
        if window == "MEM_DATA" and self.rng.random() < 0.5:
            await self.set(choose, **fields)
            for n in range(4):
                await self.read(BY_NAME[f"{window}{n}"].address)

    # ---- asked, and judged ---------------------------------------------------------------

    async def read(self, address):
        found, data = await self.port.try_read(address, pause=self._pause())
        wanted, value = self.model.read(address)
        same(found, wanted, hex(address), self.model)
        if value is not None:
            same(hex(data), hex(value), hex(address))
        self._note("read", address, found)

    async def write(self, address, data, strobes=15):
        late = self.rng.choice(["", "", "", "aw", "w"])
        found = await self.port.try_write(address, data, strobes, late=late, pause=self._pause())
        wanted = self.model.write(address, data, strobes)
        same(found, wanted, hex(address), hex(data), strobes, self.model)
        self._note("write", address, found)
        return found

    def _pause(self):
        return self.rng.choice([0, 0, 0, 0, 1, 3])

    def _note(self, what, address, response):
        names = [r.name for r in REGISTERS if r.address == address]
        key = names[0] if names else "nothing"
        self.seen[f"{what} {key} {response.name} {self.model.mode}"] += 1

    async def set(self, name, **fields):
        await self.write(BY_NAME[name].address, BY_NAME[name].pack(**fields))

    # ---- programs ------------------------------------------------------------------------

    async def load(self, texts, memory):
        """Every queue and the image, word by word."""
        for number, words in texts.items():
            await self.set("QUEUE", number=number)
            for word in words:
                await self._word("QUEUE_DATA", word)
        for (number, bank, offset), vector in memory.items():
            queue = CONFIG.queues[number]
            east = int(queue.hemisphere is Hemisphere.E)
            place = {"hemisphere": east, "slice": queue.unit, "bank": bank, "offset": offset}
            await self.set("MEM_ADDRESS", **place)
            for word in vector.reshape(-1, 16):
                await self._word("MEM_DATA", int.from_bytes(word.tobytes(), "little"))

    async def _word(self, window, word):
        for n in range(4):
            await self.set(f"{window}{n}", value=word >> 32 * n & 0xFFFF_FFFF)

    async def run(self, accesses):
        """Run a program, and ask what must be refused meanwhile."""
        program, memory, left = copies(CONFIG, self.numbers, 0, wait=min(60 * accesses, 60_000))
        await self.load(text_of(program), program.image | memory)
        await self.set("CONTROL", start=1)
        for _ in range(accesses):
            await self.any_access()
        await self._until(DONE)
        self.model.cycles = GoldenEngine().run(program).done
        await self.look()
        for (number, bank, offset), vector in (memory | left).items():
            queue = CONFIG.queues[number]
            for y, word in enumerate(vector.reshape(-1, 16)):
                key = (queue.hemisphere is Hemisphere.E, queue.unit, bank, offset, y)
                self.model.mem[key] = int.from_bytes(word.tobytes(), "little")

    async def stop(self, accesses):
        """A queue meets a bad word: only reset leads on."""
        program, _, _ = copies(CONFIG, self.numbers, 0)
        texts = text_of(program)
        first = CONFIG.queue_by_name["VXM0"].index
        await self.load(texts | {first: (texts[first][0], 0)}, {})
        await self.set("CONTROL", start=1)
        self.model.cause = 1 + list(ErrorClass).index(ErrorClass.BAD_WORD)
        await self._until(STOPPED)
        for _ in range(accesses):
            await self.any_access()
        self.dut.rst.value = 1
        await ClockCycles(self.dut.clk, 3)
        self.dut.rst.value = 0
        await RisingEdge(self.dut.clk)
        self.model.reset()

    async def _until(self, mode):
        assert self.model.mode == RUNNING
        for _ in range(5_000):
            response, data = await self.port.try_read(STATUS)
            assert response is Response.OKAY
            if not data & 1:
                break
        assert BY_NAME["STATUS"].unpack(data)[("done", "stopped")[mode - DONE]], hex(data)
        self.model.mode = mode


@cocotb.test
async def random_transactions(dut):
    await tb.begin(dut, fuse=P["bypassed"])
    await tb.backdoor(dut, 1, 2)
    fuzz = Fuzz(dut, P["seed"])
    rounds = count()
    while sum(fuzz.seen.values()) < P["transactions"]:
        for _ in range(fuzz.rng.randint(100, 300)):
            await fuzz.any_access()
        if next(rounds) % 3 == 1:
            await fuzz.stop(fuzz.rng.randint(100, 200))
        else:
            await fuzz.run(fuzz.rng.randint(100, 300))
    await tb.backdoor(dut, 3, 4)
    await ClockCycles(dut.clk, 60)
    compare(fuzz.model)
    Path("seen.json").write_text(json.dumps(fuzz.seen, indent=1, sort_keys=True))


def compare(model):
    """All of MEM and of the queues' buffers, by the simulation's dump."""
    found = {}
    for piece in records.read_dump(Path("dump.bin")):
        kind, superlane, unit = piece.place >> 28, piece.place >> 20 & 0xFF, piece.place & 0xFFFFF
        for n, raw in enumerate(piece.data):
            word = int.from_bytes(raw.tobytes(), "little") & (1 << 128) - 1
            if kind == records.Kind.MEM and word:
                queue = CONFIG.queues[unit // 2]
                east = int(queue.hemisphere is Hemisphere.E)
                found[east, queue.unit, unit & 1, piece.first + n, superlane] = word
            elif kind == records.Kind.TEXT and word:
                found[unit, piece.first + n] = word
    wanted = {key: word for key, word in model.mem.items() if word}
    for queue, words in model.text.items():
        wanted |= {(queue, n): word for n, word in words.items() if word}
    assert found and wanted
    same(
        *(
            sorted(set(x.items()) - set(y.items()))[:4]
            for x, y in ((found, wanted), (wanted, found))
        )
    )
