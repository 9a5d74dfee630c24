// Hand-written: opens and closes the files of a run (hdl/tsp/sram.py); one in a chip.
module backdoor_control (
    input       clk,
    input [2:0] backdoor
);
`ifndef SYNTHESIS
  import "DPI-C" function void tsp_open(input string directory);
  import "DPI-C" function void tsp_close();
  string directory;
  initial if (!$value$plusargs("tsp=%s", directory)) directory = ".";
  always @(posedge clk) begin
    if (backdoor == 3'd1) tsp_open(directory);
    if (backdoor == 3'd4) tsp_close();
  end
`endif
endmodule
