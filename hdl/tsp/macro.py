"""Elaborate a component once per configuration and place it as a Verilog instance.

Amaranth emits a copy of a submodule for each instance; at 320 lanes that ends every tool. So each
tile, supercell and superlane is placed through one :class:`Library`, which elaborates it once into
a module of its own (architecture section 9). Hand-written modules (``hdl/tsp/sim/NAME.v``) join
the design by themselves when some component instantiates them.
"""

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from amaranth import ClockSignal, Instance, ResetSignal
from amaranth._toolchain.yosys import find_yosys
from amaranth.back import rtlil
from amaranth.hdl import ValueCastable, _nir, _xfrm
from amaranth.lib import wiring

from tsp.arch.secded import SECDED

__all__ = ["HANDWRITTEN", "Library"]

#: Where the hand-written modules stand, one file a module, named after it.
HANDWRITTEN = Path(__file__).parent / "sim"


_BIT_WIDTH = 24


def _widen_nets():
    """Let a cell have more than 65,536 bits of outputs, and a module as many inputs.

    Amaranth 0.5 numbers a net as ``cell << 16 | bit``. A superlane of the published chip hands
    82,000 bits of sums to its neighbours.
    """

    def from_cell(cls, cell, bit):
        assert bit in range(1 << _BIT_WIDTH) and cell >= 0
        return cls(cell << _BIT_WIDTH | bit)

    _nir.Net.from_cell = classmethod(from_cell)
    _nir.Net.cell = property(lambda net: net >> _BIT_WIDTH)
    _nir.Net.bit = property(lambda net: net & ((1 << _BIT_WIDTH) - 1))


class _Found(dict):
    """A set that is iterated in the order of its additions."""

    def add(self, item):
        self[item] = True

    def __sub__(self, other):
        return [item for item in self if item not in other]


def _order_domains():
    """Let clock ports come in the order of use, not in that of a set of strings.

    Amaranth 0.5 collects the domains that a module leaves to its surroundings in a set, whose
    order changes from process to process: the same module had another text each time.
    """
    collect = _xfrm.DomainCollector.__init__

    def init(self):
        collect(self)
        self.used_domains = _Found()

    _xfrm.DomainCollector.__init__ = init


_widen_nets()
_order_domains()


def _leaves(component):
    """Yield (port name, flow, value), named as Amaranth's back ends name top-level ports."""
    for path, member, value in component.signature.flatten(component):
        value = value.as_value() if isinstance(value, ValueCastable) else value
        if len(value):  # a port of width zero is absent from the module
            yield "__".join(map(str, path)), member.flow, value


#: Amaranth's own back end writes ``always @* next = q ...; always @(posedge clk) q <= next``, which
#: copies every register in every cycle. With ``opt_dff`` a register of which all assignments stand
#: in an ``If`` becomes ``if (enable) q <= d``: a simulator skips it, and synthesis sees an enable.
_SCRIPT = """
proc -norom
opt_expr
opt_clean
opt_dff
opt_clean
memory_collect
attrmap -remove generator -remove top -remove src -remove keep
attrmap -remove amaranth.hierarchy -remove amaranth.decoding
attrmap -modattr -remove generator -remove top -remove src
write_verilog -norename
"""


def _script(text):
    """What Yosys does with a module's RTLIL.

    Without registers ``opt_dff`` finds nothing; in the full chip's top, which has millions of bits
    of ports, it ran out of the 4 GiB of a WebAssembly meanwhile.
    """
    registers = re.search(r"^  cell \$\w*dff", text, re.M)
    return _SCRIPT if registers else _SCRIPT.replace("opt_dff\n", "")


def _verilog(text):
    """Verilog of one module and its private children, by the Yosys that Amaranth brings."""
    yosys = find_yosys(lambda version: version >= (0, 40))
    script = f"read_rtlil <<rtlil\n{text}\nrtlil{_script(text)}"
    return yosys.run(["-q", "-"], script, ignore_warnings=True)


def _slug(x):
    return re.sub(r"\W+", "_", str(getattr(x, "tag", x)))


def _handwritten_text(name):
    """A hand-written module; the code's tables, if it wants them, are filled in."""
    text = (HANDWRITTEN / f"{name}.v").read_text()
    if "/*SECDED_TABLE*/" not in text:
        return text
    rows = (", ".join(f"9'd{x}" for x in row) for row in SECDED.byte_tables)
    return text.replace("/*SECDED_TABLE*/", "\n" + ",\n".join(rows))


def _module_name(cls, args, kwargs):
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
    return "_".join([snake, *map(_slug, args), *(f"{k}{_slug(v)}" for k, v in kwargs)])


class Library:
    """The unique Verilog modules of one design.

    A component class that itself places macros declares ``NEEDS_LIBRARY = True`` and takes the
    library as the keyword argument ``library``.

    Parameters
    ----------
    flat
        True: :meth:`place` returns the real components, for Amaranth's own simulator, which
        cannot run an ``Instance``. Nothing can be written then.

    Attributes
    ----------
    count
        Placements written in the source by module name, not multiplied by the hierarchy.
    """

    def __init__(self, *, flat=False):
        self.count = {}
        self._flat = flat
        self._inner = {}  # (cls, args, kwargs) -> (module name, the only real component)
        self._owner = {}  # module name -> key in _inner
        self._rtlil = {}  # module name -> RTLIL of the module and its private children
        self._ports = {}  # module name -> {port name: ("input" or "output", width)}

    def place(self, cls, *args, **kwargs):
        """Place ``cls(*args, **kwargs)``; all arguments must be hashable.

        Returns
        -------
        wiring.Component
            With the signature of ``cls(*args, **kwargs)``; an instance of that class's one module.

        Raises
        ------
        ValueError
            If another class or other arguments lead to the same module name.
        """
        more = {"library": self} if getattr(cls, "NEEDS_LIBRARY", False) else {}
        if self._flat:
            return cls(*args, **kwargs, **more)
        key = (cls, args, tuple(sorted(kwargs.items())))
        if key not in self._inner:
            name = _module_name(cls, args, key[2])
            if name in self._owner:
                raise ValueError(f"two different macros want the module name {name!r}")
            self._owner[name] = key
            self._inner[key] = name, cls(*args, **kwargs, **more)
        return _Macro(self, *self._inner[key])

    def top(self, component, name):
        """Add the root of the design as module `name`."""
        self._elaborate(name, component)

    def _elaborate(self, name, component):
        if name not in self._rtlil:
            text = rtlil.convert(component, name=name, emit_src=False)
            self._rtlil[name] = text
            own = text[text.rindex(f"module \\{name}\n") :]
            own = own[: own.index("\nend\n")]
            found = re.findall(r"^  wire (.*)\b(input|output) \d+.* \\(\S+)$", own, re.M)
            self._ports[name] = {
                port: (direction, int((re.findall(r"width (\d+)", flags) or [1])[0]))
                for flags, direction, port in found
            }
        return self._ports[name]

    def ports(self, name):
        """Ports of an elaborated module: (``input`` or ``output``, bits) by name, with clocks."""
        return dict(self._ports[name])

    def parts(self, name, leaves=()):
        """Names of the modules that module `name` consists of, itself included, sorted.

        Those of which the modules in `leaves` consist do not count.
        """
        found, left = set(), [name]
        while left:
            module = left.pop()
            found.add(module)
            if module == name or module not in leaves:
                left += self._cells(module) - found
        return sorted(found)

    def _cells(self, name):
        cells = set(re.findall(r"^  cell \\(\S+) ", self._rtlil.get(name, ""), re.M))
        return cells & set(self.names)

    @property
    def digest(self):
        """16 hexadecimal digits over the content of all modules."""
        found = hashlib.sha256()
        for name in self.names:
            found.update(f"{name}\n{self._rtlil.get(name) or _handwritten_text(name)}".encode())
        return found.hexdigest()[:16]

    @property
    def handwritten(self):
        """Names of the hand-written modules that the design instantiates, sorted."""
        cells = {c for t in self._rtlil.values() for c in re.findall(r"^  cell \\(\S+) ", t, re.M)}
        return sorted(c for c in cells if (HANDWRITTEN / f"{c}.v").exists())

    @property
    def names(self):
        """Names of all modules, i.e. of the files that :meth:`write` makes, sorted."""
        return sorted([*self._rtlil, *self.handwritten])

    def write(self, directory, *, jobs=2):
        """Write ``NAME.v`` for each module and return the paths.

        A file whose content would not change keeps its time, so that make and compiler caches
        recognise it; conversion from RTLIL is skipped for it, too.
        """
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)

        def one(name):
            path = directory / f"{name}.v"
            old = path.read_text() if path.exists() else ""
            if name not in self._rtlil:
                text = _handwritten_text(name)
            else:
                source = self._rtlil[name]
                stamp = hashlib.sha256((_script(source) + source).encode()).hexdigest()
                if old.startswith(f"// rtlil {stamp}\n"):
                    return path
                text = f"// rtlil {stamp}\n" + _verilog(source)
            if text != old:
                path.write_text(text)
            return path

        with ThreadPoolExecutor(jobs) as pool:  # Yosys is a subprocess
            return list(pool.map(one, self.names))


class _Macro(wiring.Component):
    def __init__(self, library, name, inner):
        self._library, self._name, self._inner = library, name, inner
        super().__init__(inner.signature)

    def elaborate(self, platform):
        rest = set(self._library._elaborate(self._name, self._inner))
        count = self._library.count
        count[self._name] = count.get(self._name, 0) + 1
        ports = {}
        for name, flow, value in _leaves(self):
            ports[f"{'i' if flow == wiring.In else 'o'}_{name}"] = value
            rest.discard(name)
        for name in sorted(rest):  # clocks and resets: `clk`, `rst`, `rx_clk`, `rx_rst`
            domain, _, kind = name.rpartition("_")
            signal = {"clk": ClockSignal, "rst": ResetSignal}[kind]
            ports[f"i_{name}"] = signal(domain or "sync")
        # Returned bare: inside a Module each placement would get a wrapper module of its own.
        # Kept even if no output is used: its logs and assertions are wanted all the same.
        return Instance(self._name, a_keep=True, **ports)
