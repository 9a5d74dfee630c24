"""What the queues do besides issuing: CONFIG and IFETCH."""

from collections.abc import Mapping
from dataclasses import dataclass

from tsp.arch.config import STREAMS, Queue, QueueKind
from tsp.arch.isa import FORMATS, OPCODE_BITS
from tspc.program import Address
from verif.random_programs.board import Board, NoPlace, Series

__all__ = ["Fetch", "comes_in_time", "configure", "fetch"]

_TRIES = 12
#: Kinds of queue whose units keep a state.
_STATEFUL = (QueueKind.MEM, QueueKind.MXM_W, QueueKind.MXM_A, QueueKind.MXM_R)
_REPEAT = FORMATS["REPEAT"].opcode


def configure(board: Board, begin: int, end: int) -> None:
    """Let some queues act in fewer superlanes.

    What is left of a state that was made in few superlanes may not be used in more: such queues
    only ever give superlanes up, and activations have no more than their weights.
    """
    queues = {queue.name: queue for queue in board.config.queues}
    for queue in board.config.queues:
        if queue.kind is QueueKind.MXM_A or queue.index in board.slices_with_maps:
            continue
        if board.rng.random() > 0.25:
            continue
        try:
            with board.attempt():
                least = _limits(board, queue, begin, end, board.config.superlanes)
                if queue.kind is QueueKind.MXM_W:
                    _limits(board, queues[queue.name[:-1] + "A"], begin, end, least)
        except NoPlace:
            continue


def _limits(board: Board, queue: Queue, begin: int, end: int, most: int) -> int:
    """One or two CONFIGs of at most `most` superlanes, the first before the queue does anything.

    Returns the smallest limit.
    """
    rng = board.rng
    limits = [rng.randint(1, most) for _ in range(rng.randint(1, 2))]
    if queue.kind in _STATEFUL:
        limits.sort(reverse=True)
    early = board.timing.sync_release + rng.randrange(4)
    first = rng.randrange(1, begin) if queue.name == "VXM0" else early
    cycles = sorted([first, *(rng.randrange(begin, end) for _ in limits[1:])])
    for cycle, limit in zip(cycles, limits):
        board.single(queue, cycle, "CONFIG", n=limit)
    return min(limits)


@dataclass(frozen=True)
class Fetch:
    """A queue fetches its last words: when its IFETCH issues, and where they lie."""

    queue: Queue
    cycle: int
    places: tuple[Address, ...]


def fetch(board: Board, begin: int, end: int) -> list[Fetch]:
    """Let some queues of random kinds, at different stops, fetch one pair each."""
    rng, found = board.rng, list[Fetch]()
    kinds = sorted({q.kind for q in board.config.queues}, key=lambda k: k.name)
    for kind in rng.sample(kinds, 3):
        queue = rng.choice([q for q in board.config.queues if q.kind is kind])
        if any(queue.stop == other.queue.stop for other in found):
            continue
        for _ in range(_TRIES):
            try:
                with board.attempt():
                    found.append(_fetch(board, queue, begin, end))
                break
            except NoPlace:
                continue
    return found


def _fetch(board: Board, queue: Queue, begin: int, end: int) -> Fetch:
    rng, timing, pair = board.rng, board.timing, 2 * board.config.superlanes
    cycle, stream = rng.randrange(begin, (begin + end) // 2), rng.randrange(2 * STREAMS)
    west = stream >= STREAMS
    sources = [
        q
        for q in board.mem
        if (q.stop > queue.stop if west else q.stop < queue.stop)
        and all(word.name != "CONFIG" for word in board.words[q.name].values())
    ]
    if not sources:
        raise NoPlace(f"nothing is upstream of {queue.name}")
    source = rng.choice(sources)
    board.single(queue, cycle, "IFETCH", stream=stream, n=1)
    driven = Series(cycle + timing.ifetch_d_skew + 1 - abs(source.stop - queue.stop), 2)
    last = queue.stop + 1 if west else queue.stop - 1
    board.carry(stream, source.stop, last, driven, board.owner())
    places = board.text(source, driven.later(-timing.mem_d_func), stream)
    # Enough words that are wanted late, whatever else the queue does.
    late = range(cycle + timing.ifetch_to_word, end + 2 * pair)
    words = 0
    for at in sorted(rng.sample(late, min(len(late), 3 * pair))):
        try:
            with board.attempt():
                board.single(queue, at, "NOP", n=1)
            words += 1
        except NoPlace:
            continue
        if words == pair:
            break
    return Fetch(queue, cycle, places)


def comes_in_time(
    board: Board,
    found: Fetch,
    text: Mapping[int, tuple[int, ...]],
    plan: Mapping[int, tuple[int, ...]],
) -> bool:
    """True if every fetched word can issue when it is wanted."""
    words, times = text[found.queue.index], plan[found.queue.index]
    pair, timing = 2 * board.config.superlanes, board.timing
    first = len(words) - pair
    if first < 1:
        return False
    for j in range(pair):
        number = first + j
        repeats = words[number] & ((1 << OPCODE_BITS) - 1) == _REPEAT
        wanted = times[number] + 1 if repeats else times[number]
        if found.cycle + timing.ifetch_to_word + j > wanted:
            return False
    return True
