"""What every stop has in common: its stream registers and the record of what is driven."""

from amaranth import Cat, Const, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from tsp.sram import DriveLog
from tsp.stream import Drive, StreamRegisters, StreamSignature

__all__ = ["PassStop", "Registers", "stop_ports"]

#: Streams, position and records: the ports of a stop, whatever stands there.
_PORTS = {
    "e_in": In(StreamSignature()),
    "w_in": In(StreamSignature()),
    "e_out": Out(StreamSignature()),
    "w_out": Out(StreamSignature()),
    "row": In(8),
    "queue_number": In(8),
    "backdoor": In(3),
    "cycle": In(32),
    "deep": In(1),
}


def stop_ports(controls):
    """Members of a stop: what all stops have, and the control of its queues.

    Parameters
    ----------
    controls
        Layout of each queue's control, in the order of the queues.

    Returns
    -------
    dict
        ``e_in``, ``w_in``: the neighbours' registers. ``e_out``, ``w_out``: the stop's own.
        ``row``, ``queue_number`` (8 bits): superlane, and number of the first queue.
        ``backdoor``, ``cycle``, ``deep``: simulation. ``critical``: a unit of the stop met an error
        that does not stop the chip, since reset. ``probe``, ``errors``: a queue's number, and the
        counters of its unit (:func:`tsp.ecc.count`), else 0. ``south0``, ``north0`` ...: control of
        each queue, which leaves a cycle after it came.
    """
    ports = _PORTS | {"critical": Out(1), "probe": In(8), "errors": Out(32)}
    for n, control in enumerate(controls):
        ports |= {f"south{n}": In(control), f"north{n}": Out(control)}
    return ports


class Registers(wiring.Component):
    """E[p] and W[p] of one superlane of a stop, and the deep record of its drives.

    Parameters
    ----------
    drives
        Group size of each unit's drive port, in the order of the stop's queues.

    Members
    -------
    e_in, w_in, e_out, w_out, row, queue_number, backdoor, cycle, deep
        As those of the stop (:func:`stop_ports`).
    drive0 .. : In(Drive)
        The units' results, i.e. those of queues `first`, `first` + `step` .. of the stop.
    """

    def __init__(self, drives, *, first=0, step=1):
        self._sizes, self._first, self._step = drives, first, step
        super().__init__({**_PORTS, **{f"drive{i}": In(Drive(n)) for i, n in enumerate(drives)}})

    def connect(self, m, stop, units=()):
        """Wire the registers to the ports of the stop that contains them.

        `units` are those of its tiles that have ``critical`` and ``errors``.
        """
        connect(m, flipped(stop.e_in), self.e_in)
        connect(m, flipped(stop.w_in), self.w_in)
        connect(m, self.e_out, flipped(stop.e_out))
        connect(m, self.w_out, flipped(stop.w_out))
        m.d.comb += [
            self.row.eq(stop.row),
            self.queue_number.eq(stop.queue_number),
            self.backdoor.eq(stop.backdoor),
            self.cycle.eq(stop.cycle),
            self.deep.eq(stop.deep),
        ]
        m.d.comb += stop.critical.eq(Cat(unit.critical for unit in units).any())
        for unit in units:
            with m.If(stop.probe == unit.queue_number):
                m.d.comb += stop.errors.eq(unit.errors)

    def attach(self, m, number, unit):
        """Wire a unit: its inputs to Ein and Win, its result to drive port `number`."""
        connect(m, flipped(self.e_in), unit.e_in)
        connect(m, flipped(self.w_in), unit.w_in)
        connect(m, unit.drive, getattr(self, f"drive{number}"))

    def elaborate(self, platform):
        m = Module()
        for west, name in enumerate("ew"):
            registers = StreamRegisters(self._sizes, bool(west))
            where = Cat(Const(west, 1), self.queue_number, Const(0, 11), self.row, Const(6, 4))
            m.d.comb += [
                registers.place.eq(where),
                registers.cycle.eq(self.cycle),
                registers.backdoor.eq(self.backdoor),
            ]
            m.submodules[name] = registers
            connect(m, flipped(getattr(self, f"{name}_in")), registers.inward)
            connect(m, registers.outward, flipped(getattr(self, f"{name}_out")))
            for i in range(len(self._sizes)):
                connect(m, flipped(getattr(self, f"drive{i}")), getattr(registers, f"drive{i}"))
        for i, size in enumerate(self._sizes):
            drive = getattr(self, f"drive{i}")
            for k in range(size):
                m.submodules[f"log{i}_{k}"] = log = DriveLog()
                m.d.comb += [
                    log.valid.eq(self.deep & drive.enable & (drive.words > k)),
                    log.cycle.eq(self.cycle),
                    log.place.eq(
                        Cat(
                            (self.queue_number + self._first + i * self._step)[:8],
                            Const(0, 12),
                            self.row,
                            Const(2, 4),
                        )
                    ),
                    log.address.eq(drive.stream | k),
                    log.data.eq(drive.data[k]),
                ]
        return m


class PassStop(wiring.Component):
    """One superlane of a stop whose units are not built yet: streams pass.

    Its members are those that all stops have (:func:`stop_ports`).
    """

    def __init__(self, config):
        super().__init__(stop_ports(()))

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = Registers(())
        registers.connect(m, self)
        return m
