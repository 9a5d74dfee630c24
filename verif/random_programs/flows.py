"""Flows of data: what an operand is fed from, and where a result goes.

Operands are fed backwards in time: from READs, or from a VXM operation that is fed in turn.
Results are consumed forwards: by WRITEs, or by a VXM operation whose result is consumed in turn.
So every result reaches MEM.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import LANES, STREAMS, Queue
from tsp.arch.isa import Type, has_operation
from verif.random_programs.bins import EAST, IMMEDIATE, WEST, direction
from verif.random_programs.board import Board, Bytes, NoPlace, Series
from verif.random_programs.operations import Operand, Operation, Wanted, operation
from verif.random_programs.vectors import planes

__all__ = ["Flows", "Value"]

#: Random places that are tried before an operand or result is given up.
_TRIES = 10

#: Share of accesses that GATHER or SCATTER.
_BY_MAP = 0.15


@dataclass(frozen=True)
class Value:
    """Streams that a unit drives: from `stream` on, in its stop's registers in `driven`."""

    stream: int
    width: int
    stop: int
    driven: Series
    owner: int


class Flows:
    """Places flows on a board; every method raises :class:`NoPlace` if it finds no place."""

    def __init__(self, board: Board, wanted: Wanted) -> None:
        self.board, self.wanted, self._rng = board, wanted, board.rng

    # ---- streams -------------------------------------------------------------------------

    def base(self, width: int, flow: str) -> int:
        """A random aligned group."""
        first = self._rng.randrange(0, STREAMS, width)
        return first + (STREAMS if flow == WEST else 0)

    @staticmethod
    def upstream(stop: int, other: int, stream: int) -> bool:
        """True if `other` drives what `stop` reads."""
        return other < stop if direction(stream) == EAST else other > stop

    def _claim(self, stream: int, first: int, reader: int, driven: Series, owner: int) -> None:
        """Carry a stream from the stop `first` to the inputs of `reader`."""
        last = reader - 1 if direction(stream) == EAST else reader + 1
        self.board.carry(stream, first, last, driven, owner)

    # ---- feeding -------------------------------------------------------------------------

    def feed(
        self, stop: int, arrives: Series, stream: int, kind: Type, depth: int, avoid: set[int]
    ) -> None:
        """Let an operand be on the inputs of `stop` in `arrives`.

        Parameters
        ----------
        stop, arrives, stream, kind
            Where, when, on which streams, and what type.
        depth
            How many operations may stand between MEM and it.
        avoid
            Queues that already read for the same moment.
        """
        if depth and self._rng.random() < 0.35:
            try:
                with self.board.attempt():
                    self._compute_for(stop, arrives, stream, kind, depth)
                return
            except NoPlace:
                pass
        vectors: dict[int, list[NDArray[np.uint8]]] = {}

        def fill(byte: int) -> Callable[[int], NDArray[np.uint8]]:
            def of(copy: int) -> NDArray[np.uint8]:
                if copy not in vectors:
                    vectors[copy] = planes(self._rng, kind, self.board.config.lanes)
                return vectors[copy][byte]

            return of

        for byte in range(kind.bytes):
            self._load(stop, arrives, stream + byte, fill(byte), avoid)

    def _load(
        self,
        stop: int,
        arrives: Series,
        stream: int,
        fill: Callable[[int], NDArray[np.uint8]],
        avoid: set[int],
    ) -> None:
        """One READ series from some slice upstream."""

        def access(queue: Queue, issue: Series) -> None:
            self._access(queue, "read", issue, stream, fill)

        self._from_mem(stop, arrives, stream, avoid, access)

    def load_map(
        self, stop: int, arrives: Series, stream: int, draw: Callable[[], Bytes], avoid: set[int]
    ) -> None:
        """READs of maps that `draw` gives from some slice upstream."""

        def access(queue: Queue, issue: Series) -> None:
            self.board.read_map(queue, issue, stream, draw)

        self._from_mem(stop, arrives, stream, avoid, access)

    def _from_mem(
        self,
        stop: int,
        arrives: Series,
        stream: int,
        avoid: set[int],
        access: Callable[[Queue, Series], None],
    ) -> None:
        """Let some slice upstream drive a stream; `access` places its READs."""
        slices = [
            q
            for q in self.board.mem
            if self.upstream(stop, q.stop, stream)
            and q.index not in avoid
            and self.board.has_room(q)
        ]
        for queue in self._rng.sample(slices, min(_TRIES, len(slices))):
            distance = abs(queue.stop - stop)
            driven = arrives.later(1 - distance)
            issue = driven.later(-self.board.timing.mem_d_func)
            try:
                with self.board.attempt():
                    self._claim(stream, queue.stop, stop, driven, self.board.owner())
                    access(queue, issue)
            except NoPlace:
                continue
            avoid.add(queue.index)
            return
        raise NoPlace(f"nothing feeds stream {stream}")

    def _compute_for(self, stop: int, arrives: Series, stream: int, kind: Type, depth: int) -> None:
        """Feed an operand from a VXM operation with a result of its width."""
        wanted = operation(self._rng, self.wanted, kind.bytes, direction(stream))
        able = [q for q in self.board.vxm if has_operation(q, wanted.op)]
        alus = [q for q in able if self.upstream(stop, q.stop, stream)]
        if not alus:
            raise NoPlace("no ALU upstream")
        alu = self._rng.choice(alus)
        driven = arrives.later(1 - abs(alu.stop - stop))
        value = self.compute(wanted, alu, driven, stream, depth - 1)
        for byte in range(kind.bytes):
            self._claim(stream + byte, alu.stop, stop, driven, value.owner)
        if self._rng.random() < 0.3:
            self.store(value)

    # ---- MEM -----------------------------------------------------------------------------

    def _access(
        self, queue: Queue, port: str, when: Series, stream: int, fill: Callable[[int], Bytes]
    ) -> None:
        """READs or WRITEs; now and then GATHERs or SCATTERs."""
        if self._rng.random() < _BY_MAP:
            try:
                with self.board.attempt():
                    self._access_by_map(queue, port, when, stream, fill)
                return
            except NoPlace:
                pass
        self.board.access(queue, port, when, stream, fill)

    def _access_by_map(
        self, queue: Queue, port: str, when: Series, stream: int, fill: Callable[[int], Bytes]
    ) -> None:
        """GATHERs or SCATTERs, and the READs of their maps from some slice upstream."""
        board, map_ = self.board, self.base(1, self._rng.choice((EAST, WEST)))
        slices = [
            q for q in board.mem if self.upstream(queue.stop, q.stop, map_) and board.has_room(q)
        ]
        for source in self._rng.sample(slices, min(_TRIES, len(slices))):
            driven = when.later(board.timing.mem_d_skew + 1 - abs(source.stop - queue.stop))
            issue = driven.later(-board.timing.mem_d_func)
            try:
                with board.attempt():
                    self._claim(map_, source.stop, queue.stop, driven, board.owner())
                    maps = board.read_map(source, issue, map_, self._map)
                    board.access_by_map(queue, port, when, (stream, map_), maps, fill)
                return
            except NoPlace:
                continue
        raise NoPlace(f"nothing feeds the map {map_}")

    def _map(self) -> Bytes:
        """Each superlane's offset in bytes 0 and 1 of its word: any, neighbours, or one for all."""
        config, rng = self.board.config, self._rng
        first, step = rng.randrange(config.bank_words), rng.choice((None, None, 1, 0))
        words = np.zeros((config.superlanes, LANES), np.uint8)
        for y, word in enumerate(words):
            offset = rng.randrange(config.bank_words) if step is None else first + y * step
            word[:2] = divmod(offset % config.bank_words, 256)[::-1]
        return words.reshape(-1)

    # ---- VXM -----------------------------------------------------------------------------

    def compute(
        self,
        what: Operation,
        alu: Queue,
        driven: Series,
        stream: int,
        depth: int,
        given: tuple[int, int] | None = None,
    ) -> Value:
        """Place an operation whose result is in its stop's registers in `driven`.

        `given`: number of an operand that is already there, and its first stream.
        """
        board, timing = self.board, self.board.timing
        issue = driven.later(-timing.vxm_d_func)
        fields = {
            "op": what.op.code,
            "compute": what.compute,
            "saturate": what.saturate,
            "result_type": what.result,
            "result_stream": stream,
        }
        immediates, avoid, streams = 0, set[int](), list[int]()
        for number, operand in enumerate(what.operands):
            name = "abc"[number]
            fields[f"{name}_type"] = operand.type
            if given is not None and number == given[0]:
                fields[f"{name}_stream"] = given[1]
            elif operand.source == IMMEDIATE:
                fields[f"{name}_immediate"] = 1
                fields[f"immediate{immediates}"] = operand.value
                immediates += 1
            else:
                first = self._operand(operand, alu, issue, depth, avoid, streams)
                fields[f"{name}_stream"] = first
        value = Value(stream, what.result.bytes, alu.stop, driven, board.owner())
        for byte in range(value.width):
            board.carry(stream + byte, alu.stop, alu.stop, driven, value.owner)
        board.place(alu, issue, "VXM", fields)
        return value

    def _operand(
        self,
        operand: Operand,
        alu: Queue,
        issue: Series,
        depth: int,
        avoid: set[int],
        used: list[int],
    ) -> int:
        """Feed one stream operand; sometimes two operands are the same streams."""
        same = [s for s in used if s % operand.type.bytes == 0 and direction(s) == operand.source]
        if operand.type is Type.INT8 and same and self._rng.random() < 0.3:
            return self._rng.choice(same)
        arrives = issue.later(self.board.timing.vxm_d_skew)
        for _ in range(_TRIES):
            stream = self.base(operand.type.bytes, operand.source)
            seen = set(avoid)
            try:
                with self.board.attempt():
                    self.feed(alu.stop, arrives, stream, operand.type, depth, seen)
            except NoPlace:
                continue
            avoid |= seen
            used.append(stream)
            return stream
        raise NoPlace("no streams for an operand")

    # ---- consuming -----------------------------------------------------------------------

    def consume(self, value: Value, depth: int = 2) -> None:
        """Let a result reach MEM, through another operation or not."""
        if depth and self._rng.random() < 0.4:
            for _ in range(3):
                try:
                    with self.board.attempt():
                        self._compute_from(value, depth)
                    return
                except NoPlace:
                    continue
        self.store(value)

    def _compute_from(self, value: Value, depth: int) -> None:
        what = operation(self._rng, self.wanted)
        flow = direction(value.stream)
        fitting = [
            n
            for n, o in enumerate(what.operands)
            if o.type.bytes == value.width and o.source == flow
        ]
        if not fitting:
            number = self._rng.randrange(len(what.operands))
            kind = self._rng.choice([t for t in Type if t.bytes == value.width])
            what.operands[number] = Operand(kind, flow)
            fitting = [number]
        able = [q for q in self.board.vxm if has_operation(q, what.op)]
        alus = [q for q in able if self.upstream(q.stop, value.stop, value.stream)]
        if not alus:
            raise NoPlace("no ALU downstream")
        alu = self._rng.choice(alus)
        timing = self.board.timing
        arrives = value.driven.later(abs(alu.stop - value.stop) - 1)
        driven = arrives.later(timing.vxm_d_func - timing.vxm_d_skew)
        for byte in range(value.width):
            self._claim(value.stream + byte, value.stop, alu.stop, value.driven, value.owner)
        stream = self.base(what.result.bytes, what.flow)
        result = self.compute(
            what, alu, driven, stream, 0, (self._rng.choice(fitting), value.stream)
        )
        self.consume(result, depth - 1)

    def store(self, value: Value) -> None:
        """WRITE every byte plane, each into some slice downstream."""
        for byte in range(value.width):
            self._write(value, value.stream + byte)

    def _write(self, value: Value, stream: int) -> None:
        slices = [
            q
            for q in self.board.mem
            if self.upstream(q.stop, value.stop, stream) and self.board.has_room(q)
        ]
        for queue in self._rng.sample(slices, min(_TRIES, len(slices))):
            arrives = value.driven.later(abs(queue.stop - value.stop) - 1)
            issue = arrives.later(-self.board.timing.mem_d_skew)
            try:
                with self.board.attempt():
                    self._claim(stream, value.stop, queue.stop, value.driven, value.owner)
                    self._access(queue, "write", issue, stream, lambda copy: np.empty(0))
                return
            except NoPlace:
                continue
        raise NoPlace(f"nothing takes stream {stream}")

    # ---- whole flows ---------------------------------------------------------------------

    def calculation(self, series: Series) -> None:
        """A VXM operation with everything before and behind it."""
        what = operation(self._rng, self.wanted)
        alu = self._rng.choice([q for q in self.board.vxm if has_operation(q, what.op)])
        if what.alu is not None:
            alu = self.board.vxm[what.alu]
        stream = self.base(what.result.bytes, what.flow)
        with self.board.attempt():
            value = self.compute(what, alu, series, stream, self._rng.randrange(3))
            self.consume(value)
        self.wanted.done(what.bins(alu.unit))

    def copy(self, series: Series) -> None:
        """READ and WRITE, with nothing between."""
        source = self._rng.choice(self.board.mem)
        stream = self.base(1, self._rng.choice((EAST, WEST)))
        with self.board.attempt():
            value = Value(stream, 1, source.stop, series, self.board.owner())
            issue = series.later(-self.board.timing.mem_d_func)
            self.board.carry(stream, source.stop, source.stop, series, value.owner)
            lanes = self.board.config.lanes
            self._access(
                source, "read", issue, stream, lambda _: planes(self._rng, Type.INT8, lanes)[0]
            )
            self.store(value)
