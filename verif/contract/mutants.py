"""Five mutants of the RTL in one build: a plusarg says which of them is alive.

The RTL's sources are copied and changed at one place for each mutant; every change is chosen by the
number that ``+mutant=N`` gives, and with 0 the chip is the true one. One build instead of five.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tspc.engines.chip_build import hdl_root
from tspc.engines.verilator import BUILD_ROOT

__all__ = ["MUTANTS", "Mutant", "sources"]

_VERILOG = """\
// Which mutant is alive; 0: none. Only in the mutants' build.
module mutant (output integer number);
  initial if (!$value$plusargs("mutant=%d", number)) number = 0;
endmodule
"""

_IMPORT = "from tsp.mutants import mutated"

_PYTHON = '''\
"""Which mutant is alive."""

from amaranth import Instance, Mux, Signal


def mutated(m, number, true, false):
    """`false` if mutant `number` is alive, else `true`."""
    alive = Signal(32, name=f"mutant{number}")
    m.submodules += Instance("mutant", o_number=alive)
    return Mux(alive == number, false, true)
'''


@dataclass(frozen=True)
class Mutant:
    """One change of the sources: in `path`, `true` becomes `false`, after `before` if given."""

    number: int
    name: str
    path: str
    true: str
    false: str


MUTANTS = (
    Mutant(
        1,
        "MEM's read pipeline is a register longer",
        "slices/mem/tile.py",
        "self.drive.enable.eq(read[3].valid | self._off),",
        "self.drive.enable.eq(mutated(m, 1, read[3].valid, late) | self._off),",
    ),
    Mutant(
        2,
        "bit 0 of an ALU's result is inverted",
        "slices/vxm/stop.py",
        "registers.attach(m, n, alu)",
        "registers.attach(m, n, alu, mutated(m, 2, 0, 1))",
    ),
    Mutant(
        3,
        "a result goes to the neighbouring stream",
        "stream.py",
        "indices.append(base | Const(k, 5) if low else base)",
        "indices.append((base | Const(k, 5)) ^ mutated(m, 3, 0, 1))",
    ),
    Mutant(
        4,
        "accumulators are not forwarded",
        "slices/mxm/edge.py",
        "m.d.sync += forward.eq(hit)",
        "m.d.sync += forward.eq(mutated(m, 4, hit, 0))",
    ),
    Mutant(
        5,
        "the barrier counts one stop too few",
        "icu/barrier.py",
        "m.d.sync += [left.eq(self._config.stops - 1), counting.eq(1)]",
        "m.d.sync += [left.eq(self._config.stops - 1 - mutated(m, 5, 0, 1)), counting.eq(1)]",
    ),
)

#: What the changes need beside them.
_MORE = (
    (
        "slices/mem/tile.py",
        "        outputs = []\n",
        "        late = Signal()\n"
        "        m.d.sync += late.eq(read[3].valid)\n"
        "        outputs = []\n",
    ),
    (
        "stop.py",
        "    def attach(self, m, number, unit):\n",
        "    def attach(self, m, number, unit, flip=0):\n",
    ),
    (
        "stop.py",
        '        connect(m, unit.drive, getattr(self, f"drive{number}"))\n',
        '        port = getattr(self, f"drive{number}")\n'
        "        m.d.comb += port.enable.eq(unit.drive.enable)\n"
        "        m.d.comb += port.stream.eq(unit.drive.stream)\n"
        "        m.d.comb += port.words.eq(unit.drive.words)\n"
        "        m.d.comb += port.data.eq(unit.drive.data.as_value() ^ flip)\n",
    ),
)


def sources() -> Path:
    """A source root whose chip holds every mutant; made anew."""
    root = BUILD_ROOT / "mutants" / "hdl"
    if root.exists():
        shutil.rmtree(root)
    shutil.copytree(hdl_root(), root, ignore=shutil.ignore_patterns("__pycache__"))
    package = root / "tsp"
    (package / "sim" / "mutant.v").write_text(_VERILOG)
    (package / "mutants.py").write_text(_PYTHON)
    for path, true, false in [(m.path, m.true, m.false) for m in MUTANTS] + list(_MORE):
        _change(package / path, true, false)
    for path in {m.path for m in MUTANTS}:
        _change(package / path, "\nfrom amaranth", f"\n{_IMPORT}\nfrom amaranth")
    return root


def _change(path: Path, true: str, false: str) -> None:
    text = path.read_text()
    # The first import may be one of several; everything else stands once.
    assert text.count(true) == 1 or true.startswith("\nfrom"), f"{path}: {true!r}"
    path.write_text(text.replace(true, false, 1))
