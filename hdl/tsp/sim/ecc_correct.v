// Hand-written: corrects a word by its syndrome (hdl/tsp/ecc.py). Nearly every syndrome is zero, and
// a simulator then skips the search for the wrong bit.
module ecc_correct #(
    parameter [9*128-1:0] COLUMNS = 0
) (
    input      [136:0] word,
    input      [8:0]   syndrome,
    output reg [127:0] data,
    output reg         corrected,
    output reg         double
);
  integer n;
  always @* begin
    data = word[127:0];
    corrected = 1'b0;
    double = 1'b0;
    if (syndrome != 9'd0) begin
      corrected = (syndrome & (syndrome - 9'd1)) == 9'd0;  // a check bit
      /*verilator unroll_disable*/
      for (n = 0; n < 128; n = n + 1)
        if (syndrome == COLUMNS[9*n+:9]) begin
          data[n] = !data[n];
          corrected = 1'b1;
        end
      double = !corrected;
    end
  end
endmodule
