// Hand-written: a tile's counters of errors (hdl/tsp/ecc.py), saturating. Simulation dumps those
// that are not zero, as a memory of two words (hdl/tsp/sim/tsp_sim.cpp).
module error_counters #(
    parameter WORDS = 1
) (
    input                  clk,
    input                  rst,
    input      [31:0]      place,
    input      [2:0]       backdoor,
    input                  enable,
    input      [WORDS-1:0] single,
    input      [WORDS-1:0] double,
    output reg [15:0]      corrected,
    output reg [15:0]      doubles
);
  function automatic [15:0] counted(input [15:0] count, input [WORDS-1:0] flags);
    reg [16:0] sum;
    integer i;
    begin
      sum = {1'b0, count};
      for (i = 0; i < WORDS; i = i + 1) sum = sum + {16'd0, flags[i]};
      counted = sum[16] ? 16'hFFFF : sum[15:0];
    end
  endfunction

  initial begin
    corrected = 16'd0;
    doubles = 16'd0;
  end

  always @(posedge clk)
    if (rst) begin
      corrected <= 16'd0;
      doubles <= 16'd0;
    end else if (enable && (|single || |double)) begin
      corrected <= counted(corrected, single);
      doubles <= counted(doubles, double);
    end

`ifndef SYNTHESIS
  import "DPI-C" function void tsp_dump_begin(
      input int unsigned place, input int unsigned words, input int unsigned bits);
  import "DPI-C" function void tsp_dump_word(input bit [511:0] word);
  always @(posedge clk)
    if (backdoor == 3'd3 && (|corrected || |doubles)) begin
      tsp_dump_begin(place, 2, 16);
      tsp_dump_word(512'(corrected));
      tsp_dump_word(512'(doubles));
    end
`endif
endmodule
