"""The generator: barriers, planes, flows until the program is large enough, CONFIG and IFETCH."""

from functools import cache
from random import Random

from tsp.arch.config import Config, Hemisphere, Queue
from tsp.arch.isa import make
from tsp.arch.timing import Timing
from tspc.program import Program
from verif.random_programs.bins import Bin, bins
from verif.random_programs.board import Board, NoPlace, Series
from verif.random_programs.flows import Flows
from verif.random_programs.icu import Fetch, comes_in_time, configure, fetch
from verif.random_programs.operations import Wanted
from verif.random_programs.plane import Plane
from verif.random_programs.switches import Switches
from verif.support_programs import Timed, encode

__all__ = ["SHARES", "directed", "generate"]

#: The wanted bins are dealt to the seeds in this many shares.
SHARES = 100

#: Attempts to place a flow, for each that is needed.
_PATIENCE = 400


def directed(config: Config, seed: int) -> list[Bin]:
    """The bins that the program of this seed aims at.

    They follow from the seed alone, so a program is replayed by its seed; any `SHARES` seeds in a
    row aim at every bin.
    """
    ordered = _ordered(config)
    size = -(-len(ordered) // SHARES)
    share = seed % SHARES
    return ordered[share * size : (share + 1) * size]


@cache
def _ordered(config: Config) -> list[Bin]:
    """All bins; those that few operations can hit together are neighbours."""

    def group(one: Bin) -> tuple[str, ...]:
        return tuple(str(part) for part in (one[1:3] if "VXM" in str(one[0]) else one))

    return sorted(bins(config), key=lambda one: (group(one), str(one)))


def generate(
    config: Config,
    seed: int,
    size: int = 150,
    wanted: list[Bin] | None = None,
    fetches: bool = True,
) -> Program:
    """A random legal program in which every result reaches MEM.

    Parameters
    ----------
    config
        The configuration.
    seed
        Everything follows from it (and from the other parameters).
    size
        Functional issues that it has at least, if they find room.
    wanted
        Bins to aim at; default: :func:`directed`.
    fetches
        Let some queues fetch their last words.
    """
    rng = Random(f"{config.hash} {seed} {size}")
    board = Board(config, rng)
    timing = board.timing
    bins_wanted = directed(config, seed) if wanted is None else wanted
    aims = Wanted.of(bins_wanted)
    flows = Flows(board, aims)
    switches = Switches(flows, bins_wanted)
    begin = timing.sync_release + config.stops + timing.vxm_d_func
    end = begin + size + 2 * config.stops
    _barriers(board, begin, end)
    _planes(flows, begin, end)
    tries = 0
    while tries < _PATIENCE and (
        board.issues < size or aims.left or switches.left or _busy(board) < 0.32
    ):
        tries += 1
        most = rng.choice((1, 1, 2, 3, 6))
        series = Series(rng.randrange(begin, end), rng.randint(1, most), rng.randrange(1, 4))
        try:
            if rng.random() < (0.5 if switches.left else 0.15):
                switches.operation(series)
            elif rng.random() < 0.2 or (board.issues < size and not aims.left):
                flows.copy(series)
            else:
                flows.calculation(series)
        except NoPlace:
            continue
    configure(board, begin, end)
    name = f"random {config.name} {seed}"
    try:
        with board.attempt():
            found = fetch(board, begin, end) if fetches else []
            return _finish(board, found, name)
    except NoPlace:  # some text would come too late
        return _finish(board, [], name)


def _finish(board: Board, found: list[Fetch], name: str) -> Program:
    """The program of a board."""
    text, plan = encode(board.config, _queues(board))
    if not all(comes_in_time(board, each, text, plan) for each in found):
        raise NoPlace("text comes too late")
    fetched = {each.queue.index: each.places for each in found}
    return Program(name, board.config, text, plan, board.memory, fetched=fetched)


def _busy(board: Board) -> float:
    """Share of all queues that have a functional word."""
    own = ("SYNC", "NOTIFY", "NOP")
    busy = [any(w.name not in own for w in words.values()) for words in board.words.values()]
    return sum(busy) / len(board.config.queues)


# ---- barriers ------------------------------------------------------------------------------


def _barriers(board: Board, begin: int, end: int) -> None:
    """NOTIFYs beyond the first from queues of any kind, and who parks for them."""
    rng, release = board.rng, board.timing.sync_release
    queues = list(board.config.queues)
    times, now = [], release
    for _ in range(rng.choice((0, 1, 1, 2, 2, 3))):
        now += rng.choice((0, 1, rng.randrange(60), rng.randrange(end - begin)))
        times.append(now)
        now += release
    kinds = sorted({q.kind for q in queues}, key=lambda k: k.name)
    for time in times:
        kind = rng.choice(kinds)
        notifier = rng.choice([q for q in queues if q.kind is kind])
        board.single(notifier, time, "NOTIFY")
    every = [0, *times]
    for queue in rng.sample(queues, rng.randrange(len(queues) // 2)):
        _park(board, queue, every)


def _park(board: Board, queue: Queue, times: list[int]) -> None:
    """Let a queue take part in one barrier, through one to three NOTIFYs."""
    rng, release = board.rng, board.timing.sync_release
    first = rng.randrange(len(times))
    n = rng.randint(1, min(3, len(times) - first))
    if first == 0:
        if queue.name == "VXM0":  # the others are parked by reset
            board.park(queue, 1, times[n - 1] + release, n)
        return
    earliest = times[first - 1] + release + 1
    latest = times[first] + 1
    cycle = rng.choice((earliest, latest, rng.randint(earliest, latest)))
    try:
        with board.attempt():
            board.park(queue, cycle, times[first + n - 1] + release, n)
    except NoPlace:
        return


# ---- functional work -----------------------------------------------------------------------


def _planes(flows: Flows, begin: int, end: int) -> None:
    """Work for one or two planes."""
    board, rng = flows.board, flows.board.rng
    planes = [(h, n) for h in Hemisphere for n in range(board.config.planes)]
    for hemisphere, unit in rng.sample(planes, rng.randint(1, min(2, len(planes)))):
        start = begin + rng.randrange(1 + (end - begin) // 2)
        try:
            with board.attempt():
                Plane(flows, hemisphere, unit, start).work(rng.randrange(2, 7))
        except NoPlace:
            continue


def _queues(board: Board) -> dict[str, list[Timed]]:
    """What every queue issues, with some NOPs that nothing asks for, and HALT."""
    rng, release = board.rng, board.timing.sync_release
    for queue in board.config.queues:
        if not queue.kind.value.startswith(("mem", "vxm", "mxm", "sxm")) and rng.random() < 0.3:
            board.words.setdefault(queue.name, {})
    board.words.setdefault("VXM0", {})
    found: dict[str, list[Timed]] = {}
    for name, words in board.words.items():
        timed: list[Timed] = [(0, make("NOTIFY"))] if name == "VXM0" else []
        for cycle, word in sorted(words.items()):
            timed.append((cycle, make(word.name, **word.fields)))
            if word.repeat is not None:
                timed.append((cycle, word.repeat))
        found[name] = timed
    notifies = sorted(t for words in found.values() for t, i in words if i.name == "NOTIFY")
    for timed in found.values():
        free = _end(timed, notifies, board.timing) if timed else release
        halt = free + rng.choice((0, 0, 1, rng.randrange(1, 30)))
        if halt - free > 2 and rng.random() < 0.5:
            timed.append((free, make("NOP", n=2)))
        timed.append((halt, make("HALT")))
    return found


def _end(timed: list[Timed], notifies: list[int], timing: Timing) -> int:
    """The first cycle after the last word."""
    cycle, last = timed[-1]
    if last.name == "REPEAT":
        return cycle + last["n"] * last["d"] + 1
    if last.name == "SYNC":
        waited = [t for t in notifies if t >= cycle - 1]
        return waited[last["n"] - 1] + timing.sync_release
    return cycle + 1
