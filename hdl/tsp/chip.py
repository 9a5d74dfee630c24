"""The chip: T superlanes stacked on the strip of instruction queues.

       row T-1   ======= superlane =======>      control enters in the south and travels north,
         ...                                     one superlane a cycle
       row 0     ======= superlane =======>      (with a spare: T + 1 rows, each with a way around)
       strip     stop 0 | stop 1 | ... | stop P-1 | status, host port

No logic stands at this level, and no net spans the chip (architecture section 9).
"""

from itertools import pairwise

from amaranth import ClockDomain, Const, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from amaranth.utils import bits_for

from tsp.arch.csr import ADDRESS_BITS
from tsp.arch.errors import ErrorClass
from tsp.host import AxiLiteSignature, HostPort
from tsp.icu.strip import ChipStatus, IcuStop, stop_kind, stop_queues
from tsp.pins import Pins
from tsp.rows import TopFace, connect_rows
from tsp.spare import FUSE_BITS, Fuse, SparedSuperlane
from tsp.sram import BackdoorControl
from tsp.superlane import Superlane, functional_queues, vertical

__all__ = ["Chip"]


class Chip(wiring.Component):
    """One TSP.

    Parameters
    ----------
    config
        The configuration.
    library
        Places everything.

    Members
    -------
    clk, rst : In(1)
        Clock and synchronous reset. A register stands behind every input but the clock and `axi`.
    axi : In(AxiLiteSignature)
        The host port (:mod:`tsp.arch.csr`).
    start : In(1)
        Begin, as CONTROL.start of the host port: the first VXM queue issues its first word, which
        is NOTIFY.
    done : Out(1)
        The program has ended and every pipeline has drained.
    stopped : Out(1), cause : Out
        An error ended the program; its number counts :class:`~tsp.arch.errors.ErrorClass` from 1.
    critical : Out(1)
        An error that does not stop the program was met since reset: a double error, a bad map.
    backdoor : In(3)
        Simulation: 1 open, 2 load, 3 dump, 4 close the records and memories of a run.
    deep : In(1)
        Simulation: record every word that a unit drives on a stream.
    fuse : In(8)
        Only with a spare: the physical row that is bypassed, 0 .. T; taken during reset.
    """

    NEEDS_LIBRARY = True

    def __init__(self, config, *, library):
        self._config, self._library = config, library
        ports = {
            "clk": In(1),
            "rst": In(1),
            "axi": In(AxiLiteSignature(ADDRESS_BITS)),
            "start": In(1),
            "done": Out(1),
            "stopped": Out(1),
            "cause": Out(bits_for(len(ErrorClass))),
            "critical": Out(1),
            "backdoor": In(3),
            "deep": In(1),
        }
        super().__init__(ports | ({"fuse": In(FUSE_BITS)} if config.spares else {}))

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = sync = ClockDomain()
        m.submodules.pins = pins = self._library.place(Pins)
        m.submodules.backdoor_control = control = BackdoorControl()
        m.d.comb += [
            sync.clk.eq(self.clk),
            sync.rst.eq(pins.inner_reset),
            pins.reset.eq(self.rst),
            pins.start.eq(self.start),
            pins.backdoor.eq(self.backdoor),
            pins.deep.eq(self.deep),
            control.backdoor.eq(pins.inner_backdoor),
        ]
        face = TopFace(vertical(self._config)).create()
        bypassed = self._rows(m, face, control.code, pins)
        strip = [self._strip_stop(m, p, face, control) for p in range(self._config.stops)]
        host = self._along(m, strip, pins, control, face)
        m.d.comb += host.bypassed.eq(bypassed)
        return m

    def _rows(self, m, face, backdoor, pins):
        """The rows, one on the other and all on the strip. Returns which row is bypassed."""
        config = self._config
        bypassed = Const(config.rows, FUSE_BITS)  # none
        if config.spares:
            m.submodules.fuse = fuse = self._library.place(Fuse)
            m.d.comb += [fuse.reset.eq(pins.inner_reset), fuse.fuse.eq(self.fuse)]
            bypassed = fuse.bypassed
        south = face
        for y in range(config.rows):
            row = self._library.place(SparedSuperlane if config.spares else Superlane, config)
            m.submodules[f"row{y}"] = row
            m.d.comb += [row.backdoor.eq(backdoor), row.deep.eq(pins.inner_deep)]
            if config.spares:
                m.d.comb += [row.index.eq(y), row.bypassed.eq(bypassed)]
            else:
                m.d.comb += row.row.eq(y)
            connect_rows(m, south, row, vertical(config))
            south = row
        return bypassed

    def _strip_stop(self, m, position, face, control):
        """The queues of one stop, and their control into superlane 0."""
        config = self._config
        queues = stop_queues(config, position)
        stop = self._library.place(IcuStop, stop_kind(config, position), config)
        m.submodules[f"strip{position}"] = stop
        m.d.comb += [
            stop.position.eq(position),
            stop.place.eq(queues[0].index),
            stop.backdoor.eq(control.code),
        ]
        for n, queue in enumerate(queues):
            if queue in functional_queues(config):
                north = getattr(face, f"{queue.name.lower()}_north")
                m.d.comb += north.eq(getattr(stop, f"control{n}"))
        m.d.comb += [
            getattr(face, f"chain{position}_north").eq(stop.chain),
            stop.text_word.eq(getattr(face, f"text{position}_north").word),
        ]
        return stop

    def _along(self, m, strip, pins, control, face):
        """The strip: idle, NOTIFY, cause, errors and the host's messages pass one stop a cycle."""
        m.submodules.status = status = self._library.place(ChipStatus, self._config)
        m.d.comb += [
            strip[0].from_west.idle.eq(Const(1)),
            status.from_west.eq(strip[-1].to_east),
            status.critical_above.eq(face.critical_north),
            self.done.eq(status.done),
            self.stopped.eq(status.stopped),
            self.cause.eq(status.cause),
            self.critical.eq(status.critical),
        ]
        m.submodules.host = host = self._library.place(HostPort, self._config)
        connect(m, flipped(self.axi), host.axi)
        m.d.comb += [
            host.start.eq(pins.inner_start),
            host.done.eq(status.done),
            host.stopped.eq(status.stopped),
            host.cause.eq(status.cause),
            host.critical.eq(status.critical),
            host.backdoor.eq(control.code),
            status.critical_host.eq(host.found_double),
            host.notify.eq(strip[-1].to_east.notify),
            host.answered.eq(strip[-1].to_east.answered),
            host.errors.eq(strip[-1].to_east.errors),
            strip[-1].from_east.host.eq(host.message),
            face.host_north.eq(host.token),
            host.word.eq(face.host_word_north),
        ]
        for west, east in pairwise(strip):
            m.d.comb += [east.from_west.eq(west.to_east), west.from_east.eq(east.to_west)]
        return host
