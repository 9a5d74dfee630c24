"""The VXM runs assembled programs: every ALU, both directions, chains of stops, REPEAT."""

import numpy as np
import pytest

from tsp.arch.config import NANO
from tsp.arch.timing import timing
from verif.slices.assembled import STOP, Case, run, stream_between

D = timing(NANO)
START = 80
ALUS = [f"VXM{n}" for n in range(16)]
I8, I16, I32, F16, F32 = np.int8, np.int16, np.int32, np.float16, np.float32


def clip(x, kind):
    """Round half even and saturate."""
    info = np.iinfo(kind)
    return np.clip(np.rint(x), info.min, info.max).astype(kind)


#: Mnemonic, operands (a dtype, or the text of an immediate), result, what NumPy says.
OPERATIONS = [
    ("ADD.int32.sat", (I8, I8), I8, lambda a, b: clip(a.astype(int) + b, I8)),
    ("SUB.int32", (I32, I32), I32, lambda a, b: a - b),
    ("MUL.int32", (I16, I16), I32, lambda a, b: a.astype(I32) * b),
    ("MUL.int32.sat", (I32, I16), I16, lambda a, b: clip(a.astype(np.int64) * b, I16)),
    ("MADD.int32", (I8, I8, I16), I32, lambda a, b, c: a.astype(I32) * b + c),
    ("MAX.int32", (I8, I16), I16, np.maximum),
    ("MIN.int32", (I32, "#-7:int8"), I32, lambda a: np.minimum(a, -7)),
    ("SELECT.int32", (I8, I8, I8), I8, lambda a, b, c: np.where(c != 0, a, b)),
    ("RELU.int32", (I8,), I8, lambda a: np.maximum(a, 0)),
    ("SHL.int32.sat", (I16, "#3:int8"), I16, lambda a: clip(a.astype(int) << 3, I16)),
    ("SRA.int32", (I32, "#5:int8"), I32, lambda a: a >> 5),
    ("SRL.int32", (I32, "#9:int8"), I32, lambda a: (a.view(np.uint32) >> 9).view(I32)),
    ("AND.int32", (I32, I32), I32, np.bitwise_and),
    ("OR.int32", (I8, "#0x55:int8"), I8, lambda a: a | 0x55),
    ("XOR.int32", (I16, I16), I16, np.bitwise_xor),
    ("NOT.int32", (I8,), I8, np.invert),
    ("ADD.fp32", (F32, F16), F32, lambda a, b: a + b.astype(F32)),
    ("SUB.fp32", (I32, F32), F32, lambda a, b: a.astype(F32) - b),
    ("MUL.fp32.sat", (I32, "#0.0625:fp32"), I8, lambda a: clip(a.astype(F32) / 16, I8)),
    ("MADD.fp32", (I8, "#1.5:fp16", F32), F32, lambda a, c: (a * 1.5 + c).astype(F32)),
    ("MAX.fp32", (F32, F32), F32, np.maximum),
    ("MIN.fp32", (F16, F16), F16, np.minimum),
    ("SELECT.fp32", (F32, F32, I8), F32, lambda a, b, c: np.where(c != 0, a, b)),
    ("RELU.fp32", (F32,), F16, lambda a: np.maximum(a, 0).astype(F16)),
]


def values(rng, kind):
    """A vector of moderate numbers, so that nothing here is NaN and few saturate."""
    if kind in (F16, F32):
        return (rng.integers(-4000, 4000, NANO.lanes) / 32).astype(kind)
    return rng.integers(-3000, 3000, NANO.lanes).astype(kind)


def planes(vector):
    """The vectors of bytes that streams carry, the lowest first."""
    return [p.tobytes() for p in vector[:, None].view(np.uint8).T]


def operation(case, n, alu, east):
    """Operation `n` on one ALU: operands from one hemisphere, result to the other."""
    near, far = ("W", "E") if east else ("E", "W")
    mnemonic, kinds, result, function = OPERATIONS[n]
    at, texts, numbers, source = START + 2 * n, [], [], 0
    for k, kind in enumerate(kinds):
        if isinstance(kind, str):
            texts.append(kind)
            continue
        numbers.append(values(case.rng, kind))
        for byte, data in enumerate(planes(numbers[-1])):
            place = (f"MEM_{near}{source}", 0, n)
            case.image[place] = data
            case.feed(place, alu, at + D.vxm_d_skew, 4 * k + byte)
            source += 1
        texts.append(f"{stream_between(f'MEM_{near}0', alu, 4 * k)}:{_name(kind)}")
    first = stream_between(alu, f"MEM_{far}0", 16)
    case.add(alu, at, f"{mnemonic} {', '.join(texts)} -> {first}:{_name(result)}")
    for byte, data in enumerate(planes(function(*numbers).astype(result))):
        place = (f"MEM_{far}{byte}", 1, n)
        case.take(alu, at + D.vxm_d_func, stream_between(alu, place[0], 16 + byte), place)
        case.expected[place] = data


def _name(kind):
    return np.dtype(kind).name.replace("float", "fp")


def every(turn):
    """Every operation; ALU and direction differ from turn to turn."""
    case = Case(turn)
    for n in range(len(OPERATIONS)):
        operation(case, n, ALUS[(n + 4 * turn) % 16], turn % 2 == 0)
    return case


def chain(east):
    """One ALU of each stop: x - 1, * 3, + 5 and max(., 0), a vector a cycle by REPEAT."""
    case, count = Case(9), 6
    near, far = ("W", "E") if east else ("E", "W")
    source, sink = f"MEM_{near}3", f"MEM_{far}5"
    steps = ["SUB.int32 {}, #1:int8", "MUL.int32 {}, #3:int8", "ADD.int32.sat {}, #5:int8"]
    steps += ["MAX.int32 {}, #0:int8"]
    alus = [f"VXM{n}" for n in ((0, 5, 10, 15) if east else (15, 10, 5, 0))]
    stream, at = stream_between(source, sink, 7), START
    read = at + D.vxm_d_skew - D.mem_d_func - abs(STOP[alus[0]] - STOP[source]) + 1
    case.add(source, read, f"READ 0:10 -> {stream} count={count} stride=1")
    for alu, step in zip(alus, steps, strict=True):
        text = step.format(f"{stream}:int8")
        case.add(alu, at, f"{text} -> {stream}:int8\n    REPEAT {count - 1}, 1")
        at += D.vxm_d_func - D.vxm_d_skew
    write = at + D.vxm_d_skew + abs(STOP[sink] - STOP[alus[-1]]) - 1 - D.mem_d_skew
    case.add(sink, write, f"WRITE 1:20 <- {stream} count={count} stride=2")
    for i in range(count):
        x = np.frombuffer(case.data(source, 0, 10 + i), np.int8)
        y = clip((x - np.int8(1)) * np.int8(3) + 5.0, np.int8)
        case.expected[sink, 1, 20 + 2 * i] = np.maximum(y, 0).tobytes()
    return case


@pytest.mark.feature("slice", "*.int32", "*.fp32", "type *", measured=True)
def test_assembled_programs_of_every_alu():
    cases = [every(turn) for turn in range(4)] + [chain(True), chain(False)]
    results = run(cases, "verif.slices.vxm.tb_vxm")
    seen = set().union(*(result.events["queue"].tolist() for result in results))
    assert {NANO.queue_by_name[alu].index for alu in ALUS} <= seen


def test_a_wrong_operation_is_noticed(monkeypatch):
    """The twin: NumPy is asked for something else than the text says."""
    mnemonic, kinds, result, _ = OPERATIONS[1]
    wrong = (mnemonic, kinds, result, lambda a, b: b - a)
    monkeypatch.setattr(f"{__name__}.OPERATIONS", [wrong])
    with pytest.raises(AssertionError, match="MEM_E0:1:0 of"):
        run([every(0)], "verif.slices.vxm.tb_vxm")
