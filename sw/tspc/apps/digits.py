"""The main job: real digits and a weight-streaming GEMM on the nano chip, three ways.

``make sim``, i.e. ``python -m tspc.apps.digits``: schedules the committed network for one image
and for as many as fit, and a GEMM of a weight tile every T cycles; runs them on golden model and
RTL; compares every event and bit; prints accuracy by class and writes ``sim_build/report.json``.
The exit code is 1 if anything differs.
"""

import multiprocessing
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bars

from tsp.arch.config import NANO, Config
from tspc.apps import gemm, report
from tspc.apps.network import Digits, load_digits_network
from tspc.apps.runs import Outcome, Workload, execute
from tspc.engines.verilator import SimulationError
from tspc.golden.errors import GoldenError
from tspc.scheduler import Graph, ScheduleError, lower_bound_cycles, schedule
from tspc.verifier import verify

__all__ = ["largest_batch", "main"]

#: How closely the largest batch is found, in images: each try near it costs 20 seconds.
STEP = 200

Message = tuple[str, int, int, float | None]


def largest_batch(digits: Digits, config: Config, step: int = STEP) -> Workload:
    """The network for as many images at once as fit the chip, found by trying.

    Parameters
    ----------
    digits
        Network and images.
    config
        The chip.
    step
        The result is at most this far from a batch that does not fit.
    """
    found = _digits_workload(digits, config, 1)
    fits, fails = 1, 0
    while not fails or fails - fits > step:
        batch = max(2 * fits, len(digits.images)) if not fails else (fits + fails) // 2
        try:
            found = _digits_workload(digits, config, batch)
            fits = batch
        except ScheduleError:
            fails = batch
    return found


def _digits_workload(digits: Digits, config: Config, batch: int) -> Workload:
    """All test images in batches; the last batch is filled up with the first images again."""
    graph = digits.graph(config, batch)
    runs = -(-len(digits.images) // batch)
    filled = np.resize(digits.images, (runs * batch, digits.images.shape[1]))
    inputs = [{"x": x} for x in filled.reshape(runs, batch, -1)]
    return _workload(graph, inputs)


def _workload(
    graph: Graph, inputs: list[dict[str, Any]], planes: tuple[str, ...] | None = None
) -> Workload:
    program = schedule(graph, planes=planes)
    found = verify(program)
    if not found.ok:
        raise AssertionError(f"{graph.name}: the scheduler wrote an illegal program:\n{found}")
    return Workload(graph.name, program, inputs, lower_bound_cycles(graph, planes))


def _digits_verdict(digits: Digits, outcome: Outcome) -> report.Verdict:
    def answers(outputs: list[dict[str, Any]]) -> Any:
        logits = np.concatenate([o["logits"].reshape(-1, 10) for o in outputs])
        return logits[: len(digits.labels)].argmax(1)

    rtl = answers(outcome.rtl) if outcome.rtl else None
    golden = answers(outcome.golden)
    return report.Verdict(digits.labels, digits.float_answers(), golden, rtl, len(digits.labels))


def _gemm_verdict(config: Config, outcome: Outcome) -> report.Verdict:
    rtl = outcome.rtl[0]["y"] if outcome.rtl else None
    right = gemm.gemm_product(config)
    return report.Verdict(right, None, outcome.golden[0]["y"], rtl, 1)


# ---- running -----------------------------------------------------------------------------


def _lane(works: list[Workload], rtl: bool, messages: Any) -> list[Outcome]:
    """Run workloads one after the other, in a process of its own."""

    def tell(*message: Any) -> None:
        messages.put(message)

    return [execute(w, rtl=rtl, report=tell) for w in works]


def _run(lanes: list[list[Workload]], rtl: bool, console: Console) -> list[Outcome]:
    """Run lanes of workloads in parallel processes, with a bar for each workload."""
    context = multiprocessing.get_context("spawn")
    with (
        context.Manager() as manager,
        ProcessPoolExecutor(len(lanes), mp_context=context) as pool,
        _bars([w for works in lanes for w in works], console) as show,
    ):
        messages = manager.Queue()
        futures: list[Future[list[Outcome]]] = [
            pool.submit(_lane, works, rtl, messages) for works in lanes
        ]
        while not all(f.done() for f in futures):
            try:
                show(messages.get(timeout=0.2))
            except Empty:
                continue
        while not messages.empty():
            show(messages.get())
        return [outcome for f in futures for outcome in f.result()]


@contextmanager
def _bars(works: list[Workload], console: Console) -> Iterator[Any]:
    """A bar for each workload; the number of cycles is known, so the time to go is exact."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.fields[cycles]} cycles"),
        TextColumn("{task.fields[eta]}"),
    )
    with Bars(*columns, console=console) as bars:
        tasks = {w.name: bars.add_task(w.name, total=None, cycles="?", eta="") for w in works}

        def show(message: Message) -> None:
            name, done, total, left = message
            eta = "" if left is None else f"{left:.0f} s to go"
            bars.update(tasks[name], completed=done, total=total, cycles=f"{total:,}", eta=eta)

        yield show


def _prepare(
    digits: Digits, batch: int | None, rtl: bool, console: Console
) -> tuple[Workload, Workload, Workload]:
    """Schedule the three programs while the chip is built."""
    from tspc.engines.chip_build import build_chip

    start = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(build_chip, NANO) if rtl else None
        with console.status("scheduling, and finding the largest batch by trying"):
            one = _digits_workload(digits, NANO, 1)
            many = _digits_workload(digits, NANO, batch) if batch else largest_batch(digits, NANO)
            inputs = [{"x": gemm.gemm_input(NANO)}]
            product = _workload(gemm.gemm_graph(NANO), inputs, planes=gemm.PLANES)
        console.print(f"scheduled in {time.perf_counter() - start:.0f} s: {many.name}")
        if building is not None:
            with console.status("building the nano chip (once for each version of the RTL)"):
                building.result()
            console.print(f"chip built in {time.perf_counter() - start:.0f} s")
    return one, many, product


def _tiles_in_time(outcome: Outcome) -> str | None:
    """What is wrong with the GEMM's rate, by the events of the run itself; None if nothing is."""
    assert outcome.first_events is not None
    queue = NANO.queue_by_name[f"MXM_{gemm.PLANES[0]}_A"]
    times = gemm.tile_times(outcome.first_events, queue)
    tiles = gemm.K_TILES * gemm.N_TILES
    steps = set(np.diff(times).tolist())
    if len(times) != tiles or steps != {NANO.superlanes}:
        return f"{len(times)} of {tiles} tiles were installed, {sorted(steps)} cycles apart"
    return None


@click.command()
@click.option("--engine", type=click.Choice(["rtl", "golden"]), default="rtl", show_default=True)
@click.option("--images", type=click.IntRange(1), default=None, help="Only the first test images.")
@click.option("--batch", type=click.IntRange(2), default=None,
              help="Images at once; as many as fit if not given.")  # fmt: skip
@click.option(
    "--report", "path", type=click.Path(dir_okay=False, path_type=Path),
    default=Path("sim_build/report.json"), show_default=True,
)  # fmt: skip
def main(engine: str, images: int | None, batch: int | None, path: Path) -> None:
    """Run the digits network and the GEMM, compare, and write the report."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    digits = load_digits_network(images)
    try:
        works = _prepare(digits, batch, engine == "rtl", console)
        outcomes = _run([[works[0]], list(works[1:])], engine == "rtl", console)
    except (ScheduleError, SimulationError, GoldenError) as problem:
        console.print(f"[bold red]error:[/] {escape(str(problem))}", highlight=False)
        sys.exit(1)
    verdicts = [_digits_verdict(digits, o) for o in outcomes[:2]]
    verdicts.append(_gemm_verdict(NANO, outcomes[2]))
    entries = [
        report.record(w, o, v, engine) for w, o, v in zip(works, outcomes, verdicts, strict=True)
    ]
    report.write(path, entries)
    console.print(report.class_table({w.name: v for w, v in zip(works[:2], verdicts)}))
    console.print(report.summary_table(entries))
    wrong = [text for e in entries[:2] for text in report.judge(e, exact=False)]
    wrong += report.judge(entries[2], exact=True)
    if (late := _tiles_in_time(outcomes[2])) is not None:
        wrong.append(f"{works[2].name}: {late}")
    for text in wrong:
        console.print(f"[bold red]error:[/] {escape(text)}", highlight=False)
    console.print(f"report: {path}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
