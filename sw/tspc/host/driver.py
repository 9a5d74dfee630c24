"""A driver for the host port: everything that a host does with a chip, and nothing besides it.

It needs no more than 32-bit reads and writes (:class:`Port`), so it runs on a simulated chip as on
any bus. Addresses and fields come from :mod:`tsp.arch.csr`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import LANES, Config, Hemisphere, QueueKind
from tsp.arch.csr import BY_NAME, DATA_WORDS, Register, constants
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import FORMATS
from tspc.faults import TEXT_ROW
from tspc.program import Address, Program

__all__ = ["HostDriver", "HostError", "Port", "Status"]

_MEM_DATA = [BY_NAME[f"MEM_DATA{n}"] for n in range(DATA_WORDS)]
_QUEUE_DATA = [BY_NAME[f"QUEUE_DATA{n}"] for n in range(DATA_WORDS)]


class HostError(RuntimeError):
    """The port refused an access (SLVERR), or the chip is not what it should be."""


class Port(Protocol):
    """What the driver needs of a bus."""

    async def read(self, address: int) -> int:
        """The 32 bits at a byte address; :class:`HostError` if the read is refused."""
        ...

    async def write(self, address: int, data: int) -> None:
        """Write 32 bits; :class:`HostError` if the write is refused."""
        ...


@dataclass(frozen=True)
class Status:
    """What STATUS says.

    Attributes
    ----------
    running, done, stopped
        At most one is set; none: idle.
    critical
        A double error or a bad map was met since reset.
    cause
        What stopped the chip; None unless ``stopped``.
    """

    running: bool
    done: bool
    stopped: bool
    critical: bool
    cause: ErrorClass | None


class HostDriver:
    """Boots, runs and reads back a chip.

    Parameters
    ----------
    port
        The bus.
    config
        The configuration that the chip must have.
    """

    def __init__(self, port: Port, config: Config) -> None:
        self._port, self._config = port, config

    async def identify(self) -> None:
        """Make sure that there is a chip of this configuration; HostError says what differs."""
        for name, wanted in constants(self._config).items():
            found = await self.read(name)
            if found != wanted:
                raise HostError(f"{name} is {found:#010x}, not {wanted:#010x}")

    async def read(self, name: str) -> int:
        """A register's bits."""
        return await self._port.read(BY_NAME[name].address)

    async def write(self, name: str, **fields: int) -> None:
        """Write a register's fields; those not named become zero."""
        register = BY_NAME[name]
        await self._port.write(register.address, register.pack(**fields))

    async def boot(self, program: Program, memory: Mapping[Address, NDArray[np.uint8]]) -> None:
        """Load a program's text and memory image, and `memory` over it.

        A queue that the program leaves out gets a HALT.
        """
        if program.config != self._config:
            raise HostError(f"program {program.name!r} is for another configuration")
        halt = (FORMATS["HALT"].opcode,)
        for queue in self._config.queues:
            words = program.loaded(queue.index) if program.text.get(queue.index) else halt
            await self.load_queue(queue.index, words)
        for address, vector in (program.image | dict(memory)).items():
            await self.write_vectors(address, vector[np.newaxis])

    async def load_queue(self, number: int, words: Sequence[int]) -> None:
        """Replace a queue's text."""
        await self.write("QUEUE", number=number)
        for word in words:
            await self._write_word(_QUEUE_DATA, word.to_bytes(LANES, "little"))

    async def write_vectors(self, first: Address, vectors: NDArray[np.uint8]) -> None:
        """Write vectors (uint8[n, V]) to consecutive offsets of a bank."""
        await self._seek(first)
        for word in np.ascontiguousarray(vectors, np.uint8).reshape(-1, LANES):
            await self._write_word(_MEM_DATA, word.tobytes())

    async def read_vectors(self, first: Address, count: int) -> NDArray[np.uint8]:
        """Vectors (uint8[count, V]) of consecutive offsets of a bank."""
        await self._seek(first)
        words = count * self._config.superlanes
        raw = [await self._port.read(r.address) for _ in range(words) for r in _MEM_DATA]
        return np.array(raw, "<u4").view(np.uint8).reshape(count, self._config.lanes)

    async def start(self) -> None:
        """Start the program that is loaded."""
        await self.write("CONTROL", start=1)

    async def status(self) -> Status:
        """What the chip does."""
        fields = BY_NAME["STATUS"].unpack(await self.read("STATUS"))
        running, done, stopped, critical = (
            bool(fields[name]) for name in ("running", "done", "stopped", "critical")
        )
        cause = list(ErrorClass)[fields["cause"] - 1] if stopped else None
        return Status(running, done, stopped, critical, cause)

    async def cycles(self) -> int:
        """Cycles since the first NOTIFY; after the end, the cycle in which ``done`` rose."""
        low = await self.read("CYCLES0")
        return low | await self.read("CYCLES1") << 32

    async def errors(self) -> dict[tuple[int, int], tuple[int, int]]:
        """Corrected and double errors by (queue, superlane), where there were any.

        Those of a queue's text have :data:`~tspc.faults.TEXT_ROW` for a superlane.
        """
        found = {}
        for queue in range(len(self._config.queues)):
            for row in [*range(self._config.superlanes), TEXT_ROW]:
                text = row == TEXT_ROW
                await self.write("UNIT", queue=queue, superlane=0 if text else row, text=int(text))
                counts = BY_NAME["UNIT_ERRORS"].unpack(await self.read("UNIT_ERRORS"))
                if any(counts.values()):
                    found[queue, row] = counts["corrected"], counts["double"]
        return found

    async def errors_by_slice(self) -> dict[str, tuple[int, int]]:
        """Corrected and double errors by name of the queue, over all superlanes and its text."""
        found: dict[str, tuple[int, int]] = {}
        for (queue, _), (corrected, double) in (await self.errors()).items():
            name = self._config.queues[queue].name
            before = found.get(name, (0, 0))
            found[name] = before[0] + corrected, before[1] + double
        return found

    async def _seek(self, address: Address) -> None:
        number, bank, offset = address
        queue = self._config.queues[number]
        if queue.kind is not QueueKind.MEM or queue.hemisphere is None:
            raise HostError(f"{queue.name} has no memory")
        east = int(queue.hemisphere is Hemisphere.E)
        await self.write("MEM_ADDRESS", hemisphere=east, slice=queue.unit, bank=bank, offset=offset)

    async def _write_word(self, window: Sequence[Register], word: bytes) -> None:
        for n, register in enumerate(window):
            await self._port.write(
                register.address, int.from_bytes(word[4 * n : 4 * n + 4], "little")
            )
