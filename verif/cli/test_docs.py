"""Reference pages are what the code says; what the user guide shows works."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from tspc import api, docs
from verif.cli.conftest import DONE, TEXT

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "user.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    assert found
    return found[1]


def test_pages_are_current(capsys):
    assert docs.main(["--check"]) == 0, capsys.readouterr().err


def test_stale_and_missing_pages_are_named(tmp_path, capsys):
    assert docs.main(["--check"], tmp_path) == 1
    assert capsys.readouterr().err.count("stale: ") == len(docs.PAGES)
    assert docs.main([], tmp_path) == 0
    assert docs.main(["--check"], tmp_path) == 0
    page = tmp_path / "reference" / "timing.md"
    page.write_text(page.read_text().replace(" 1 |", " 2 |", 1))
    capsys.readouterr()
    assert docs.main(["--check"], tmp_path) == 1
    assert capsys.readouterr().err.splitlines()[0] == f"stale: {page}"


def test_first_program_of_the_guide(tmp_path, monkeypatch):
    """The program and the Python lines of docs/user.md, as they stand there."""
    monkeypatch.chdir(tmp_path)
    Path("increment.tsp").write_text(block("tsp"))
    same = api.assemble(TEXT)
    assert api.assemble(block("tsp")).text == same.text
    code = block("python")
    assert len(code.strip().splitlines()) <= 10
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "user.md", "exec"), names)
    result = names["result"]
    assert isinstance(result, api.Result)
    assert result.outputs["y"].tolist() == [*range(97, 128), 127] and result.done == DONE
    assert "legal" in printed.getvalue()


def test_api_refuses_an_unknown_engine():
    with pytest.raises(ValueError, match="'abacus' is neither"):
        api.run(api.assemble(TEXT), on="abacus")


def test_links_of_the_guide():
    for target in re.findall(r"\]\(([^)#]+)\)", GUIDE):
        assert (ROOT / "docs" / target).is_file(), target
