"""The verifier's entry: expand, tabulate, check."""

from tsp.arch.timing import Timing
from tsp.arch.timing import timing as timing_of
from tspc.program import Program
from tspc.verifier.expand import expand
from tspc.verifier.fetch import check_fetched
from tspc.verifier.maps import check_maps
from tspc.verifier.memory import check_memory
from tspc.verifier.mxm import check_mxm
from tspc.verifier.report import Report
from tspc.verifier.streams import check_streams
from tspc.verifier.switches import check_switches

__all__ = ["verify"]


def verify(program: Program, timing: Timing | None = None) -> Report:
    """Prove `program` legal, or list every rule of execution.md that it breaks.

    Parameters
    ----------
    program
        What an object file holds; nothing else is looked at.
    timing
        The timing table; default: that of the program's configuration.

    Returns
    -------
    Report
        Problems and warnings in order of time. A problem may bring others in its train (a bad
        word drives nothing, so its consumer reads an empty stream): the first one is the cause.
    """
    config = program.config
    table = timing_of(config) if timing is None else timing
    expansion = expand(program, table)
    issues = expansion.issues
    mxm, remarks = check_mxm(issues, config, table, program.bound)
    problems = [
        *expansion.problems,
        *check_streams([*issues, *expansion.fetches], config.stops, table),
        *check_fetched(issues, expansion.fetches, program, table),
        *check_memory(issues, program, table),
        *check_maps(issues, program, table),
        *check_switches(issues, program, table),
        *mxm,
    ]
    warnings = [*expansion.warnings, *remarks]
    return Report(
        program.name,
        tuple(sorted(problems, key=lambda p: p.cycle)),
        tuple(sorted(warnings, key=lambda w: w.cycle)),
        tuple(n.cycle for n in expansion.notifies),
        sum(i.copies for i in issues),
        len({i.queue.index for i in issues}),
        expansion.end + table.done_drain,
    )
