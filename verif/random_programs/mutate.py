"""One small change to a program: what golden model and verifier must judge alike."""

from dataclasses import replace
from random import Random

from tsp.arch.isa import BadWord, FieldKind, Instruction, decode
from tspc.program import Program

__all__ = ["mutate"]


def mutate(program: Program, seed: int) -> Program:
    """Change one thing: a wait, a field, a bit, the place or presence of a word, the image."""
    rng = Random(f"{program.name} {seed}")
    texts = {queue: list(words) for queue, words in program.text.items()}
    queue = rng.choice(sorted(texts))
    words = texts[queue]
    index = rng.randrange(len(words))
    memory = dict(program.memory)
    kind = rng.randrange(8)
    if kind == 0:
        words[index] ^= 1 << rng.randrange(128)
    elif kind == 1:
        del words[index]
    elif kind == 2:
        other = rng.randrange(len(words))
        words[index], words[other] = words[other], words[index]
    elif kind == 3 and memory:
        del memory[rng.choice(sorted(memory))]
    else:
        words[index] = _field(rng, decode(words[index]))
    texts = {number: text for number, text in texts.items() if text}
    text = {number: tuple(found) for number, found in texts.items()}
    name = f"{program.name} mutant {seed}"
    return replace(program, name=name, text=text, plan={}, memory=memory)


def _field(rng: Random, i: Instruction) -> int:
    """The word with one field changed by a little; as it is, if that gives no word."""
    for _ in range(8):
        if not i.format.fields:
            break
        field = rng.choice(i.format.fields)
        value = i[field.name] + rng.choice((-1, 1)) * field.group
        if field.kind is FieldKind.PATTERN:
            continue
        try:
            return i.replace(**{field.name: value}).encode()
        except BadWord:
            continue
    return i.encode()
