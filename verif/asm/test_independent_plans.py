"""Programs that others planned: the assembler's reading of their text gives the same plan."""

import pytest

from tsp.arch.config import NANO, SMALL
from tspc.asm import assemble, disassemble, resolve_plan
from tspc.objectdata import to_payload
from verif.random_programs.generate import generate


@pytest.mark.parametrize("config, seed", [*((NANO, n) for n in range(6)), (SMALL, 1)])
def test_random_programs(config, seed):
    program = generate(config, seed)
    assert resolve_plan(config, program.text) == dict(program.plan)
    text = disassemble(program)
    again = assemble(text)
    assert to_payload(again, source=False) == to_payload(program, source=False)
    assert disassemble(again) == text
