"""Modules that are stepped once a cycle behave as they do within the simulation."""

import json
import re

import pytest

from tspc.engines import stepped, verilator
from tspc.engines.verilator import SimulationError

_GATE = """
module gate(input clk, input enable, output gated);
  reg open = 1'b0;
  always_latch if (!clk) open = enable;
  assign gated = clk & open;
endmodule
"""

#: Every output is a register; gated clocks inside and outside, ports of all kinds of width.
_CELL = """
module cell_(input clk, input slow_clk, input rst, input [32:0] a__x, input [136:0] b, input c,
    input [7:0] d, input [63:0] e, output reg [32:0] a_out,
    output reg [136:0] b__out, output reg c_out, output reg [7:0] d_out, output reg [63:0] e_out);
  wire gated;
  gate g(.clk(clk), .enable(c | rst), .gated(gated));
  always @(posedge clk)
    if (rst) begin
      a_out <= 33'h123456789;
      b__out <= {9{15'h5a5a}};
      c_out <= 1'b1;
    end else begin
      a_out <= {a__x[31:0], a__x[32] ^ c} + {25'd0, d};
      b__out <= {b[135:0], b[136] ^ e[5]} ^ {104'd0, a__x};
      c_out <= b[7] ^ e[63];
    end
  always @(posedge slow_clk) d_out <= rst ? 8'd77 : d + 8'd29;
  always @(posedge gated) begin
    e_out <= rst ? 64'd1 : e * 64'd6364136223846793005 + {56'd0, d};
  end
endmodule
"""

#: Three of them in a ring.
_RING = """
module ring(input clk, input rst, output [136:0] seen);
  wire [32:0] a[0:2]; wire [136:0] b[0:2]; wire c[0:2]; wire [7:0] d[0:2]; wire [63:0] e[0:2];
  wire slow;
  genvar i;
  gate g(.clk(clk), .enable(rst | e[0][7]), .gated(slow));
  generate for (i = 0; i < 3; i = i + 1) begin : cells
    cell_ one(.clk(clk), .slow_clk(slow), .rst(rst), .a__x(a[i]), .b(b[i]), .c(c[i]),
        .d(d[i]), .e(e[i]), .a_out(a[(i+1)%3]), .b__out(b[(i+1)%3]),
        .c_out(c[(i+1)%3]), .d_out(d[(i+1)%3]), .e_out(e[(i+1)%3]));
  end endgenerate
  assign seen = b[0] ^ {d[1], a[2], c[0], 31'd0, e[1]};
endmodule
"""

_PORTS = {"clk": 1, "slow_clk": 1, "rst": 1, "a__x": 33, "b": 137, "c": 1, "d": 8, "e": 64}
_OUT = {"a_out": 33, "b__out": 137, "c_out": 1, "d_out": 8, "e_out": 64}


def _module(folder, text=_CELL):
    source = folder / "cell_.v"
    source.write_text(text)
    (folder / "gate.v").write_text(_GATE)
    ports = {n: ("input", bits) for n, bits in _PORTS.items()}
    ports |= {n: ("output", bits) for n, bits in _OUT.items()}
    return stepped.Module("cell_", [source, folder / "gate.v"], ports)


def _trace(folder, extra, arguments):
    """What the ring shows in 300 cycles."""
    ring = folder / "ring.v"
    ring.write_text(_RING)
    built = verilator.build(
        [ring, folder.parent / "gate.v", extra],
        "ring",
        folder,
        inputs=["clk", "rst"],
        outputs=["seen"],
        extra=arguments,
    )
    verilator.run(built, "verif.engines.tb_stepped", folder / "run")
    return json.loads((folder / "run" / "seen.json").read_text())


def test_a_ring_of_stepped_modules_does_what_the_modules_do(tmp_path):
    for name in ("plain", "stepped"):
        (tmp_path / name).mkdir()
    module = _module(tmp_path)
    plain = _trace(tmp_path / "plain", tmp_path / "cell_.v", [])
    model = stepped.build_model(module, tmp_path / "models")
    assert _trace(tmp_path / "stepped", model.stub, model.arguments) == plain
    assert len(set(plain)) > 250
    assert stepped.build_model(module, tmp_path / "models") == model, "built once"


def test_a_broken_module_leaves_no_model(tmp_path):
    module = _module(tmp_path, _CELL.replace("posedge clk", "posedge clk,"))
    with pytest.raises(SimulationError, match=r"%Error.*syntax error"):
        stepped.build_model(module, tmp_path / "models")
    assert not list(tmp_path.glob("models/*/built.json"))


def test_stub_has_the_ports_of_the_module(tmp_path):
    module = _module(tmp_path)
    text = stepped.stub(module)
    for name, (direction, bits) in module.ports.items():
        width = rf"\[{bits - 1}:0\] " if bits > 1 else ""
        assert re.search(rf"^  {direction} (reg )?{width}{name};$", text, re.M)
