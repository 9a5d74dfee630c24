"""Measure every delay of the RTL, by moving a consumer until the data is wrong on both sides.

Nothing here reads the timing table to decide what is right: programs are issued at cycles that are
far apart, and what the RTL did is read from its own records (events, writes, and the words that
units drive). :func:`measure` returns the table as it was found.

A module for each kind of unit has its experiments; ``experiment`` is what they are made of,
``records`` what the RTL's records say.
"""

from collections.abc import Iterator

from tsp.arch.config import Config, Hemisphere
from tspc.engines.rtl import Job, RtlEngine
from verif.contract.measure import icu, mem, mxm, sxm, vxm
from verif.contract.measure.experiment import Experiment, moved

__all__ = ["Experiment", "experiments", "measure", "moved"]


def measure(config: Config, engine: RtlEngine) -> dict[str, set[int]]:
    """Run every experiment in one simulation; all values found for each entry of the table."""
    every = list(experiments(config))
    results = engine.run_jobs([Job(p, {}, True) for e in every for p in e.programs])
    found: dict[str, set[int]] = {}
    for experiment in every:
        mine, results = results[: len(experiment.programs)], results[len(experiment.programs) :]
        value = experiment.read(mine)
        found.setdefault(experiment.name, set()).update(
            {value} if isinstance(value, int) else value
        )
    return found


def experiments(config: Config) -> Iterator[Experiment]:
    """All experiments of a configuration; several may find the same entry."""
    yield from mem.experiments(config)
    yield from vxm.experiments(config)
    for hemisphere in Hemisphere:
        for plane in range(config.planes):
            yield from mxm.experiments(config, hemisphere, plane)
        yield from sxm.experiments(config, hemisphere)
    yield from icu.experiments(config)
