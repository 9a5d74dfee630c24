// Hand-written: hands every issued instruction to the C++ writer of events.bin (hdl/tsp/sram.py).
module event_log (
    input         clk,
    input         valid,
    input [31:0]  cycle,
    input [31:0]  queue,
    input [127:0] word
);
`ifndef SYNTHESIS
  import "DPI-C" function void tsp_event(
      input int unsigned cycle, input int unsigned unit, input bit [127:0] word);
  always @(posedge clk) if (valid) tsp_event(cycle, queue, word);
`endif
endmodule
