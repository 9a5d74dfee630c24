"""Raw ranges of MEM on the command line: ``w:slice:bank:offset``, with ``+vectors`` for a dump."""

import re
from dataclasses import dataclass

from tsp.arch.config import Config
from tspc.cli.common import error
from tspc.program import Address

__all__ = ["Range", "parse_range"]

_FORM = re.compile(r"(?:([weWE]):|MEM_([WE]))(\d+):(\d+):(\d+)(?:\+(\d+))?", re.ASCII)


@dataclass(frozen=True)
class Range:
    """Vectors at consecutive offsets of one bank."""

    text: str
    queue: int
    bank: int
    offset: int
    count: int

    def addresses(self, count: int | None = None) -> list[Address]:
        """The addresses, `count` of them if given."""
        n = self.count if count is None else count
        return [(self.queue, self.bank, self.offset + i) for i in range(n)]


def parse_range(text: str, config: Config) -> Range | None:
    """Read a range; None if the text has another form (a tensor's name)."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    side = (match[1] or match[2]).upper()
    numbers = [int(n) for n in match.groups()[2:] if n is not None and len(n) < 10]
    if len(numbers) < (4 if match[6] else 3):
        raise error("C0006", f"range {text!r} is beyond the memory of {config.name}")
    slice_, bank, offset, *rest = numbers
    count = rest[0] if rest else 1
    queue = config.queue_by_name.get(f"MEM_{side}{slice_}")
    if queue is None:
        help_ = f"slices are 0 .. {config.mem_slices - 1} in each hemisphere"
        raise error("C0006", f"{config.name} has no slice MEM_{side}{slice_}", help=help_)
    if bank > 1 or count < 1 or offset + count > config.bank_words:
        help_ = f"banks are 0 and 1, offsets 0 .. {config.bank_words - 1}"
        raise error("C0006", f"range {text!r} is beyond the memory of {config.name}", help=help_)
    return Range(text, queue.index, bank, offset, count)
