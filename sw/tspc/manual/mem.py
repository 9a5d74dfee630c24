"""Pages of the MEM slices."""

from tsp.arch.errors import ErrorClass
from tspc.manual.page import Example, Page
from tspc.manual.script import BASE, Script

__all__ = ["PAGES"]

_ROWS = "np.arange(8 * V, dtype=np.uint8).reshape(8, V)"
_MAP = "np.where(np.arange(V) % 16 == 0, np.where(np.arange(V) < 16, 5, 2), 0).astype(np.uint8)"
_GOES_ON = "The queue goes on while a burst issues its accesses: access i at t + i every"
_BURST = f"{_GOES_ON}, at offset + i stride modulo the bank."
_PORTS = (
    "A word holds a read, a write, or one of each in different banks, joined by a bar.",
    "Two accesses of a bank in one cycle are illegal (bank conflict).",
    "A port in a burst may not be named before its last access (port busy).",
)
_BOTH = (ErrorClass.BANK_CONFLICT, ErrorClass.PORT_BUSY)


def _read(script: Script) -> None:
    """Every other row of x."""
    at = script.write_time("MEM_W0", "MEM_E0", BASE + script.timing.mem_d_func)
    script.word("MEM_W0", BASE, "READ 0:0 -> E3 count=3 stride=2 every=2")
    script.word("MEM_E0", at, "WRITE 0:0 <- E3 count=3 stride=1 every=2")
    script.tensor("x", "int8[5,32]", "input", ["MEM_W0:0:0+5"])
    script.tensor("y", "int8[3,32]", "output", ["MEM_E0:0:0+3"])


def _write(script: Script) -> None:
    """A slice that reads one bank and writes the other in one word."""
    d_func = script.timing.mem_d_func
    at = script.write_time("MEM_W0", "MEM_E0", BASE + d_func)
    last = script.write_time("MEM_E0", "MEM_W2", at + d_func)
    script.word("MEM_W0", BASE, "READ 0:0 -> E3")
    script.word("MEM_E0", at, "READ 0:7 -> W4 | WRITE 1:2 <- E3")
    script.word("MEM_W2", last, "WRITE 0:0 <- W4")
    script.tensor("a", "int8[32]", "input", ["MEM_W0:0:0"])
    script.tensor("b", "int8[32]", "input", ["MEM_E0:0:7"])
    script.tensor("y", "int8[32]", "output", ["MEM_E0:1:2"])
    script.tensor("z", "int8[32]", "output", ["MEM_W2:0:0"])


def _gather(script: Script) -> None:
    arrives = BASE + script.timing.mem_d_skew
    script.operand("map", "uint8[32]", "MEM_E0", "E5", arrives)
    script.word("MEM_E0", BASE, "GATHER 0 -> E3 map=E5")
    script.tensor("x", "uint8[8,32]", "input", ["MEM_E0:0:0+8"])
    script.result("y", "uint8[32]", "MEM_E0", "E3", BASE + script.timing.mem_d_func)


def _scatter(script: Script) -> None:
    arrives = BASE + script.timing.mem_d_skew
    script.operand("map", "uint8[32]", "MEM_E0", "E5", arrives)
    script.operand("x", "uint8[32]", "MEM_E0", "E3", arrives)
    script.word("MEM_E0", BASE, "SCATTER 0 <- E3 map=E5")
    script.tensor("before", "uint8[8,32]", "input", ["MEM_E0:0:0+8"])
    script.tensor("after", "uint8[8,32]", "output", ["MEM_E0:0:0+8"])


PAGES = (
    Page(
        "READ",
        "MEM",
        f"Drives a vector of MEM onto a stream. {_BURST}",
        (
            *_PORTS,
            "A vector that nobody loaded or wrote may not be read (uninitialised).",
        ),
        (
            "READ 0:12 -> E3",
            "READ 0:12 -> E3 count=8 stride=2 every=3",
            "READ 0:0 -> E3 count=4 stride=1 | WRITE 1:0 <- W2 count=4 stride=1",
        ),
        timing=("mem_access", "mem_d_func"),
        errors=(*_BOTH, ErrorClass.UNINITIALISED, ErrorClass.STREAM_CONFLICT),
        model=("tspc.golden.slices.mem:MemSlice._read",),
        examples=(
            Example(
                "A burst of three, two cycles apart, over every other row.",
                _read,
                {"x": "np.arange(5 * V, dtype=np.int8).reshape(5, V)"},
                {"y": "x[::2]"},
                {"MEM_W0": (BASE, BASE + 1, BASE + 2, BASE + 4)},
            ),
        ),
    ),
    Page(
        "WRITE",
        "MEM",
        f"Stores what passes on a stream. {_BURST}",
        (
            *_PORTS,
            "Data must be on the inputs in t + mem_d_skew (empty stream).",
        ),
        ("WRITE 1:5 <- W2", "WRITE 1:5 <- W2 count=8 stride=2 every=3"),
        timing=("mem_d_skew", "mem_access"),
        errors=(*_BOTH, ErrorClass.EMPTY_STREAM),
        model=("tspc.golden.slices.mem:MemSlice._write",),
        examples=(
            Example(
                "One word reads bank 0 and writes bank 1 in the same cycle.",
                _write,
                {"a": "np.arange(V, dtype=np.int8)", "b": "a - 100"},
                {"y": "a", "z": "b"},
            ),
        ),
    ),
    Page(
        "GATHER",
        "MEM",
        "Drives onto a stream, in each superlane, the word at the offset in bytes 0 and 1 of that "
        f"superlane's word of the map stream. {_GOES_ON}.",
        (
            *_PORTS,
            "The bank is in the word; other bits of the map are zero (bad map).",
            "A map word is there for every access of a burst.",
        ),
        ("GATHER 0 -> E3 map=E5", "GATHER 0 -> E3 map=E5 count=2 every=3"),
        timing=("mem_d_skew", "mem_access", "mem_d_func"),
        errors=(
            *_BOTH,
            ErrorClass.BAD_MAP,
            ErrorClass.EMPTY_STREAM,
            ErrorClass.UNINITIALISED,
            ErrorClass.STREAM_CONFLICT,
        ),
        examples=(
            Example(
                "Superlane 0 takes row 5, superlane 1 row 2.",
                _gather,
                {"x": _ROWS, "map": _MAP},
                {"y": "np.concatenate([x[5, :16], x[2, 16:]])"},
            ),
        ),
    ),
    Page(
        "SCATTER",
        "MEM",
        "Stores what passes on a stream, in each superlane, at the offset in bytes 0 and 1 of that "
        "superlane's word of the map stream.",
        (
            *_PORTS,
            "The bank is in the word; other bits of the map are zero (bad map).",
            "Data and map must be on the inputs in t + mem_d_skew (empty stream).",
        ),
        ("SCATTER 1 <- W3 map=W5", "SCATTER 1 <- W3 map=W5 count=2"),
        timing=("mem_d_skew", "mem_access"),
        errors=(*_BOTH, ErrorClass.BAD_MAP, ErrorClass.EMPTY_STREAM),
        examples=(
            Example(
                "Superlane 0 stores into row 5, superlane 1 into row 2; all else stays.",
                _scatter,
                {
                    "map": _MAP,
                    "x": "np.arange(V, dtype=np.uint8) + 100",
                    "before": "np.zeros((8, V), np.uint8)",
                },
                {
                    "after": "np.where((np.arange(8)[:, None] == 5) & (np.arange(V) < 16) | "
                    "(np.arange(8)[:, None] == 2) & (np.arange(V) >= 16), x, before)"
                },
            ),
        ),
    ),
)
