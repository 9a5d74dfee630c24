// Hand-written: opens and closes the files of a run (hdl/tsp/sram.py); one in a chip. Behind it the
// back door's code is 5 in a cycle at whose end faults of faults.bin upset registers and memories.
module backdoor_control (
    input        clk,
    input        rst,
    input  [2:0] backdoor,
    output [2:0] code
);
`ifdef SYNTHESIS
  assign code = backdoor;
`else
  import "DPI-C" function int tsp_open(input string directory);
  import "DPI-C" function void tsp_close();
  import "DPI-C" function int tsp_fault_due(input int unsigned cycle);
  string directory;
  reg [31:0] cycle = 32'd0;  // the chip's, as its records have it
  reg armed = 1'b0, fault = 1'b0;
  initial if (!$value$plusargs("tsp=%s", directory)) directory = ".";
  assign code = fault ? 3'd5 : backdoor;

  always @(posedge clk) begin
    cycle <= rst ? 32'd0 : cycle + 32'd1;
    fault <= 1'b0;
    if (armed) fault <= tsp_fault_due(cycle + 32'd2) != 0;
    if (backdoor == 3'd1) armed <= tsp_open(directory) != 0;
    if (backdoor == 3'd4) tsp_close();
  end
`endif
endmodule
