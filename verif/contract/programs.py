"""The program that exercises every delay as closely as the table allows, with its plan."""

from dataclasses import replace

from tspc.asm.plan import resolve_plan
from tspc.program import Program
from verif.golden.test_timing import bench_at_the_limits

__all__ = ["limits"]


def limits() -> Program:
    """A legal program for nano that uses every entry of the timing table."""
    bench = bench_at_the_limits()
    for items in bench.queues.values():
        items.sort(key=lambda item: item[0])
    program = bench.maker.program(bench.queues)
    return replace(program, plan=resolve_plan(program.config, program.text))
