"""Random work of one MXM plane: weights, installs, activations, accumulation.

Weights may be loaded and installed at any time after the first full load: what an ABC computes
then is odd but defined. Accumulator entries that hold a result are emitted before they are
overwritten, so that every result reaches MEM.
"""

from collections.abc import Callable

from tsp.arch.config import STREAMS, Hemisphere
from tsp.arch.isa import AbcMode, AccMode, Type
from verif.random_programs.bins import EAST, WEST
from verif.random_programs.board import NoPlace, Series
from verif.random_programs.flows import Flows, Value

__all__ = ["Plane"]

_TRIES = 12

#: Attempts to emit what is owed; an entry more or less each.
_ROUNDS = 60


class Plane:
    """One plane of a hemisphere.

    Parameters
    ----------
    flows
        Feeds operands and consumes results.
    hemisphere, unit
        Which plane.
    start
        First cycle in which it may do something.
    """

    def __init__(self, flows: Flows, hemisphere: Hemisphere, unit: int, start: int) -> None:
        self._flows, self._board, self._rng = flows, flows.board, flows.board.rng
        names = self._board.config.queue_by_name
        prefix = f"MXM_{hemisphere.name}{unit}_"
        self._w, self._a, self._r = (names[prefix + letter] for letter in "WAR")
        self._outward = WEST if hemisphere is Hemisphere.W else EAST
        self._now = start  # nothing of the A queue issues before
        self._results = start  # nothing of the R queue issues before
        self._kept: set[int] = set()
        self._set: set[int] = set()
        self._owed: set[int] = set()  # entries with a result that was not emitted

    def _series(self, cycle: int, most: int) -> Series:
        copies = self._rng.choice((1, 1, 1, 2, 3, most))
        return Series(cycle, max(1, min(copies, most)), self._rng.randrange(1, 4))

    def _retry(self, place: Callable[[int], None], spread: int = 40) -> bool:
        """Try `place` at random times from now on; True if one was found."""
        for _ in range(_TRIES):
            state = {k: set(v) if isinstance(v, set) else v for k, v in vars(self).items()}
            try:
                with self._board.attempt():
                    place(self._now + self._rng.randrange(spread))
                return True
            except NoPlace:
                vars(self).update(state)
        return False

    def _first(self, index: int) -> int:
        return index + (STREAMS if self._outward == WEST else 0)

    def work(self, steps: int) -> None:
        """Load, install, then `steps` random things, then emit what is owed."""
        if not self._retry(self._tile, 60):
            return
        for _ in range(steps):
            choice = self._rng.choice(("abc", "abc", "abc", "load", "preload", "stored"))
            self._retry(getattr(self, f"_{choice}"))
        for _ in range(_ROUNDS):
            if self._owed and not self._retry(self._stored, 80):
                self._now += 40
        if self._owed:
            raise NoPlace("a result that cannot be emitted")

    # ---- weights -------------------------------------------------------------------------

    def _weights(self, series: Series, column: int) -> None:
        """LW of a series, with the sixteen READs of each copy."""
        group = self._rng.choice((0, 16))
        columns = self._board.config.superlanes
        avoid: set[int] = set()
        arrives = series.later(self._board.timing.mxm_d_skew)
        for k in range(16):
            stream = self._first(group + k)
            self._flows.feed(self._w.stop, arrives, stream, Type.INT8, 0, avoid)
        self._board.place(
            self._w,
            series,
            "LW",
            {"stream": group},
            lambda copy: {"column": (column + copy) % columns},
        )

    def _load(self, cycle: int) -> None:
        """Some column groups again, and an install some time later."""
        columns = self._board.config.superlanes
        self._weights(self._series(cycle, min(columns, 4)), self._rng.randrange(columns))

    def _tile(self, cycle: int) -> None:
        """All column groups, one REPEAT or each by itself, then IW."""
        columns = self._board.config.superlanes
        start, last = self._rng.randrange(columns), cycle
        if self._rng.random() < 0.5 or columns > 4:
            series = Series(cycle, columns, self._rng.randrange(1, 3))
            self._weights(series, start)
            last = series.last
        else:
            for k in range(columns):
                at = Series(cycle + 3 * k + self._rng.randrange(3))
                self._weights(at, (start + k) % columns)
                last = max(last, at.cycle)
        install = last + self._board.timing.lw_to_iw + self._rng.choice((0, 0, 1, 5))
        self._board.place(self._a, Series(install), "MXM", {"install": 1})
        self._now = install + self._board.timing.iw_to_abc
        self._results = max(self._results, self._now)

    # ---- activations ---------------------------------------------------------------------

    def _abc(self, cycle: int) -> None:
        """ABC of a series and the ACC that takes it."""
        entries = self._board.config.activations
        series = self._series(cycle, 4)
        modes = [AbcMode.STREAM, AbcMode.KEEP]
        entry = self._rng.randrange(entries)
        runs = [e for e in self._kept if self._all(e, series, entries, self._kept)]
        mode = self._rng.choice([*modes, AbcMode.BUFFER, AbcMode.BUFFER] if runs else modes)
        fields = {"mode": mode, "install": int(self._rng.random() < 0.3)}
        if mode is AbcMode.BUFFER:
            entry = self._rng.choice(sorted(runs))
        else:
            index = self._rng.randrange(STREAMS)
            fields["stream"] = index
            arrives = series.later(self._board.timing.mxm_d_skew)
            stream = self._first(index)
            self._flows.feed(self._a.stop, arrives, stream, Type.INT8, 2, set())

        def step(copy: int) -> dict[str, int]:
            return {} if mode is AbcMode.STREAM else {"entry": (entry + copy) % entries}

        self._accumulate(series.later(self._board.timing.abc_to_acc))
        self._board.place(self._a, series, "MXM", fields, step)
        if mode is AbcMode.KEEP:
            self._kept |= {(entry + k) % entries for k in range(series.copies)}
        self._now = series.last + 1
        if self._rng.random() < 0.1:
            self._install()

    def _install(self) -> None:
        """An IW by itself, if the next cycle is free."""
        try:
            with self._board.attempt():
                self._board.place(self._a, Series(self._now), "MXM", {"install": 1})
            self._now += 1
        except NoPlace:
            pass

    @staticmethod
    def _all(entry: int, series: Series, size: int, known: set[int]) -> bool:
        """True if every entry that a series steps through is in `known`."""
        return all((entry + k) % size in known for k in range(series.copies))

    # ---- results -------------------------------------------------------------------------

    def _choose(self, mode: AccMode, series: Series) -> int:
        """An entry that a series of this mode may start with."""
        size = self._board.config.accumulators
        every = range(size)
        if mode in (AccMode.ADD, AccMode.EMIT_SUM, AccMode.EMIT_STORED):
            found = [e for e in every if self._all(e, series, size, self._set)]
        else:
            found = [e for e in every if self._all(e, series, size, set(every) - self._owed)]
        if mode in (AccMode.EMIT_STORED, AccMode.EMIT_SUM) and self._owed:
            found = [e for e in found if e in self._owed] or found
        if not found:
            raise NoPlace("no accumulator entry")
        return self._rng.choice(found)

    def _accumulate(self, series: Series) -> None:
        """The ACC for the results that come in `series`."""
        modes = [AccMode.WRITE, AccMode.EMIT, AccMode.ADD, AccMode.EMIT_SUM, AccMode.ADD]
        self._acc(self._rng.choice(modes), series)

    def _preload(self, cycle: int) -> None:
        self._acc(AccMode.PRELOAD, self._series(self._later(cycle), 3))

    def _stored(self, cycle: int) -> None:
        self._acc(AccMode.EMIT_STORED, self._series(self._later(cycle), 3))

    def _later(self, cycle: int) -> int:
        """A cycle of the R queue; results must follow each other in order."""
        soon = self._results + self._rng.randrange(10)
        return max(cycle + self._board.timing.abc_to_acc, soon)

    def _acc(self, mode: AccMode, series: Series) -> None:
        if series.cycle < self._results:
            raise NoPlace("an ACC before another")
        size = self._board.config.accumulators
        entry = 0 if mode is AccMode.EMIT else self._choose(mode, series)
        fields: dict[str, int] = {"mode": mode, "type": Type.INT32}
        group = self._rng.randrange(0, STREAMS, 4)
        if mode is AccMode.PRELOAD:
            arrives = series.later(self._board.timing.acc_d_skew)
            fields["stream"] = group
            self._flows.feed(self._r.stop, arrives, self._first(group), Type.INT32, 1, set())
        elif mode not in (AccMode.WRITE, AccMode.ADD):
            fields["stream"] = group
            self._emit(series, group)
        used = set() if mode is AccMode.EMIT else {(entry + k) % size for k in range(series.copies)}

        def step(copy: int) -> dict[str, int]:
            return {} if mode is AccMode.EMIT else {"entry": (entry + copy) % size}

        self._board.place(self._r, series, "ACC", fields, step)
        if mode in (AccMode.WRITE, AccMode.ADD, AccMode.PRELOAD):
            self._set |= used
            self._owed |= used
        elif mode in (AccMode.EMIT_STORED, AccMode.EMIT_SUM):
            self._owed -= used
        self._results = series.last + 1

    def _emit(self, series: Series, group: int) -> None:
        """Let the four streams of a result go inward and be consumed."""
        stream = group + (STREAMS if self._outward == EAST else 0)
        driven = series.later(self._board.timing.acc_d_func)
        value = Value(stream, 4, self._r.stop, driven, self._board.owner())
        for byte in range(4):
            self._board.carry(stream + byte, self._r.stop, self._r.stop, driven, value.owner)
        self._flows.consume(value)
