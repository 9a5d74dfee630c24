"""Refuse imports that run the wrong way.

* `tsp.arch` is pure data: it imports the standard library and itself, nothing else.
* `tsp/__init__.py` runs before `tsp.arch` for everybody, so it is held to the same.
* `tsp`, the RTL, imports neither `tspc` nor `verif` nor cocotb, and never the timing table
  `tsp.arch.timing`: RTL has pipelines, and tests measure them against the table. A name of the
  table that another module of `tsp.arch` passes on is refused, too.
* `tspc`, the software, imports of `tsp` only `tsp.arch`.

    python scripts/lint_imports.py [ROOT]

Exit code 1 if anything is refused. Calls of `import_module` and `__import__` with a literal name
count as imports.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TABLE = "tsp.arch.timing"
TABLE_HELP = (
    "RTL never derives a time from the timing table: build the pipeline, "
    "and let a test measure it against the table"
)
SOURCE_ROOTS = ("hdl", "sw")


@dataclass(frozen=True, order=True)
class Finding:
    """A refused import or use, at a place."""

    path: Path
    line: int
    column: int
    message: str
    help: str


@dataclass
class Module:
    """A parsed source file.

    Members
    -------
    name : str
        Dotted name; a package's is that of its folder.
    is_package : bool
        Whether the file is an `__init__.py`.
    bound : dict
        Name in the module -> dotted name of what an import bound to it.
    stars : list of str
        Modules of which everything is imported.
    """

    path: Path
    name: str
    is_package: bool
    tree: ast.Module
    lines: list[str]
    bound: dict[str, str] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)


def inside(name: str, package: str) -> bool:
    """Whether dotted `name` is `package` or lies in it."""
    return name == package or name.startswith(package + ".")


def imports(module: Module) -> Iterator[tuple[ast.AST, str, str | None]]:
    """Yield (node, imported dotted name, name it is bound to) for each import of `module`.

    `from a import b` yields `a.b`, whether b is a module or not; `from a import *` yields `a.*`.
    """
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name, alias.asname
        elif isinstance(node, ast.ImportFrom):
            base = absolute(module, node)
            for alias in node.names:
                yield node, f"{base}.{alias.name}", alias.asname or alias.name
        elif isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else None
            called = node.func.id if isinstance(node.func, ast.Name) else called
            target = node.args[0]
            if called in ("import_module", "__import__") and isinstance(target, ast.Constant):
                yield node, str(target.value), None


def absolute(module: Module, node: ast.ImportFrom) -> str:
    """Dotted name of the module that `node` imports from, relative imports resolved."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    drop = node.level - 1 if module.is_package else node.level
    base = parts[: len(parts) - drop]
    return ".".join([*base, node.module] if node.module else base)


def load(root: Path) -> tuple[dict[str, Module], list[Finding]]:
    """Parse all modules below the source roots; a syntax error is a finding."""
    modules: dict[str, Module] = {}
    findings = []
    for source in SOURCE_ROOTS:
        for path in sorted((root / source).rglob("*.py")):
            parts = list(path.relative_to(root / source).with_suffix("").parts)
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            text = path.read_text(encoding="utf-8")
            try:
                tree = ast.parse(text, str(path))
            except SyntaxError as error:
                place = (error.lineno or 1, error.offset or 1)
                findings.append(Finding(path, *place, f"syntax error: {error.msg}", "repair it"))
                continue
            module = Module(path, name, is_package, tree, text.splitlines())
            for _, target, bound in imports(module):
                if bound == "*":
                    module.stars.append(target.removesuffix(".*"))
                elif bound is not None:
                    module.bound[bound] = target
            modules[name] = module
    return modules, findings


def mentions(node: ast.AST, names: set[str]) -> bool:
    """Whether code below `node` reads one of `names`."""
    return any(isinstance(part, ast.Name) and part.id in names for part in ast.walk(node))


def tainted_names(module: Module, tainted: set[str]) -> set[str]:
    """Names of an arch module that give access to the timing table, `tainted` being known."""
    here = {name for name, target in module.bound.items() if target in tainted}
    for star in module.stars:
        prefix = star + "."
        here |= {name.removeprefix(prefix) for name in tainted if name.startswith(prefix)}
        if inside(star, TABLE):
            here.add("*")
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef) and mentions(node, here):
            here.add(node.name)
        elif isinstance(node, ast.Assign) and mentions(node.value, here):
            here |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and node.value and mentions(node.value, here):
            if isinstance(node.target, ast.Name):
                here.add(node.target.id)
    return here


def table_names(modules: dict[str, Module]) -> set[str]:
    """Dotted names by which the timing table, or what is computed of it, can be reached."""
    tainted = {TABLE}
    if TABLE in modules:
        for node in modules[TABLE].tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                tainted.add(f"{TABLE}.{node.name}")
            elif isinstance(node, ast.Assign):
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
                tainted |= {f"{TABLE}.{name}" for name in names}
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                tainted.add(f"{TABLE}.{node.target.id}")
    arch = [m for m in modules.values() if inside(m.name, "tsp.arch") and m.name != TABLE]
    while True:
        found = {f"{m.name}.{name}" for m in arch for name in tainted_names(m, tainted)}
        if found <= tainted:
            return tainted
        tainted |= found


def reaches_table(name: str, tainted: set[str]) -> bool:
    """Whether importing dotted `name` gives access to the timing table."""
    if inside(name, TABLE):
        return True
    if name.endswith(".*"):
        module = name.removesuffix(".*")
        return any(other.rpartition(".")[0] == module for other in tainted - {TABLE})
    return name in tainted


def dotted(node: ast.AST) -> str | None:
    """The dotted text of a chain of attributes of a name, or None."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else None
    return None


def uses_of_table(module: Module, tainted: set[str]) -> Iterator[tuple[ast.AST, str]]:
    """Yield (node, dotted name) where RTL reaches the timing table through an attribute."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Attribute):
            continue
        chain = dotted(node)
        if chain is None:
            continue
        first, _, rest = chain.partition(".")
        full = f"{module.bound.get(first, first)}.{rest}"
        if full in tainted:
            yield node, full


def refusal(module: Module, name: str, tainted: set[str]) -> tuple[str, str] | None:
    """Why `module` may not import dotted `name`, and what to do instead; None if it may."""
    top = name.split(".")[0]
    if inside(module.name, "tsp.arch") or module.name == "tsp":
        if inside(name, "tsp.arch") or top in sys.stdlib_module_names:
            return None
        why = "is pure data" if module.name != "tsp" else "runs before tsp.arch for everybody"
        return (
            f"{module.name} {why} and may not import {name}",
            "move what needs it to tsp or tspc; tsp.arch has the standard library and itself",
        )
    if inside(module.name, "tsp"):
        if top in ("tspc", "verif", "cocotb", "cocotb_tools"):
            return (
                f"RTL may not import {name}",
                "imports run one way: tsp.arch <- tsp <- verif; share through tsp.arch",
            )
        if reaches_table(name, tainted):
            return f"RTL may not read the timing table ({name})", TABLE_HELP
        return None
    if inside(module.name, "tspc"):
        if top == "tsp" and not inside(name.removesuffix(".*"), "tsp.arch"):
            return (
                f"software may not import the RTL ({name})",
                "of tsp, tspc imports tsp.arch only; run python -m tsp.export for Verilog",
            )
        if top == "verif":
            return f"software may not import tests ({name})", "move what both need to tspc"
    return None


def check(root: Path) -> list[Finding]:
    """All findings below the source roots of `root`, in the order of the text."""
    modules, findings = load(root)
    tainted = table_names(modules)
    for module in modules.values():
        refused: list[tuple[ast.AST, str, str]] = []
        for node, name, _ in imports(module):
            if reason := refusal(module, name, tainted):
                refused.append((node, *reason))
        if inside(module.name, "tsp") and not inside(module.name, "tsp.arch"):
            for node, name in uses_of_table(module, tainted):
                message = f"RTL may not read the timing table ({name})"
                refused.append((node, message, TABLE_HELP))
        for node, message, remedy in refused:
            line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
            findings.append(Finding(module.path, line, column, message, remedy))
    return sorted(set(findings))


def show(finding: Finding, root: Path) -> str:
    """The finding with its line of text and a caret."""
    place = f"{finding.path.relative_to(root)}:{finding.line}:{finding.column}"
    lines = finding.path.read_text(encoding="utf-8").splitlines()
    text = lines[finding.line - 1] if finding.line <= len(lines) else ""
    return (
        f"{place}: error[import-direction]: {finding.message}\n"
        f"    {text}\n"
        f"    {' ' * (finding.column - 1)}^\n"
        f"  = help: {finding.help}"
    )


def main(argv: list[str]) -> int:
    """Command line: the root is this repository's unless given."""
    root = Path(argv[0]).resolve() if argv else Path(__file__).resolve().parents[1]
    findings = check(root)
    for finding in findings:
        print(show(finding, root), file=sys.stderr)
    if findings:
        print(f"{len(findings)} imports run the wrong way", file=sys.stderr)
        return 1
    print("imports run one way")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
