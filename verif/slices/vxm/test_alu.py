"""The ALU: every operation, type, stream and path.

Each result is judged twice, by NumPy and exact rationals and by the golden model's own ALU; the two
share nothing. Special functions are judged by the golden model alone, which defines them.
"""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from amaranth import ClockDomain, ClockSignal

from tsp.arch.config import NANO, STREAMS
from tsp.arch.isa import VXM_OPS, Type, vxm_op
from tsp.arch.timing import timing
from tsp.slices.vxm import control, real
from verif.plan import covers
from verif.plan.rows import subjects_of_word
from verif.slices.vxm import golden, oracle, suites
from verif.slices.vxm.runner import run
from verif.support.soak import TURN

_TURNS = 7
_JUDGES = {"NumPy": oracle.expected, "golden model": golden.expected}
_SEED = 20_201 + TURN


def _differences(vectors, results):
    """Lines that say what differs: port and data of every cycle, against both judges."""
    delay = timing(NANO).vxm_d_func - 1  # from issue to the drive port
    issued = np.array([i is not None for i in vectors.instructions])
    enabled = results.enable[delay:][: issued.size].astype(bool)
    found = [f"cycle {n}: enable is {enabled[n]}" for n in np.nonzero(issued != enabled)[0]]
    if results.enable[:delay].any() or results.enable[delay + issued.size :].any():
        found.append("a result before the first issue or after the last one")
    groups = defaultdict(list)
    for n in np.nonzero(issued)[0]:
        groups[vectors.instructions[n]].append(n)
    for i, cycles in groups.items():
        at = np.array(cycles) + delay
        type_ = Type(i["result_type"])
        what = f"{vxm_op(i['op']).name} {dict(i.values)}"
        if (results.stream[at] != i["result_stream"]).any():
            found.append(f"{what}: wrong stream")
        if (results.words[at] != type_.bytes).any():
            found.append(f"{what}: wrong number of words")
        operands = vectors.operands[cycles].transpose(1, 0, 2)
        got = results.patterns[at] & oracle.mask(type_)
        for judge, expected in _JUDGES.items():
            if judge == "NumPy" and vxm_op(i["op"]).special:
                continue
            want = expected(i, operands)
            for row, lane in np.argwhere(want != got)[:3]:
                shown = ", ".join(f"{x[row, lane]:08x}" for x in operands)
                told = f"gives {got[row, lane]:08x}, {judge}: {want[row, lane]:08x}"
                found.append(f"{what}: ({shown}) {told}")
    return found


@pytest.mark.feature("slice", "*.int32", "*.fp32", "type *", measured=True)
@pytest.mark.parametrize("turn", range(_TURNS))
def test_operations(turn):
    """At least 100,000 tuples of each operation and conversion, all instructions mixed."""
    plan = suites.plan(np.random.default_rng(_SEED))[turn::_TURNS]
    vectors = suites.shuffled(np.random.default_rng((_SEED, turn)), plan, turn, 3000)
    assert _differences(vectors, run(vectors))[:10] == []
    words = {i for i in vectors.instructions if i is not None}
    covers("slice", set().union(*map(subjects_of_word, words)))


def _conversions():
    """Names of types: an operand's and the compute type, the compute type and the result's."""
    compute = (Type.INT32, Type.FP32)
    return {(a.name, b.name) for a in Type for b in Type if a in compute or b in compute}


def test_plan_is_complete():
    """The suites have what they promise, and all turns together use all streams."""
    totals = suites.totals(suites.plan(np.random.default_rng(_SEED)))
    print(*(f"{count:,} {name}" for name, count in totals.items()), sep="\n")
    operations = {f"{c.name.lower()} {n}" for n, op in VXM_OPS.items() for c in op.built}
    conversions = {f"{a} to {b}".lower() for a, b in _conversions()}
    assert totals.keys() == operations | conversions
    assert min(totals.values()) >= suites.TUPLES
    streams = set()
    for turn in range(_TURNS):
        for i, _ in suites.mixture(np.random.default_rng((_SEED, turn)), 3000, turn):
            for x in "abc"[: vxm_op(i["op"]).operands]:
                if not i[f"{x}_immediate"]:
                    streams |= {
                        (x, i[f"{x}_stream"] + n) for n in range(Type(i[f"{x}_type"]).bytes)
                    }
    assert len(streams) == 3 * 2 * STREAMS


def _small(seed):
    """A run of some thousand instructions that contains the corners of MADD."""
    rng = np.random.default_rng(seed)
    plan = [s for s in suites.plan(rng) if s.fields["op"] == VXM_OPS["MADD"].code][:1]
    return suites.shuffled(rng, plan, 0, 2000)


def test_superlanes_off():
    """Where an instruction does not act it drives zero, in the same cycle to the same streams."""
    vectors = _small(2)
    limits = np.random.default_rng(2).integers(0, 3, len(vectors.instructions))
    full = run(vectors)
    part = run(replace(vectors, limits=limits))
    for name in ("enable", "stream", "words"):
        assert (getattr(full, name) == getattr(part, name)).all(), name
    delay = timing(NANO).vxm_d_func - 1
    off = np.zeros(len(part.enable), bool)
    off[delay:][: limits.size] = limits == 1  # the ALU is in superlane 1
    driven = part.enable.astype(bool)
    assert (off & driven).sum() > 500 and full.patterns[off & driven].any()
    assert not part.patterns[off & driven].any()
    used = (1 << 8 * part.words.astype(np.int64)) - 1  # words beyond those driven are anything
    differ = (part.patterns ^ full.patterns) & used[:, np.newaxis]
    assert not differ[driven & ~off].any()


@pytest.mark.slow
def test_gates_are_transparent(monkeypatch):
    """With clocks that never stop, as synthesis may have them, nothing changes."""

    def plain_clock(m, name, enable):
        domain = ClockDomain(name, local=True)
        m.domains += domain
        m.d.comb += domain.clk.eq(ClockSignal()), domain.rst.eq(0)

    monkeypatch.setattr(control, "add_gated_domain", plain_clock)
    vectors = _small(1)
    assert _differences(vectors, run(vectors))[:10] == []


@pytest.mark.slow
def test_a_wrong_sticky_bit_is_found(monkeypatch):
    """The sabotaged twin: bits that the product loses on its way to the adder are forgotten."""
    honest = real.jam

    def forgetful(m, name, value, amount):
        return value >> amount if name == "p_shifted" else honest(m, name, value, amount)

    monkeypatch.setattr(real, "jam", forgetful)
    vectors = _small(2)
    found = _differences(vectors, run(vectors))
    assert found and all(line.startswith(("MADD", "ADD", "SUB")) for line in found)
