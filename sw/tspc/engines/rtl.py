"""The RTL engine: programs on the chip's Verilog, simulated by Verilator under cocotb.

All runs of a call share one simulation; each begins at reset with zeroed memories, loads through
the simulation back door and ends with a dump. Times come from the chip's own cycle counter.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tsp.arch.config import Config
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import BadWord
from tspc.engines import records
from tspc.engines.base import Inputs, Progress, ProgressCallback, Result
from tspc.engines.chip_build import build_chip
from tspc.engines.readout import Memory, fault_records, memory_pieces, read, text_pieces
from tspc.engines.vectors import load_results, load_vectors, save_vectors
from tspc.engines.verilator import BUILD_ROOT, SimulationError, run
from tspc.faults import Fault
from tspc.objectfile import save
from tspc.plan import expand
from tspc.program import Program
from tspc.tensors import load, unpack

__all__ = ["Job", "RtlEngine"]

_TEST_MODULE = "tspc.engines.bench"

#: An image that only clears memories.
_EMPTY = "empty.image"

#: Cycles between two reports of progress within a run.
_CHUNK = 20_000

#: Cycles that a run may take beyond its plan before it is given up as hanging.
_SLACK = 2_000


@dataclass(frozen=True, eq=False)
class Job:
    """One run: a program, its inputs, whether to record every driven word, and upsets."""

    program: Program
    inputs: Inputs
    deep: bool = False
    faults: tuple[Fault, ...] = ()


class RtlEngine:
    """Runs programs on the RTL.

    Parameters
    ----------
    hdl
        Source root of the RTL, if it is not the installed one (mutants).
    each
        Called with (number of the run, result) as soon as a run is over.
    optimise
        False: the chip compiles faster and runs slower (:func:`build_chip`).
    plusargs
        Further plusargs of the simulation, e.g. ``+mutant=3``.
    host
        Load, start, watch and read back through the host port instead of the back door: outputs,
        the cycle of ``done`` and, if something is upset, the counters are what the port said.
        Records and dump are the simulation's.
    bypassed
        On a chip with a spare: the row that its fuses bypass, counted from the south, 0 .. T. None:
        the spare, row T. Nothing of a result depends on it.
    test_module
        cocotb module that calls :func:`tspc.engines.bench.run_jobs`, and may watch the chip.
    """

    name = "rtl"

    def __init__(
        self,
        *,
        hdl: Path | None = None,
        each: Callable[[int, Result], None] | None = None,
        optimise: bool = True,
        plusargs: Sequence[str] = (),
        host: bool = False,
        bypassed: int | None = None,
        test_module: str = _TEST_MODULE,
    ) -> None:
        self._hdl = hdl
        self._each = each
        self._optimise = optimise
        self._plusargs = tuple(plusargs)
        self._host = host
        self._bypassed = bypassed
        self._test_module = test_module

    def run(
        self,
        program: Program,
        inputs: Inputs | None = None,
        *,
        deep: bool = False,
        faults: Sequence[Fault] = (),
    ) -> Result:
        """Run a program once; see :meth:`run_jobs`."""
        return self.run_jobs([Job(program, inputs or {}, deep, tuple(faults))])[0]

    def run_many(
        self,
        program: Program,
        many: Sequence[Inputs],
        *,
        deep: bool = False,
        progress: ProgressCallback | None = None,
    ) -> list[Result]:
        """Run a program once for each set of inputs; see :meth:`run_jobs`."""
        return self.run_jobs([Job(program, inputs, deep) for inputs in many], progress)

    def run_jobs(
        self, jobs: Sequence[Job], progress: ProgressCallback | None = None
    ) -> list[Result]:
        """Run several programs of one configuration in one simulation.

        A run that neither ends nor stops within its plan and some slack is given up; its result
        says so in ``stopped`` and holds what was recorded until then.

        Raises
        ------
        SimulationError
            If the chip cannot be built or the simulation fails.
        ValueError
            If the jobs' configurations differ, an input does not fit its tensor, a queue's text
            does not fit its buffer or there is no such row to bypass.
        """
        if not jobs:
            return []
        config = jobs[0].program.config
        for job in jobs:
            _check(job.program, config)
        fuse = _fuse(config, self._bypassed)
        folder = BUILD_ROOT / "rtl" / "runs"
        folder.mkdir(parents=True, exist_ok=True)
        loaded = [{**j.program.image, **load(j.program, j.inputs)} for j in jobs]
        built = build_chip(config, self._hdl, optimise=self._optimise)
        directory = Path(tempfile.mkdtemp(dir=folder))
        session = _Session(jobs, loaded, directory, progress, self._each, self._host)
        session.prepare(fuse)
        run(
            built,
            self._test_module,
            directory,
            plusargs=[f"+tsp={directory}", *self._plusargs],
            poll=session.poll,
        )
        session.poll()
        if len(session.results) != len(jobs):
            raise SimulationError(
                f"{len(session.results)} of {len(jobs)} runs were reported; {directory}/sim.log"
            )
        shutil.rmtree(directory)
        return session.results


def _fuse(config: Config, bypassed: int | None) -> int | None:
    """What the fuses say; None if there are none."""
    if bypassed is None:
        return config.superlanes if config.spares else None
    if not config.spares:
        raise ValueError(f"configuration {config.name} has no spare superlane: nothing to bypass")
    if not 0 <= bypassed < config.rows:
        raise ValueError(f"row {bypassed} of {config.name} cannot be bypassed: it has rows 0 .. "
                         f"{config.rows - 1}")  # fmt: skip
    return bypassed


def _check(program: Program, config: Config) -> None:
    if program.config != config:
        raise ValueError(
            f"program {program.name!r} is for configuration {program.config.name} "
            f"({program.config.hash}), not {config.name} ({config.hash})"
        )
    for queue in program.text:
        count = len(program.loaded(queue))
        if count > config.queue_words:
            raise ValueError(
                f"{config.queues[queue].name} has {count} words to load, "
                f"but its buffer holds {config.queue_words}"
            )


class _Session:
    """The files of one simulation: jobs and images in, progress and records out."""

    def __init__(
        self,
        jobs: Sequence[Job],
        loaded: Sequence[Memory],
        directory: Path,
        progress: ProgressCallback | None,
        each: Callable[[int, Result], None] | None,
        host: bool,
    ) -> None:
        self.results: list[Result] = []
        self._jobs, self._loaded, self._directory = jobs, loaded, directory
        self._progress, self._each, self._host = progress, each, host
        self._planned = [_planned_cycles(job.program) for job in jobs]
        self._position = 0  # in progress.jsonl
        self._seconds = 0.0

    def prepare(self, fuse: int | None) -> None:
        """Write ``job.json`` and what its runs load; what programs share is written once."""
        config = self._jobs[0].program.config
        shared: dict[int, str] = {}
        runs = []
        for number, job in enumerate(self._jobs):
            run = {"deep": job.deep, "faults": fault_records(job.faults, config).hex()}
            run["limit"] = self._planned[number] + self._planned[number] // 8 + _SLACK
            files = self._hosted if self._host else self._images
            runs.append(run | files(number, job, shared))
        settle = config.stops + 3 * config.rows + 8
        job_file = {"runs": runs, "settle": settle, "chunk": _CHUNK, "fuse": fuse}
        (self._directory / "job.json").write_text(json.dumps(job_file))

    def _images(self, number: int, job: Job, shared: dict[int, str]) -> dict[str, Any]:
        """What the back door loads."""
        config, key = job.program.config, id(job.program)
        if key not in shared:
            shared[key] = f"program-{number}.image"
            pieces = text_pieces(job.program) + memory_pieces(job.program.image, config)
            (self._directory / shared[key]).write_bytes(records.image(pieces))
        inputs = f"inputs-{number}.image"
        pieces = memory_pieces(load(job.program, job.inputs), config)
        (self._directory / inputs).write_bytes(records.join(pieces))
        return {"image": [shared[key], inputs], "host": None}

    def _hosted(self, number: int, job: Job, shared: dict[int, str]) -> dict[str, Any]:
        """What the host port loads, and what is read back; the back door only clears."""
        key = id(job.program)
        if key not in shared:
            shared[key] = f"program-{number}.tspo"
            save(job.program, self._directory / shared[key])
        (self._directory / _EMPTY).write_bytes(records.image([]))
        inputs = f"inputs-{number}.npz"
        save_vectors(self._directory / inputs, load(job.program, job.inputs))
        outputs = [t.places.reshape(-1, 3) for t in job.program.tensors if t.role == "output"]
        reads = np.concatenate([np.zeros((0, 3), np.int32), *outputs]).tolist()
        results = f"host-{number}.npz"
        host = {"program": shared[key], "inputs": inputs, "results": results, "reads": reads}
        return {"image": [_EMPTY], "host": {**host, "errors": bool(job.faults)}}

    def poll(self) -> None:
        """Read what the simulation has reported since the last time."""
        path = self._directory / "progress.jsonl"
        if not path.exists():
            return
        with path.open() as f:
            f.seek(self._position)
            text = f.read()
        text = text[: text.rfind("\n") + 1]
        self._position += len(text)
        for line in text.splitlines():
            self._take(json.loads(line))

    def _take(self, line: dict[str, Any]) -> None:
        number, cycles = line["run"], min(line["cycles"], self._planned[line["run"]])
        seconds = self._seconds + line["seconds"]
        if line["state"] != "running":
            result = self._result(number, line)
            self.results.append(result)
            if self._each is not None:
                self._each(number, result)
            self._seconds, cycles = seconds, self._planned[number]
        if self._progress is not None:
            before = sum(self._planned[:number])
            total = sum(self._planned)
            self._progress(
                Progress(len(self.results), len(self._jobs), before + cycles, total, seconds)
            )

    def _result(self, number: int, line: dict[str, Any]) -> Result:
        job, config = self._jobs[number], self._jobs[number].program.config
        names = [f"{name}-{number}.bin" for name in ("events", "words", "dump")]
        paths = [self._directory / name for name in names]
        found = read(config, self._loaded[number], *paths)
        for path in paths:
            path.unlink()
        memory, done, counters = found.memory, found.done, found.counters
        results = self._directory / f"host-{number}.npz"
        if results.exists():
            memory = load_vectors(results)
            done, read_errors = load_results(results)
            counters = read_errors if job.faults else counters
        # RTL memory begins as zero, so an output that was never written is zero.
        zero = np.zeros(config.lanes, np.uint8)
        outputs = {}
        for t in job.program.tensors:
            if t.role == "output":
                places = [(int(q), int(b), int(o)) for q, b, o in t.places.reshape(-1, 3)]
                vectors = {p: memory.get(p, zero) for p in places}
                outputs[t.name] = unpack(t, vectors, config)
        return Result(
            outputs=outputs,
            events=found.events,
            writes=found.writes,
            drives=found.drives if job.deep else None,
            memory=found.memory,
            accumulators=found.accumulators,
            done=done,
            stopped=_stopped(line, self._planned[number]),
            critical=bool(line["critical"]),
            seconds=line["seconds"],
            counters=counters,
        )


def _stopped(line: dict[str, Any], planned: int) -> str | None:
    if line["state"] == "stopped":
        return str(list(ErrorClass)[line["cause"] - 1].value)
    if line["state"] == "hang":
        return f"hang: neither done nor stopped after {line['cycles']} cycles, {planned} planned"
    return None


def _planned_cycles(program: Program) -> int:
    """Last cycle of the plan; for a program whose plan is broken, of its latest word."""
    try:
        return expand(program).done
    except (BadWord, ValueError):
        return max((max(plan, default=0) for plan in program.plan.values()), default=0)
