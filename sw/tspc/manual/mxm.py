"""Pages of the MXM's planes."""

from tsp.arch.config import LANES
from tsp.arch.errors import ErrorClass
from tspc.manual.page import Example, Page
from tspc.manual.script import BASE, Script

__all__ = ["PAGES"]

_PLANE = "MXM_E0"
_GIVEN = {
    "w": "np.random.default_rng(1).integers(-128, 128, (V, V), np.int8)",
    "x": "np.arange(V, dtype=np.int8) - 7",
}
_PRODUCT = "w.astype(np.int32) @ x"


def _weights(script: Script) -> int:
    """Load and install w, a row of which holds an output's weights; returns IW's cycle."""
    t, groups = script.timing, script.config.superlanes
    queue, load = f"{_PLANE}_W", BASE - t.lw_to_iw - script.config.superlanes + 1
    script.word(queue, load, "LW s16 column=0", f"REPEAT {groups - 1}, 1")
    places: dict[int, str] = {}
    for i in range(LANES):
        source = script.upstream(queue, "E16")
        at = script.read_time(source, queue, load + t.mxm_d_skew)
        script.word(source, at, f"READ 0:0 -> E{16 + i} count={groups} stride=1 every=1")
        places |= {LANES * c + i: f"{source}:0:{c}" for c in range(groups)}
    lanes = script.config.lanes
    script.tensor("w", f"int8[{lanes},{lanes}]", "input", [places[row] for row in range(lanes)])
    script.word(f"{_PLANE}_A", BASE, "IW")
    return BASE


def _matmul(script: Script) -> None:
    """One vector through the plane."""
    t, queue = script.timing, f"{_PLANE}_R"
    at = _weights(script) + t.iw_to_abc
    script.word(f"{_PLANE}_A", at, "ABC.stream s0")
    script.operand("x", "int8[32]", f"{_PLANE}_A", "E0", at + t.mxm_d_skew)
    script.word(queue, at + t.abc_to_acc, "ACC.emit -> s4")
    script.result("y", "int32[32]", queue, "W4", at + t.abc_to_acc + t.acc_d_func, streams=4)


def _buffer(script: Script) -> None:
    """The same activations twice, the second time from the buffer."""
    t, queue = script.timing, f"{_PLANE}_R"
    at = _weights(script) + t.iw_to_abc
    again = at + t.keep_to_buffer
    script.word(f"{_PLANE}_A", at, "ABC.keep s0 entry=2")
    script.word(f"{_PLANE}_A", again, "ABC.buffer entry=2")
    script.operand("x", "int8[32]", f"{_PLANE}_A", "E0", at + t.mxm_d_skew)
    script.word(queue, at + t.abc_to_acc, "ACC.write 5")
    script.word(queue, again + t.abc_to_acc, "ACC.add 5")
    last = again + t.abc_to_acc + t.acc_to_acc
    script.word(queue, last, "ACC.emit_stored 5 -> s4")
    script.result("y", "int32[32]", queue, "W4", last + t.acc_d_func, streams=4)


def _bias(script: Script) -> None:
    """Start from a bias: preload, and emit the sum."""
    t, queue = script.timing, f"{_PLANE}_R"
    at = _weights(script) + t.iw_to_abc
    script.word(f"{_PLANE}_A", at, "ABC.stream s0")
    script.operand("x", "int8[32]", f"{_PLANE}_A", "E0", at + t.mxm_d_skew)
    last = at + t.abc_to_acc
    script.word(queue, last - t.acc_to_acc, "ACC.preload 3 <- s8")
    script.operand("b", "int32[32]", queue, "E8", last - t.acc_to_acc + t.acc_d_skew, streams=4)
    script.word(queue, last, "ACC.emit_sum 3 -> s4")
    script.result("y", "int32[32]", queue, "W4", last + t.acc_d_func, streams=4)


_MATMUL = Example(
    "A matrix times a vector: two LW load a tile of V x V weights, IW installs it, ABC computes, "
    "ACC emits.",
    _matmul,
    _GIVEN,
    {"y": _PRODUCT},
)

PAGES = (
    Page(
        "LW",
        "LW",
        "Column group c of the load buffer takes 16 streams: lane l of stream s + i, l = 0 .. "
        "V - 1, is the weight of input l for output 16 c + i.",
        ("The weights are on the plane's inputs in t + mxm_d_skew, all 16 streams.",),
        ("LW s16 column=1",),
        timing=("mxm_d_skew", "lw_to_iw"),
        errors=(ErrorClass.EMPTY_STREAM,),
        model=("tspc.golden.slices.mxm:Weights.issue",),
        examples=(_MATMUL,),
    ),
    Page(
        "IW",
        "MXM",
        "Copies the load buffer to the weights.",
        (
            "In one word, ABC uses the weights installed before; IW serves from t + iw_to_abc.",
            "IW leaves the load buffer as it is. A column group never loaded is uninitialised.",
        ),
        ("IW", "IW | ABC.keep s5 entry=2"),
        timing=("lw_to_iw", "iw_to_abc"),
        errors=(ErrorClass.UNINITIALISED,),
        model=("tspc.golden.slices.mxm:Activations._install",),
        examples=(_MATMUL,),
    ),
    Page(
        "ABC",
        "MXM",
        "Multiplies a vector of activations with the weights: `ABC.stream` takes it from a stream, "
        "`ABC.keep` also stores it in an entry of the activation buffer, `ABC.buffer` takes it "
        "from there. The result is ACC's to take.",
        (
            "An entry stored by a keep at t can be computed from at t + keep_to_buffer.",
            "int8 activations and weights give exact int32.",
        ),
        ("ABC.stream s5", "ABC.keep s5 entry=2", "ABC.buffer entry=2", "ABC.stream s5 type=fp16"),
        timing=("mxm_d_skew", "iw_to_abc", "keep_to_buffer", "abc_to_acc"),
        errors=(ErrorClass.EMPTY_STREAM, ErrorClass.UNINITIALISED),
        model=("tspc.golden.slices.mxm:Activations._compute",),
        examples=(
            Example(
                "The same activations twice, the second time from the buffer; their products are "
                "summed.",
                _buffer,
                _GIVEN,
                {"y": f"2 * ({_PRODUCT})"},
            ),
        ),
    ),
    Page(
        "ACC",
        "ACC",
        "With r the result of the ABC issued abc_to_acc cycles before, and a = acc[entry]: "
        "`write` a := r; `add` a := a + r; `emit` out := r; `emit_sum` out := a + r, a unchanged; "
        "`emit_stored` out := a; `preload` a := the stream group.",
        (
            "write, add, emit and emit_sum without such an ABC are illegal (empty stream); an ABC "
            "without ACC is discarded, with a warning.",
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
        timing=("acc_d_skew", "acc_d_func", "abc_to_acc", "acc_to_acc"),
        errors=(
            ErrorClass.EMPTY_STREAM,
            ErrorClass.UNINITIALISED,
            ErrorClass.ACCUMULATOR_RANGE,
            ErrorClass.STREAM_CONFLICT,
        ),
        model=("tspc.golden.slices.mxm:Results.issue", "tspc.golden.slices.mxm:Results._sum"),
        examples=(
            Example(
                "A bias is loaded into an entry; the sum of it and the product leaves.",
                _bias,
                {**_GIVEN, "b": "np.arange(V, dtype=np.int32) * 1000"},
                {"y": f"{_PRODUCT} + b"},
            ),
        ),
    ),
)
