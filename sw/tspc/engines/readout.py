"""Between a program and the chip's memories: the image that a run loads, the result it leaves."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import LANES, STREAMS, Config
from tsp.arch.isa import FORMATS, OPCODE_BITS, WORD_BYTES
from tspc.engines.records import (
    DONE_QUEUE,
    PROTECTED_BYTES,
    RAW_WORD,
    Kind,
    Piece,
    place,
    read_dump,
    read_events,
    read_words,
    split_place,
)
from tspc.events import DRIVE, EVENT, WORD_BYTES_STORED, WRITE, sort_events
from tspc.faults import Fault, StreamFault, TextFault, check_faults
from tspc.program import Address, Program
from tspc.protection import encode

__all__ = ["Readout", "fault_records", "memory_pieces", "read", "text_pieces"]

Memory = Mapping[Address, NDArray[np.uint8]]


def text_pieces(program: Program) -> list[Piece]:
    """What is loaded of every queue's text; a queue that has none gets a HALT."""
    halt = (FORMATS["HALT"].opcode,)
    pieces = []
    for queue in program.config.queues:
        words = program.loaded(queue.index) if program.text.get(queue.index) else halt
        raw = b"".join(word.to_bytes(WORD_BYTES, "little") for word in words)
        data = _protected(np.frombuffer(raw, np.uint8).reshape(-1, WORD_BYTES))
        pieces.append(Piece(place(Kind.TEXT, 0, queue.index), 0, data))
    return pieces


def _protected(data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Words of an image, check bits included, of data of shape (.., 16)."""
    words = np.zeros((*data.shape[:-1], PROTECTED_BYTES), np.uint8)
    words[..., :WORD_BYTES_STORED] = encode(data)
    return words


def memory_pieces(memory: Memory, config: Config) -> list[Piece]:
    """Vectors of MEM as consecutive words of each superlane's arrays."""
    banks: dict[tuple[int, int], list[int]] = defaultdict(list)
    for queue, bank, offset in memory:
        banks[queue, bank].append(offset)
    pieces = []
    for (queue, bank), offsets in sorted(banks.items()):
        offsets.sort()
        rows = np.stack([np.asarray(memory[queue, bank, o], np.uint8) for o in offsets])
        words = _protected(rows.reshape(len(offsets), config.superlanes, LANES))
        cuts = np.flatnonzero(np.diff(offsets) != 1) + 1
        for run in np.split(np.arange(len(offsets)), cuts):
            for y in range(config.superlanes):
                where = place(Kind.MEM, y, 2 * queue + bank)
                pieces.append(Piece(where, offsets[run[0]], words[run, y]))
    return pieces


def fault_records(faults: Sequence[Fault], config: Config) -> bytes:
    """Content of ``faults.bin``."""
    check_faults(faults, config)
    table = np.zeros(len(faults), RAW_WORD)
    for record, fault in zip(table, faults):
        if isinstance(fault, TextFault):
            where, address = place(Kind.TEXT, 0, fault.queue), fault.word
        elif isinstance(fault, StreamFault):
            west, address = divmod(fault.stream, STREAMS)
            first = next(q.index for q in config.queues if q.stop == fault.stop)
            where = place(Kind.STREAM, fault.superlane, 2 * first + west)
        else:
            where = place(Kind.MEM, fault.superlane, 2 * fault.queue + fault.bank)
            address = fault.offset
        flips = np.frombuffer(fault.flips.to_bytes(PROTECTED_BYTES, "little"), np.uint8)
        record["cycle"], record["place"], record["address"] = fault.cycle, where, address
        record["data"] = flips
    return table.tobytes()


@dataclass(frozen=True, eq=False)
class Readout:
    """What the records of one run say, times counted in segments.

    Attributes
    ----------
    events, writes, drives
        As in :class:`tspc.engines.base.Result`; ``drives`` may be empty.
    memory
        uint8[V] of every vector that was loaded, written or is not zero.
    accumulators
        int32[V] of every entry of each plane that was used.
    done
        Cycle in which ``done`` rose, counted from the first NOTIFY; None if it did not.
    counters
        (corrected, double) errors by (queue, superlane).
    """

    events: NDArray[np.void]
    writes: NDArray[np.void]
    drives: NDArray[np.void]
    memory: dict[Address, NDArray[np.uint8]]
    accumulators: dict[tuple[int, int], NDArray[np.int32]]
    done: int | None
    counters: dict[tuple[int, int], tuple[int, int]]


def read(
    config: Config, loaded: Memory, events_bin: Path, words_bin: Path, dump_bin: Path
) -> Readout:
    """Read the records of one run; `loaded` is the memory image that it began with."""
    raw = read_events(events_bin)
    ends = raw["cycle"][raw["queue"] == DONE_QUEUE]
    raw = raw[raw["queue"] != DONE_QUEUE]
    starts = _starts(raw)
    events = np.zeros(len(raw), EVENT)
    events["segment"], events["cycle"] = _time(raw["cycle"], starts)
    events["queue"], events["word"] = raw["queue"], raw["word"]

    words = read_words(words_bin)
    kind, superlane, unit = split_place(words["place"])
    segment, cycle = _time(words["cycle"], starts)

    def select(
        which: Kind, dtype: np.dtype[np.void], **columns: NDArray[np.integer[Any]]
    ) -> NDArray[np.void]:
        chosen = kind == which
        table = np.zeros(int(chosen.sum()), dtype)
        table["segment"], table["cycle"] = segment[chosen], cycle[chosen]
        table["superlane"] = superlane[chosen]
        table["data"] = words["data"][chosen, :WORD_BYTES_STORED]
        for name, column in columns.items():
            table[name] = column[chosen]
        return sort_events(table)

    writes = select(Kind.MEM, WRITE, queue=unit // 2, bank=unit & 1, offset=words["address"])
    drives = select(Kind.DRIVE, DRIVE, queue=unit, stream=words["address"])
    pieces = read_dump(dump_bin)
    return Readout(
        events=sort_events(events),
        writes=writes,
        drives=drives,
        memory=_memory(config, pieces, loaded, writes),
        accumulators=_accumulators(config, pieces),
        done=int(ends[0]) - int(starts[0]) if len(ends) else None,
        counters=_counters(pieces),
    )


def _starts(raw: NDArray[np.void]) -> NDArray[np.int64]:
    """Cycles of the NOTIFYs; without any, that of the first event."""
    opcode = raw["word"][:, 0] & ((1 << OPCODE_BITS) - 1)
    starts = np.unique(raw["cycle"][opcode == FORMATS["NOTIFY"].opcode]).astype(np.int64)
    if not len(starts):
        starts = raw["cycle"].min(initial=np.uint32(0xFFFFFFFF), keepdims=True).astype(np.int64)
    return starts


def _time(
    cycles: NDArray[np.uint32], starts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Segment, and cycle in it; what precedes the first NOTIFY gets a huge cycle."""
    absolute = cycles.astype(np.int64)
    segment = np.maximum(np.searchsorted(starts, absolute, side="right") - 1, 0)
    return segment, (absolute - starts[segment]) & 0xFFFF_FFFF


def _memory(
    config: Config, pieces: list[Piece], loaded: Memory, writes: NDArray[np.void]
) -> dict[Address, NDArray[np.uint8]]:
    touched: dict[tuple[int, int], set[int]] = defaultdict(set)
    for queue, bank, offset in loaded:
        touched[queue, bank].add(offset)
    packed = (writes["queue"].astype(np.int64) * 2 + writes["bank"]) << 32 | writes["offset"]
    for address in np.unique(packed).tolist():
        touched[divmod(address >> 32, 2)].add(address & 0xFFFF_FFFF)
    banks: dict[tuple[int, int], NDArray[np.uint8]] = {}
    shape = (config.bank_words, config.superlanes, LANES)
    for piece in pieces:
        kind, superlane, unit = piece.place >> 28, piece.place >> 20 & 0xFF, piece.place & 0xFFFFF
        if kind == Kind.MEM:
            data = banks.setdefault(divmod(unit, 2), np.zeros(shape, np.uint8))
            data[piece.first : piece.first + len(piece.data), superlane] = piece.data[:, :LANES]
    found: dict[Address, NDArray[np.uint8]] = {}
    zero = np.zeros((config.bank_words, config.lanes), np.uint8)
    for queue, bank in sorted(set(banks) | set(touched)):
        flat = banks[queue, bank].reshape(-1, config.lanes) if (queue, bank) in banks else zero
        offsets = touched[queue, bank] | set(np.flatnonzero(flat.any(axis=1)).tolist())
        for offset in sorted(offsets):
            found[queue, bank, offset] = flat[offset].copy()
    return found


def _accumulators(config: Config, pieces: list[Piece]) -> dict[tuple[int, int], NDArray[np.int32]]:
    planes: dict[int, NDArray[np.int32]] = {}
    for piece in pieces:
        kind, superlane, queue = piece.place >> 28, piece.place >> 20 & 0xFF, piece.place & 0xFFFFF
        if kind == Kind.ACCUMULATOR:
            shape = (config.accumulators, config.superlanes, LANES)
            entries = planes.setdefault(queue, np.zeros(shape, np.int32))
            entries[:, superlane] = np.ascontiguousarray(piece.data).view("<i4")
    return {
        (queue, entry): entries[entry].reshape(-1)
        for queue, entries in sorted(planes.items())
        for entry in range(config.accumulators)
    }


def _counters(pieces: list[Piece]) -> dict[tuple[int, int], tuple[int, int]]:
    found = {}
    for piece in pieces:
        if piece.place >> 28 == Kind.COUNTERS:
            corrected, doubles = np.ascontiguousarray(piece.data).view("<u2").ravel().tolist()
            found[piece.place & 0xFFFFF, piece.place >> 20 & 0xFF] = corrected, doubles
    return found
