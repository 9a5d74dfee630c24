"""A fault in any instruction is noticed: left out, or executed with one field changed.

The examples of the manual are run on the golden model with one word altered, as a chip would run
them that executes the instruction wrongly: its result is refused, or is not what the page says.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tsp.arch.config import NANO
from tsp.arch.isa import BadWord, Instruction, config_problems, decode, make
from tspc import api
from tspc.golden.errors import GoldenError
from tspc.manual import Example
from tspc.program import Program
from verif.manual.check import examples, inputs, wrong
from verif.plan import covers, rows, subjects_of
from verif.plan.rows import subjects_of_word

SUBJECTS = [r.subject for r in rows() if r.group == "instruction" and r.level == "fault"]

#: What these examples cannot show: no result leaves its type; one access has neither stride nor
#: interval; installing the same weights again changes nothing.
UNSHOWN = {"saturate", "read_stride", "write_stride", "read_interval", "write_interval", "install"}


def first_with(subject: str) -> tuple[Example, Program]:
    """The first example that has the instruction."""
    for _, example in examples():
        program = api.assemble(example.text())
        if subject in subjects_of(program):
            return example, program
    raise AssertionError(f"no example has {subject}")


def where(program: Program, subject: str) -> tuple[int, int, Instruction]:
    """Queue and index of the instruction: of the last one, for it may come after others."""
    found = [
        (queue, n, decode(word))
        for queue, text in program.text.items()
        for n, word in enumerate(text)
        if subject in subjects_of_word(decode(word))
    ]
    return found[-1]


def left_out(i: Instruction) -> Instruction:
    """What takes as long, and does nothing."""
    if i.name == "NOP":
        return i.replace(n=i["n"] + 1)
    return make("NOP", n=i["n"] * i["d"] if i.name == "REPEAT" else 1)


def changed(i: Instruction) -> Iterator[tuple[str, Instruction]]:
    """The instruction with one field changed: to each other value of a single bit."""
    for field in i.format.fields:
        for bit in range(field.width):
            try:
                yield field.name, i.replace(**{field.name: i[field.name] ^ (1 << bit)})
            except BadWord:
                continue


def altered(program: Program, queue: int, n: int, word: Instruction) -> Program:
    text = list(program.text[queue])
    text[n] = word.encode()
    return replace(program, text={**program.text, queue: tuple(text)})


def noticed(example: Example, program: Program) -> bool:
    """True if the program is refused or leaves something else."""
    try:
        return bool(wrong(example, api.run(program, inputs(example))))
    except (GoldenError, ValueError):
        return True


@pytest.mark.feature("fault", "[A-Z]*", measured=True)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_fault_in_an_instruction_is_noticed(subject):
    example, program = first_with(subject)
    queue, n, i = where(program, subject)
    assert not noticed(example, program)
    assert noticed(example, altered(program, queue, n, left_out(i)))
    unseen, seen = set(), set()
    for name, other in changed(i):
        if config_problems(other, NANO, NANO.queues[queue]):
            continue  # a bad word stops the chip
        if noticed(example, altered(program, queue, n, other)):
            seen.add(name)
        else:
            unseen.add(name)
    print(subject, "seen:", sorted(seen), "unseen:", sorted(unseen))
    assert unseen - seen <= UNSHOWN
    covers("fault", [subject])
