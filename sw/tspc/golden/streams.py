"""The streams, seen along the flow.

A value that a unit drives at stop s and that first stands in the stream register in cycle c is one
stop further in the next cycle, so ``c - s`` (for the westward streams s counts from the east) never
changes: all that ever happens to one vector of a stream happens on one *diagonal*. A diagonal is a
short list of drives, and a reader finds its value as the last drive strictly upstream of it, with
no simulation of the hops in between.

Nothing is read before it is driven, because every operand is captured d_skew after its issue, every
result stands d_func > d_skew after its own, and issues are executed in time order.
"""

from collections.abc import Iterable

from tsp.arch.config import STREAMS
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import stream_name
from tspc.faults import StreamFault
from tspc.golden.errors import GoldenError, Party
from tspc.golden.protection import Carried, upset

__all__ = ["Streams"]

#: How many cycles around a missed value an error message looks for its neighbours.
_HINT = 4

#: One drive: position along the flow, value, who.
_Drive = tuple[int, Carried, Party]


class Streams:
    """All 64 streams of a chip.

    Parameters
    ----------
    stops
        P, stops of a stream.
    faults
        Upsets of their registers.
    """

    def __init__(self, stops: int, faults: Iterable[StreamFault] = ()) -> None:
        self._last = stops - 1
        self._flow: dict[int, dict[int, list[_Drive]]] = {}
        self._faults: dict[tuple[int, int], list[StreamFault]] = {}
        for fault in faults:
            position = self._position(fault.stream, fault.stop)
            diagonal = fault.cycle - fault.superlane - position
            self._faults.setdefault((diagonal, fault.stream), []).append(fault)

    def _position(self, stream: int, stop: int) -> int:
        """Stops from the edge at which the stream enters."""
        return stop if stream < STREAMS else self._last - stop

    def drive(self, stream: int, stop: int, cycle: int, value: Carried, party: Party) -> None:
        """Let `value` stand in the stream register of `stop` from `cycle` on.

        Raises
        ------
        GoldenError
            *stream conflict* if another drive meets it there.
        """
        position = self._position(stream, stop)
        diagonal = self._flow.setdefault(cycle - position, {})
        drives = diagonal.setdefault(stream, [])
        for other, _, first in drives:
            if other == position:
                raise GoldenError(
                    ErrorClass.STREAM_CONFLICT,
                    f"{party} drives {stream_name(stream)} at stop {stop} in cycle {cycle}, "
                    f"and so does {first}",
                    "move one of them to another stream or another cycle",
                    (party, first),
                )
        drives.append((position, value, party))

    def read(self, stream: int, stop: int, cycle: int, party: Party) -> Carried:
        """The vector that a unit of `stop` has on its inputs in `cycle`.

        Raises
        ------
        GoldenError
            *empty stream* if nothing was driven strictly upstream on this diagonal.
        """
        position = self._position(stream, stop)
        found = self._upstream(stream, cycle - position + 1, position)
        if found is None:
            raise self._empty(stream, stop, cycle, party)
        value = found[1]
        for fault in self._faults.get((cycle - position + 1, stream), ()):
            if found[0] <= self._position(stream, fault.stop) < position:
                value = upset(value, fault.superlane, fault.flips)
        return value

    def _upstream(self, stream: int, diagonal: int, position: int) -> _Drive | None:
        best: _Drive | None = None
        for drive in self._flow.get(diagonal, {}).get(stream, ()):
            if drive[0] < position and (best is None or drive[0] > best[0]):
                best = drive
        return best

    def _empty(self, stream: int, stop: int, cycle: int, party: Party) -> GoldenError:
        position = self._position(stream, stop)
        hint = "nothing passes there within a few cycles"
        parties: tuple[Party, ...] = (party,)
        for away in sorted(range(-_HINT, _HINT + 1), key=abs):
            near = self._upstream(stream, cycle + away - position + 1, position)
            if near is not None:
                plural, sense = "s" * (abs(away) > 1), "late" if away < 0 else "early"
                hint = f"{abs(away)} cycle{plural} too {sense} for the result of {near[2]}"
                parties = (party, near[2])
                break
        return GoldenError(
            ErrorClass.EMPTY_STREAM,
            f"{party} reads {stream_name(stream)} at stop {stop} in cycle {cycle}, "
            f"where it carries nothing: {hint}",
            "let a unit strictly upstream drive the stream, or shift the reader's issue",
            parties,
        )

    def forget(self, cycle: int) -> None:
        """Drop what no issue in `cycle` or later can read or meet."""
        horizon = cycle - self._last - 1 - _HINT
        for diagonal in [d for d in self._flow if d < horizon]:
            del self._flow[diagonal]
