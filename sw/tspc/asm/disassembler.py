"""A program as canonical assembly text: ``assemble(disassemble(p))`` is `p` again.

The times are read back from the text itself; a program's plan must be the one that its text
implies, which is what assembler and scheduler make.
"""

import json
import re
from collections.abc import Iterator, Sequence

import numpy as np

from tsp.arch.config import NAMED, Config
from tsp.arch.isa import Instruction
from tsp.arch.timing import timing
from tspc.asm.plan import Clock, first_queue, nops, try_decode
from tspc.asm.syntax import format_part, parts_of
from tspc.asm.vxm import format_vxm
from tspc.program import Address, Program, Tensor

__all__ = ["disassemble", "format_word"]

_BARE = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def format_word(word: int | Instruction) -> str:
    """One word as canonical text; ``WORD 0x...`` if it is no instruction."""
    i = try_decode(word) if isinstance(word, int) else word
    if i is None:
        return f"WORD 0x{word:032x}"
    if i.name == "VXM":
        return format_vxm(i)
    return " | ".join(format_part(p, i) for p in parts_of(i))


def disassemble(program: Program) -> str:
    """The text of a program; never fails on one that :mod:`tspc.objectfile` has loaded."""
    config = program.config
    lines = [f".config {_format_config(config)}", f".name {json.dumps(program.name)}"]
    if program.bound is not None:
        lines.append(f".bound {program.bound}")
    for tensor in program.tensors:
        lines += _format_tensor(tensor, config)
    for address, vector in sorted(program.memory.items()):
        data = bytes(np.asarray(vector, dtype=np.uint8)).rstrip(b"\0")
        lines.append(f'.data {_format_address(address, config)} x"{data.hex()}"')
    for queue, words in sorted(program.text.items()):
        if words:
            lines += ["", f"{config.queues[queue].name}:"]
            lines += [
                f"    .text {run}" for run in _format_runs(program.fetched.get(queue, ()), config)
            ]
            lines += _format_queue(words, config, queue == first_queue(config))
    return "\n".join(lines) + "\n"


def _format_config(config: Config) -> str:
    if NAMED.get(config.name) == config:
        return config.name
    return " ".join(
        f"{key}={json.dumps(value) if key == 'name' else value}"
        for key, value in config.to_dict().items()
    )


def _format_address(address: Address, config: Config) -> str:
    queue, bank, offset = address
    return f"{config.queues[queue].name}:{bank}:{offset}"


def _format_tensor(tensor: Tensor, config: Config) -> Iterator[str]:
    name = tensor.name if _BARE.fullmatch(tensor.name) else json.dumps(tensor.name)
    shape = ",".join(str(n) for n in tensor.shape)
    yield f".tensor {name} {tensor.dtype}[{shape}] {tensor.role} {{"
    places = tensor.places.transpose(2, 1, 0, 3).reshape(-1, 3).tolist()
    for text in _format_runs([(q, b, o) for q, b, o in places], config):
        yield f"    {text}"
    yield "}"


def _format_runs(places: Sequence[Address], config: Config) -> Iterator[str]:
    for run in _runs(places):
        text = _format_address(run[0], config)
        if len(run) > 1:
            step = run[1][2] - run[0][2]
            text += f"+{len(run)}" + (f"*{step}" if step > 1 else "")
        yield text


def _runs(places: Sequence[Address]) -> Iterator[Sequence[Address]]:
    """Cut addresses into runs of equal steps; a run of two has step 1."""
    at = 0
    while at < len(places):
        end = at + 1
        step = places[end][2] - places[at][2] if end < len(places) else 0
        while (
            step >= 1
            and end < len(places)
            and places[end][:2] == places[at][:2]
            and places[end][2] - places[end - 1][2] == step
        ):
            end += 1
        if end - at == 2 and step > 1:
            end = at + 1
        yield places[at:end]
        at = end


def _format_queue(words: Sequence[int], config: Config, first: bool) -> Iterator[str]:
    release = timing(config).sync_release
    clock = Clock(0 if first else release)
    decoded = [try_decode(word) for word in words]
    at = 0
    while at < len(words):
        skip = _implied_nops(decoded, at)
        for i in decoded[at : at + skip]:
            clock.step(i)
        at += skip
        instruction = decoded[at]
        time = clock.step(instruction)
        if instruction is not None and instruction.name == "REPEAT":
            yield f"    {'':8} {format_word(words[at])}"
        else:
            yield f"    @{time:<7} {format_word(words[at])}"
        if instruction is not None and instruction.name == "SYNC":
            clock = Clock(release)
        at += 1


def _implied_nops(decoded: Sequence[Instruction | None], at: int) -> int:
    """How many NOPs from `at` on the assembler would make of the next word's time."""
    counts: list[int] = []
    for i in decoded[at:]:
        if i is None or i.name != "NOP":
            repeats = i is not None and i.name == "REPEAT"
            return len(counts) if not repeats and nops(sum(counts)) == counts else 0
        counts.append(i["n"])
    return 0
