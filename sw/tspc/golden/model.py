"""The golden model as an engine: programs and tensors in, results out.

Vector-level, bit- and cycle-exact, and stricter than hardware. It executes the encoded words of a
program and never looks at its plan; whatever is illegal raises :class:`GoldenError`.
"""

import time
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tsp.arch.timing import Timing
from tspc.engines.base import Result
from tspc.golden.simulate import Run, simulate
from tspc.program import Address, Program
from tspc.tensors import pack, unpack

__all__ = ["GoldenEngine"]

Inputs = Mapping[str, NDArray[np.generic]]


class GoldenEngine:
    """The golden model."""

    name = "golden"

    def run(
        self,
        program: Program,
        inputs: Inputs | None = None,
        *,
        deep: bool = False,
        timing: Timing | None = None,
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

        Raises
        ------
        GoldenError
            If the program is illegal.
        """
        return self.run_many(program, [inputs or {}], deep=deep, timing=timing)[0]

    def run_many(
        self,
        program: Program,
        many: Sequence[Inputs],
        *,
        deep: bool = False,
        timing: Timing | None = None,
    ) -> list[Result]:
        """Run a program once for each set of inputs, every time from reset.

        Sets that fill the same places cost one run of the machine, and little more.
        """
        start = time.perf_counter()
        images = [_image(program, inputs) for inputs in many]
        runs = simulate(program, images, deep=deep, timing=timing)
        seconds = (time.perf_counter() - start) / max(len(runs), 1)
        return [_result(program, run, seconds) for run in runs]


def _image(program: Program, inputs: Inputs) -> dict[Address, NDArray[np.uint8]]:
    image = dict(program.memory)
    for name, value in inputs.items():
        image.update(pack(program.tensor(name), value, program.config))
    return image


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
        seconds=seconds,
    )
