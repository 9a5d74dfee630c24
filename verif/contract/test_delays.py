"""Every entry of the timing table equals what the RTL does: at T = 2, and slowly at 1, 3 and 4.

The RTL's delays are found without the table (:mod:`verif.contract.measure`), then compared with
it; an entry that is one off on either side differs from what was found.
"""

import functools

import pytest

from tsp.arch.config import NANO, Config
from tsp.arch.timing import ENTRIES, timing
from tspc.engines.rtl import RtlEngine
from verif.contract.configs import BY_SUPERLANES
from verif.contract.measure import measure

_SUPERLANES = [2, *(pytest.param(t, marks=pytest.mark.slow) for t in (1, 3, 4))]


@functools.cache
def _found(config: Config) -> dict[str, set[int]]:
    # Nano's build serves many tests; the others run a few thousand cycles once.
    return measure(config, RtlEngine(optimise=config is NANO))


@pytest.mark.feature("chip", "delay *")
@pytest.mark.parametrize("superlanes", _SUPERLANES)
def test_measured_delays_are_the_table(superlanes):
    config = BY_SUPERLANES[superlanes]
    found = _found(config)
    print("\n" + "\n".join(f"T={superlanes} {name} = {sorted(v)}" for name, v in found.items()))
    assert found == {e.name: {e.value(config)} for e in ENTRIES}


@pytest.mark.feature("fault", "delay {entry}")
@pytest.mark.parametrize("by", (-1, 1))
@pytest.mark.parametrize("entry", [e.name for e in ENTRIES])
@pytest.mark.parametrize("superlanes", _SUPERLANES)
def test_an_altered_table_differs_from_the_measurement(superlanes, entry, by):
    config = BY_SUPERLANES[superlanes]
    altered = timing(config).shifted(entry, by)
    assert _found(config)[entry] != {getattr(altered, entry)}
