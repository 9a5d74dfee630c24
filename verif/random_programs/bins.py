"""Functional coverage: which bins there are, made from ``tsp.arch``, and which a record hits.

A bin is a tuple of plain values, its kind first:

* ``VXM operand``: operation, compute type, operand, its type, east, west or immediate;
* ``VXM result``: operation, compute type, result type, direction, saturate;
* ``VXM types``: operation, compute type, type of operand a, result type;
* ``VXM unit``: operation, compute type, ALU;
* ``MEM``: port, direct or by a map, hemisphere, bank, direction; ``MEM stream``: port, stream;
  ``MEM map``: port, stream of the map; ``MEM slice``: port, direct or by a map, queue;
* ``LW``: hemisphere, plane, stream group, column; ``MXM``: hemisphere, plane, install, mode;
  ``ABC stream``: hemisphere, index;
* ``ACC``: hemisphere, plane, mode; ``ACC group``: hemisphere, preload or result, first stream;
* ``SXM``: queue, operation; ``SXM n``: queue, operation, distance or size of the patch;
  ``SXM stream``: queue, operation, field, stream;
* ``ICU``: instruction, kind of queue.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from tsp.arch.config import STREAMS, Config, Hemisphere, Queue, QueueKind
from tsp.arch.isa import (
    ALUS_OF_STOP,
    FORMATS,
    VXM_OPS,
    AbcMode,
    AccMode,
    Compute,
    FieldKind,
    Instruction,
    PortKind,
    Type,
    vxm_op,
)
from tspc.program import decoded

__all__ = ["Bin", "bins", "hit", "sxm_bins"]

Bin = tuple[str | int, ...]

EAST, WEST, IMMEDIATE = "E", "W", "I"
_PORT_KINDS = (PortKind.DIRECT, PortKind.INDIRECT)
_READS_STREAM = (AbcMode.STREAM, AbcMode.KEEP)


def direction(stream: int) -> str:
    """``E`` or ``W`` of a stream number."""
    return WEST if stream >= STREAMS else EAST


def bins(config: Config) -> frozenset[Bin]:
    """Every bin of a configuration."""
    return frozenset(
        [
            *_vxm_bins(),
            *_mem_bins(config),
            *_mxm_bins(config),
            *_sxm_bins(config),
            *_icu_bins(config),
        ]
    )


def _vxm_bins() -> Iterator[Bin]:
    for op in VXM_OPS.values():
        for compute in (c.name for c in op.built):
            for kind in Type:
                for letter in "abc"[: op.operands]:
                    for source in (EAST, WEST, IMMEDIATE):
                        yield "VXM operand", op.name, compute, letter, kind.name, source
                for flow in (EAST, WEST):
                    for saturate in (0, 1):
                        yield "VXM result", op.name, compute, kind.name, flow, saturate
                for result in Type:
                    yield "VXM types", op.name, compute, kind.name, result.name
            for alu in range(16):
                if alu % ALUS_OF_STOP == 0 or not op.special:
                    yield "VXM unit", op.name, compute, alu


def _mem_bins(config: Config) -> Iterator[Bin]:
    for port in ("read", "write"):
        for hemisphere in Hemisphere:
            for bank in (0, 1):
                for flow in (EAST, WEST):
                    for kind in _PORT_KINDS:
                        yield "MEM", port, kind.name, hemisphere.name, bank, flow
        for stream in range(2 * STREAMS):
            yield "MEM stream", port, stream
            yield "MEM map", port, stream
        for queue in config.queues:
            if queue.kind is QueueKind.MEM:
                for kind in _PORT_KINDS:
                    yield "MEM slice", port, kind.name, queue.name


def _mxm_bins(config: Config) -> Iterator[Bin]:
    for hemisphere in (h.name for h in Hemisphere):
        for plane in range(config.planes):
            for group in range(0, STREAMS, 16):
                for column in range(config.superlanes):
                    yield "LW", hemisphere, plane, group, column
            for install in (0, 1):
                for mode in AbcMode:
                    if install or mode:
                        yield "MXM", hemisphere, plane, install, mode.name
            for acc in AccMode:
                yield "ACC", hemisphere, plane, acc.name
        for stream in range(STREAMS):
            yield "ABC stream", hemisphere, stream
        for group in range(0, STREAMS, 4):
            for use in ("preload", "result"):
                yield "ACC group", hemisphere, use, group


def _sxm_bins(config: Config) -> Iterator[Bin]:
    """Operands flow outward and results inward: from and to MEM and VXM."""
    for queue in config.queues:
        for form in FORMATS.values():
            if not queue.kind.value.startswith("sxm") or queue.kind not in form.queues:
                continue
            if not form.functional:
                continue
            yield "SXM", queue.index, form.name
            if "n" in form.by_name:
                for n in _sizes(form.name):
                    yield "SXM n", queue.index, form.name, n
            outward = STREAMS * (queue.hemisphere is Hemisphere.W)
            for field in form.fields:
                if field.kind is FieldKind.STREAM:
                    first = STREAMS - outward if field.name == "result" else outward
                    for stream in range(first, first + STREAMS, field.group):
                        yield "SXM stream", queue.index, form.name, field.name, stream


def _sizes(name: str) -> Iterator[int]:
    """Values of the field n of an SXM operation."""
    if name == "ROTATE":
        return iter((3, 4))
    return (n for n in range(-16 if name == "SHIFT" else 1, 17) if n)


def sxm_bins(queue: Queue, name: str, fields: Mapping[str, int]) -> Iterator[Bin]:
    """The bins that one SXM operation hits."""
    yield "SXM", queue.index, name
    if "n" in fields:
        yield "SXM n", queue.index, name, fields["n"]
    for field in ("stream", "result", "mask", "map"):
        if field in fields:
            yield "SXM stream", queue.index, name, field, fields[field]


def _icu_bins(config: Config) -> Iterator[Bin]:
    kinds = {q.kind.name for q in config.queues}
    for form in FORMATS.values():
        if form.name in ("SYNC", "NOTIFY", "HALT", "IFETCH", "CONFIG"):
            for kind in kinds:
                yield "ICU", form.name, kind


def hit(config: Config, events: NDArray[np.void]) -> set[Bin]:
    """The bins that a record of dtype :data:`tspc.events.EVENT` hits."""
    pairs = np.unique(np.ascontiguousarray(events[["queue", "word"]]).copy())
    found: set[Bin] = set()
    for pair in pairs:
        word = int.from_bytes(bytes(pair["word"]), "little")
        found.update(bins_of(config.queues[int(pair["queue"])], decoded(word)))
    return found


def bins_of(queue: Queue, i: Instruction) -> Iterator[Bin]:
    """The bins that one event hits."""
    side = "" if queue.hemisphere is None else queue.hemisphere.name
    if not i.format.functional:
        yield "ICU", i.name, queue.kind.name
    elif i.name == "VXM":
        yield from _of_vxm(queue, i)
    elif i.name == "MEM":
        for port in ("read", "write"):
            if i[f"{port}_kind"]:
                stream, kind = i[f"{port}_stream"], PortKind(i[f"{port}_kind"])
                yield "MEM", port, kind.name, side, i[f"{port}_bank"], direction(stream)
                yield "MEM stream", port, stream
                yield "MEM slice", port, kind.name, queue.name
                if kind is PortKind.INDIRECT:
                    yield "MEM map", port, i[f"{port}_map"]
    elif "result" in i.values:
        yield from sxm_bins(queue, i.name, i.values)
    elif i.name == "LW":
        yield "LW", side, queue.unit, i["stream"], i["column"]
    elif i.name == "MXM":
        yield "MXM", side, queue.unit, i["install"], AbcMode(i["mode"]).name
        if i["mode"] in _READS_STREAM:
            yield "ABC stream", side, i["stream"]
    elif i.name == "ACC":
        mode = AccMode(i["mode"])
        yield "ACC", side, queue.unit, mode.name
        if mode not in (AccMode.WRITE, AccMode.ADD):
            use = "preload" if mode is AccMode.PRELOAD else "result"
            yield "ACC group", side, use, i["stream"]


def _of_vxm(queue: Queue, i: Instruction) -> Iterator[Bin]:
    op, compute = vxm_op(i["op"]), Compute(i["compute"]).name
    result = Type(i["result_type"]).name
    for letter in "abc"[: op.operands]:
        source = IMMEDIATE if i[f"{letter}_immediate"] else direction(i[f"{letter}_stream"])
        yield "VXM operand", op.name, compute, letter, Type(i[f"{letter}_type"]).name, source
    flow = direction(i["result_stream"])
    yield "VXM result", op.name, compute, result, flow, i["saturate"]
    yield "VXM types", op.name, compute, Type(i["a_type"]).name, result
    yield "VXM unit", op.name, compute, queue.unit
