"""What a page knows: events, values on streams, differences, and the words behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from tsp.arch.isa import FORMATS, VXM_OPS, Compute, Instruction, Type
from tsp.arch.timing import timing
from tspc.asm import format_word
from tspc.asm.plan import try_decode
from tspc.plan import Schedule, expand
from tspc.program import Program
from tspc.view.differences import Difference, Kind, differences
from tspc.view.flow import flow

__all__ = ["Model", "Shade", "model"]

Ints = NDArray[np.int64]


class Shade(IntEnum):
    """What an event does, as far as its colour goes."""

    READ = 0
    WRITE = 1
    WEIGHTS = 2
    ACTIVATIONS = 3
    RESULTS = 4
    INTEGER = 5
    REAL = 6
    SHUFFLE = 7
    LINK = 8
    BARRIER = 9
    CONTROL = 10
    UNKNOWN = 11


_SHADES = {
    "LW": Shade.WEIGHTS, "MXM": Shade.ACTIVATIONS, "ACC": Shade.RESULTS, "SEND": Shade.LINK,
    "RECEIVE": Shade.LINK, "NOTIFY": Shade.BARRIER, "SYNC": Shade.BARRIER,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Model:
    """The numbers of a page.

    Attributes
    ----------
    columns
        What there are many of; ``page/data.js`` says what each is.
    facts
        What there are few of.
    differences
        Between plan and record.
    """

    columns: Mapping[str, NDArray[np.integer]]
    facts: Mapping[str, object]
    differences: tuple[Difference, ...]


def model(program: Program, record: NDArray[np.void] | None = None, engine: str = "") -> Model:
    """Put a page's numbers together.

    Parameters
    ----------
    program
        What is shown.
    record
        ``EVENT`` array of what happened, if something did.
    engine
        Who wrote the record.

    Raises
    ------
    ValueError
        If the program has no schedule.
    """
    schedule = expand(program)
    starts = np.array(schedule.notifies or (0,), np.int64)
    actual = np.zeros(0, schedule.events.dtype) if record is None else record
    found = [] if record is None else differences(schedule.events, actual)
    extra = actual[[d.actual for d in found if d.actual >= 0]]
    words, number = _words(np.concatenate([schedule.events, extra]))
    shades, ports = _kinds(words)
    time, queue = _absolute(schedule.events, starts), schedule.events["queue"].astype(np.int64)
    order = np.lexsort((time, queue))
    planned = number[: len(order)][order]
    time, queue = time[order], queue[order]
    values = flow(
        program, timing(program.config), queue, time, schedule.origin[order].astype(np.int64),
        ports[planned],
    )  # fmt: skip
    columns: dict[str, NDArray[np.integer]] = {
        "event_first": _firsts(queue, len(program.config.queues)),
        "event_time": time.astype(np.int32),
        "event_word": planned.astype(np.uint32),
        "event_origin": schedule.origin[order].astype(np.int32),
        "word_bytes": words.reshape(-1),
        "word_shade": shades.astype(np.uint8),
        "value_first": _firsts(values.stream, 64),
        "value_start": values.start.astype(np.int32),
        "value_life": values.life.astype(np.uint8),
        "value_event": values.event.astype(np.int32),
        "read_event": values.reader.astype(np.int32),
        "read_stream": values.read_stream.astype(np.uint8),
        "read_time": values.read_time.astype(np.int32),
        "read_value": values.source.astype(np.int32),
    }
    columns |= _difference_columns(found, order, extra, starts, number[len(order) :])
    facts = _facts(program, schedule) | {"engine": engine, "recorded": len(actual)}
    return Model(columns, facts, tuple(found))


def _absolute(events: NDArray[np.void], starts: Ints) -> Ints:
    """Cycles since the first NOTIFY; a segment that the plan lacks follows the last one."""
    segment = np.minimum(events["segment"].astype(np.int64), len(starts) - 1)
    return starts[segment] + events["cycle"].astype(np.int64)


def _firsts(sorted_keys: Ints, keys: int) -> NDArray[np.int32]:
    """Where the rows of each key begin, and where the last ones end."""
    return np.searchsorted(sorted_keys, np.arange(keys + 1)).astype(np.int32)


def _words(events: NDArray[np.void]) -> tuple[NDArray[np.uint8], Ints]:
    """The distinct words, and for each event which one it is."""
    halves = np.ascontiguousarray(events["word"]).view("<u8").reshape(-1, 2)
    order = np.lexsort((halves[:, 0], halves[:, 1]))
    ordered = halves[order]
    new = np.ones(len(order), bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(1)
    number = np.empty(len(order), np.int64)
    number[order] = np.cumsum(new) - 1
    return np.ascontiguousarray(ordered[new]).view(np.uint8).reshape(-1, 16), number


def _kinds(words: NDArray[np.uint8]) -> tuple[Ints, Ints]:
    """Shade of each word, and the MEM port that it uses: 0 none, 1 read, 2 write."""
    shades = np.empty(len(words), np.int64)
    ports = np.zeros(len(words), np.int64)
    for n, raw in enumerate(words):
        known = try_decode(int.from_bytes(raw.tobytes(), "little"))
        shades[n] = Shade.UNKNOWN if known is None else _shade(known)
        if known is not None and known.name == "MEM":
            ports[n] = 1 if known["read_kind"] else 2
    return shades, ports


def _shade(i: Instruction) -> Shade:
    if i.name == "MEM":
        return Shade.READ if i["read_kind"] else Shade.WRITE
    if i.name == "VXM":
        return Shade.REAL if i["compute"] == Compute.FP32 else Shade.INTEGER
    if i.name in _SHADES:
        return _SHADES[i.name]
    return Shade.SHUFFLE if i.format.functional else Shade.CONTROL


def _difference_columns(
    found: list[Difference], order: Ints, extra: NDArray[np.void], starts: Ints, words: Ints
) -> dict[str, NDArray[np.integer]]:
    """Differences by the rows of this page's own columns."""
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    count, plan, actual = 0, [], []
    for d in found:
        plan.append(int(place[d.plan]) if d.plan >= 0 else -1)
        actual.append(count if d.actual >= 0 else -1)
        count += d.actual >= 0
    return {
        "difference_kind": np.array([d.kind for d in found], np.uint8),
        "difference_event": np.array(plan, np.int32),
        "difference_extra": np.array(actual, np.int32),
        "extra_time": _absolute(extra, starts).astype(np.int32),
        "extra_queue": extra["queue"].astype(np.uint8),
        "extra_word": words.astype(np.uint32),
    }


# ---- what there are few of ---------------------------------------------------------------


def _facts(program: Program, schedule: Schedule) -> dict[str, object]:
    config = program.config
    source = program.source
    return {
        "program": program.name,
        "config": config.name,
        "hash": config.hash,
        "stops": config.stops,
        "done": schedule.done,
        "notifies": list(schedule.notifies),
        "queues": [
            {
                "name": q.name,
                "unit": q.kind.value[:3] + (f"_{q.hemisphere.name}" if q.hemisphere else ""),
                "stop": q.stop,
                "words": _text(program, q.index),
            }
            for q in config.queues
        ],
        "shades": [shade.name.lower() for shade in Shade],
        "kinds": [kind.name.lower() for kind in Kind],
        "formats": {f.opcode: _format(f.name) for f in FORMATS.values()},
        "types": [t.name.lower() for t in Type],
        "operations": {op.code: [op.name, op.operands] for op in VXM_OPS.values()},
        "source": None if source is None else {"name": source.name, "text": source.text},
    }


def _text(program: Program, queue: int) -> list[list[object]]:
    """Canonical text, planned cycle and source line (0: none) of each word of a queue."""
    words, plan = program.text.get(queue, ()), program.plan.get(queue, ())
    lines = program.source.lines.get(queue, ()) if program.source else ()
    padded = list(lines) + [0] * (len(words) - len(lines))
    return [[format_word(w), at, line] for w, at, line in zip(words, plan, padded)]


def _format(name: str) -> dict[str, object]:
    form = FORMATS[name]
    fields = [[f.name, f.low, f.width, f.kind.value, f.doc] for f in form.fields]
    return {"name": name, "doc": form.doc, "fields": fields}
