"""What the manual says of each instruction beyond tsp.arch: its effect, its rules, examples.

The rules are those of the execution contract, in the words of a programmer. Every example is
canonical text that a test assembles and writes back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["MANUAL", "Manual"]


@dataclass(frozen=True)
class Manual:
    """Text of one instruction's page: effect, rules, and example words."""

    effect: str
    rules: tuple[str, ...]
    examples: tuple[str, ...]


MANUAL: Mapping[str, Manual] = MappingProxyType(
    {
        "NOP": Manual(
            "Nothing happens. It is no event.",
            ("The next word issues exactly n cycles later.", "The assembler makes NOPs from `@`."),
            ("NOP 5",),
        ),
        "REPEAT": Manual(
            "The functional word before it, issued at t, issues again at t + d, ..., t + n d.",
            (
                "Takes no cycle itself; the next word issues at t + n d + 1 at the earliest.",
                "Directly follows a functional word without burst.",
                "Each copy steps what steps: MEM offsets by their stride inside the bank, the "
                "column of LW modulo T, the entry of ACC and of the activation buffer modulo their "
                "number. Nothing else changes; the word is repeated whole, IW included.",
            ),
            ("REPEAT 3, 2",),
        ),
        "SYNC": Manual(
            "Parks the queue. The n-th NOTIFY from now, issued at t by any queue of the chip, "
            "lets its next word issue in t + D, D = sync_release.",
            (
                "A NOTIFY at t releases a SYNC that has issued by t + 1.",
                "A SYNC that issues in t + 2 .. t + D is illegal (late to barrier).",
                "A burst of this queue may still be going on.",
                "A queue that stays parked for ever is illegal (unfinished).",
            ),
            ("SYNC", "SYNC 2"),
        ),
        "NOTIFY": Manual(
            "Begins a new segment in this cycle, for all queues, and releases every parked queue "
            "in t + D.",
            (
                "NOTIFYs are at least D cycles apart (barrier spacing).",
                "A queue that is not parked runs on.",
                "The first word of VXM0 is NOTIFY: the host starts that queue alone.",
                "Cycle 0 of every record is the first NOTIFY.",
            ),
            ("NOTIFY",),
        ),
        "HALT": Manual(
            "The queue issues nothing more.",
            (
                "Text after HALT is illegal (unfinished).",
                "When all queues have halted and done_drain cycles have passed since the last "
                "HALT or burst access, `done` rises.",
                "Queues without text are given one HALT by the loader.",
            ),
            ("HALT",),
        ),
        "IFETCH": Manual(
            "Takes n pairs of vectors of program text from a stream, pair i in cycles 2 T i and "
            "2 T i + 1, and appends them to the queue's buffer.",
            ("Fetches of n pairs at one stop are at least 2 T n apart.",),
            ("IFETCH E3, 2",),
        ),
        "CONFIG": Manual(
            "The queue's later operations act in the first n superlanes only.",
            (
                "1 <= n <= T.",
                "The others neither read, write nor flag; where they would drive a stream they "
                "drive zero. No time changes.",
            ),
            ("CONFIG 2",),
        ),
        "DESKEW": Manual(
            "Parks the queue until the next overflow of the hardware-aligned counter.",
            ("Every other queue is parked in SYNC, and no burst is going on.",),
            ("DESKEW",),
        ),
        "RUNTIME_DESKEW": Manual(
            "Stalls k + (SAC - HAC) cycles; then SAC = HAC.",
            ("Every other queue is parked in SYNC, and no burst is going on.",),
            ("RUNTIME_DESKEW 252",),
        ),
        "POLL": Manual(
            "Parks the queue until a link holds a vector at an epoch boundary.",
            ("Every other queue is parked in SYNC, and no burst is going on.",),
            ("POLL 3",),
        ),
        "MEM": Manual(
            "READ drives a vector of MEM onto a stream; WRITE stores what passes on a stream. "
            "GATHER and SCATTER take the offset from each superlane's own word of a map stream "
            "(bytes 0 and 1). The queue goes on while a burst issues its accesses: access i at "
            "t + i every, at offset + i stride modulo the bank.",
            (
                "Read and write of one word are in different banks.",
                "Two accesses of a bank in one cycle are illegal (bank conflict).",
                "A port in a burst may not be named before its last access (port busy).",
                "A vector that nobody loaded or wrote may not be read (uninitialised).",
                "Data to be written must be on the inputs in t + mem_d_skew (empty stream).",
            ),
            (
                "READ 0:12 -> E3",
                "READ 0:12 -> E3 count=8 stride=2 every=3",
                "WRITE 1:5 <- W2",
                "READ 0:0 -> E3 count=4 stride=1 | WRITE 1:0 <- W2 count=4 stride=1",
                "GATHER 0 -> E3 map=E5",
                "SCATTER 1 <- W3 map=W5 count=2",
            ),
        ),
        "LW": Manual(
            "Column group c of the load buffer takes 16 streams: lane l of stream s + i, l = 0 .. "
            "V - 1, is the weight of input l for output 16 c + i.",
            ("The weights are on the plane's inputs in t + mxm_d_skew, all 16 streams.",),
            ("LW s16 column=1",),
        ),
        "MXM": Manual(
            "IW copies the load buffer to the weights. ABC multiplies a vector of activations with "
            "them: `ABC.stream` takes it from a stream, `ABC.keep` also stores it in an entry of "
            "the activation buffer, `ABC.buffer` takes it from there. The result is ACC's to take.",
            (
                "In one word, ABC uses the weights installed before; IW serves from t + 1.",
                "IW leaves the load buffer as it is. A column group never loaded is uninitialised.",
                "An entry stored by a keep at t can be computed from at t + keep_to_buffer.",
                "int8 activations and weights give exact int32.",
            ),
            (
                "IW",
                "ABC.stream s5",
                "IW | ABC.keep s5 entry=2",
                "ABC.buffer entry=2",
                "ABC.stream s5 type=fp16",
            ),
        ),
        "ACC": Manual(
            "With r the result of the ABC issued abc_to_acc cycles before, and a = acc[entry]: "
            "`write` a := r; `add` a := a + r; `emit` out := r; `emit_sum` out := a + r, a "
            "unchanged; `emit_stored` out := a; `preload` a := the stream group.",
            (
                "write, add, emit and emit_sum without such an ABC are illegal (empty stream or "
                "uninitialised); an ABC without ACC is discarded, with a warning.",
                "int32 wraps modulo 2^32; the verifier refuses what could exceed 31 bits "
                "(accumulator range) unless the program gives `.bound`.",
                "Results and preloads are groups of four streams.",
            ),
            (
                "ACC.write 3",
                "ACC.add 3",
                "ACC.emit -> s4",
                "ACC.emit_sum 3 -> s4",
                "ACC.emit_stored 3 -> s4",
                "ACC.preload 3 <- s8",
                "ACC.add 3 type=fp32",
            ),
        ),
        "VXM": Manual(
            "Converts each operand from its type to the compute type, computes, and converts the "
            "result, lane by lane; each conversion rounds half to even, once.",
            (
                "Operands are streams or immediates, at most two of them immediates.",
                "int32 results are exact, then saturate (`.sat`) or wrap, to int32 and to the "
                "result type by the same bit.",
                "fp32 overflow gives infinity, in fp16 too; the one NaN is 7FC00000, in fp16 7E00.",
                "Float to integer is clip(rint(x)), NaN gives 0.",
                "The specials (EXP2 .. TANH) exist in ALU 0 of each stop.",
            ),
            (
                "ADD.int32.sat E4:int32, #-5:int8 -> W8:int8",
                "MADD.fp32 E4:int32, #1.5:fp32, W0:fp16 -> W8:int8",
                "SELECT.int32 E0:int8, E1:int8, W2:int8 -> E0:int8",
                "RELU.fp32 E2:fp16 -> E2:fp16",
            ),
        ),
        "SHIFT": Manual(
            "out[l] = in[l - n], zero from outside: n > 0 moves lanes north.",
            ("1 <= |n| <= 16.",),
            ("SHIFT E3 -> W4 n=-5",),
        ),
        "SELECT": Manual(
            "By bits 1:0 of the lane's byte of the mask: 0 in[l], 1 in[l - n], 2 in[l + n], "
            "3 zero.",
            ("Other bits of the mask are zero (bad map).",),
            ("SELECT E3 -> W4 mask=E5 n=3",),
        ),
        "PERMUTE": Manual(
            "Three gather stages: a[y][l] = x[y][s1], b[y][l] = a[s2][l], c[y][l] = b[y][s3]; s1 "
            "and s3 are nibbles of the map's first byte, s2 five bits of its second.",
            ("s2 >= T or other bits set: zero result and bad map.",),
            ("PERMUTE E3 -> W4 map=E6",),
        ),
        "DISTRIBUTE": Manual(
            "out[l] = in[map & 15] of the same superlane, zero if bit 7 of the map is set.",
            ("Other bits of the map are zero (bad map).",),
            ("DISTRIBUTE E3 -> W4 map=E5",),
        ),
        "ROTATE": Manual(
            "Lanes 0 .. n^2 - 1 of a superlane are an n x n patch; stream r n + c of the result "
            "holds it rotated by r rows and c columns.",
            ("n = 3 drives nine streams. Lanes from n^2 up are zero.",),
            ("ROTATE E3 -> W16 n=3",),
        ),
        "TRANSPOSE": Manual(
            "Within each superlane: stream i, lane j of the result is stream j, lane i.",
            (),
            ("TRANSPOSE E0 -> W16",),
        ),
        "SEND": Manual("Sends a vector on the queue's link.", (), ("SEND E3",)),
        "RECEIVE": Manual(
            "Puts the next vector of the queue's link on a stream.",
            ("A vector that has not arrived is an error (late RECEIVE).",),
            ("RECEIVE -> E3",),
        ),
    }
)
