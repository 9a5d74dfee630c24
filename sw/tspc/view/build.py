"""One HTML file from a model: templates of ``page/`` with style, script and data put in."""

import json
import re
from pathlib import Path

from tspc.view.columns import pack
from tspc.view.model import Model

__all__ = ["page"]

_FOLDER = Path(__file__).parent / "page"

#: In the order in which one uses what another one defines.
_SCRIPTS = (
    "data", "scale", "strip", "timeline", "minimap", "snapshot", "panel", "search", "input", "main",
)  # fmt: skip


def page(shown: Model) -> str:
    """The page's text. It asks for no other file, and opens from anywhere."""
    layout, numbers = pack(shown.columns)
    facts = json.dumps({**shown.facts, "layout": layout}, separators=(",", ":"))
    pieces = {
        "title": _escape(f"{shown.facts['program']} on {shown.facts['config']}"),
        "style": _read("style.css"),
        "script": "\n".join(_read(f"{name}.js") for name in _SCRIPTS),
        "facts": facts.replace("<", "\\u003c"),
        "numbers": numbers,
    }
    return re.sub(r"<!--(\w+)-->", lambda mark: pieces[mark[1]], _read("index.html"))


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
