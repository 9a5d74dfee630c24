"""The configuration: every size of a chip, validated and hashed.

One frozen class; ``nano``, ``node``, ``small`` and ``full`` are instances of it (architecture
section 3). Everything else in the project takes a :class:`Config` and derives nothing twice.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from enum import Enum
from functools import cached_property

__all__ = [
    "CHECK_BITS",
    "DATA_BITS",
    "FULL",
    "LANES",
    "NAMED",
    "NANO",
    "NODE",
    "SMALL",
    "SXM_UNITS",
    "STREAMS",
    "WORD_BITS",
    "Config",
    "ConfigError",
    "Hemisphere",
    "Queue",
    "QueueKind",
]

LANES = 16  #: lanes of a superlane: one superlane word is 16 bytes
DATA_BITS = 8 * LANES  #: payload of a superlane word
CHECK_BITS = 9  #: SECDED bits of a superlane word
WORD_BITS = DATA_BITS + CHECK_BITS  #: a protected superlane word
STREAMS = 32  #: streams in each direction

#: Encodings reserve this much; a configuration beyond them is refused.
_MAX_SUPERLANES = 32
_MAX_WORDS = 8192
_MAX_ENTRIES = 256
_MAX_QUEUES = 255


class ConfigError(ValueError):
    """A configuration that cannot be built; the message says which size and why."""


class Hemisphere(Enum):
    """The two halves of the chip, west and east of the VXM."""

    W = 0
    E = 1


class QueueKind(Enum):
    """What an instruction queue commands."""

    MXM_W = "mxm_w"  #: weights of a plane: LW
    MXM_A = "mxm_a"  #: activations of a plane: IW, ABC
    MXM_R = "mxm_r"  #: results of a plane: ACC
    C2C = "c2c"
    SXM_SHIFT = "sxm_shift"
    SXM_PERMUTE = "sxm_permute"
    SXM_DISTRIBUTE = "sxm_distribute"
    SXM_ROTATE = "sxm_rotate"
    SXM_TRANSPOSE = "sxm_transpose"
    MEM = "mem"
    VXM = "vxm"


#: Units of an SXM in queue order: name and kind.
SXM_UNITS = (
    ("SHIFT", QueueKind.SXM_SHIFT),
    ("PERMUTE", QueueKind.SXM_PERMUTE),
    ("DISTRIBUTE", QueueKind.SXM_DISTRIBUTE),
    ("ROTATE", QueueKind.SXM_ROTATE),
    ("TRANSPOSE0", QueueKind.SXM_TRANSPOSE),
    ("TRANSPOSE1", QueueKind.SXM_TRANSPOSE),
)


@dataclass(frozen=True)
class Queue:
    """One instruction queue: its number, what it commands and where it stands.

    Attributes
    ----------
    index
        Queue number, west to east (execution.md, *Events and bits*).
    name
        Unique name, the one that assembly text uses, e.g. ``MEM_E3``, ``VXM12``, ``MXM_W0_A``.
    kind
        What the queue commands.
    stop
        Stop p of the streams at which its unit stands, 0 .. P-1.
    hemisphere
        None for the VXM.
    unit
        Number of the slice, plane, link, unit or ALU within its kind and hemisphere.
    """

    index: int
    name: str
    kind: QueueKind
    stop: int
    hemisphere: Hemisphere | None
    unit: int


@dataclass(frozen=True)
class Config:
    """Sizes of one chip.

    Parameters
    ----------
    name
        Name of the configuration; a part of neither hash nor behaviour.
    superlanes
        T, active superlanes, 1 .. 32. Vector length V is 16 T bytes.
    spares
        Spare superlanes, 0 or 1.
    mem_slices
        M, MEM slices of each hemisphere, even, 2 or more.
    words
        Words of a MEM tile (both banks), a power of two, 16 .. 8192.
    planes
        MXM planes of each hemisphere, 1 or 2.
    accumulators
        Accumulator entries of a plane, a power of two, at least 4 T, at most 256.
    activations
        Activation buffer entries of a plane, a power of two, 2 .. 256.
    links
        C2C links of each hemisphere, 1 .. 8.

    Raises
    ------
    ConfigError
        When a size is impossible; the message quotes the value and the rule.
    """

    name: str = field(compare=False)
    superlanes: int
    spares: int
    mem_slices: int
    words: int
    planes: int
    accumulators: int
    activations: int
    links: int

    def __post_init__(self) -> None:
        def need(condition: bool, what: str, value: object, rule: str) -> None:
            if not condition:
                raise ConfigError(f"{self.name}: {what} = {value!r} is impossible: {rule}")

        for key, value in asdict(self).items():
            if key != "name":
                need(type(value) is int, key, value, "a whole number is required")

        def power(n: int) -> bool:
            return n > 0 and n & (n - 1) == 0

        t = self.superlanes
        need(1 <= t <= _MAX_SUPERLANES, "superlanes", t, f"1 .. {_MAX_SUPERLANES}")
        need(self.spares in (0, 1), "spares", self.spares, "0 or 1")
        need(
            self.mem_slices >= 2 and self.mem_slices % 2 == 0,
            "mem_slices",
            self.mem_slices,
            "even, and at least 2 (two slices share a stop)",
        )
        need(
            power(self.words) and 16 <= self.words <= _MAX_WORDS,
            "words",
            self.words,
            f"a power of two, 16 .. {_MAX_WORDS}",
        )
        need(self.planes in (1, 2), "planes", self.planes, "1 or 2 in each hemisphere")
        need(
            power(self.accumulators) and 4 * t <= self.accumulators <= _MAX_ENTRIES,
            "accumulators",
            self.accumulators,
            f"a power of two, at least 4 T = {4 * t}, at most {_MAX_ENTRIES}",
        )
        need(
            power(self.activations) and 2 <= self.activations <= _MAX_ENTRIES,
            "activations",
            self.activations,
            f"a power of two, 2 .. {_MAX_ENTRIES}",
        )
        need(1 <= self.links <= 8, "links", self.links, "1 .. 8 in each hemisphere")
        count = 2 * (self.mem_slices + 3 * self.planes + 6 + self.links) + 16
        need(count <= _MAX_QUEUES, "queues", count, f"at most {_MAX_QUEUES}")

    # ---- sizes ---------------------------------------------------------------------------

    @property
    def lanes(self) -> int:
        """V = 16 T: bytes of a vector."""
        return LANES * self.superlanes

    @property
    def rows(self) -> int:
        """Physical superlanes, spares included."""
        return self.superlanes + self.spares

    @property
    def bank_words(self) -> int:
        """Words of one bank of a MEM tile."""
        return self.words // 2

    @property
    def queue_words(self) -> int:
        """Words of a queue's buffer."""
        return max(4 * self.superlanes, 64)

    @property
    def stops(self) -> int:
        """P: stops of a stream, west to east."""
        return self.mem_slices + 10

    # ---- floor plan (architecture section 4) ---------------------------------------------

    def mxm_stop(self, hemisphere: Hemisphere) -> int:
        """Stop of a hemisphere's MXM: the outermost one."""
        return 0 if hemisphere is Hemisphere.W else self.stops - 1

    def c2c_stop(self, hemisphere: Hemisphere) -> int:
        """Stop of a hemisphere's links."""
        return 1 if hemisphere is Hemisphere.W else self.stops - 2

    def sxm_stop(self, hemisphere: Hemisphere) -> int:
        """Stop of a hemisphere's SXM."""
        return 2 if hemisphere is Hemisphere.W else self.stops - 3

    def mem_stop(self, hemisphere: Hemisphere, slice_: int) -> int:
        """Stop of MEM slice 0 .. M-1; slice 0 is next to the VXM, 2k and 2k+1 share a stop."""
        pairs = self.mem_slices // 2
        if hemisphere is Hemisphere.W:
            return 3 + pairs - 1 - slice_ // 2
        return 3 + pairs + 4 + slice_ // 2

    def vxm_stop(self, alu: int) -> int:
        """Stop of ALU 0 .. 15."""
        return 3 + self.mem_slices // 2 + alu // 4

    @cached_property
    def queues(self) -> tuple[Queue, ...]:
        """All instruction queues in the order of their numbers."""
        found: list[tuple[int, str, QueueKind, Hemisphere | None, int]] = []
        west, east = Hemisphere

        def outer(h: Hemisphere) -> None:
            for plane in range(self.planes):
                for kind in (QueueKind.MXM_W, QueueKind.MXM_A, QueueKind.MXM_R):
                    name = f"MXM_{h.name}{plane}_{kind.value[-1].upper()}"
                    found.append((self.mxm_stop(h), name, kind, h, plane))

        def links(h: Hemisphere) -> None:
            for link in range(self.links):
                found.append((self.c2c_stop(h), f"C2C_{h.name}{link}", QueueKind.C2C, h, link))

        def sxm(h: Hemisphere) -> None:
            for unit, (name, kind) in enumerate(SXM_UNITS):
                found.append((self.sxm_stop(h), f"SXM_{h.name}_{name}", kind, h, unit))

        def mem(h: Hemisphere, order: range) -> None:
            for n in order:
                found.append((self.mem_stop(h, n), f"MEM_{h.name}{n}", QueueKind.MEM, h, n))

        outer(west)
        links(west)
        sxm(west)
        mem(west, range(self.mem_slices - 1, -1, -1))
        for alu in range(16):
            found.append((self.vxm_stop(alu), f"VXM{alu}", QueueKind.VXM, None, alu))
        mem(east, range(self.mem_slices))
        sxm(east)
        links(east)
        outer(east)
        return tuple(
            Queue(i, name, kind, stop, h, unit)
            for i, (stop, name, kind, h, unit) in enumerate(found)
        )

    @cached_property
    def queue_by_name(self) -> dict[str, Queue]:
        """Queue of each name."""
        return {q.name: q for q in self.queues}

    # ---- identity ------------------------------------------------------------------------

    @cached_property
    def hash(self) -> str:
        """16 hexadecimal digits over every size and over the encodings' version."""
        from tsp.arch.isa import ENCODING_VERSION

        sizes = {k: v for k, v in asdict(self).items() if k != "name"}
        text = json.dumps({"encoding": ENCODING_VERSION, **sizes}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def tag(self) -> str:
        """Name for modules and folders."""
        return self.name

    def to_dict(self) -> dict[str, int | str]:
        """Plain sizes, for JSON and the object file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, sizes: dict[str, int | str]) -> "Config":
        """Inverse of :meth:`to_dict`; unknown or missing sizes raise :class:`ConfigError`."""
        try:
            return cls(**sizes)  # type: ignore[arg-type]
        except TypeError as error:
            raise ConfigError(f"not a configuration: {error}") from None


NANO = Config("nano", 2, 0, 18, 512, 1, 32, 32, 2)
NODE = Config("node", 2, 0, 18, 512, 1, 32, 32, 4)
SMALL = Config("small", 4, 1, 36, 1024, 2, 32, 32, 4)
FULL = Config("full", 20, 1, 44, 8192, 2, 128, 64, 8)

#: The named configurations.
NAMED = {c.name: c for c in (NANO, NODE, SMALL, FULL)}
