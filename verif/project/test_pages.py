"""What the pages say holds: the worked example runs, pictures are sound, links lead somewhere."""

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tsp.arch.config import NAMED, NANO, Config
from tsp.arch.errors import ErrorClass
from tspc import api
from tspc.golden.errors import GoldenError
from tspc.pictures import floorplan, timeline
from tspc.pictures.timeline import steps
from tspc.scheduler import Graph

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
OVERVIEW = (ROOT / "docs" / "overview.md").read_text(encoding="utf-8")
SMALLEST = Config("smallest", 1, 0, 2, 64, 1, 8, 4, 1)
X = np.arange(-100, -68, dtype=np.int8)


def example() -> str:
    found = re.search(r"```tsp\n(.*?)```", OVERVIEW, re.DOTALL)
    assert found
    return found[1]


def test_the_worked_example_happens_as_written():
    s, program = steps(NANO), api.assemble(example())
    assert api.verify(program).ok
    result = api.run(program, {"x": X}, deep=True)
    assert result.outputs["y"].tolist() == (X + 1).tolist()
    queues = {NANO.queue_by_name[name].index for name in (s.reader, s.alu, s.writer)}
    issues = [int(e["cycle"]) for e in result.events if int(e["queue"]) in queues]
    assert sorted(issues)[::2] == [s.read, s.vxm, s.write]
    assert [int(w["cycle"]) for w in result.writes] == [s.stored, s.stored + 1]
    assert [int(d["cycle"]) for d in result.drives] == [s.x, s.x + 1, s.y, s.y + 1]
    rows = dict(re.findall(r"^\| (.*?) \|.*\| (\d+) \|$", OVERVIEW, re.MULTILINE))
    assert rows["READ issues, as soon as it can"] == f"{s.read}"
    assert rows[f"x stands in E[{s.read_stop}]"] == f"{s.x}"
    assert rows["ADD issues"] == f"{s.vxm}"
    assert rows[f"y stands in E[{s.vxm_stop}]"] == f"{s.y}"
    assert rows["WRITE issues"] == f"{s.write}"
    assert rows["the array of superlane 0 is written"] == f"{s.stored}"
    assert rows["HALT issues in E2's queue; `done` rises"] == f"{result.done}"


@pytest.mark.parametrize("by", [-1, 1])
def test_a_cycle_off_is_refused_as_written(by):
    s = steps(NANO)
    program = api.assemble(example().replace(f"@{s.vxm}", f"@{s.vxm + by}"))
    assert not api.verify(program).ok
    with pytest.raises(GoldenError) as met:
        api.run(program, {"x": X})
    assert met.value.error_class is ErrorClass.EMPTY_STREAM


@pytest.mark.parametrize("config", [*NAMED.values(), SMALLEST], ids=lambda c: c.name)
def test_pictures_show_every_stop_and_stay_inside(config):
    for draw in (floorplan, timeline):
        root = ElementTree.fromstring(draw(config))
        width, height = float(root.attrib["width"]), float(root.attrib["height"])
        for shape in root.iter("{http://www.w3.org/2000/svg}rect"):
            x, y, w, h = (float(shape.attrib[k]) for k in ("x", "y", "width", "height"))
            assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
        words = {t.text or "" for t in root.iter("{http://www.w3.org/2000/svg}text")}
        if draw is floorplan:
            assert {str(p) for p in range(config.stops)} <= words
            assert {q.name for q in config.queues if q.name.startswith("MEM")} <= words
        else:
            s = steps(config)
            assert {str(c) for c in range(s.read, s.stored + 1)} <= words


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        assert re.match(r"https?://", target) or (page.parent / target).exists(), target


def test_files_of_the_verification_plan_exist():
    text = (ROOT / "docs" / "verification.md").read_text(encoding="utf-8")
    named = re.findall(r"`(verif/[\w/]+\.py)`", text)
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def executed(code: str) -> dict[str, object]:
    assert len([line for line in code.splitlines() if line]) <= 10
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    return names


def test_the_readme_shows_the_program_of_the_guide_and_its_python_runs(tmp_path, monkeypatch):
    (program,) = blocks("README.md", "tsp")
    assert program == blocks("docs/user.md", "tsp")[0]
    monkeypatch.chdir(tmp_path)
    Path("increment.tsp").write_text(program)
    result = executed(blocks("README.md", "python")[0])["result"]
    assert isinstance(result, api.Result)
    assert result.outputs["y"].tolist() == [*range(97, 128), 127]


def test_the_graph_of_the_readme_is_what_numpy_says():
    names = executed(blocks("README.md", "python")[1])
    result, graph = names["result"], names["graph"]
    assert isinstance(result, api.Result) and isinstance(graph, Graph)
    (weights,) = [n.value for n in graph.nodes if n.name == "w"]
    sums = np.maximum(np.ones((8, 64), np.int32) @ np.asarray(weights, np.int32), 0)
    right = np.clip(np.rint(sums / 512), -128, 127)
    assert result.outputs["y"].tolist() == right.tolist() and right.any()
