"""Pages of what the queues themselves execute."""

from tsp.arch.errors import ErrorClass
from tspc.manual.page import Example, Page
from tspc.manual.script import BASE, Script

__all__ = ["PAGES"]

_X = "np.arange(-16, V - 16, dtype=np.int8)"


def _copy(script: Script, *lines: str, rows: int = 1, every: int = 1) -> None:
    """MEM_E0 issues `lines` from BASE on; MEM_E2 writes what passes, a row every so often."""
    at = script.write_time("MEM_E0", "MEM_E2", BASE + script.timing.mem_d_func)
    more = f" count={rows} stride=1 every={every}" if rows > 1 else ""
    script.word("MEM_E0", BASE, *lines)
    script.word("MEM_E2", at, f"WRITE 0:0 <- E3{more}")
    shape, places = ("int8[32]", "") if rows == 1 else (f"int8[{rows},32]", f"+{rows}")
    script.tensor("x", shape, "input", [f"MEM_E0:0:0{places}"])
    script.tensor("y", shape, "output", [f"MEM_E2:0:0{places}"])


def _nop(script: Script) -> None:
    lines = ("READ 0:0 -> E3", "NOP 4", "+READ 0:1 -> E3", "NOP 4", "+READ 0:2 -> E3")
    _copy(script, *lines, rows=3, every=5)


def _repeat(script: Script) -> None:
    lines = ("READ 0:0 -> E3 stride=1", "REPEAT 2, 4")
    _copy(script, *lines, rows=3, every=4)


def _halt(script: Script) -> None:
    _copy(script, "READ 0:0 -> E3 count=3 stride=1 every=4", rows=3, every=4)


def _barrier(script: Script) -> None:
    """MEM_E0 parks; VXM0 releases it, and MEM_E2 with it."""
    d = script.timing.sync_release
    write = script.write_time("MEM_E0", "MEM_E2", d + script.timing.mem_d_func)
    script.word("VXM0", BASE, "NOTIFY")
    script.word("MEM_E0", d + 2, "SYNC", f"+@{d:<4} READ 0:0 -> E3")
    script.word("MEM_E2", d + 5, "SYNC", f"+@{write:<4} WRITE 0:0 <- E3")
    script.tensor("x", "int8[32]", "input", ["MEM_E0:0:0"])
    script.tensor("y", "int8[32]", "output", ["MEM_E2:0:0"])


def _fetch(script: Script) -> None:
    """Four words of text pass MEM_E0 on E5."""
    at = BASE - 20
    script.word("MEM_E0", 0, "+.text MEM_W0:0:0+2")
    script.word("MEM_E0", at, "IFETCH E5, 1")
    read = script.read_time("MEM_W0", "MEM_E0", at + script.delay("ifetch_d_skew"))
    script.word("MEM_W0", read, "READ 0:0 -> E5 count=2 stride=1")
    _copy(script, "READ 0:0 -> E3", "+READ 0:1 -> E3", "+READ 0:2 -> E3", rows=3)


def _config(script: Script) -> None:
    script.word("MEM_E0", BASE - 1, "CONFIG 1")
    _copy(script, "READ 0:0 -> E3")


PAGES = (
    Page(
        "NOP",
        "NOP",
        "Nothing happens. It is no event.",
        ("The next word issues exactly n cycles later.", "The assembler makes NOPs from `@`."),
        ("NOP 5",),
        errors=(ErrorClass.QUEUE_DRY,),
        model=("tspc.golden.queues:Control",),
        examples=(
            Example(
                "Three words, five cycles apart: NOP itself takes one of the four between them.",
                _nop,
                {"x": "np.arange(3 * V, dtype=np.int8).reshape(3, V)"},
                {"y": "x"},
                {"MEM_E0": (BASE, BASE + 5, BASE + 10, BASE + 11)},
            ),
        ),
    ),
    Page(
        "REPEAT",
        "REPEAT",
        "The functional word before it, issued at t, issues again at t + d, ..., t + n d.",
        (
            "Takes no cycle itself; the next word issues at t + n d + 1 at the earliest.",
            "Directly follows a functional word without burst.",
            "Each copy steps what steps: MEM offsets by their stride inside the bank, the "
            "column of LW modulo T, the entry of ACC and of the activation buffer modulo their "
            "number. Nothing else changes; the word is repeated whole, IW included.",
        ),
        ("REPEAT 3, 2",),
        errors=(ErrorClass.BAD_WORD,),
        model=("tspc.golden.slices.unit:Stepped.value",),
        examples=(
            Example(
                "A READ and two copies, four cycles apart, at the next offsets.",
                _repeat,
                {"x": "np.arange(3 * V, dtype=np.int8).reshape(3, V)"},
                {"y": "x"},
                {"MEM_E0": (BASE, BASE + 4, BASE + 8, BASE + 9)},
            ),
        ),
    ),
    Page(
        "SYNC",
        "SYNC",
        "Parks the queue. The n-th NOTIFY from now, issued at t by any queue of the chip, lets its "
        "next word issue in t + D, D = sync_release.",
        (
            "A NOTIFY at t releases a SYNC that has issued by t + 1.",
            "A SYNC that issues in t + 2 .. t + D is illegal (late to barrier).",
            "A burst of this queue may still be going on.",
            "A queue that stays parked for ever is illegal (unfinished).",
        ),
        ("SYNC", "SYNC 2"),
        timing=("sync_release",),
        errors=(ErrorClass.LATE_TO_BARRIER, ErrorClass.UNFINISHED),
        model=("tspc.golden.queues:Barrier.park",),
        examples=(
            Example(
                "Both MEM queues park in different cycles and go on in the same one. Behind SYNC "
                "the count of `@` begins anew.",
                _barrier,
                {"x": _X},
                {"y": "x"},
            ),
        ),
    ),
    Page(
        "NOTIFY",
        "NOTIFY",
        "Begins a new segment in this cycle, for all queues, and releases every parked queue in "
        "t + D.",
        (
            "NOTIFYs are at least D cycles apart (barrier spacing).",
            "A queue that is not parked runs on.",
            "The first word of VXM0 is NOTIFY: the host starts that queue alone.",
            "Cycle 0 of every record is the first NOTIFY.",
        ),
        ("NOTIFY",),
        timing=("sync_release",),
        errors=(ErrorClass.BARRIER_SPACING,),
        model=("tspc.golden.queues:Barrier.settle",),
        examples=(
            Example(
                "The second NOTIFY begins segment 1 and lets both MEM queues go on.",
                _barrier,
                {"x": _X},
                {"y": "x"},
                {"VXM0": (0, 0, 1)},
            ),
        ),
    ),
    Page(
        "HALT",
        "HALT",
        "The queue issues nothing more.",
        (
            "Text after HALT is illegal (unfinished).",
            "When all queues have halted and done_drain cycles have passed since the last HALT or "
            "burst access, `done` rises.",
            "Queues without text are given one HALT by the loader.",
        ),
        ("HALT",),
        timing=("done_drain",),
        errors=(ErrorClass.UNFINISHED, ErrorClass.QUEUE_DRY),
        model=("tspc.golden.machine:Machine._finish",),
        examples=(
            Example(
                "HALT may issue while the queue's own burst goes on.",
                _halt,
                {"x": "np.arange(3 * V, dtype=np.int8).reshape(3, V)"},
                {"y": "x"},
                {"MEM_E0": (BASE, BASE + 1, BASE + 4, BASE + 8)},
            ),
        ),
    ),
    Page(
        "IFETCH",
        "IFETCH",
        "Takes n pairs of vectors of program text from a stream, pair i in cycles 2 T i and "
        "2 T i + 1, and appends them to the queue's buffer.",
        (
            "Fetches of n pairs at one stop are at least 2 T n apart.",
            "Word 2k of a pair is in superlane k of its first vector, word 2k + 1 in that of its "
            "second. Word j takes its place in the buffer after ifetch_to_buffer + j cycles and "
            "can issue after ifetch_to_word + j.",
            "A word for which there is no room is a queue overflow; no word when one is wanted is "
            "a queue dry. Both stop the chip.",
        ),
        ("IFETCH E3, 2",),
        timing=("ifetch_d_skew", "ifetch_to_buffer", "ifetch_to_word"),
        errors=(
            ErrorClass.FETCH_SPACING,
            ErrorClass.QUEUE_OVERFLOW,
            ErrorClass.QUEUE_DRY,
            ErrorClass.EMPTY_STREAM,
        ),
        examples=(
            Example(
                "MEM_E0 loads three words; its READs and its HALT come from MEM_W0.",
                _fetch,
                {"x": "np.arange(3 * V).astype(np.int8).reshape(3, V)"},
                {"y": "x"},
            ),
        ),
    ),
    Page(
        "CONFIG",
        "CONFIG",
        "The queue's later operations act in the first n superlanes only.",
        (
            "1 <= n <= T.",
            "The others neither read, write nor flag; where they would drive a stream they drive "
            "zero. No time changes.",
        ),
        ("CONFIG 2",),
        examples=(
            Example(
                "READ acts in the southern superlane; the other one drives zero.",
                _config,
                {"x": _X},
                {"y": "np.where(np.arange(V) < 16, x, 0)"},
            ),
        ),
    ),
    Page(
        "DESKEW",
        "DESKEW",
        "Parks the queue until the next overflow of the hardware-aligned counter.",
        ("Every other queue is parked in SYNC, and no burst is going on.",),
        ("DESKEW",),
        errors=(ErrorClass.NOT_PARKED,),
    ),
    Page(
        "RUNTIME_DESKEW",
        "RUNTIME_DESKEW",
        "Stalls k + (SAC - HAC) cycles; then SAC = HAC.",
        ("Every other queue is parked in SYNC, and no burst is going on.",),
        ("RUNTIME_DESKEW 252",),
        errors=(ErrorClass.NOT_PARKED,),
    ),
    Page(
        "POLL",
        "POLL",
        "Parks the queue until a link holds a vector at an epoch boundary.",
        ("Every other queue is parked in SYNC, and no burst is going on.",),
        ("POLL 3",),
        errors=(ErrorClass.NOT_PARKED,),
    ),
)
