"""The command ``tsp``."""

import click

from tspc.cli.assembly import assemble_command, disassemble_command
from tspc.cli.check import verify_command
from tspc.cli.sim import sim_command
from tspc.cli.tables import doctor_command, timing_command, verilog_command
from tspc.cli.view import view_command

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Assemble, check and run programs for the tensor streaming processor.

    A file name - stands for standard input or output. Exit codes: 0 fine; 1 what was given is
    wrong, or results differ; 2 the command line is wrong.
    """


for _command in (
    assemble_command,
    disassemble_command,
    verify_command,
    sim_command,
    view_command,
    timing_command,
    verilog_command,
    doctor_command,
):
    main.add_command(_command)
