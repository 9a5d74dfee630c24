"""A superlane: one row of the whole chip, west to east.

    MXM | C2C | SXM | MEM stops | VXM, four stops | MEM stops | SXM | C2C | MXM

Streams run along it; control comes from the south, one cycle later for each superlane, and leaves
to the north; partial sums and results of the planes pass between rows (architecture section 4).
"""

from amaranth import Cat, Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from tsp.arch.config import Config, Hemisphere, Queue, QueueKind
from tsp.host.messages import token_layout, word_layout
from tsp.host.tile import HostTile
from tsp.icu.chain import TextChain, chain_layout, text_layout
from tsp.icu.queue import queue_control_layout
from tsp.slices.mem import MemStop
from tsp.slices.mxm.ports import vertical as mxm_vertical
from tsp.slices.mxm.stop import MxmStop
from tsp.slices.sxm import SxmStop
from tsp.slices.sxm import vertical as sxm_vertical
from tsp.slices.vxm.stop import VxmStop
from tsp.stop import PassStop

__all__ = ["Superlane", "functional_queues", "vertical"]

#: What stands at a stop, by the kind of its first queue.
_STOPS = {
    QueueKind.MXM_W: MxmStop,
    QueueKind.SXM_SHIFT: SxmStop,
    QueueKind.MEM: MemStop,
    QueueKind.VXM: VxmStop,
}


def functional_queues(config: Config):
    """Queues that have a unit to command, west to east."""
    return [q for q in config.queues if queue_control_layout(q.kind, config) is not None]


def plane_name(queue: Queue) -> str:
    """Name of the plane that a queue commands, e.g. ``mxm_w0``."""
    return queue.name.lower().rpartition("_")[0]


def vertical(config: Config):
    """Members of a superlane that face its neighbours north and south, by name (tsp.rows)."""
    ports = {"critical_north": In(1), "critical_south": Out(1)}
    ports |= {"host_south": In(token_layout()), "host_north": Out(token_layout())}
    ports |= {"host_word_north": In(word_layout()), "host_word_south": Out(word_layout())}
    for queue in functional_queues(config):
        control = queue_control_layout(queue.kind, config)
        ports[f"{queue.name.lower()}_south"] = In(control)
        ports[f"{queue.name.lower()}_north"] = Out(control)
        if queue.kind is QueueKind.MXM_W:
            paths = mxm_vertical(config).items()
            ports |= {f"{plane_name(queue)}_{name}": member for name, member in paths}
    for p in range(config.stops):
        ports |= {f"chain{p}_south": In(chain_layout()), f"chain{p}_north": Out(chain_layout())}
        ports |= {f"text{p}_north": In(text_layout()), f"text{p}_south": Out(text_layout())}
    for hemisphere in Hemisphere:
        paths, sxm = sxm_vertical(config).items(), f"sxm_{hemisphere.name.lower()}"
        ports |= {f"{sxm}_{name}": member for name, member in paths}
    return ports


class Superlane(wiring.Component):
    """One row of stops.

    Parameters
    ----------
    config
        The configuration.
    library
        Places the stops.

    Members
    -------
    row : In(8)
        Logical number y of the superlane, south = 0; stable while running.
    <queue>_south, <queue>_north : In, Out(control)
        Control of each queue that has a unit, named after the queue in lower case; valid in t + y
        at south, one cycle later at north.
    <plane>_psum_south, .._psum_north, .._down_north, .._down_south
        What each plane's row hands to the rows below and above (:func:`tsp.slices.mxm.vertical`).
    chain<p>_south, chain<p>_north, text<p>_north, text<p>_south
        Control and words of the text chain of stop p (:class:`tsp.icu.chain.TextChain`).
    sxm_<hemisphere>_<unit>_up_south, .._up_north, .._down_north, .._down_south
        Words between an SXM's rows (:func:`tsp.slices.sxm.vertical`).
    host_south, host_north, host_word_north, host_word_south
        The host's tokens and words (:class:`tsp.host.HostTile`).
    critical_north : In(1), critical_south : Out(1)
        A stop of the rows to the north met a critical error since reset; or one of this row did.
    backdoor, deep : In
        Simulation.
    """

    NEEDS_LIBRARY = True

    def __init__(self, config, *, library):
        self._config, self._library = config, library
        super().__init__(vertical(config) | {"row": In(8), "backdoor": In(3), "deep": In(1)})

    def elaborate(self, platform):
        m = Module()
        cycle = Signal(32)
        m.d.sync += cycle.eq(cycle + 1)
        # Both stand still while a program runs. What hangs on an input of a block is computed again
        # whenever any input changes, what hangs on a register is not.
        row, deep = Signal(8, reset_less=True), Signal(reset_less=True)
        m.d.sync += [row.eq(self.row), deep.eq(self.deep)]
        stops = [self._stop(m, p, cycle, row, deep) for p in range(self._config.stops)]
        chains = [self._chain(m, p) for p in range(self._config.stops)]
        for place in (stops, chains):
            for west, east in zip(stops, place[1:]):
                connect(m, west.e_out, east.e_in)
            for west, east in zip(place, stops[1:]):
                connect(m, east.w_out, west.w_in)
        self._host(m, row, stops)
        self._collect(m, stops)
        return m

    def _host(self, m, row, stops):
        """The host's tile, beyond the last stop. Its probe goes west, and east past all units."""
        m.submodules.host = tile = self._library.place(HostTile)
        connect(m, stops[-1].e_out, tile.e_out)
        connect(m, tile.w_in, stops[-1].w_in)
        probe = tile.probe
        for stop in [None] * len(stops) + stops:
            passed, errors = Signal.like(probe, name="probe"), probe.errors
            if stop is not None:
                m.d.comb += stop.probe.eq(probe.queue)
                errors = probe.errors | stop.errors
            m.d.sync += passed.valid.eq(probe.valid)
            with m.If(probe.valid):
                m.d.sync += [passed.queue.eq(probe.queue), passed.errors.eq(errors)]
            probe = passed
        m.d.comb += tile.probed.eq(probe)
        m.d.comb += [
            tile.row.eq(row),
            tile.south.eq(self.host_south),
            self.host_north.eq(tile.north),
            tile.word_north.eq(self.host_word_north),
            self.host_word_south.eq(tile.word_south),
        ]

    def _chain(self, m, position):
        """The text chain of a stop; it sees the streams that the stop sees."""
        chain = self._library.place(TextChain)
        m.submodules[f"chain{position}"] = chain
        m.d.comb += [
            chain.south.eq(getattr(self, f"chain{position}_south")),
            chain.text_north.eq(getattr(self, f"text{position}_north")),
            getattr(self, f"chain{position}_north").eq(chain.north),
            getattr(self, f"text{position}_south").eq(chain.text_south),
        ]
        return chain

    def _collect(self, m, stops):
        """Sticky flags of the stops go east, a stop a cycle, and leave to the south."""
        flags = Cat(stop.critical for stop in stops)
        passing = Signal(len(stops))
        m.d.sync += [
            passing.eq(flags | Cat(Const(0, 1), passing[:-1])),
            self.critical_south.eq(passing[-1] | self.critical_north),
        ]

    def _stop(self, m, position, cycle, row, deep):
        """Place stop `position` and wire everything but its streams."""
        queues = [q for q in self._config.queues if q.stop == position]
        kind = _STOPS.get(queues[0].kind, PassStop)
        side = {"west": queues[0].hemisphere is Hemisphere.W} if kind is MxmStop else {}
        stop = self._library.place(kind, self._config, **side)
        m.submodules[f"stop{position}"] = stop
        m.d.comb += [
            stop.row.eq(row),
            stop.queue_number.eq(queues[0].index),
            stop.cycle.eq(cycle),
            stop.deep.eq(deep),
            stop.backdoor.eq(self.backdoor),
        ]
        if kind is not PassStop:
            for n, queue in enumerate(queues):
                name = queue.name.lower()
                m.d.comb += getattr(stop, f"south{n}").eq(getattr(self, f"{name}_south"))
                m.d.comb += getattr(self, f"{name}_north").eq(getattr(stop, f"north{n}"))
        if kind is SxmStop:
            for name, member in sxm_vertical(self._config).items():
                outer = getattr(self, f"sxm_{queues[0].hemisphere.name.lower()}_{name}")
                inner = getattr(stop, name)
                m.d.comb += inner.eq(outer) if member.flow is In else outer.eq(inner)
        if kind is MxmStop:
            for number, queue in enumerate(queues[::3]):
                for name in mxm_vertical(self._config):
                    outer = getattr(self, f"{plane_name(queue)}_{name}")
                    inner = getattr(stop, f"{name}{number}")
                    connect(m, flipped(outer), inner)
        return stop
