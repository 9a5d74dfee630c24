"""The host port's decoder: which access is allowed, and what it reads, from :mod:`tsp.arch.csr`."""

from amaranth import Cat, Const, Mux, Signal

from tsp.arch.csr import BY_NAME, REGISTERS

__all__ = ["decode", "fields_of", "pack"]


def fields_of(name):
    """The fields of a register."""
    return BY_NAME[name].fields


def pack(name, values):
    """A register's bits, each field from its value, which has the field's width."""
    bits, at = [], 0
    for f in sorted(fields_of(name), key=lambda f: f.low):
        bits += [Const(0, f.low - at), values[f.name]]
        at = f.low + f.width
    return Cat(bits)


def decode(m, config, request, values, when, more):
    """Judge an access.

    Parameters
    ----------
    config
        The configuration.
    request
        :func:`~tsp.host.axi.request_layout`.
    values
        What registers read, by name; others read 0.
    when
        1 for each :class:`~tsp.arch.csr.When` that is now.
    more
        What else a write needs, by name of the register.

    Returns
    -------
    (allowed, value)
    """
    allowed, value = Signal(), Signal(32)
    with m.Switch(request.address):
        for register in REGISTERS:
            with m.Case(register.address):
                writes = Const(int(register.access.writes))
                if register.access.writes:
                    fits = _fits(register, request.data, config)
                    writes = Cat(fits, more.get(register.name, Const(1)), request.whole).all()
                may = Mux(request.write, writes, Const(int(register.access.reads)))
                m.d.comb += allowed.eq(may & when[register.when])
                m.d.comb += value.eq(values.get(register.name, 0))
    return allowed, value


def _fits(register, data, config):
    """1 if every field has the value that comes, and no other bit is set."""
    known, good = 0, []
    for f in register.fields:
        count = f.values(config)
        known |= (1 << f.width) - 1 << f.low
        if count < 1 << f.width:
            good.append(data[f.low : f.low + f.width] < count)
    unknown = [data[n] for n in range(len(data)) if not known >> n & 1]
    return Cat(*good, ~Cat(unknown).any()).all()
