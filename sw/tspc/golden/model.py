"""The golden model as an engine: programs and tensors in, results out.

Vector-level, bit- and cycle-exact, and stricter than hardware. It executes the encoded words of a
program and never looks at its plan; whatever is illegal raises :class:`GoldenError`.
"""

import time
from collections.abc import Sequence

from tsp.arch.timing import Timing
from tspc.engines.base import Inputs, Progress, ProgressCallback, Result
from tspc.faults import Fault
from tspc.golden.simulate import Run, simulate
from tspc.program import Program
from tspc.tensors import load, unpack

__all__ = ["GoldenEngine"]


class GoldenEngine:
    """The golden model.

    Attributes
    ----------
    name
        ``golden``.
    """

    name = "golden"

    def run(
        self,
        program: Program,
        inputs: Inputs | None = None,
        *,
        deep: bool = False,
        timing: Timing | None = None,
        faults: Sequence[Fault] = (),
    ) -> Result:
        """Run a program once.

        Parameters
        ----------
        program
            What to run.
        inputs
            Values of its input tensors by name.
        deep
            Record every word that a unit drives on a stream, too.
        timing
            Another timing table than the configuration's (tests).
        faults
            Upsets of registers and memories (tests).

        Raises
        ------
        GoldenError
            If the program is illegal.
        ValueError
            If an input does not fit the program, or an output was never written.
        """
        many = [inputs or {}]
        return self.run_many(program, many, deep=deep, timing=timing, faults=faults)[0]

    def run_many(
        self,
        program: Program,
        many: Sequence[Inputs],
        *,
        deep: bool = False,
        progress: ProgressCallback | None = None,
        timing: Timing | None = None,
        faults: Sequence[Fault] = (),
    ) -> list[Result]:
        """Run a program once for each set of inputs, every time from reset.

        All sets that name the same tensors together cost one run of the machine and little more;
        `progress` is called at the end.
        """
        start = time.perf_counter()
        images = [load(program, inputs) for inputs in many]
        runs = simulate(program, images, deep=deep, timing=timing, faults=faults)
        seconds = time.perf_counter() - start
        if progress is not None:
            cycles = sum(run.done for run in runs)
            progress(Progress(len(runs), len(runs), cycles, cycles, seconds))
        return [_result(program, run, seconds / len(runs)) for run in runs]


def _result(program: Program, run: Run, seconds: float) -> Result:
    outputs = {
        t.name: unpack(t, run.memory, program.config) for t in program.tensors if t.role == "output"
    }
    return Result(
        outputs=outputs,
        events=run.events,
        writes=run.writes,
        drives=run.drives,
        memory=run.memory,
        accumulators=run.accumulators,
        done=run.done,
        stopped=None,
        critical=run.critical,
        seconds=seconds,
        counters=run.counters,
    )
