"""What an example of the manual says, against what an engine did."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tsp.arch.config import NANO
from tsp.arch.isa import VXM_OPS, Compute
from tspc.engines.base import Result
from tspc.manual import PAGES, Example, Page
from tspc.manual.render import built

__all__ = ["examples", "inputs", "unshown", "wrong"]


def examples() -> list[tuple[Page, Example]]:
    """Every example of what is built."""
    return [(page, e) for page in PAGES.values() if built(page) for e in page.examples]


def _evaluate(said: Mapping[str, str], known: dict[str, Any]) -> dict[str, Any]:
    names: dict[str, Any] = {"np": np, "V": NANO.lanes, "T": NANO.superlanes, **known}
    found: dict[str, Any] = {}
    with np.errstate(over="ignore"):
        for name, expression in said.items():
            found[name] = np.asarray(eval(expression, {**names, **found}))
    return found


def inputs(example: Example) -> dict[str, Any]:
    """The inputs of an example, by NumPy."""
    return _evaluate(example.given, {})


def wrong(example: Example, result: Result) -> list[str]:
    """What a run did otherwise than the page says."""
    found = []
    for name, value in _evaluate(example.leaves, inputs(example)).items():
        got = result.outputs[name]
        same = got.shape == value.shape and np.array_equal(got, value)
        if example.close and got.shape == value.shape:
            same = bool(np.allclose(got, value, rtol=example.close, atol=0))
        if not same:
            found.append(f"{name} is {got.tolist()}, not {value.tolist()}")
    for queue, cycles in example.issues.items():
        own = result.events[result.events["queue"] == NANO.queue_by_name[queue].index]
        at = [cycle for _, cycle in sorted(zip(own["segment"].tolist(), own["cycle"].tolist()))]
        if at != list(cycles):
            found.append(f"{queue} issues in {at}, not {cycles}")
    return found


def unshown(page: Page, pages: Iterable[Page] = PAGES.values()) -> list[str]:
    """What the chip executes of a page, and no example of any page shows."""
    if not built(page):
        return []
    text = "\n".join(e.text() for p in pages if built(p) for e in p.examples)
    if not page.operations:
        mnemonics = {word.split()[0] for word in built(page)}
        return sorted(m for m in mnemonics if m not in text)
    wanted = [(o, c) for o in page.operations for c in Compute if c in VXM_OPS[o].built]
    return [f"{o}.{c.name.lower()}" for o, c in wanted if f" {o}.{c.name.lower()}" not in text]
