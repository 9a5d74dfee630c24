// Hand-written: the stream registers of one direction of one stop (hdl/tsp/stream.py).
//
// Every cycle `out` takes `in`, except the words that a unit of the stop drives. `active` says that
// a word may differ from zero; idle streams hold zero words, so registers that neither hold nor
// receive an active word need no clock. It is written by hand because Amaranth's Verilog copies
// every register in every cycle and cannot index a register on the left side: this form simulates
// several times faster, and the fabric is most of what a simulator has to move. In simulation the
// back door's code 5 upsets words (faults.bin).
module stream_registers #(
    parameter PORTS = 2
) (
    input                    clk,
    input                    rst,
    input  [31:0]            place,
    input  [2:0]             backdoor,
    input  [31:0]            cycle,
    input  [32*137-1:0]      in,
    input                    in_active,
    input  [PORTS-1:0]       drive,
    input  [5*PORTS-1:0]     index,
    input  [137*PORTS-1:0]   data,
    output reg [32*137-1:0]  out,
    output reg               out_active
);
  reg [32*137-1:0] next;
  integer i;

`ifndef SYNTHESIS
  import "DPI-C" function int tsp_fault_count(
      input int unsigned place, input int unsigned cycle);
  import "DPI-C" function int tsp_fault_word(
      input int unsigned place, input int unsigned cycle, input int unsigned index,
      output bit [511:0] word);
  integer count, at;
  bit [511:0] word;
`endif

  always @(posedge clk) begin
    out_active <= !rst && (in_active || |drive);
    if (rst) out <= {32 * 137{1'b0}};
    else if (in_active || out_active || |drive || backdoor[2]) begin
      next = in;
      if (|drive)  // rarely: an SXM has 51 ports
        for (i = 0; i < PORTS; i = i + 1)
          if (drive[i]) next[137*index[5*i+:5]+:137] = data[137*i+:137];
`ifndef SYNTHESIS
      if (backdoor == 3'd5) begin
        count = tsp_fault_count(place, cycle + 32'd1);
        /*verilator unroll_disable*/
        for (i = 0; i < count; i = i + 1) begin
          at = tsp_fault_word(place, cycle + 32'd1, i, word);
          next[137*at[4:0]+:137] = next[137*at[4:0]+:137] ^ word[136:0];
          out_active <= 1'b1;
        end
      end
`endif
      out <= next;
    end
  end
endmodule
