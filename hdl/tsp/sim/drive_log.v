// Hand-written: records a word at a drive port in words.bin (hdl/tsp/sram.py). The stop's stream
// register holds it from the next cycle on, and that is the cycle recorded.
module drive_log (
    input         clk,
    input         valid,
    input [31:0]  cycle,
    input [31:0]  place,
    input [31:0]  address,
    input [136:0] data
);
`ifndef SYNTHESIS
  import "DPI-C" function void tsp_write(
      input int unsigned cycle, input int unsigned place, input int unsigned address,
      input bit [159:0] data);
  always @(posedge clk) if (valid) tsp_write(cycle + 32'd1, place, address, 160'(data));
`endif
endmodule
