"""Pages of the SXM."""

from functools import partial

from tsp.arch.config import LANES
from tsp.arch.errors import ErrorClass
from tspc.manual.page import Example, Page
from tspc.manual.script import BASE, Script

__all__ = ["PAGES"]

_X = "np.arange(1, V + 1, dtype=np.uint8)"
_DRIVES = (ErrorClass.EMPTY_STREAM, ErrorClass.STREAM_CONFLICT)
_MAPPED = (*_DRIVES, ErrorClass.BAD_MAP)


def _unit(unit: str, word: str, entry: str, maps: tuple[tuple[str, str, int], ...],
          streams: tuple[int, int], script: Script) -> None:  # fmt: skip
    """One word of a unit of SXM_E: x from E0 up, maps beside it, y to W16 up."""
    queue = f"SXM_E_{unit}"
    arrives = BASE + script.delay(f"{entry}_d_skew")
    stands = BASE + script.delay(f"{entry}_d_func")
    script.word(queue, BASE, word)
    shapes = [f"uint8[{n},32]" if n > 1 else "uint8[32]" for n in streams]
    script.operand("x", shapes[0], queue, "E0", arrives, streams=streams[0])
    for name, stream, count in maps:
        kind = "uint8[32]" if count == 1 else f"uint8[{count},32]"
        script.operand(name, kind, queue, stream, arrives, streams=count)
    script.result("y", shapes[1], queue, "W16", stands, streams=streams[1])


def _example(
    shows: str,
    unit: str,
    word: str,
    entry: str,
    given: dict[str, str],
    y: str,
    *maps: tuple[str, str, int],
    streams: tuple[int, int] = (1, 1),
) -> Example:
    write = partial(_unit, unit, word, entry, maps, streams)
    return Example(shows, write, given, {"y": y})


def _delays(name: str) -> tuple[str, ...]:
    return (f"{name}_d_skew", f"{name}_d_func")


_LANE = "np.arange(V) % 16"

PAGES = (
    Page(
        "SHIFT",
        "SHIFT",
        "out[l] = in[l - n], zero from outside: n > 0 moves lanes north.",
        ("1 <= |n| <= 16.", "Lanes are those of the whole vector."),
        ("SHIFT E3 -> W4 n=-5",),
        timing=_delays("shift"),
        errors=_DRIVES,
        model=("tspc.golden.slices.sxm:_moved",),
        examples=(
            _example(
                "Five lanes north.",
                "SHIFT",
                "SHIFT E0 -> W16 n=5",
                "shift",
                {"x": _X},
                "np.concatenate([np.zeros(5, np.uint8), x[:-5]])",
            ),
        ),
    ),
    Page(
        "SXM SELECT",
        "SELECT",
        "By bits 1:0 of the lane's byte of the mask: 0 in[l], 1 in[l - n], 2 in[l + n], 3 zero.",
        ("Other bits of the mask are zero (bad map).",),
        ("SELECT E3 -> W4 mask=E5 n=3",),
        timing=_delays("shift"),
        errors=_MAPPED,
        model=("tspc.golden.slices.sxm:_select",),
        examples=(
            _example(
                "Lanes take turns in the four choices.",
                "SHIFT",
                "SELECT E0 -> W16 mask=E1 n=3",
                "shift",
                {"x": _X, "mask": "(np.arange(V) % 4).astype(np.uint8)"},
                "np.choose(mask, [x, np.r_[[0] * 3, x[:-3]], np.r_[x[3:], [0] * 3], 0 * x])",
                ("mask", "E1", 1),
            ),
        ),
    ),
    Page(
        "PERMUTE",
        "PERMUTE",
        "Three gather stages: a[y][l] = x[y][s1], b[y][l] = a[s2][l], c[y][l] = b[y][s3]; s1 and "
        "s3 are nibbles of the map's first byte, s2 five bits of its second.",
        (
            "The map is a group of two streams and arrives with the data.",
            "s2 >= T or other bits set: zero result and bad map.",
        ),
        ("PERMUTE E3 -> W4 map=E6",),
        timing=_delays("permute"),
        errors=_MAPPED,
        model=("tspc.golden.slices.sxm:_permute",),
        examples=(
            _example(
                "The superlanes change places: both lane stages exchange neighbours, which "
                "cancels out, and the stage between takes the other superlane.",
                "PERMUTE",
                "PERMUTE E0 -> W16 map=E2",
                "permute",
                {
                    "x": _X,
                    "map": f"np.stack([17 * ({_LANE} ^ 1), T - 1 - np.arange(V) // 16])"
                    ".astype(np.uint8)",
                },
                "x.reshape(T, 16)[::-1].reshape(V)",
                ("map", "E2", 2),
            ),
        ),
    ),
    Page(
        "DISTRIBUTE",
        "DISTRIBUTE",
        "out[l] = in[map & 15] of the same superlane, zero if bit 7 of the map is set.",
        ("Other bits of the map are zero (bad map).",),
        ("DISTRIBUTE E3 -> W4 map=E5",),
        timing=_delays("distribute"),
        errors=_MAPPED,
        model=("tspc.golden.slices.sxm:_distribute",),
        examples=(
            _example(
                "Every superlane backwards, its last lane zero.",
                "DISTRIBUTE",
                "DISTRIBUTE E0 -> W16 map=E1",
                "distribute",
                {
                    "x": _X,
                    "map": f"np.where({_LANE} == 15, 128, 15 - {_LANE}).astype(np.uint8)",
                },
                f"np.where({_LANE} == 15, 0, x.reshape(T, 16)[:, ::-1].reshape(V))",
                ("map", "E1", 1),
            ),
        ),
    ),
    Page(
        "ROTATE",
        "ROTATE",
        "Lanes 0 .. n^2 - 1 of a superlane are an n x n patch; stream r n + c of the result holds "
        "it rotated by r rows and c columns.",
        ("n = 3 drives nine streams. Lanes from n^2 up are zero.",),
        ("ROTATE E3 -> W16 n=3",),
        timing=_delays("rotate"),
        errors=_DRIVES,
        model=("tspc.golden.slices.sxm:_rotate",),
        examples=(
            _example(
                "All nine rotations of a 3 x 3 patch in each superlane.",
                "ROTATE",
                "ROTATE E0 -> W16 n=3",
                "rotate",
                {"x": _X},
                "np.stack([np.pad(np.roll(x.reshape(T, 16)[:, :9].reshape(T, 3, 3), (-r, -c), "
                "(1, 2)).reshape(T, 9), ((0, 0), (0, 7))).reshape(V) "
                "for r in range(3) for c in range(3)])",
                streams=(1, 9),
            ),
        ),
    ),
    Page(
        "TRANSPOSE",
        "TRANSPOSE",
        "Within each superlane: stream i, lane j of the result is stream j, lane i.",
        ("There are two units, with a queue each.",),
        ("TRANSPOSE E0 -> W16",),
        timing=_delays("transpose"),
        errors=_DRIVES,
        model=("tspc.golden.slices.sxm:_transpose",),
        examples=(
            _example(
                "Sixteen vectors at once.",
                "TRANSPOSE0",
                "TRANSPOSE E0 -> W16",
                "transpose",
                {"x": "np.arange(16 * V).reshape(16, V).astype(np.uint8)"},
                "x.reshape(16, T, 16).transpose(2, 1, 0).reshape(16, V)",
                streams=(LANES, LANES),
            ),
        ),
    ),
)
