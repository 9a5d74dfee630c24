// Hand-written: registers the low WIDTH bits of one of 64 stream words (hdl/tsp/stream.py).
// By hand because Amaranth writes a variable index as a shift of all 4384 bits.
module stream_capture #(
    parameter WIDTH = 137
) (
    input                  clk,
    input                  enable,
    input      [5:0]       stream,
    input      [32*137-1:0] e_in,
    input      [32*137-1:0] w_in,
    output reg [WIDTH-1:0] word
);
  wire [31:0] at = 137 * {27'd0, stream[4:0]};
  initial word = {WIDTH{1'b0}};

  always @(posedge clk)
    if (enable) begin
      if (stream[5]) word <= w_in[at+:WIDTH];
      else word <= e_in[at+:WIDTH];
    end
endmodule
