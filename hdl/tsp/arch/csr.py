"""The host port's registers as pure data: RTL decoder, driver and reference page read them here.

One AXI4-Lite port of 32 bits (architecture section 8). An access that no register takes, that is
unaligned or not of a whole word, that writes a value which the register does not have, or that
comes when it must not, is answered with SLVERR and changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from tsp.arch.config import Config, Hemisphere
from tsp.arch.errors import ErrorClass

__all__ = [
    "ADDRESS_BITS",
    "BY_NAME",
    "DATA_BYTES",
    "DATA_WORDS",
    "IDENTITY",
    "MAP_VERSION",
    "REGISTERS",
    "RESERVED",
    "Access",
    "Field",
    "Register",
    "Reserved",
    "Response",
    "When",
    "constants",
    "mem_queue",
]

ADDRESS_BITS: Final = 16  #: width of the port's byte addresses
DATA_BYTES: Final = 4  #: bytes of a register, and of every access
DATA_WORDS: Final = 4  #: registers that hold a word of MEM or text: 128 bits

IDENTITY: Final = int.from_bytes(b"OTSP", "big")
MAP_VERSION: Final = 1  #: version of this map


class Response(IntEnum):
    """Answers of AXI4-Lite that the port gives."""

    OKAY = 0
    SLVERR = 2


class Access(Enum):
    """How a register can be accessed."""

    RO = "read"
    WO = "write"
    RW = "read, write"

    @property
    def reads(self) -> bool:
        """It may be read."""
        return self is not Access.WO

    @property
    def writes(self) -> bool:
        """It may be written."""
        return self is not Access.RO


class When(Enum):
    """When a register can be accessed."""

    ALWAYS = "always"
    QUIET = "while no program runs: before the start, or after `done`"
    IDLE = "before the start, or after `done` once a queue was loaded anew"


@dataclass(frozen=True)
class Field:
    """Bits of a register.

    Attributes
    ----------
    name, doc
        What it is called, and what it means.
    low, width
        Its lowest bit, and how many it has.
    count
        How many values it has, 0 .. count - 1, as a function of the configuration; None: all that
        its bits can hold. A write of another value is refused.
    """

    name: str
    low: int
    width: int
    doc: str
    count: Callable[[Config], int] | None = None

    def values(self, config: Config) -> int:
        """How many values it has."""
        return 1 << self.width if self.count is None else self.count(config)


@dataclass(frozen=True)
class Register:
    """One register.

    Attributes
    ----------
    name, doc
        What it is called, and what it does.
    address
        Its byte address.
    access
        Reads, writes or both.
    fields
        Its bits; all others are zero, and a write that sets one of them is refused.
    when
        When it can be accessed.
    """

    name: str
    address: int
    access: Access
    doc: str
    fields: tuple[Field, ...]
    when: When = When.ALWAYS

    @property
    def by_name(self) -> Mapping[str, Field]:
        """Its fields by name."""
        return {field.name: field for field in self.fields}

    def pack(self, **values: int) -> int:
        """The register's bits from values of its fields; KeyError or ValueError if one is wrong."""
        bits = 0
        for name, value in values.items():
            field = self.by_name[name]
            if not 0 <= value < 1 << field.width:
                raise ValueError(f"{self.name}.{name} = {value!r} does not fit {field.width} bits")
            bits |= value << field.low
        return bits

    def unpack(self, bits: int) -> dict[str, int]:
        """Values of all fields."""
        return {f.name: bits >> f.low & (1 << f.width) - 1 for f in self.fields}

    def takes(self, bits: int, config: Config) -> bool:
        """Whether `bits` may be written: every field has the value, all other bits are zero."""
        fits = all(value < self.by_name[n].values(config) for n, value in self.unpack(bits).items())
        return fits and self.pack(**self.unpack(bits)) == bits


@dataclass(frozen=True)
class Reserved:
    """Addresses `first` .. `last` that wait for what is not built; every access is refused."""

    name: str
    first: int
    last: int
    doc: str


def _whole(doc: str) -> tuple[Field, ...]:
    return (Field("value", 0, 32, doc),)


def _words(name: str, address: int, access: Access, docs: Mapping[int, str]) -> Iterable[Register]:
    """Four registers that together are a word, its lowest byte first."""
    for n in range(DATA_WORDS):
        bytes_ = _whole(f"bytes {4 * n} .. {4 * n + 3}, the lowest in bits 7:0")
        doc = docs.get(n, "As the window's other registers.")
        yield Register(f"{name}{n}", address + 4 * n, access, doc, bytes_, When.QUIET)


_STATUS = (
    Field("running", 0, 1, "a program runs"),
    Field("done", 1, 1, "it has ended, and every pipeline is drained"),
    Field("stopped", 2, 1, "an error ended it; only reset leads on"),
    Field("critical", 3, 1, "a double error or a bad map was met since reset"),
    Field("cause", 8, 5, "with `stopped`, the error: 1 + its place in the list of errors"),
)
_MEM_ADDRESS = (
    Field("superlane", 0, 5, "superlane y", lambda c: c.superlanes),
    Field("offset", 5, 12, "word of the bank", lambda c: c.bank_words),
    Field("bank", 17, 1, "bank of the slice"),
    Field("slice", 18, 7, "slice of the hemisphere", lambda c: c.mem_slices),
    Field("hemisphere", 25, 1, "0 west, 1 east"),
)
_UNIT = (
    Field("queue", 0, 8, "number of its queue", lambda c: len(c.queues)),
    Field("superlane", 8, 5, "superlane y", lambda c: c.superlanes),
    Field("text", 16, 1, "1: the text of the queue instead, in no superlane"),
)
_ERRORS = (
    Field("corrected", 0, 16, "words of which one bit was wrong"),
    Field("double", 16, 16, "words of which more were"),
)
_QUEUE = (Field("number", 0, 8, "number of the queue", lambda c: len(c.queues)),)

#: Every register, by rising address.
REGISTERS: Final = (
    Register("ID", 0x000, Access.RO, "Says that this is an Open TSP.", _whole("`OTSP`")),
    Register("VERSION", 0x004, Access.RO, "Version of this map.", _whole("1")),
    Register("HASH0", 0x008, Access.RO, "The configuration's hash.", _whole("its low half")),
    Register("HASH1", 0x00C, Access.RO, "The configuration's hash.", _whole("its high half")),
    Register("CONTROL", 0x010, Access.WO,
             "Starts the program. After `done` the queues that run again are loaded anew first.",
             (Field("start", 0, 1, "1: start; 0 does nothing"),), When.IDLE),
    Register("STATUS", 0x014, Access.RO,
             "What the chip does. No bit of the first three: idle.", _STATUS),
    Register("CYCLES0", 0x018, Access.RO,
             "Cycles since the program's first NOTIFY; stands at `done`, whose cycle it then is. "
             "A read keeps the high half for CYCLES1.", _whole("low half")),
    Register("CYCLES1", 0x01C, Access.RO, "What CYCLES0 kept.", _whole("high half")),
    Register("MEM_ADDRESS", 0x020, Access.RW,
             "The word of MEM that the window stands for. The window steps it: superlane, then "
             "offset, which goes round the bank.", _MEM_ADDRESS, When.QUIET),
    Register("QUEUE", 0x024, Access.RW,
             "The queue to load. A write brings the queue to its state after reset: no text, no "
             "errors of text counted.", _QUEUE, When.QUIET),
    Register("QUEUE_WORDS", 0x028, Access.RO, "Words loaded since QUEUE was written.",
             (Field("words", 0, 8, "0 .. what the buffer holds"),), When.QUIET),
    Register("SPARE", 0x02C, Access.RO, "The row of the chip that the fuses bypass.",
             (Field("bypassed", 0, 8, "its number from the south, the spare counted; T: the spare, "
                    "or there is none"),)),
    *_words("MEM_DATA", 0x030, Access.RW, {
        0: "A read fetches the word at MEM_ADDRESS for all four.",
        3: "A write stores the word that all four hold; it and a read step MEM_ADDRESS.",
    }),
    *_words("QUEUE_DATA", 0x040, Access.WO, {
        3: "The word that all four hold goes to the end of the queue's text; refused if its "
           "buffer is full, or no queue was chosen since the last start.",
    }),
    Register("UNIT", 0x100, Access.RW,
             "Where UNIT_ERRORS looks: a unit in a superlane, or a queue's text. A plane counts "
             "under its queue R.", _UNIT, When.QUIET),
    Register("UNIT_ERRORS", 0x104, Access.RO,
             "Errors that the unit has met since reset; both stop at 65535. 0 where there is no "
             "unit that looks at words.", _ERRORS, When.QUIET),
    Register("PORT_ERRORS", 0x108, Access.RO,
             "Errors in words that were read from MEM through this port.", _ERRORS),
)  # fmt: skip

#: Named, and not built.
RESERVED: Final = (
    Reserved("TIME", 0x0200, 0x02FF, "HAC and SAC"),
    Reserved("LINKS", 0x1000, 0x1FFF, "status and counters of the links"),
)

BY_NAME: Final[Mapping[str, Register]] = MappingProxyType({r.name: r for r in REGISTERS})


def constants(config: Config) -> dict[str, int]:
    """Values of the registers that never change, by name."""
    digest = int(config.hash, 16)
    return {
        "ID": IDENTITY,
        "VERSION": MAP_VERSION,
        "HASH0": digest & 0xFFFF_FFFF,
        "HASH1": digest >> 32,
    }


def mem_queue(config: Config, hemisphere: Hemisphere, slice_: int) -> int:
    """Number of the queue of a MEM slice."""
    return config.queue_by_name[f"MEM_{hemisphere.name}{slice_}"].index


def _check() -> None:
    """The map is sound: nothing overlaps, everything is aligned and in reach."""
    taken = [(r.address, r.address + DATA_BYTES - 1, r.name) for r in REGISTERS]
    taken += [(r.first, r.last, r.name) for r in RESERVED]
    taken.sort()
    for (_, last, name), (first, _, other) in pairwise(taken):
        assert last < first, (name, other)
    assert taken[-1][1] < 1 << ADDRESS_BITS
    for r in REGISTERS:
        assert r.address % DATA_BYTES == 0, r.name
        used = 0
        for f in r.fields:
            bits = (1 << f.width) - 1 << f.low
            assert not used & bits and bits < 1 << 32, (r.name, f.name)
            used |= bits
    assert len(ErrorClass) < 1 << BY_NAME["STATUS"].by_name["cause"].width


_check()
