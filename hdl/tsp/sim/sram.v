// Hand-written: one-read one-write SRAM, the only memory of the chip (hdl/tsp/sram.py).
//
// Simulation: behavioural, zero at the start, with a back door to C++ (tsp_sim.cpp): 2 loads what
// image.bin holds for `place`, 3 dumps, 5 upsets words (faults.bin). A load first zeroes the words if the image says `clear`.
// Only memories that were ever loaded or written (`dirty`) are zeroed or dumped: thousands of
// untouched ones cost nothing. VPI does not reach below a hierarchical block; DPI does.
//
// Synthesis: `sram_macro` is the black box to be replaced by the technology's memory.

`ifdef SYNTHESIS

(* blackbox *)
module sram_macro #(
    parameter WORDS = 256,
    parameter WIDTH = 137
) (
    input                           clk,
    input                           rd,
    input       [$clog2(WORDS)-1:0] rd_addr,
    output      [WIDTH-1:0]         rd_data,
    input                           wr,
    input       [$clog2(WORDS)-1:0] wr_addr,
    input       [WIDTH-1:0]         wr_data
);
endmodule

module sram #(
    parameter WORDS = 256,
    parameter WIDTH = 137
) (
    input                           clk,
    input       [31:0]              place,
    input       [2:0]               backdoor,
    input       [31:0]              cycle,
    input                           rd,
    input       [$clog2(WORDS)-1:0] rd_addr,
    output      [WIDTH-1:0]         rd_data,
    input                           wr,
    input       [$clog2(WORDS)-1:0] wr_addr,
    input       [WIDTH-1:0]         wr_data,
    output      [15:0]              loaded
);
  sram_macro #(.WORDS(WORDS), .WIDTH(WIDTH)) macro (
      .clk(clk), .rd(rd), .rd_addr(rd_addr), .rd_data(rd_data),
      .wr(wr), .wr_addr(wr_addr), .wr_data(wr_data)
  );
  assign loaded = 16'd0;
endmodule

`else

module sram #(
    parameter WORDS = 256,
    parameter WIDTH = 137
) (
    input                           clk,
    input       [31:0]              place,
    input       [2:0]               backdoor,
    input       [31:0]              cycle,
    input                           rd,
    input       [$clog2(WORDS)-1:0] rd_addr,
    output reg  [WIDTH-1:0]         rd_data,
    input                           wr,
    input       [$clog2(WORDS)-1:0] wr_addr,
    input       [WIDTH-1:0]         wr_data,
    output reg  [15:0]              loaded
);
  localparam ADDRESS = $clog2(WORDS);
  localparam LAST = WORDS - 1;

  import "DPI-C" function int tsp_clear();
  import "DPI-C" function int tsp_load_count(input int unsigned place);
  import "DPI-C" function int tsp_load_word(
      input int unsigned place, input int unsigned index, output bit [511:0] word);
  import "DPI-C" function int tsp_fault_count(
      input int unsigned place, input int unsigned cycle);
  import "DPI-C" function int tsp_fault_word(
      input int unsigned place, input int unsigned cycle, input int unsigned index,
      output bit [511:0] word);
  import "DPI-C" function void tsp_dump_begin(
      input int unsigned place, input int unsigned words, input int unsigned bits);
  import "DPI-C" function void tsp_dump_word(input bit [511:0] word);
  import "DPI-C" function void tsp_write(
      input int unsigned cycle, input int unsigned place, input int unsigned address,
      input bit [159:0] data);

  // Only the block below touches `mem`, so blocking assignments are safe; the read comes first.
  reg [WIDTH-1:0] mem[0:LAST];
  reg dirty;
  integer i, count, at;
  bit [511:0] word;

  initial begin
    /*verilator unroll_disable*/
    for (i = 0; i < WORDS; i = i + 1) mem[i] = {WIDTH{1'b0}};
    rd_data = {WIDTH{1'b0}};
    loaded = 16'd0;
    dirty = 1'b0;
  end

  always @(posedge clk) begin
    if (rd) rd_data <= mem[rd_addr];
    if (wr) begin
      mem[wr_addr] = wr_data;
      dirty = 1'b1;
      if (place[31:28] == 4'd1)
        tsp_write(cycle, place, 32'(wr_addr), 160'(wr_data));
    end
    if (backdoor == 3'd2) begin
      if (dirty && tsp_clear() != 0) begin
        /*verilator unroll_disable*/
        for (i = 0; i < WORDS; i = i + 1) mem[i] = {WIDTH{1'b0}};
        dirty = 1'b0;
      end
      count = tsp_load_count(place);
      /*verilator unroll_disable*/
      for (i = 0; i < count; i = i + 1) begin
        at = tsp_load_word(place, i, word);
        if (at < 0 || at >= WORDS)
          $error("image: address %0d is not below %0d in memory %08x", at, WORDS, place);
        else mem[at[ADDRESS-1:0]] = word[WIDTH-1:0];
      end
      if (count != 0) dirty = 1'b1;
      loaded <= 16'(count);
    end
    if (backdoor == 3'd5) begin
      count = tsp_fault_count(place, cycle + 32'd1);
      /*verilator unroll_disable*/
      for (i = 0; i < count; i = i + 1) begin
        at = tsp_fault_word(place, cycle + 32'd1, i, word);
        if (at >= WORDS)
          $error("fault: address %0d is not below %0d in memory %08x", at, WORDS, place);
        else mem[at[ADDRESS-1:0]] = mem[at[ADDRESS-1:0]] ^ word[WIDTH-1:0];
        dirty = 1'b1;
      end
    end
    if (backdoor == 3'd3 && dirty) begin
      tsp_dump_begin(place, WORDS, WIDTH);
      /*verilator unroll_disable*/
      for (i = 0; i < WORDS; i = i + 1) tsp_dump_word(512'(mem[i]));
    end
  end
endmodule

`endif
