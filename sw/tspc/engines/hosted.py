"""The cocotb side of a run that uses the host port alone: boot, start, wait, read back.

:mod:`tspc.engines.bench` calls it where a run of its jobs has ``host``: ``program`` (an object
file), ``inputs`` (vectors with their addresses), ``reads`` (addresses), ``errors`` (whether to
read the counters) and ``results`` (where the vectors at ``reads``, the cycle of ``done`` and the
counters go).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cocotb.triggers import ClockCycles

from tspc.engines.axi import AxiLite
from tspc.engines.vectors import load_vectors, save_vectors
from tspc.host import HostDriver
from tspc.objectfile import load

__all__ = ["Hosted"]

#: Cycles between two reads of STATUS.
_POLL = 200


class Hosted:
    """One run.

    Parameters
    ----------
    dut
        The chip, out of reset.
    job
        ``host`` of the run.
    """

    def __init__(self, dut: Any, job: Mapping[str, Any]) -> None:
        self._clock, self._job = dut.clk, job
        self._program = load(job["program"])
        self._driver = HostDriver(AxiLite(dut), self._program.config)

    async def boot(self) -> None:
        """Load text, memory image and inputs."""
        await self._driver.identify()
        await self._driver.boot(self._program, load_vectors(Path(self._job["inputs"])))

    async def start(self) -> None:
        """Start the program."""
        await self._driver.start()

    async def wait(self, cycles: int) -> str:
        """``done``, ``stopped``, or after so many cycles ``hang``."""
        for _ in range(0, cycles, _POLL):
            status = await self._driver.status()
            if not status.running:
                return "done" if status.done else "stopped"
            await ClockCycles(self._clock, min(_POLL, cycles))
        return "hang"

    async def read_back(self) -> None:
        """Read what is asked for."""
        places = [(int(q), int(b), int(o)) for q, b, o in self._job["reads"]]
        found = {place: (await self._driver.read_vectors(place, 1))[0] for place in places}
        errors = await self._driver.errors() if self._job["errors"] else {}
        save_vectors(Path(self._job["results"]), found, await self._driver.cycles(), errors)
