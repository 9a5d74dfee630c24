"""The viewer in Chromium: ``make view``. Not one of ``make test``, for Chromium is not asked for.

Screenshots go to docs/images, figures to sim_build/view.json.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from tsp.arch.config import NANO
from tspc.apps.network import load_digits_network
from tspc.plan import expand
from tspc.scheduler import schedule
from tspc.view import model, page
from verif.view.chromium import browser
from verif.view.programs import TEXT, million, small

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
SIZE = (1500, 940)
SELECT = "app.select(app.data.eventAt({queue}, {cycle}), true)"


@pytest.fixture(scope="module")
def tab():
    with browser() as found:
        yield found
        assert found.console == []


@pytest.fixture
def opened(tab, tmp_path):
    """Write and open a model's page."""

    def show(shown, *, dark=False):
        file = tmp_path / "page.html"
        file.write_text(page(shown), encoding="utf-8")
        tab.open(file, *SIZE, dark=dark)
        return tab

    return show


def digits(batch):
    return schedule(load_digits_network(batch).graph(NANO, batch))


def place(tab, queue, cycle):
    """Where an event stands, in pixels."""
    script = """(() => {
        const box = app.timeline.canvas.getBoundingClientRect(), row = app.scale.rowOf.get(QUEUE);
        return [box.left + app.scale.x(CYCLE + 0.5), box.top + app.scale.y(row) + row.height / 2];
    })()"""
    return tab.run(script.replace("QUEUE", str(queue)).replace("CYCLE", str(cycle)))


def panel(tab):
    return " ".join(tab.run("document.getElementById('panel').innerText").split())


def verdict(tab):
    return tab.run("document.getElementById('verdict').innerText")


def test_the_digits_from_afar(opened):
    tab = opened(model(digits(32)))
    assert tab.run("document.title") == "digits-32 on nano"
    tab.screenshot(IMAGES / "view.png")


def test_an_instruction_of_the_digits_and_who_feeds_it(opened):
    program = digits(1)
    tab = opened(model(program), dark=True)
    events = expand(program).events
    queue = NANO.queue_by_name["VXM4"].index
    cycle = int(events["cycle"][events["queue"] == queue][1])
    tab.run(SELECT.format(queue=queue, cycle=cycle))
    tab.screenshot(IMAGES / "view-instruction.png")
    assert "RELU.int32.sat E0:int32 -> W0:int32" in panel(tab)
    assert "reads E0–3" in panel(tab) and "from VXM0 ADD.int32.sat" in panel(tab)


def test_what_differs_from_the_plan(opened):
    """A record in which an ALU is a cycle late from its second word on, and a READ is missing."""
    program = digits(1)
    record = expand(program).events.copy()
    late = np.flatnonzero(record["queue"] == NANO.queue_by_name["VXM4"].index)[1:]
    record["cycle"][late] += 1
    read = np.flatnonzero(record["queue"] == NANO.queue_by_name["MEM_W12"].index)[2]
    tab = opened(model(program, np.delete(record, read), "rtl"))
    assert (
        tab.run("document.getElementById('verdict').innerText") == "rtl differs from plan 3 times"
    )
    tab.key("d")
    assert "It did not happen." in panel(tab)
    assert tab.run("app.state.event") == tab.run("app.data.difference_event[0]")
    tab.key("d")
    tab.run("app.scale.reveal(81, 0, 25); app.dirty()")
    tab.screenshot(IMAGES / "view-difference.png")
    assert "happened in" in panel(tab) and "(+1)" in panel(tab)
    tab.key("D")
    assert "It did not happen." in panel(tab)
    tab = opened(model(program, expand(program).events, "rtl"))
    assert verdict(tab) == "rtl = plan"


def test_a_click_leads_to_the_line_of_the_source(opened):
    tab = opened(model(small()))
    queue = NANO.queue_by_name["MEM_W0"].index
    tab.click(*place(tab, queue, 36))
    line = next(n for n, text in enumerate(TEXT.split("\n"), 1) if "count=4" in text)
    assert tab.run("document.querySelector('#place').innerText") == f"every.tsp:{line}"
    here = tab.run("document.querySelector('pre .here').innerText")
    assert here.split(maxsplit=1) == [str(line), TEXT.split("\n")[line - 1].strip()]
    told = panel(tab)
    assert "issues 36 (segment 0, @36) 3 of 4" in told
    assert "read_offset 2" in told and "drives E8" in told
    tab.key(".")
    assert "issues 39 (segment 0, @39) 4 of 4" in panel(tab)
    tab.key("Escape")
    assert tab.run("app.state.event") == -1


def test_wheel_drag_and_keys_move_the_view(opened):
    tab = opened(model(small()))
    pixels, start = (lambda: tab.run("app.scale.pixels")), (lambda: tab.run("app.scale.start"))
    before = pixels()
    x, y = 700, 300
    under = tab.run(f"app.scale.cycle({x})")
    tab.mouse("mouseWheel", x, y, deltaX=0, deltaY=-500)
    tab.settle()
    assert pixels() > 2 * before
    assert tab.run(f"app.scale.cycle({x})") == pytest.approx(under)
    first = start()
    tab.drag((x, y), (x - 100, y))
    assert start() == pytest.approx(first + 100 / pixels())
    tab.key("ArrowLeft")
    assert start() < first + 100 / pixels()
    tab.key("0")
    assert (start(), pixels()) == (0, pytest.approx(before))
    rows = tab.run("app.scale.rows.length")
    tab.key("i")
    assert tab.run("app.scale.rows.length") == len(NANO.queues) + 64 > rows
    tab.key("t")
    assert tab.run("document.documentElement.dataset.theme") == "dark"
    box = tab.run("app.minimap.canvas.getBoundingClientRect().top")
    tab.run("app.scale.zoom(20, 600)")
    tab.drag((200, box + 20), (1200, box + 20))
    assert start() > tab.run("app.data.last") / 2


def test_search_finds_queues_operations_and_cycles(opened):
    tab = opened(model(small()))
    tab.key("/")
    tab.type("read mem_w0")
    assert tab.run("document.getElementById('found').innerText") == "6 found"  # with the WRITE
    times = []
    for _ in range(4):
        tab.key("Enter")
        times.append(tab.run("app.data.event_time[app.state.event]"))
    assert times == [30, 30, 33, 36]
    tab.run("document.getElementById('search').value = ''")
    tab.type("@77")
    tab.key("Enter")
    assert tab.run("app.scale.start") < 77 < tab.run("app.scale.end")


def test_a_million_events_open_soon_and_pan_smoothly(opened):
    shown, opens = model(million()), []
    for _ in range(3):  # other work on the machine may slow one down
        tab = opened(shown)
        opens.append(tab.run("Number(document.documentElement.dataset.ready)"))
    found = {"events": len(shown.columns["event_time"]), "open_ms": opens, "frame_ms": {}}
    assert found["events"] >= 1_000_000
    for pixels in (0.02, 0.2, 2, 8, 60):
        frames = sorted(tab.run(f"app.measure(60, {pixels})"))
        found["frame_ms"][str(pixels)] = {"median": frames[30], "p95": frames[57]}
    folder = ROOT / "sim_build"
    (folder / "view.json").write_text(json.dumps(found, indent=2))
    tab.run("void app.measure(1, 0.4)")
    tab.screenshot(IMAGES / "view-million.png")
    print(json.dumps(found))
    assert min(opens) < 3000
    assert max(f["median"] for f in found["frame_ms"].values()) < 33
