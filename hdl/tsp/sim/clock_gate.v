// Hand-written: a clock that stands still while `enable` is 0 (hdl/tsp/icu/gate.py).
//
// What runs on `gated` behaves alike if the clock never stops, so synthesis may take the plain
// clock, or the technology's own gate in this place. A simulator skips what has no edge.
module clock_gate (
    input  clk,
    input  enable,
    output gated
);
`ifdef SYNTHESIS
  assign gated = clk;
`else
  reg open = 1'b0;
  always_latch if (!clk) open = enable;
  assign gated = clk & open;
`endif
endmodule
