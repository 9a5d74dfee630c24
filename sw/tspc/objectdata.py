"""A program as plain data, and back: what stands inside an object file.

Reading checks everything that other tools rely on without looking: queues exist, times go with
words, addresses are in the configuration, vectors have its length, tensors have their places.
Whether the words are good is the verifier's business.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tsp.arch.config import Config, ConfigError, QueueKind
from tsp.arch.isa import WORD_BYTES
from tspc.program import Address, Program, Source, Tensor

__all__ = ["MalformedError", "check_program", "from_payload", "to_payload"]

_DTYPES = ("int8", "uint8", "int16", "int32", "float16", "float32")
_ROLES = ("input", "output", "constant")
_KEYS = {
    "bound", "config", "config_hash", "data", "fetched", "links", "name", "places", "plan",
    "source", "tensors", "text",
}  # fmt: skip


class MalformedError(ValueError):
    """Data that is no program. ``configuration``: it is one, for another chip."""

    def __init__(self, message: str, configuration: bool = False) -> None:
        self.configuration = configuration
        super().__init__(message)


def to_payload(program: Program, source: bool = True) -> dict[str, Any]:
    """Everything of a program as ints, strings, bytes, lists and dicts.

    Parameters
    ----------
    source
        False leaves the source map out: programs with equal payloads do the same.
    """
    memory = sorted(program.memory.items())
    addresses = np.array([a for a, _ in memory], dtype="<i4").reshape(-1, 3)
    vectors = [np.ascontiguousarray(v, dtype=np.uint8).tobytes() for _, v in memory]
    lines = program.source if source else None
    return {
        "name": program.name,
        "config": program.config.to_dict(),
        "config_hash": program.config.hash,
        "text": {
            q: b"".join(w.to_bytes(WORD_BYTES, "little") for w in words)
            for q, words in program.text.items()
        },
        "plan": {q: np.array(t, dtype="<i8").tobytes() for q, t in program.plan.items()},
        "places": addresses.tobytes(),
        "data": b"".join(vectors),
        "tensors": [
            {
                "name": t.name,
                "dtype": t.dtype,
                "shape": list(t.shape),
                "role": t.role,
                "places": np.ascontiguousarray(t.places, dtype="<i4").tobytes(),
            }
            for t in program.tensors
        ],
        "bound": program.bound,
        "fetched": {
            q: np.array(places, dtype="<i4").tobytes() for q, places in program.fetched.items()
        },
        "source": None
        if lines is None
        else {
            "name": lines.name,
            "text": lines.text,
            "lines": {q: np.array(n, dtype="<i4").tobytes() for q, n in lines.lines.items()},
        },
        "links": [],
    }


def from_payload(payload: object) -> Program:
    """Inverse of :func:`to_payload`.

    Raises
    ------
    MalformedError
        If anything is missing, too much, of another type or outside the configuration.
    """
    if not isinstance(payload, dict) or set(payload) != _KEYS:
        raise MalformedError("the contents do not have the parts of a program")
    config = _config(payload["config"], payload["config_hash"])
    _need(payload["links"] == [], "a link table in a program of one chip")
    text = {
        q: tuple(
            int.from_bytes(data[i : i + WORD_BYTES], "little")
            for i in range(0, len(data), WORD_BYTES)
        )
        for q, data in _by_queue(payload["text"], WORD_BYTES, "text").items()
    }
    plan = {
        q: tuple(int(t) for t in np.frombuffer(data, dtype="<i8"))
        for q, data in _by_queue(payload["plan"], 8, "plan").items()
    }
    tensors = payload["tensors"]
    _need(isinstance(tensors, list), "tensors")
    program = Program(
        _typed(payload["name"], str, "name"),
        config,
        text,
        plan,
        _memory(payload["places"], payload["data"], config),
        tuple(_tensor(t, config) for t in tensors),
        None if payload["bound"] is None else _typed(payload["bound"], int, "bound"),
        _source(payload["source"]),
        {
            q: tuple((a, b, c) for a, b, c in np.frombuffer(raw, "<i4").reshape(-1, 3).tolist())
            for q, raw in _by_queue(payload["fetched"], 12, "fetched text").items()
        },
    )
    check_program(program)
    return program


def _need(condition: bool, what: str) -> None:
    if not condition:
        raise MalformedError(f"the contents are no program: {what}")


def _typed(value: Any, kind: type, what: str) -> Any:
    _need(type(value) is kind, f"{what} is of another type")
    return value


def _config(sizes: object, stored_hash: object) -> Config:
    _need(isinstance(sizes, dict), "configuration")
    try:
        config = Config.from_dict(sizes)  # type: ignore[arg-type]
    except ConfigError as error:
        raise MalformedError(f"its configuration is refused: {error}", True) from None
    if config.hash != stored_hash:
        message = (
            f"made with configuration hash {stored_hash}; "
            f"here {config.name} has {config.hash}: sizes or encodings are others"
        )
        raise MalformedError(message, True)
    return config


def _by_queue(value: object, size: int, what: str) -> dict[int, bytes]:
    _need(isinstance(value, dict), what)
    assert isinstance(value, dict)
    for queue, data in value.items():
        _typed(queue, int, f"queue number in {what}")
        _need(len(_typed(data, bytes, what)) % size == 0, f"{what} of queue {queue} is cut")
    return value


def _memory(places: object, data: object, config: Config) -> dict[Address, Any]:
    addresses = np.frombuffer(_typed(places, bytes, "addresses"), dtype=np.uint8)
    _need(addresses.size % 12 == 0, "addresses are cut")
    triples = addresses.view("<i4").reshape(-1, 3).tolist()
    vectors = np.frombuffer(_typed(data, bytes, "memory"), dtype=np.uint8)
    _need(vectors.size == len(triples) * config.lanes, "memory of another length than addresses")
    rows = vectors.reshape(-1, config.lanes).copy()
    found: dict[Address, Any] = {(q, b, o): row for (q, b, o), row in zip(triples, rows)}
    _need(len(found) == len(triples), "an address twice")
    return found


def _tensor(value: object, config: Config) -> Tensor:
    keys = {"name", "dtype", "shape", "role", "places"}
    _need(isinstance(value, dict) and set(value) == keys, "tensor")
    assert isinstance(value, dict)
    shape = tuple(_typed(n, int, "shape") for n in _typed(value["shape"], list, "shape"))
    dtype = _typed(value["dtype"], str, "dtype")
    _need(dtype in _DTYPES, f"tensor type {dtype!r}")
    _need(all(n >= 1 for n in shape), "an empty tensor")
    rows = 1
    for n in shape[:-1]:
        rows *= n
    chunks = -(-(shape[-1] if shape else 1) // config.lanes)
    raw = _typed(value["places"], bytes, "places")
    extent = (rows, chunks, np.dtype(dtype).itemsize, 3)
    count = extent[0] * extent[1] * extent[2] * extent[3]
    _need(len(raw) == 4 * count, "a tensor without all its places")
    places = np.frombuffer(raw, dtype="<i4").reshape(extent).astype(np.int32)
    name, role = _typed(value["name"], str, "name"), _typed(value["role"], str, "role")
    return Tensor(name, dtype, shape, role, places)


def _source(value: object) -> Source | None:
    if value is None:
        return None
    _need(isinstance(value, dict) and set(value) == {"name", "text", "lines"}, "source map")
    assert isinstance(value, dict)
    lines = {
        q: tuple(int(n) for n in np.frombuffer(data, dtype="<i4"))
        for q, data in _by_queue(value["lines"], 4, "source map").items()
    }
    return Source(_typed(value["name"], str, "name"), _typed(value["text"], str, "text"), lines)


def check_program(program: Program) -> None:
    """Refuse a program whose parts do not fit together; :class:`MalformedError` says which."""
    config = program.config
    _need(all(0 <= q < len(config.queues) for q in program.text), "a queue that is not there")
    _check_beside(program.plan, program, "plan")
    if program.source is not None:
        _check_beside(program.source.lines, program, "source map")
    for address, vector in program.memory.items():
        _need(_in_memory(address, config), f"memory at {address}")
        _need(len(vector) == config.lanes, f"memory at {address} is no vector")
    for queue, places in program.fetched.items():
        words = len(program.text.get(queue, ()))
        whole = 0 < len(places) * config.superlanes <= words and len(places) % 2 == 0
        _need(whole, f"fetched text of queue {queue}")
        _need(all(_in_memory(a, config) for a in places), f"fetched text of queue {queue}")
    names = [t.name for t in program.tensors]
    _need(len(set(names)) == len(names), "two tensors of one name")
    for t in program.tensors:
        _need(t.role in _ROLES, f"tensor role {t.role!r}")
        outside = [a for a in t.places.reshape(-1, 3).tolist() if not _in_memory(a, config)]
        _need(not outside, f"tensor {t.name} at {outside[:1]}")


def _check_beside(what: Mapping[int, tuple[int, ...]], program: Program, name: str) -> None:
    lengths = {q: len(words) for q, words in program.text.items()}
    _need({q: len(w) for q, w in what.items()} == lengths, f"{name} of another length than text")


def _in_memory(address: Any, config: Config) -> bool:
    queue, bank, offset = address
    inside = 0 <= queue < len(config.queues) and config.queues[queue].kind is QueueKind.MEM
    return inside and bank in (0, 1) and 0 <= offset < config.bank_words
