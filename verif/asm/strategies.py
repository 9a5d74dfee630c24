"""Hypothesis strategies: random instructions, texts and programs. Drawn from tsp.arch alone."""

import numpy as np
from hypothesis import strategies as st

from tsp.arch.config import NANO, SMALL, Config, Queue, QueueKind
from tsp.arch.isa import FORMATS, VXM_OPS, FieldKind, Format, Type, config_problems, make
from tspc.asm import resolve_plan
from tspc.asm.directives import DTYPES, ROLES, tensor_extent
from tspc.program import Program, Tensor

TYPES = st.sampled_from(list(Type))


def field_value(field):
    """Any value that the field may hold."""
    if field.kind is FieldKind.TYPE:
        return TYPES.map(int)
    if field.values is not None:
        return st.sampled_from(field.values)
    return st.integers(field.minimum // field.group, field.maximum // field.group).map(
        lambda n: n * field.group
    )


@st.composite
def mem(draw, config):
    """A MEM word that reads, writes or both, direct or indirect."""
    ports = draw(st.sampled_from([("read",), ("write",), ("read", "write")]))
    bank = draw(st.integers(0, 1))
    values = {}
    for port, own in zip(ports, (bank, 1 - bank)):
        kind = draw(st.sampled_from([1, 1, 1, 2]))
        values |= {f"{port}_kind": kind, f"{port}_bank": own}
        values[f"{port}_stream"] = draw(st.integers(0, 63))
        values[f"{port}_count"] = draw(st.sampled_from([1, 1, 2, 9, 4095]))
        values[f"{port}_interval"] = draw(st.sampled_from([1, 1, 2, 1023]))
        if kind == 1:
            values[f"{port}_offset"] = draw(st.integers(0, config.bank_words - 1))
            values[f"{port}_stride"] = draw(st.integers(0, config.bank_words - 1))
        else:
            values[f"{port}_map"] = draw(st.integers(0, 63))
    return make("MEM", **values)


@st.composite
def vxm(draw):
    """A VXM word of any operation and types, with up to two immediates."""
    op = draw(st.sampled_from(list(VXM_OPS.values())))
    values = {"op": op.code, "compute": draw(st.sampled_from(op.compute))}
    values["saturate"] = draw(st.integers(0, 1))
    result = draw(TYPES)
    values["result_type"] = result
    values["result_stream"] = draw(st.integers(0, 64 // result.bytes - 1)) * result.bytes
    immediates = 0
    for name in "abc"[: op.operands]:
        kind = draw(TYPES)
        values[f"{name}_type"] = kind
        if immediates < 2 and draw(st.booleans()):
            values[f"{name}_immediate"] = 1
            pattern = draw(st.integers(0, (1 << 8 * kind.bytes) - 1))
            values[f"immediate{immediates}"] = pattern
            immediates += 1
        else:
            values[f"{name}_stream"] = draw(st.integers(0, 64 // kind.bytes - 1)) * kind.bytes
    return make("VXM", **values)


@st.composite
def other(draw, form: Format):
    """A word of a format whose fields are nearly free: what breaks a rule is drawn again."""
    values = {f.name: draw(field_value(f)) for f in form.fields}
    if form.name == "MXM":
        mode = values["mode"]
        values["stream"] *= mode in (1, 2)
        values["entry"] *= mode in (2, 3)
        values["type"] = draw(st.sampled_from([0, 3])) if mode else 0
        values["install"] |= not mode
    elif form.name == "ACC":
        values["type"] = draw(st.sampled_from([2, 4]))
        values["stream"] *= values["mode"] > 2
        values["entry"] *= values["mode"] != 3
    elif form.name == "SHIFT":
        values["n"] = draw(st.integers(1, 16)) * draw(st.sampled_from([1, -1]))
    elif form.name == "SELECT":
        values["n"] = draw(st.integers(1, 16))
    return make(form.name, **values)


def instructions(config: Config, queue: Queue):
    """Any instruction that the format allows in a queue of this kind, built or not."""
    found = []
    for form in FORMATS.values():
        if queue.kind in form.queues:
            if form.name == "MEM":
                found.append(mem(config))
            elif form.name == "VXM":
                found.append(vxm())
            else:
                found.append(other(form))
    return st.one_of(found)


def built_instructions(config: Config, queue: Queue):
    """Those that the queue of this configuration executes."""
    return instructions(config, queue).filter(lambda i: not config_problems(i, config, queue))


@st.composite
def text(draw, config: Config, queue: Queue, unchecked: bool):
    """The words of one queue; unless unchecked, REPEAT stands where it may and nothing parks."""
    kind = instructions if unchecked else built_instructions
    found = []
    for i in draw(st.lists(kind(config, queue), max_size=12)):
        if not unchecked:
            before = found[-1] if found else None
            lonely = before is None or not before.format.functional or before.has_burst
            if i.name in ("SYNC", "IFETCH") or (i.name == "REPEAT" and lonely):
                continue
        found.append(i)
    words = [i.encode() for i in found]
    if unchecked:
        words += draw(st.lists(st.integers(0, (1 << 128) - 1), max_size=2))
    return tuple(words)


@st.composite
def fetched(draw, config: Config, words, memory):
    """A queue that fetches the end of its text: its words, and places that hold nothing else."""
    pairs = draw(st.integers(1, 2))
    own = make("IFETCH", stream=draw(st.integers(0, 63)), n=pairs).encode()
    end = (make("NOP", n=1).encode(),) * (2 * pairs * config.superlanes)
    mem_queues = [q.index for q in config.queues if q.kind is QueueKind.MEM]
    first, step = draw(st.integers(0, 1)), draw(st.sampled_from([1, 1, 2]))
    slices = draw(st.lists(st.sampled_from(mem_queues), min_size=1, max_size=2, unique=True))
    places = [(slices[i % len(slices)], first, i * step) for i in range(2 * pairs)]
    taken = any(place in memory for place in places)
    return (words, ()) if taken else ((*words, own, *end), tuple(places))


@st.composite
def tensors(draw, config: Config):
    """Named tensors with any places: they may overlap."""
    slices = [q.index for q in config.queues if q.kind is QueueKind.MEM]
    found = []
    for name in draw(st.lists(st.text(max_size=6), max_size=2, unique=True)):
        dtype = draw(st.sampled_from(DTYPES))
        shape = tuple(draw(st.lists(st.integers(1, 3), max_size=3)))
        extent = tensor_extent(dtype, shape, config)
        size = int(np.prod(extent))
        step = draw(st.integers(0, 2))
        start = draw(st.integers(0, 3))
        places = np.zeros((size, 3), np.int32)
        places[:, 0] = draw(st.sampled_from(slices))
        places[:, 1] = draw(st.integers(0, 1))
        places[:, 2] = (start + step * np.arange(size)) % config.bank_words
        moved = draw(st.integers(0, size - 1))
        places[moved] = (draw(st.sampled_from(slices)), draw(st.integers(0, 1)), 0)
        role = draw(st.sampled_from(ROLES))
        found.append(Tensor(name, dtype, shape, role, places.reshape(*extent, 3)))
    return tuple(found)


@st.composite
def programs(draw, unchecked: bool = False):
    """Programs that assemble; unchecked: any words at all, well-formed or not."""
    custom = Config("a b", 1, 0, 2, 16, 1, 4, 2, 1)
    config = draw(st.sampled_from([NANO, SMALL, custom]))
    mem_queues = [q.index for q in config.queues if q.kind is QueueKind.MEM]
    chosen = draw(st.lists(st.sampled_from(config.queues), max_size=4, unique=True))
    words = {q.index: draw(text(config, q, unchecked)) for q in chosen}
    if not unchecked:
        words = {q: w for q, w in words.items() if w}
        first = config.queue_by_name["VXM0"].index
        words[first] = (make("NOTIFY").encode(), *words.get(first, ()))
    words = {q: w for q, w in words.items() if w}
    address = st.tuples(
        st.sampled_from(mem_queues), st.integers(0, 1), st.integers(0, config.bank_words - 1)
    )
    vector = st.binary(min_size=config.lanes, max_size=config.lanes)
    image = draw(st.dictionaries(address, vector, max_size=3))
    memory = {a: np.frombuffer(v, np.uint8).copy() for a, v in image.items()}
    name = draw(st.text(st.characters(codec="utf-8"), max_size=8))
    bound = draw(st.none() | st.integers(0, (1 << 63) - 1))
    places = {}
    if not unchecked and draw(st.booleans()):
        queue = draw(st.sampled_from(sorted(words)))
        words[queue], ends = draw(fetched(config, words[queue], memory))
        places = {queue: ends} if ends else {}
    plan = resolve_plan(config, words)
    return Program(name, config, words, plan, memory, draw(tensors(config)), bound, fetched=places)
