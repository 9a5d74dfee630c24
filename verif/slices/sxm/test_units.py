"""The units of an SXM at every height against NumPy: function, delays, impossible maps."""

from unittest.mock import patch

import numpy as np
import pytest

from tsp.arch.config import SXM_UNITS, QueueKind
from tsp.arch.timing import timing
from tsp.slices.sxm.local import _rotated
from tsp.slices.sxm.unit import pick
from verif.slices.sxm.oracle import bad_map, maps_of, results
from verif.slices.sxm.runner import config_of, measured_function, random_stimuli, run

CYCLES = 1500


def matches(stimuli, driven, unit, skew, function):
    """True if every result of `unit` is that of operands `skew` cycles after issue."""
    rows = stimuli.config.superlanes
    expected = 0
    for cycle, number, i in stimuli.issues:
        if number != unit:
            continue
        for k, vector in enumerate(results(i, stimuli.read(cycle + skew), rows)):
            for y, word in enumerate(vector.reshape(rows, -1)):
                key = unit, cycle + function + y, y, i["result"] + k
                expected += 1
                if key not in driven.words or not np.array_equal(driven.words[key], word):
                    return False
    return expected == sum(key[0] == unit for key in driven.words)


def bad_rows(stimuli, skew):
    """Bit y: some map has an impossible entry in superlane y."""
    rows = stimuli.config.superlanes
    found = np.zeros(rows, bool)
    for cycle, _, i in stimuli.issues:
        if names := maps_of(i):
            read = stimuli.read(cycle + skew)
            bad = bad_map(i, [read(s) for s in names], rows)
            found |= bad.reshape(rows, -1).any(1)
    return sum(int(x) << y for y, x in enumerate(found))


@pytest.mark.feature("slice", "SHIFT", "SELECT", "PERMUTE", "DISTRIBUTE", "ROTATE", "TRANSPOSE")
@pytest.mark.parametrize(
    "superlanes", [2, *(pytest.param(t, marks=pytest.mark.slow) for t in (1, 3, 4))]
)
def test_units(superlanes):
    """All units at once at full rate: what they drive, and when, equals oracle and table."""
    stimuli = random_stimuli(config_of(superlanes), superlanes, CYCLES)
    driven = run(stimuli)
    table = timing(stimuli.config)
    for unit, (_, kind) in enumerate(SXM_UNITS):
        function = measured_function(stimuli, driven, unit)
        skews = [n for n in range(4) if matches(stimuli, driven, unit, n, function)]
        name = kind.value.removeprefix("sxm_")
        assert skews == [getattr(table, f"{name}_d_skew")], (unit, skews)
        assert function == getattr(table, f"{name}_d_func"), (unit, function)
    assert driven.bad_map == bad_rows(stimuli, 1) != 0


@pytest.mark.slow
def test_planted_faults_are_found():
    """Directions of SHIFT exchanged, PERMUTE's order of superlanes, ROTATE's streams."""
    with (
        patch("tsp.slices.sxm.shift._NORTH", 2),
        patch("tsp.slices.sxm.shift._SOUTH", 1),
        patch("tsp.slices.sxm.permute.pick", lambda choices, index: pick(choices[::-1], index)),
        patch("tsp.slices.sxm.local._rotated", lambda word, n, k: _rotated(word, n, (k + 1) % 9)),
    ):
        stimuli = random_stimuli(config_of(3), 9, 200)
        driven = run(stimuli)
    whole = (QueueKind.SXM_DISTRIBUTE, QueueKind.SXM_TRANSPOSE)
    for unit, (_, kind) in enumerate(SXM_UNITS):
        function = measured_function(stimuli, driven, unit)
        right = any(matches(stimuli, driven, unit, n, function) for n in range(4))
        assert right == (kind in whole), kind
