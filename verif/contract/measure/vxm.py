"""Delays of the VXM: each operand of each built operation; sixteen of them at once."""

from collections.abc import Iterator, Sequence

from tsp.arch.config import Config
from tsp.arch.isa import VXM_OPS, Compute, Instruction, Type, has_operation, make
from tspc.engines.base import Result
from tspc.program import Program
from verif.contract.measure.experiment import (
    PATTERN,
    REACH,
    SOURCE,
    START,
    STREAM,
    Experiment,
    hops,
    memory_image,
    moved,
    reading,
)
from verif.contract.measure.records import arrival, d_func, payload
from verif.support_programs import Timed, build

__all__ = ["experiments"]

ALUS = 16

#: Number of an ALU, and the operation, compute type and operand that are measured there.
_Case = tuple[int, tuple[str, Compute, int]]


def experiments(config: Config) -> Iterator[Experiment]:
    """Both entries from each group of cases, one case in each ALU."""
    for group in _groups(config):
        yield from _group(config, group)


def _operation(name: str, compute: Compute, moving: int, alu: int) -> Instruction:
    """An operation with one stream operand; the others are small immediates or the same stream."""
    op = VXM_OPS[name]
    fields: dict[str, int] = {"op": op.code, "compute": compute, "saturate": 1}
    fields["result_type"] = Type.INT8
    fields["result_stream"] = 4 * (alu % 4) + 16
    immediates = 0
    for k, x in enumerate("abc"[: op.operands]):
        fields[f"{x}_type"] = Type.INT8
        if k == moving:
            fields[f"{x}_stream"] = STREAM
        else:
            fields[f"{x}_immediate"] = 1
            # SELECT shows b only where c is zero, equality a zero beside a zero.
            value = 2 if k == 1 else int((name, moving) != ("SELECT", 1))
            value *= name not in ("EQ", "NE")
            fields[f"immediate{immediates}"] = value
            immediates += 1
    return make("VXM", **fields)


def _groups(config: Config) -> Iterator[list[_Case]]:
    """Each operand of each built operation once, in ALUs that have it, sixteen at a time."""
    every = [
        (op.name, compute, moving)
        for op in sorted(VXM_OPS.values(), key=lambda op: not op.special)
        for compute in op.built
        for moving in range(op.operands)
    ]
    while every:
        group = []
        for alu in range(ALUS):
            queue = config.queue_by_name[f"VXM{alu}"]
            able = (case for case in every if has_operation(queue, VXM_OPS[case[0]]))
            if (case := next(able, None)) is not None:
                every.remove(case)
                group.append((alu, case))
        yield group


def _guess(config: Config, alu: int) -> int:
    """With d_func 5 of the READ at START and d_skew 1 an ALU issues here."""
    return START + 3 + hops(config, SOURCE, f"VXM{alu}")


def _programs(config: Config, group: Sequence[_Case]) -> Iterator[Program]:
    """A READ in the MEM next to the VXM; each ALU of the group is moved over what comes."""
    memory = memory_image(config, SOURCE, {0: PATTERN})
    for by in REACH:
        words: dict[str, list[Timed]] = {SOURCE: [(START, reading(config))]}
        for alu, (name, compute, moving) in group:
            word = _operation(name, compute, moving, alu)
            words[f"VXM{alu}"] = [(_guess(config, alu) + by, word)]
        yield build(config, words, memory=memory)


def _group(config: Config, group: Sequence[_Case]) -> Iterator[Experiment]:
    guess = {alu: _guess(config, alu) for alu, _ in group}

    def functions(results: Sequence[Result]) -> set[int]:
        """Of every position of every operation; the records of a queue agree in it."""
        return {
            d_func(config, f"VXM{alu}", issued + by)([result])
            for alu, issued in guess.items()
            for by, result in zip(REACH, results, strict=True)
        }

    def skews(results: Sequence[Result]) -> set[int]:
        found = set()
        for alu, issued in guess.items():
            queue = f"VXM{alu}"
            seen = [payload(r, config, queue) for r in results]
            still = seen[0]  # what the operation makes of a zero word
            assert still == seen[-1]
            at = moved(results, lambda r, q=queue, s=still: payload(r, config, q) != s)
            found.add(arrival(config, results[0], SOURCE, queue) - (issued + at))
        return found

    programs = list(_programs(config, group))
    yield Experiment("vxm_d_func", programs, functions)
    yield Experiment("vxm_d_skew", programs, skews)
