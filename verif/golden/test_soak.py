"""Nightly: with `make test`'s turn, 1e7 random operands of each operation and conversion."""

import pytest

from verif.support.soak import again


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(1, 10))
def test_another_million_operands_of_each_operation(turn):
    again(turn, ["verif/golden/test_numerics.py"])
