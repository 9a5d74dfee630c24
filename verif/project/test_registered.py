"""Stepped modules (tspc.engines.stepped): only registers lead from their inputs to outputs."""

import json
import re
from collections import defaultdict

import pytest

from tsp.arch.config import NANO
from tsp.export import TOP, export
from tspc.engines.verilator import BUILD_ROOT

#: Yosys' cells whose outputs follow a clock.
_REGISTER = re.compile(r"\$(a|al|s)?dff|\$dffsr|\$mem|\$dlatch")

#: Inputs that stand still.
_POSITION = {"row"}


class _Netlist:
    """Modules as Yosys' JSON has them."""

    def __init__(self, modules):
        self._modules, self._known = modules, {}

    def paths(self, name):
        """Inputs that reach each output in the same cycle: a set of names by output."""
        if name not in self._known:
            module = self._modules[name]
            inputs = {b: p for p, x in _ports(module, "input") for b in x["bits"]}
            before = self._drivers(module)
            self._known[name] = {
                port: _reached(x["bits"], before, inputs) for port, x in _ports(module, "output")
            }
        return self._known[name]

    def _drivers(self, module):
        """For each net the list of groups of nets that it hangs on."""
        before = defaultdict(list)
        for cell in module["cells"].values():
            nets, kind = cell["connections"], cell["type"]
            if kind in self._modules:
                for output, inputs in self.paths(kind).items():
                    group = [b for p in inputs for b in nets.get(p, ())]
                    for b in nets.get(output, ()):
                        before[b].append(group)
            elif not _REGISTER.match(kind):
                ways = cell["port_directions"]
                group = [b for p, bits in nets.items() if ways[p] == "input" for b in bits]
                for p, bits in nets.items():
                    for b in bits if ways[p] == "output" else ():
                        before[b].append(group)
        return before


def _ports(module, direction):
    return [(p, x) for p, x in module["ports"].items() if x["direction"] == direction]


def _reached(bits, before, inputs):
    seen, left, groups = set(bits), list(bits), set()
    while left:
        for group in before.get(left.pop(), ()):
            if id(group) not in groups:  # a cell's inputs once, however many outputs it has
                groups.add(id(group))
                new = set(group) - seen
                seen |= new
                left += new
    return {inputs[b] for b in seen if b in inputs}


def _read(texts):
    """Modules of Verilog files, by Yosys."""
    from pyosys import libyosys

    design = libyosys.Design()
    for path in texts:
        design.run_pass(f"read_verilog -sv -DSYNTHESIS {path}")
    for line in ("proc", "opt_clean"):
        design.run_pass(line)
    out = BUILD_ROOT / "verilog" / "netlist.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    design.run_pass(f"write_json {out}")
    return _Netlist(json.loads(out.read_text())["modules"])


def test_a_path_is_seen(tmp_path):
    """Through a submodule, and not through a register."""
    source = tmp_path / "t.v"
    source.write_text(
        "module inner(input a, input b, output y); assign y = a & b; endmodule\n"
        "module t(input clk, input a, input b, input c, output x, output reg y);\n"
        "  inner i(.a(a), .b(b), .y(x));\n"
        "  always @(posedge clk) y <= c;\n"
        "endmodule\n"
    )
    assert _read([source]).paths("t") == {"x": {"a", "b"}, "y": set()}


@pytest.mark.slow
def test_outputs_of_stepped_modules_are_registers():
    directory = BUILD_ROOT / "verilog" / "registered"
    manifest = export(NANO, directory)
    net = _read([directory / f"{name}.v" for name in manifest["modules"]])
    stops = [name for name in manifest["modules"] if name.startswith("icu_stop_")]
    stepped = [part["name"] for part in manifest["parts"] if part["name"] != TOP]
    large = ["plane_row_nano", *stops]  # stepped on larger chips
    assert stepped
    for name in [*stepped, *large]:
        paths = {out: found - _POSITION for out, found in net.paths(name).items()}
        assert {out: found for out, found in paths.items() if found} == {}, name
