"""What the host port must answer, and what an access leaves behind: in Python, access by access.

Written from the descriptions in :mod:`tsp.arch.csr`. It knows of MEM and text no more than that
they hold what was put there.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from tsp.arch.config import Config
from tsp.arch.csr import BY_NAME, DATA_WORDS, REGISTERS, Access, Response, When, constants

ADDRESS = ("hemisphere", "slice", "bank", "offset", "superlane")
IDLE, RUNNING, DONE, STOPPED = range(4)
_BY_ADDRESS = {r.address: r for r in REGISTERS}
_MAY = {
    When.ALWAYS: {IDLE, RUNNING, DONE, STOPPED},
    When.QUIET: {IDLE, DONE},
    When.IDLE: {IDLE},
}


@dataclass
class PortModel:
    """State of the port, and of what can be reached through it.

    Attributes
    ----------
    bypassed
        Row that the fuses bypass.
    mem
        Words by (hemisphere, slice, bank, offset, superlane); zero where nothing was written.
    text
        Buffer of each queue by number, and how far it is filled.
    started
        CONTROL.start was written: who runs the model sets the mode that follows.
    cycles, cause
        What the last run left.
    """

    config: Config
    bypassed: int
    mem: dict[tuple[int, ...], int] = field(default_factory=lambda: defaultdict(int))
    text: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    mode: int = IDLE
    cycles: int = 0
    cause: int = 0

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Registers are zero; memories keep what they have."""
        self.mode, self.cycles, self.cause, self.kept = IDLE, 0, 0, 0
        self.place = dict.fromkeys((f.name for f in _fields("MEM_ADDRESS")), 0)
        self.queue, self.words, self.chosen, self.unit = 0, 0, False, 0
        self.buffer = [0] * DATA_WORDS

    def write(self, address: int, data: int, strobes: int) -> Response:
        """The answer to a write."""
        register = _BY_ADDRESS.get(address)
        if (
            register is None
            or register.access is Access.RO
            or strobes != 15
            or self.mode not in _MAY[register.when]
            or not register.takes(data, self.config)
        ):
            return Response.SLVERR
        name, number = register.name, int(register.name[-1]) if register.name[-1].isdigit() else 0
        if name == "QUEUE_DATA3" and not (self.chosen and self.words < self.config.queue_words):
            return Response.SLVERR
        if name == "CONTROL" and data:
            self.mode, self.chosen, self.cycles = RUNNING, False, 0
        if name == "MEM_ADDRESS":
            self.place = register.unpack(data)
        if name == "UNIT":
            self.unit = data
        if name == "QUEUE":
            self.queue, self.words, self.chosen, self.mode = data, 0, True, IDLE
        if "_DATA" in name:
            self.buffer[number] = data
        whole = sum(part << 32 * n for n, part in enumerate(self.buffer))
        if name == "MEM_DATA3":
            self.mem[self._address()] = whole
            self._step()
        if name == "QUEUE_DATA3":
            self.text[self.queue][self.words] = whole
            self.words += 1
        return Response.OKAY

    def read(self, address: int) -> tuple[Response, int | None]:
        """The answer to a read; data None: any (a counter that runs)."""
        register = _BY_ADDRESS.get(address)
        if register is None or register.access is Access.WO or self.mode not in _MAY[register.when]:
            return Response.SLVERR, 0
        return Response.OKAY, self._value(register)

    def _value(self, register):
        name = register.name
        if name in (values := constants(self.config)):
            return values[name]
        if name == "STATUS":
            flags = {m: self.mode == k for k, m in enumerate(("running", "done", "stopped"), 1)}
            return register.pack(**flags, cause=self.cause)
        if name == "CYCLES0":
            self.kept = self.cycles >> 32
            return None if self.mode in (RUNNING, STOPPED) else self.cycles & 0xFFFF_FFFF
        if name == "MEM_DATA0":
            word = self.mem.get(self._address(), 0)
            self.buffer = [word >> 32 * n & 0xFFFF_FFFF for n in range(DATA_WORDS)]
        values = {"CYCLES1": self.kept, "QUEUE": self.queue, "QUEUE_WORDS": self.words}
        values |= {"UNIT": self.unit, "UNIT_ERRORS": 0, "PORT_ERRORS": 0}  # nothing is upset
        values["SPARE"] = self.bypassed
        values["MEM_ADDRESS"] = sum(self.place[f.name] << f.low for f in _fields("MEM_ADDRESS"))
        values |= {f"MEM_DATA{n}": part for n, part in enumerate(self.buffer)}
        if name == "MEM_DATA3":
            self._step()
        return values[name]

    def _address(self) -> tuple[int, ...]:
        return tuple(self.place[name] for name in ADDRESS)

    def _step(self) -> None:
        self.place["superlane"] += 1
        if self.place["superlane"] == self.config.superlanes:
            self.place["superlane"] = 0
            self.place["offset"] = (self.place["offset"] + 1) % self.config.bank_words


class KeepsRefusedData(PortModel):
    """A mistake: what is refused changes the buffer all the same."""

    def write(self, address, data, strobes):
        if address == BY_NAME["MEM_DATA1"].address:
            self.buffer[1] = data
        return super().write(address, data, strobes)


class WritesEverySuperlane(PortModel):
    """A mistake: a word goes to its superlane and to the last one."""

    def write(self, address, data, strobes):
        place, found = dict(self.place), super().write(address, data, strobes)
        if found is Response.OKAY and address == BY_NAME["MEM_DATA3"].address:
            place["superlane"] = self.config.superlanes - 1
            whole = sum(part << 32 * n for n, part in enumerate(self.buffer))
            self.mem[tuple(place[name] for name in ADDRESS)] = whole
        return found


class LoadsWhileRunning(PortModel):
    """A mistake: MEM can be written while a program runs."""

    def write(self, address, data, strobes):
        mode, window = self.mode, BY_NAME["MEM_DATA3"].address
        if mode == RUNNING and address == window:
            self.mode = IDLE
        found = super().write(address, data, strobes)
        self.mode = mode if address == window else self.mode
        return found


#: The model, and some with a mistake.
MODELS = {
    model.__name__: model
    for model in (PortModel, KeepsRefusedData, WritesEverySuperlane, LoadsWhileRunning)
}


def _fields(name):
    return BY_NAME[name].fields
