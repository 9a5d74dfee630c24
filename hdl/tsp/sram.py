"""The SRAM macro and the simulation records: wrappers of the hand-written ``hdl/tsp/sim/*.v``.

For synthesis the SRAM is a black box (``sram_macro``) and the logs are empty modules. In
simulation they reach C++ (``hdl/tsp/sim/tsp_sim.cpp``), which loads and dumps memories and writes
the records of docs/developer.md, *Simulation records*. Each is a Verilog instance: Amaranth's own
simulator cannot run it.
"""

from amaranth import ClockSignal, Instance, ResetSignal
from amaranth.lib.wiring import Component, In, Out
from amaranth.utils import bits_for

__all__ = ["BackdoorControl", "DriveLog", "EventLog", "Sram"]

#: Widest word that the back door can load and dump: 16 accumulators.
_MAX_WIDTH = 512


class Sram(Component):
    """One-read one-write synchronous SRAM.

    A word read in the cycle in which it is written is the *old* one. In simulation every memory
    starts as zero, the back door loads and dumps it, and a memory of kind 1 (``place[31:28]``,
    MEM) records each write.

    Parameters
    ----------
    words
        Number of words, 2 .. 65535.
    width
        Bits of a word, 1 .. 512.

    Members
    -------
    place : In(32)
        Which memory of the chip this is (docs/developer.md); stable while the back door works.
    backdoor : In(3)
        2 load, 3 dump, 5 upset; anything else is ignored. Simulation only.
    cycle : In(32)
        The chip's cycle counter, for the record of writes. Simulation only.
    rd, rd_addr : In
        Read this word.
    rd_data : Out(width)
        The word, valid in the cycle after ``rd``; holds until the next read.
    wr, wr_addr, wr_data : In
        Write this word at the end of the cycle.
    loaded : Out(16)
        Words that the last load put here; 0 after reset of the simulation and in synthesis.

    Raises
    ------
    ValueError
        If `words` or `width` is out of range.
    """

    def __init__(self, words, width):
        if not 2 <= words <= 0xFFFF:
            raise ValueError(f"words = {words!r} is not in 2 .. 65535")
        if not 1 <= width <= _MAX_WIDTH:
            raise ValueError(f"width = {width!r} is not in 1 .. {_MAX_WIDTH}")
        self._words, self._width = words, width
        super().__init__(
            {
                "place": In(32),
                "backdoor": In(3),
                "cycle": In(32),
                "rd": In(1),
                "rd_addr": In(bits_for(words - 1)),
                "rd_data": Out(width),
                "wr": In(1),
                "wr_addr": In(bits_for(words - 1)),
                "wr_data": In(width),
                "loaded": Out(16),
            }
        )

    def elaborate(self, platform):
        return _instance(self, "sram", p_WORDS=self._words, p_WIDTH=self._width)


class EventLog(Component):
    """Records one event of a queue (``events.bin``). Simulation only.

    Members
    -------
    valid : In(1)
        The queue issues in this cycle.
    cycle : In(32)
        The chip's cycle counter.
    queue : In(32)
        Queue number; 0xFFFF_FFFF records that ``done`` rises in this cycle.
    word : In(128)
        The instruction after stepping.
    """

    valid: In(1)
    cycle: In(32)
    queue: In(32)
    word: In(128)

    def elaborate(self, platform):
        return _instance(self, "event_log")


class DriveLog(Component):
    """Records one word that a unit drives on a stream (``words.bin``). Simulation only.

    Connect it to a drive port: the stop's stream register takes the word at the end of the cycle
    in which ``valid`` is set, and the record says ``cycle + 1``, the first cycle in which the
    register holds it.

    Members
    -------
    valid : In(1)
        The unit drives in this cycle *and* the chip's ``deep`` is set.
    cycle : In(32)
        The chip's cycle counter.
    place : In(32)
        Kind 2, superlane and queue (docs/developer.md).
    address : In(32)
        Stream number, direction included (0 .. 63).
    data : In(137)
        The word.
    """

    valid: In(1)
    cycle: In(32)
    place: In(32)
    address: In(32)
    data: In(137)

    def elaborate(self, platform):
        return _instance(self, "drive_log")


class BackdoorControl(Component):
    """Opens and closes the files of a run; exactly one in a chip, at its top. Simulation only.

    Members
    -------
    backdoor : In(3)
        1 opens: reads ``image.bin`` and, if there is one, ``faults.bin``, and truncates the
        records; 4 closes: writes ``dump.bin`` and flushes. The directory is that of the plusarg
        ``+tsp=DIR``.
    code : Out(3)
        What memories and stream registers get: ``backdoor``, or 5 at the cycle of a fault.
    """

    backdoor: In(3)
    code: Out(3)

    def elaborate(self, platform):
        return _instance(self, "backdoor_control", i_rst=ResetSignal())


def _instance(component, name, **parameters):
    """The Verilog instance, returned bare so that no wrapper module arises."""
    ports = {"i_clk": ClockSignal()}
    for member, description in component.signature.members.items():
        prefix = "i" if description.flow is In else "o"
        ports[f"{prefix}_{member}"] = getattr(component, member)
    return Instance(name, **parameters, **ports)
