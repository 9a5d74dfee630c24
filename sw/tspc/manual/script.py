"""Writes example programs: words with their times, operands brought in and results taken away.

Places and times come from the floor plan and the timing table, so that an example stays true when
a delay changes.
"""

from collections import defaultdict

from tsp.arch.config import Config, Queue, QueueKind
from tsp.arch.timing import Timing, timing

__all__ = ["Script"]

#: Where the first word that matters issues; operands are read before it.
BASE = 60

#: Addresses in a line of a tensor.
_PLACES = 4


class Script:
    """A program in the making.

    Attributes
    ----------
    config, timing
        Sizes and delays.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.timing: Timing = timing(config)
        self._words: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._tensors: list[str] = []
        self._used: set[tuple[str, int]] = set()
        self.word("VXM0", 0, "NOTIFY")

    def delay(self, name: str) -> int:
        """An entry of the timing table."""
        return int(getattr(self.timing, name))

    def word(self, queue: str, at: int, *lines: str) -> None:
        """Let `queue` issue a word in cycle `at`; REPEATs and words without a time follow it."""
        self._words[queue] += [(at, line) for line in lines]

    def tensor(self, name: str, kind: str, role: str, places: list[str]) -> None:
        """Declare a tensor, e.g. ``x``, ``int8[32]``, ``input``."""
        head = f".tensor {name} {kind} {role} {{"
        if len(places) <= _PLACES:
            self._tensors.append(f"{head} {' '.join(places)} }}")
            return
        rows = [places[i : i + _PLACES] for i in range(0, len(places), _PLACES)]
        self._tensors += [head, *(f"    {' '.join(row)}" for row in rows), "}"]

    # ---- streams -------------------------------------------------------------------------

    def upstream(self, queue: str, stream: str, bank: int = 0) -> str:
        """The next unused MEM slice from which `stream` flows to `queue`."""
        return self._slice(queue, stream, bank, down=False)

    def downstream(self, queue: str, stream: str, bank: int = 1) -> str:
        """The next unused MEM slice to which `stream` flows from `queue`."""
        return self._slice(queue, stream, bank, down=True)

    def _slice(self, queue: str, stream: str, bank: int, down: bool) -> str:
        here, east = self._queue(queue).stop, (stream[0] == "E") == down
        slices = [q for q in self.config.queues if q.kind is QueueKind.MEM and q.stop != here]
        beyond = [q for q in slices if (q.stop > here) == east]
        for q in sorted(beyond, key=lambda q: (abs(q.stop - here), q.index)):
            if (q.name, bank) not in self._used:
                self._used.add((q.name, bank))
                return q.name
        raise ValueError(f"no MEM slice is left for {stream} of {queue}")

    def _queue(self, name: str) -> Queue:
        return self.config.queue_by_name[name]

    def hops(self, source: str, target: str) -> int:
        """Stops from one queue's unit to another's."""
        return abs(self._queue(source).stop - self._queue(target).stop)

    def read_time(self, source: str, queue: str, arrives: int) -> int:
        """When `source` has to issue READ for its data to be on `queue`'s inputs in `arrives`."""
        return arrives - self.timing.mem_d_func - self.hops(source, queue) + 1

    def write_time(self, queue: str, target: str, stands: int) -> int:
        """When `target` has to issue WRITE for what stands in `queue`'s register in `stands`."""
        return stands + self.hops(queue, target) - 1 - self.timing.mem_d_skew

    def feed(self, queue: str, stream: str, arrives: int, *, more: str = "") -> str:
        """Bring a vector to the inputs of `queue`; returns the address it comes from."""
        source = self.upstream(queue, stream)
        at = self.read_time(source, queue, arrives)
        self.word(source, at, f"READ 0:0 -> {stream}{more}")
        return f"{source}:0:0"

    def store(self, queue: str, stream: str, stands: int, *, more: str = "") -> str:
        """Take a result of `queue` away; returns the address it goes to."""
        target = self.downstream(queue, stream)
        at = self.write_time(queue, target, stands)
        self.word(target, at, f"WRITE 1:0 <- {stream}{more}")
        return f"{target}:1:0"

    def operand(self, name: str, kind: str, queue: str, stream: str, arrives: int,
                *, streams: int = 1, burst: tuple[int, int] | None = None) -> None:  # fmt: skip
        """An input tensor on neighbouring streams; of a burst the same vector (count, every)."""
        more = f" count={burst[0]} every={burst[1]}" if burst and burst[0] > 1 else ""
        first = int(stream[1:])
        places = [
            self.feed(queue, f"{stream[0]}{first + k}", arrives, more=more) for k in range(streams)
        ]
        self.tensor(name, kind, "input", places)

    def result(self, name: str, kind: str, queue: str, stream: str, stands: int,
               *, streams: int = 1, burst: tuple[int, int] | None = None) -> None:  # fmt: skip
        """An output tensor from neighbouring streams; of a burst one row after the other."""
        many = burst is not None and burst[0] > 1
        more = f" count={burst[0]} stride=1 every={burst[1]}" if burst and many else ""
        first = int(stream[1:])
        places = [
            self.store(queue, f"{stream[0]}{first + k}", stands, more=more) for k in range(streams)
        ]
        rows = f"+{burst[0]}" if burst and many else ""
        self.tensor(name, kind, "output", [place + rows for place in places])

    # ---- text ----------------------------------------------------------------------------

    def text(self) -> str:
        """The program."""
        lines = [f".config {self.config.name}", *self._tensors]
        for queue in sorted(self._words, key=lambda name: self._queue(name).index):
            lines.append(f"{queue}:")
            for at, line in sorted(self._words[queue], key=lambda word: word[0]):
                timed = line.split()[0] not in ("REPEAT", "NOP") and not line.startswith("+")
                lines.append(f"    @{at:<4} {line}" if timed else f"          {line.lstrip('+ ')}")
            if lines[-1].split()[-1] != "HALT":
                lines.append("          HALT")
        return "\n".join(lines) + "\n"
