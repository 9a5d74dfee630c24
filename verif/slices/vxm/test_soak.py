"""Nightly: with `make test`'s turn, the RTL's ALU on 1e6 operand tuples of each operation."""

import pytest

from verif.support.soak import again


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(1, 10))
def test_another_100_000_tuples_of_each_operation(turn):
    again(turn, ["verif/slices/vxm/test_alu.py", "-k", "test_operations"])
