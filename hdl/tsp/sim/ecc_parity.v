// Hand-written: the syndrome of a word (hdl/tsp/ecc.py). Of data with check bits of zero the
// syndrome is the check bits, so one module serves generators and checkers.
//
// Synthesis makes nine parity trees of the matrix's rows. A simulator would evaluate them for every
// word of every unit in every cycle; it calls a function instead, and only where `enable` is set. It
// looks up the bytes' contributions, which macro.py fills in from tsp.arch.secded.
`ifndef SYNTHESIS
package ecc;
  localparam bit [8:0] TABLE[0:4095] = '{/*SECDED_TABLE*/};

  function automatic bit [8:0] parity(input bit [136:0] word);
    /*verilator no_inline_task*/
    parity = word[136:128]
        ^ TABLE[{24'd0, word[7:0]}] ^ TABLE[{24'd1, word[15:8]}]
        ^ TABLE[{24'd2, word[23:16]}] ^ TABLE[{24'd3, word[31:24]}]
        ^ TABLE[{24'd4, word[39:32]}] ^ TABLE[{24'd5, word[47:40]}]
        ^ TABLE[{24'd6, word[55:48]}] ^ TABLE[{24'd7, word[63:56]}]
        ^ TABLE[{24'd8, word[71:64]}] ^ TABLE[{24'd9, word[79:72]}]
        ^ TABLE[{24'd10, word[87:80]}] ^ TABLE[{24'd11, word[95:88]}]
        ^ TABLE[{24'd12, word[103:96]}] ^ TABLE[{24'd13, word[111:104]}]
        ^ TABLE[{24'd14, word[119:112]}] ^ TABLE[{24'd15, word[127:120]}];
  endfunction
endpackage
`endif

module ecc_parity #(
    parameter [9*128-1:0] ROWS = 0
) (
    input              enable,
    input      [136:0] word,
    output reg [8:0]   syndrome
);
`ifdef SYNTHESIS
  integer i;
  always @* begin
    for (i = 0; i < 9; i = i + 1)
      syndrome[i] = word[128+i] ^ ^(word[127:0] & ROWS[128*i+:128]);
    if (!enable) syndrome = 9'd0;
  end
`else
  always @* begin
    syndrome = 9'd0;
    if (enable) syndrome = ecc::parity(word);
  end
`endif
endmodule
