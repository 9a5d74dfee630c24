"""The chip's input pins: a register behind each.

Reset, start and what a simulation drives reach the chip one cycle after the pins. A superlane is
then driven by registers alone, and a simulator has nothing to compute when a pin is written.
"""

from amaranth import Module, Signal
from amaranth.lib.wiring import Component, In, Out

__all__ = ["Pins"]


class Pins(Component):
    """Registers of the input pins.

    Members
    -------
    reset, start, backdoor, deep : In
        As those of the chip (:class:`tsp.chip.Chip`).
    inner_reset, inner_start, inner_backdoor, inner_deep : Out
        The same, one cycle later.
    """

    reset: In(1)
    start: In(1)
    backdoor: In(3)
    deep: In(1)
    inner_reset: Out(1)
    inner_start: Out(1)
    inner_backdoor: Out(3)
    inner_deep: Out(1)

    def elaborate(self, platform):
        m = Module()
        for name in ("reset", "start", "backdoor", "deep"):
            pin, inner = getattr(self, name), getattr(self, f"inner_{name}")
            register = Signal.like(inner, name=f"{name}_register", reset_less=True)
            m.d.sync += register.eq(pin)
            m.d.comb += inner.eq(register)
        return m
