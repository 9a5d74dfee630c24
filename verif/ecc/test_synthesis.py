"""The form of generator and corrector that synthesis gets, proven for every pair of errors."""

from tsp.arch.config import CHECK_BITS, DATA_BITS
from tsp.arch.secded import SECDED, Secded
from tsp.macro import HANDWRITTEN

_MODULES = ("ecc_parity", "ecc_correct")

_TOP = """
module path(input [127:0] data, input [136:0] error, output [127:0] out, output single, double);
  wire [8:0] check, syndrome;
  wire [136:0] word = {check, data} ^ error;
  ecc_parity #(.ROWS(ROWS)) made(.enable(1'b1), .word({9'b0, data}), .syndrome(check));
  ecc_parity #(.ROWS(ROWS)) found(.enable(1'b1), .word(word), .syndrome(syndrome));
  ecc_correct #(.COLUMNS(COLUMNS)) corrected(.word(word), .syndrome(syndrome),
      .data(out), .corrected(single), .double(double));
endmodule

module all(input [127:0] data, input [7:0] i, j, output ok);
  wire [136:0] error = (137'd1 << i) | (137'd1 << j);
  wire [127:0] out, wanted = i == j ? data : data ^ error[127:0];
  wire single, double;
  path path(.data(data), .error(error), .out(out), .single(single), .double(double));
  assign ok = i >= 137 || j >= 137 || out == wanted && single == (i == j) && double == (i != j);
endmodule
"""


def _sat(directory, code, data, verdict):
    """Yosys ends with an error unless its verdict on ``ok`` is `verdict`.

    The code is linear, so what holds of the errors of one data word holds of those of any.
    """
    from pyosys import libyosys

    text = _TOP
    for name, values, width in (
        ("ROWS", code.rows, DATA_BITS),
        ("COLUMNS", code.columns, CHECK_BITS),
    ):
        packed = sum(value << width * n for n, value in enumerate(values))
        text = text.replace(f"({name})", f"({width * len(values)}'h{packed:x})")
    (directory / "all.v").write_text(text)
    design = libyosys.Design()
    for path in (*(HANDWRITTEN / f"{n}.v" for n in _MODULES), directory / "all.v"):
        design.run_pass(f"read_verilog -sv -DSYNTHESIS {path}")
    for command in ("hierarchy -top all", "proc", "flatten", "opt"):
        design.run_pass(command)
    design.run_pass(f"sat -set data 128'h{data:032x} -prove ok 1 -{verdict}")


def test_every_single_and_double_error(tmp_path):
    _sat(tmp_path, SECDED, 0x0123456789ABCDEF0F1E2D3C4B5A6978, "verify")


def test_a_sabotaged_matrix_is_found(tmp_path):
    columns = list(SECDED.columns)
    columns[77] = columns[78]
    _sat(tmp_path, Secded(tuple(columns)), 0, "falsify")
