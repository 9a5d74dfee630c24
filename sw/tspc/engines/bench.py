"""The cocotb side of the RTL engine: runs the jobs of ``job.json``, one after another.

Python touches nothing per cycle: it starts a run and waits for an edge of ``done`` or ``stopped``,
waking now and then only to say how far it is. A run with a ``host`` is booted, started, watched and
read back through the host port (:mod:`tspc.engines.hosted`). Everything that happens is recorded by
C++. :mod:`tspc.engines.rtl` writes the jobs and reads ``progress.jsonl`` and the records.
"""

import json
import time
from pathlib import Path
from typing import Any, TextIO

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, First, RisingEdge, Timer
from cocotb.utils import get_sim_time

from tspc.engines.hosted import Hosted

_PERIOD = 10  # ns
_OPEN, _LOAD, _DUMP, _CLOSE = 1, 2, 3, 4

#: What the simulator writes and the engine reads, for each run.
_RECORDS = ("events", "words", "dump")


@cocotb.test()
async def jobs(dut: Any) -> None:
    """Each run: reset, load, start, wait, dump."""
    await run_jobs(dut)


async def run_jobs(dut: Any) -> None:
    """What :func:`jobs` does, for benches that look at the chip meanwhile."""
    job = json.loads(Path("job.json").read_text())
    for name in ("rst", "start", "backdoor", "deep"):
        getattr(dut, name).value = 0
    if job["fuse"] is not None:
        dut.fuse.value = job["fuse"]
    dut.rst.value = 1
    await Timer(1, "ns")  # an edge at time 0 races
    Clock(dut.clk, _PERIOD, unit="ns", impl="gpi").start()
    with Path("progress.jsonl").open("w", buffering=1) as progress:
        for number, run in enumerate(job["runs"]):
            await _run(dut, job, number, run, progress)


async def _run(
    dut: Any, job: dict[str, Any], number: int, run: dict[str, Any], progress: TextIO
) -> None:
    image = Path("image.bin")
    image.write_bytes(b"".join(Path(part).read_bytes() for part in run["image"]))
    Path("faults.bin").write_bytes(bytes.fromhex(run["faults"]))
    dut.rst.value = 1
    await ClockCycles(dut.clk, 4)
    dut.rst.value = 0
    dut.deep.value = int(run["deep"])
    await _backdoor(dut, job, _OPEN, _LOAD)
    host = Hosted(dut, run["host"]) if run["host"] else None
    if host is not None:
        await host.boot()
        await _backdoor(dut, job, _OPEN)  # the records are of the program alone

    begin, started, work = get_sim_time("ns"), time.perf_counter(), time.process_time()

    def report(state: str) -> None:
        cycles = round((get_sim_time("ns") - begin) / _PERIOD)
        line = {"run": number, "state": state, "cycles": cycles, "seconds": seconds()}
        flags = {name: int(getattr(dut, name).value) for name in ("cause", "critical")}
        progress.write(json.dumps(line | flags) + "\n")

    def seconds() -> float:
        return time.perf_counter() - started

    if host is not None:
        await host.start()
    else:
        dut.start.value = 1
        await RisingEdge(dut.clk)
        dut.start.value = 0
    state, left = "hang", run["limit"]
    while left > 0 and state == "hang":
        step = min(left, job["chunk"])
        left -= step
        state = await (_wait(dut, step) if host is None else host.wait(step))
        if state == "hang" and left:
            report("running")
    end = seconds()
    dut._log.info("run %d: %.3f s, %.3f s CPU", number, end, time.process_time() - work)
    await ClockCycles(dut.clk, job["settle"])
    if host is not None and state == "done":
        await host.read_back()
    await _backdoor(dut, job, _DUMP, _CLOSE)
    for name in _RECORDS:
        Path(f"{name}.bin").rename(f"{name}-{number}.bin")
    started = time.perf_counter() - end  # the dump is no part of the run
    report(state)


async def _wait(dut: Any, cycles: int) -> str:
    """Wait for the end, but not for ever: ``done``, ``stopped``, or ``hang`` so far."""
    done, stopped = RisingEdge(dut.done), RisingEdge(dut.stopped)
    fired = await First(done, stopped, Timer(cycles * _PERIOD, "ns"))
    return "done" if fired is done else "stopped" if fired is stopped else "hang"


async def _backdoor(dut: Any, job: dict[str, Any], *codes: int) -> None:
    """Pulse each code, with time for it to reach every memory and for the memories to settle."""
    for code in codes:
        dut.backdoor.value = code
        await RisingEdge(dut.clk)
        dut.backdoor.value = 0
        await ClockCycles(dut.clk, job["settle"])
