"""A clock that stands still while nothing changes.

A chip has up to 255 queues, and nearly all of them wait in nearly every cycle. What waits on a
gated clock costs no power, and a simulator's time only when it wakes. The gate is *transparent*:
it may close only in cycles that leave every register behind it as it is, so a design in which it
never closes behaves alike.
"""

from amaranth import ClockDomain, ClockSignal, DomainRenamer, Instance, Module, ResetSignal

__all__ = ["place_gated"]


def place_gated(m: Module, name: str, component, enable, reset=0) -> None:
    """Add `component`, which lives in ``sync``, to `m` as `name`, clocked if `enable` is 1.

    `reset` resets it beside the chip's reset, in a cycle that is enabled. `enable` is a function of
    registers and of inputs that registers drive.
    """
    gated = ClockDomain("gated", local=True)
    m.domains += gated
    m.submodules[f"{name}_clock"] = Instance(
        "clock_gate", i_clk=ClockSignal(), i_enable=enable, o_gated=gated.clk
    )
    m.d.comb += gated.rst.eq(ResetSignal() | reset)
    m.submodules[name] = DomainRenamer("gated")(component)
