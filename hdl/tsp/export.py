"""Write a chip's Verilog: ``python -m tsp.export --config nano --out DIR``.

One file a module, and ``manifest.json`` that says what they are: the top, all modules, how a
simulation is divided (:func:`_parts`), the top's ports, the configuration and its hash.
"""

import argparse
import json
import sys
from pathlib import Path

from tsp.arch.config import NAMED, Config, ConfigError
from tsp.chip import Chip
from tsp.macro import Library

__all__ = ["TOP", "export", "main", "read_config"]

TOP = "tsp_chip"  #: module name of the chip

#: Chips with more queues than this have the stops of their instruction strip built once a kind.
_MANY_QUEUES = 100

#: Chips with more superlanes than this have the row of a plane built once.
_MANY_SUPERLANES = 4


def read_config(text: str) -> Config:
    """A configuration from its name, a JSON object of its sizes, or a file that holds one.

    Raises
    ------
    ConfigError
        If there is no such configuration, or it is impossible.
    """
    if text in NAMED:
        return NAMED[text]
    try:
        body = text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8")
        sizes = json.loads(body)
    except OSError:
        known = ", ".join(NAMED)
        raise ConfigError(f"{text!r} is neither a configuration ({known}) nor a file") from None
    except ValueError as error:
        raise ConfigError(f"{text!r} is not JSON: {error}") from None
    if not isinstance(sizes, dict):
        raise ConfigError(f"{text!r} is not a JSON object of sizes")
    return Config.from_dict(sizes)


def _parts(config: Config, library: Library) -> list[dict]:
    """How a simulation is divided: modules that are built once and placed many times, inner first.

    Each has registers behind all outputs, so a simulator can run it as a model of its own, once a
    cycle. A call costs as much as the ports are wide, so none has a stream bus but the superlane's
    own. docs/simulation.md tells what was measured.
    """
    kinds = ["lanes", "special_lanes", "superlane_"]
    if len(config.queues) > _MANY_QUEUES:
        kinds.insert(2, "icu_stop_")
    if config.superlanes > _MANY_SUPERLANES:
        kinds.insert(2, "plane_row_")
    stepped = [n for kind in kinds for n in library.names if n.startswith(kind)]
    found = []
    for name in [*stepped, TOP]:
        modules = library.parts(name, stepped)
        uses = [n for n in stepped if n in modules and n != name]
        own = [n for n in modules if n not in uses]
        found.append({"name": name, "modules": own, "uses": uses, "ports": library.ports(name)})
    return found


def export(config: Config, directory: Path) -> dict:
    """Write the Verilog of `config` and its manifest into `directory`; return the manifest.

    Files that would not change keep their time; files of an earlier export that are no part of
    this one are removed.
    """
    library = Library()
    library.top(Chip(config, library=library), TOP)
    written = library.write(directory)
    for path in set(directory.glob("*.v")) - set(written):
        path.unlink()
    ports = library.ports(TOP)
    manifest = {
        "top": TOP,
        "modules": library.names,
        "parts": _parts(config, library),
        "inputs": [name for name, (direction, _) in ports.items() if direction == "input"],
        "outputs": [name for name, (direction, _) in ports.items() if direction == "output"],
        "config": config.to_dict(),
        "hash": config.hash,
    }
    text = json.dumps(manifest, indent=2) + "\n"
    path = directory / "manifest.json"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return manifest


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tsp.export", description=__doc__)
    parser.add_argument("--config", default="nano", help="name, JSON object or JSON file")
    parser.add_argument("--out", type=Path, required=True, help="directory to write into")
    arguments = parser.parse_args(argv)
    try:
        manifest = export(read_config(arguments.config), arguments.out)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{len(manifest['modules'])} modules of {manifest['config']['name']} "
          f"({manifest['hash']}) in {arguments.out}")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
