"""Streams: the bus between stops, the port on which a unit drives, operand capture, registers.

At stop p, ``e_in`` is E[p-1] and ``w_in`` is W[p+1]: what the slices of the stop read. E[p] and
W[p] take them every cycle, except the streams that a unit of the stop drives (architecture
section 4). No valid, no ready.
"""

from amaranth import Cat, ClockSignal, Const, Instance, Module, ResetSignal, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from tsp.arch.config import STREAMS, WORD_BITS

__all__ = ["Drive", "StreamRegisters", "StreamSignature", "capture"]


class StreamSignature(wiring.Signature):
    """All streams of one direction between two stops.

    Members
    -------
    words : Out(STREAMS words of WORD_BITS)
        Valid in every cycle; an undriven stream carries the zero codeword.
    active : Out(1)
        A word may differ from zero. It only saves clocking; no result depends on it.
    """

    def __init__(self):
        super().__init__({"words": Out(data.ArrayLayout(WORD_BITS, STREAMS)), "active": Out(1)})


class Drive(wiring.Signature):
    """A unit's result on its way into the stop's registers.

    Parameters
    ----------
    words
        Largest group that the unit drives: 1, 4 or 16 words.

    Members
    -------
    enable : Out(1)
        The registers take the result at the end of this cycle (issue + d_func - 1).
    stream : Out(6)
        Direction and first stream of the group; a multiple of the number driven.
    words : Out(5)
        How many words are driven, a power of two.
    data : Out(words x WORD_BITS)
    """

    def __init__(self, words):
        self.count = words
        super().__init__(
            {
                "enable": Out(1),
                "stream": Out(6),
                "words": Out(5),
                "data": Out(data.ArrayLayout(WORD_BITS, words)),
            }
        )


def capture(m, target, enable, stream, e_in, w_in):
    """Register the word on `stream` (6 bits) into `target` at the end of an enabled cycle.

    `target` may be shorter than a word: it takes the low bits. `e_in` and `w_in` are
    :class:`StreamSignature` interfaces. The register needs no reset: who uses it knows when it
    was loaded.
    """
    m.submodules += Instance(
        "stream_capture",
        p_WIDTH=len(target),
        i_clk=ClockSignal(),
        i_enable=enable,
        i_stream=stream,
        i_e_in=e_in.words.as_value(),
        i_w_in=w_in.words.as_value(),
        o_word=target,
    )


class StreamRegisters(wiring.Component):
    """The stream registers of one direction of one stop.

    Parameters
    ----------
    drives
        Group size of each unit's drive port (the `words` of its :class:`Drive`), in order; where
        two units drive one word in one cycle, the program is illegal and the later port wins.
    west
        False: direction E; True: W. Drives of the other direction are ignored.

    Members
    -------
    inward : In(StreamSignature)
        The neighbour's registers.
    outward : Out(StreamSignature)
        These registers.
    drive : In(Drive) for each unit, ``drive0`` ...
    place, cycle : In(32), backdoor : In(3)
        Simulation: with 5 a fault upsets the registers (docs/developer.md).
    """

    def __init__(self, drives, west):
        self._sizes, self._west = drives, west
        super().__init__(
            {
                "inward": In(StreamSignature()),
                "outward": Out(StreamSignature()),
                **{f"drive{i}": In(Drive(n)) for i, n in enumerate(drives)},
                "place": In(32),
                "cycle": In(32),
                "backdoor": In(3),
            }
        )

    def elaborate(self, platform):
        m = Module()
        enables, indices, words = [], [], []
        for i, size in enumerate(self._sizes):
            port = getattr(self, f"drive{i}")
            here = Signal(name=f"here{i}")
            m.d.comb += here.eq(port.enable & (port.stream[5] == int(self._west)))
            low = (size - 1).bit_length()
            for k in range(size):
                enables.append(here & (port.words > k) if k else here)
                # A group is aligned: word k stands at base + k, by carry-free addition.
                base = port.stream[:5]
                indices.append(base | Const(k, 5) if low else base)
                words.append(port.data[k])
        m.submodules.registers = Instance(
            "stream_registers",
            p_PORTS=max(len(words), 1),
            i_clk=ClockSignal(),
            i_rst=ResetSignal(),
            i_place=self.place,
            i_backdoor=self.backdoor,
            i_cycle=self.cycle,
            i_in=self.inward.words.as_value(),
            i_in_active=self.inward.active,
            i_drive=Cat(enables) if words else Const(0, 1),
            i_index=Cat(indices) if words else Const(0, 5),
            i_data=Cat(words) if words else Const(0, WORD_BITS),
            o_out=self.outward.words.as_value(),
            o_out_active=self.outward.active,
        )
        return m
