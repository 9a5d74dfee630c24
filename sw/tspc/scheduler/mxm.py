"""Places the tile passes of a matmul on a plane: LW, IW, ABC and ACC with all that they read.

A plane's passes are placed in order of time. Within a job they are placed backwards from the
cycle in which its first sum is emitted, because that cycle is what the rest of the job fixes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from tsp.arch.config import STREAMS
from tsp.arch.isa import AbcMode, AccMode, Instruction, Type, make
from tspc.scheduler.geometry import Floor, Plane
from tspc.scheduler.graph import Node
from tspc.scheduler.jobs import Job, Share
from tspc.scheduler.layout import WEIGHT_SLICES, Layout
from tspc.scheduler.memory import Elements, Memory
from tspc.scheduler.tables import READ, Access, Burst, BusyError, Extent, Tables

__all__ = ["Matrix"]

#: Cycles that a pass may stand earlier than it has to, in search of free resources.
SLACK = 48
#: Up to so many tiles a weight-streaming job installs each in a word of its own, which is sooner;
#: beyond, install and compute share words, of which REPEAT makes two in all.
FEW_TILES = 8

#: Weights of one tile: the node, its K tile and its N tile.
Tile = tuple[Node, int, int]


@dataclass
class _State:
    """What a plane was last told, by placed jobs."""

    last_install: int
    last_compute: int
    installed: Tile | None = None


@lru_cache(maxsize=4096)
def _word(name: str, **fields: int) -> Instruction:
    return make(name, **fields)


def _search(times: Iterable[int], tables: Tables, attempt: Callable[[int], None]) -> int:
    """The first of `times` at which `attempt` succeeds."""
    wait = None
    for at in times:
        mark = tables.mark()
        try:
            attempt(at)
        except BusyError as busy:
            wait = busy.wait if wait is None else min(wait, busy.wait)
            tables.rewind(mark)
        else:
            return at
    raise BusyError(wait or 1)


class Matrix:
    """All planes of a schedule."""

    def __init__(self, floor: Floor, tables: Tables, layout: Layout, memory: Memory) -> None:
        self._time = floor.time
        self._floor = floor
        self._superlanes = floor.config.superlanes
        self._tables = tables
        self._layout = layout
        self._memory = memory
        self._states: dict[Plane, _State] = {}

    def earliest(self, job: Job, share: Share) -> int:
        """A cycle before which this share of a job cannot emit its first sum."""
        before = len(share.tiles) - 1
        before *= job.count * (self._superlanes if job.by_chunk else 1)
        return self._state(share.plane).last_compute + 1 + before + self._time.abc_to_acc

    def place(self, job: Job, parts: list[tuple[Share, Burst, int]]) -> None:
        """Place the shares of a job.

        Parameters
        ----------
        job
            What is computed.
        parts
            For each share the cycles in which its sums are emitted, and the index of the stream.
        """
        for share, _, _ in parts:
            self._remember(share.plane)
        if job.by_chunk:
            ((share, emit, stream),) = parts
            self._stream_weights(job, share, emit, stream, self._state(share.plane))
            return
        # What cannot move comes first: the last pass of every share.
        for share, emit, stream in parts:
            install = len(share.tiles) > 1 or not self._kept(job, share)
            at = emit.start - self._time.abc_to_acc
            self._pass(job, share, len(share.tiles) - 1, at, stream, install=install)
        for share, emit, stream in parts:
            self._stream_rows(job, share, emit, stream, self._state(share.plane))

    def _state(self, plane: Plane) -> _State:
        return self._states.setdefault(plane, _State(self._tables.begin, self._tables.begin))

    def _remember(self, plane: Plane) -> None:
        """Give a plane its present state again if what follows is taken back."""
        before = replace(self._state(plane))

        def undo() -> None:
            self._states[plane] = before

        self._tables.on_rewind(undo)

    def _kept(self, job: Job, share: Share) -> bool:
        """True if the plane still has the first tile that a share needs."""
        return self._state(share.plane).installed == (_weights(job), share.tiles[0], job.chunk)

    # ---- rows past weights ---------------------------------------------------------------

    def _stream_rows(self, job: Job, share: Share, emit: Burst, stream: int, state: _State) -> None:
        """All but the last pass of a share, and the loads of its weights."""
        t, plane = self._superlanes, share.plane
        tiles = [(_weights(job), k, job.chunk) for k in share.tiles]
        kept = self._kept(job, share)
        at = emit.start - self._time.abc_to_acc
        last_install = at - 1
        for i in reversed(range(len(tiles) - 1)):
            next_at = at

            def both(at: int, i: int = i, next_at: int = next_at) -> None:
                self._pass(job, share, i, at, stream, install=i > 0 or not kept)
                self._load_between(plane, tiles[i + 1], at - 1, next_at - 1 - t)

            latest = next_at - max(1 + job.count, t)
            first = state.last_compute + i * (1 + job.count)
            if latest <= first:
                raise BusyError(first + 1 - latest)
            window = range(latest, max(latest - SLACK, first), -1)
            at = _search(window, self._tables, both)
        if at - (not kept) <= state.last_compute:
            raise BusyError(state.last_compute + 1 - at + (not kept))
        if not kept:
            self._load_between(plane, tiles[0], state.last_install, at - 1 - t)
        if len(tiles) > 1 or not kept:
            state.last_install = last_install
        state.installed = tiles[-1]
        state.last_compute = emit.last - self._time.abc_to_acc

    def _pass(self, job: Job, share: Share, i: int, at: int, stream: int, *, install: bool) -> None:
        """All rows of a job through tile number i of a share, the first one in cycle `at`."""
        burst = Burst(at, job.count, 1)
        self._tables.check_idle(share.plane.activations, at - install, burst.last)
        words = [(at - 1, _word("MXM", install=1))] if install else []
        compute = _word("MXM", mode=AbcMode.STREAM, stream=self._activations(job, share, i, burst))
        words += [(when, compute) for when in burst.times]
        self._tables.issue(share.plane.activations, words)
        self._accumulate(share, i, burst, stream)

    # ---- weights past a row --------------------------------------------------------------

    def _stream_weights(
        self, job: Job, share: Share, emit: Burst, stream: int, state: _State
    ) -> None:
        t, n = self._superlanes, job.count
        tiles = [(_weights(job), k, job.chunk + i) for k in share.tiles for i in range(n)]
        delay = 1 if len(tiles) <= FEW_TILES else t
        first = emit.start - self._time.abc_to_acc - (len(share.tiles) - 1) * n * t
        install = Burst(first - delay, len(tiles), t)
        if install.start <= state.last_compute or install.start - t < state.last_install:
            late = max(state.last_compute + 1, state.last_install + t) - install.start
            raise BusyError(late)
        self._load(share.plane, tiles, install.start - t)
        words = {when: {"install": 1} for when in install.times}
        for i in range(len(share.tiles)):
            burst = Burst(first + i * n * t, n, t)
            source = self._activations(job, share, i, burst)
            for when in burst.times:
                words.setdefault(when, {}).update(mode=AbcMode.STREAM, stream=source)
            self._accumulate(share, i, burst, stream)
        timed = [(when, _word("MXM", **fields)) for when, fields in sorted(words.items())]
        self._tables.issue(share.plane.activations, timed)
        state.last_install = install.last
        state.last_compute = timed[-1][0]
        state.installed = tiles[-1]

    # ---- both ----------------------------------------------------------------------------

    def _activations(self, job: Job, share: Share, i: int, burst: Burst) -> int:
        """Bring the activations of K tile number i to the plane; returns the stream's index."""
        assert job.stage.matmul is not None
        x, chunk = job.stage.matmul.tile(share.tiles[i])
        row = 0 if job.by_chunk or x.rows == 1 else job.row
        piece, first = self._layout.piece(x, row, chunk)
        what = Elements(piece, first, 0 if job.by_chunk or x.rows == 1 else 1)
        inputs = burst.moved(self._time.mxm_d_skew)
        flow = share.plane.inward.other
        return self._memory.fetch(what, share.plane.stop, inputs, [flow]) % STREAMS

    def _accumulate(self, share: Share, i: int, burst: Burst, stream: int) -> None:
        """ACC of K tile number i; only the last one emits."""
        last = i == len(share.tiles) - 1
        if last:
            mode = AccMode.EMIT_SUM if i else AccMode.EMIT
        else:
            mode = AccMode.ADD if i else AccMode.WRITE
        fields = {"mode": int(mode), "type": int(Type.INT32), "stream": stream if last else 0}
        results = burst.moved(self._time.abc_to_acc)
        entry = 0 if mode is AccMode.EMIT else 1
        words = [
            (at, _word("ACC", entry=n * entry, **fields)) for n, at in enumerate(results.times)
        ]
        self._tables.issue(share.plane.results, words)

    def _load_between(self, plane: Plane, tile: Tile, first: int, last: int) -> None:
        """LW of a tile, its first word in `first` .. `last`, as late as possible."""
        back = self._time.mxm_d_skew - self._time.mem_d_func + 1
        slices = self._layout.weight_slices(plane)
        lags = {q.index: back - abs(q.stop - plane.stop) for q in slices}
        idle = self._tables.idle_ports(READ, lags, range(first, last + 1), self._superlanes)
        times = [int(at) for at in idle[::-1]]
        try:
            _search(times, self._tables, lambda at: self._load(plane, [tile], at))
        except BusyError:
            raise BusyError from None  # what was in the way may have been of this very job

    def _load(self, plane: Plane, tiles: list[Tile], at: int) -> None:
        """LW of tiles one after the other from cycle `at` on."""
        t = self._superlanes
        inputs = Burst(at + self._time.mxm_d_skew, t * len(tiles), 1)
        slices = self._layout.weight_slices(plane)
        extents = [[Extent(q.stop, plane.stop)] for q in slices]
        driven = inputs.moved(1 - abs(slices[0].stop - plane.stop))
        flow = plane.inward.other
        base = self._tables.streams(flow, extents, driven, WEIGHT_SLICES, top=True)
        for j, (node, k, n) in enumerate(tiles):
            regions = self._layout.weight_tile(plane, node, k, n)
            for i, (queue, region) in enumerate(zip(slices, regions, strict=True)):
                back = 1 - abs(queue.stop - plane.stop) - self._time.mem_d_func
                burst = Burst(inputs.start + j * t + back, t, 1)
                access = Access(queue.index, READ, region.bank, region.base, 1, burst)
                self._tables.access(access)
                self._tables.record(access, flow * STREAMS + base + i)
        words = [(at + i, _word("LW", stream=base, column=i % t)) for i in range(t * len(tiles))]
        self._tables.issue(plane.weights, words)


def _weights(job: Job) -> Node:
    assert job.stage.matmul is not None
    weights = job.stage.matmul.operands[-1]
    assert isinstance(weights, Node)
    return weights
