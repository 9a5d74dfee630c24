"""A small compiler cache for Verilator's makefiles, used where ccache is not installed.

``OBJCACHE=python objcache.py`` puts it in front of the C++ compiler. An object is found again by
the content of its source and of the sources that it includes (a small block is one file that
includes all others), of all headers that Verilator wrote beside it, and of the command, so after a
change only the blocks that changed are compiled. Precompiled headers are made only when an object
has to be compiled after all. Runs for every file, so it imports little and nothing of ours.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["main"]

_PENDING = ".pending"  #: beside a precompiled header: the command that really makes it


def main(arguments: list[str]) -> int:
    """Compile, or find what was compiled before; returns the exit code."""
    store = os.environ.get("TSP_OBJECTS")
    sources = [a for a in arguments if a.endswith(".cpp")]
    if store and "c++-header" in arguments:
        return _postpone(arguments)
    if not store or "-c" not in arguments or len(sources) != 1:
        return subprocess.call(arguments)
    source = Path(sources[0])
    target = Path(_after(arguments, "-o") or f"{source.stem}.o")
    kept = Path(store) / f"{_key(arguments, source)}.o"
    if kept.exists():
        shutil.copyfile(kept, target)
        return 0
    _make_pending(Path.cwd())
    if code := subprocess.call(arguments):
        return code
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(f".{os.getpid()}")  # another process may store the same
    shutil.copyfile(target, part)
    part.rename(kept)
    return 0


def _postpone(arguments: list[str]) -> int:
    """Note how to make a precompiled header; an empty file stands in for it."""
    target = Path(_after(arguments, "-o") or "")
    target.with_name(target.name + _PENDING).write_text("\n".join(arguments))
    target.touch()
    return 0


def _make_pending(directory: Path) -> None:
    """Make the precompiled headers that were only noted; one process does, others wait."""
    if not any(directory.glob(f"*{_PENDING}")):
        return
    with (directory / "headers.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for note in sorted(directory.glob(f"*{_PENDING}")):
            subprocess.run(note.read_text().split("\n"), check=True)
            note.unlink()


def _key(arguments: list[str], source: Path) -> str:
    digest = hashlib.sha256()
    # Folders are no part of it: their headers are, and the runtime's by the store's name.
    kept = [a for a in arguments if not a.startswith("-I") and not a.endswith(".cpp")]
    digest.update("\n".join([*kept, source.name]).encode())
    included = re.findall(r'^#include "(.+\.cpp)"', source.read_text(), re.M)
    for path in [source, *map(source.with_name, included), *sorted(Path.cwd().glob("*.h"))]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _after(arguments: list[str], flag: str) -> str | None:
    return arguments[arguments.index(flag) + 1] if flag in arguments else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
