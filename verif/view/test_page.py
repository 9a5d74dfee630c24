"""The page's numbers are the schedule's, its values are where streams carry them."""

import base64
import json
import re
import zlib
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest

from tsp.arch.config import NANO
from tsp.arch.timing import timing
from tspc.events import EVENT
from tspc.plan import expand
from tspc.view import model, page
from tspc.view.columns import pack, unpack
from verif.support_fetch import long_program
from verif.view.programs import TEXT, million, small

TYPES = {"u1": 1, "u4": 4, "i4+": 4}


class Parts(HTMLParser):
    """Scripts by id, and whatever would ask for another file."""

    def __init__(self, text):
        super().__init__()
        self.scripts, self.outside, self._id = {}, [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.outside += [found[k] for k in ("src", "href") if k in found]
        self._id = found.get("id") if tag == "script" else None

    def handle_data(self, data):
        if self._id:
            self.scripts[self._id] = self.scripts.get(self._id, "") + data


def decoded(text):
    """Facts and columns of a page, read with nothing of the viewer's own."""
    parts = Parts(text)
    facts = json.loads(parts.scripts["facts"])
    raw = zlib.decompress(base64.b64decode(parts.scripts["numbers"]))
    columns = {}
    for name, kind, at, count in facts["layout"]:
        size = TYPES[kind]
        chunk = raw[at : at + size * count]
        numbers = [
            int.from_bytes(chunk[i : i + size], "little") for i in range(0, len(chunk), size)
        ]
        if kind == "i4+":
            total, sums = 0, []
            for n in numbers:
                total = (total + n) % 2**32
                sums.append(total - 2**32 if total >= 2**31 else total)
            numbers = sums
        columns[name] = numbers
    return facts, columns


def events_of(facts, c):
    """(segment, cycle, queue, word) of every event of a page."""
    found = []
    for queue in range(len(facts["queues"])):
        for e in range(c["event_first"][queue], c["event_first"][queue + 1]):
            time, word = c["event_time"][e], c["event_word"][e]
            segment = max(i for i, t in enumerate(facts["notifies"]) if t <= time)
            raw = bytes(c["word_bytes"][16 * word : 16 * word + 16])
            found.append((segment, time - facts["notifies"][segment], queue, raw))
    return found


@pytest.mark.parametrize("program", [small(), million(3000)], ids=["every kind", "many"])
def test_events_of_the_page_are_those_of_the_schedule(program):
    facts, columns = decoded(page(model(program)))
    planned = [
        (int(e["segment"]), int(e["cycle"]), int(e["queue"]), e["word"].tobytes())
        for e in expand(program).events
    ]
    found = events_of(facts, columns)
    assert Counter(found) == Counter(planned) and len(found) > 70
    assert facts["done"] == expand(program).done and facts["hash"] == NANO.hash
    for queue in range(len(NANO.queues)):
        own = columns["event_time"][
            columns["event_first"][queue] : columns["event_first"][queue + 1]
        ]
        assert own == sorted(own)


def test_every_event_leads_to_its_line():
    program = small()
    facts, c = decoded(page(model(program)))
    lines, seen = facts["source"]["text"].split("\n"), set()
    for queue, known in enumerate(facts["queues"]):
        for e in range(c["event_first"][queue], c["event_first"][queue + 1]):
            if c["event_origin"][e] < 0:
                continue
            text, _, line = known["words"][c["event_origin"][e]]
            assert text.split()[0] in lines[line - 1]
            seen.add(line)
    words = [n for n, line in enumerate(TEXT.split("\n"), 1) if line.startswith("    ")]
    assert seen == {n for n in words if "REPEAT" not in lines[n - 1]}


def hops(program, c, facts):
    """Who drove what stands in each register in each cycle, by moving registers along."""
    drives = {}
    for stream in range(64):
        for v in range(c["value_first"][stream], c["value_first"][stream + 1]):
            queue = next(
                q for q in range(len(NANO.queues)) if c["value_event"][v] < c["event_first"][q + 1]
            )
            stop = NANO.queues[queue].stop
            drives.setdefault(c["value_start"][v], []).append((stream, stop, v))
    held, history = {}, []
    for cycle in range(facts["done"]):
        moved = {(s, p + (1 if s < 32 else -1)): v for (s, p), v in held.items()}
        held = {(s, p): v for (s, p), v in moved.items() if 0 <= p < NANO.stops}
        for stream, stop, v in drives.get(cycle, ()):
            held[stream, stop] = v
        history.append(held)
    return history


def test_values_live_and_are_read_where_registers_carry_them():
    program = small()
    facts, c = decoded(page(model(program)))
    history = hops(program, c, facts)
    lives = Counter(v for held in history for v in held.values())
    assert [lives[v] for v in range(len(c["value_life"]))] == c["value_life"]
    table, fed = timing(NANO), 0
    for reader, stream, time, value in zip(
        c["read_event"], c["read_stream"], c["read_time"], c["read_value"], strict=True
    ):
        queue = next(q for q in range(99) if reader < c["event_first"][q + 1])
        stop = NANO.queues[queue].stop + (-1 if stream < 32 else 1)
        assert history[time].get((stream, stop), -1) == value
        assert time == c["event_time"][reader] + table.vxm_d_skew  # all of them are equal
        fed += value >= 0
    assert fed == 2 and len(c["read_event"]) == 4 * 4 + 3 + 3 * 16 + 1
    assert len(c["value_start"]) == 4 * 4 + 5 + 1 + 1 + 4


def test_every_pair_of_a_fetch_is_fed():
    program = long_program(NANO, 3 * NANO.queue_words)
    facts, c = decoded(page(model(program)))
    assert min(c["read_value"]) >= 0  # nothing reads an empty stream
    code = {f["name"]: int(number) for number, f in facts["formats"].items()}["IFETCH"]
    opcodes = [c["word_bytes"][16 * c["event_word"][e]] & 63 for e in c["read_event"]]
    vectors = opcodes.count(code)
    words = sum(len(text) for text in program.text.values())
    loaded = sum(len(program.loaded(queue)) for queue in program.text)
    assert vectors * NANO.superlanes >= words - loaded > 0


def altered(events, *changes):
    found = events.copy()
    for row, name, value in changes:
        found[name][row] = value
    return found


def test_every_kind_of_difference_is_named():
    program = small()
    events = expand(program).events
    queue = NANO.queue_by_name["MEM_W0"].index
    rows = np.flatnonzero(events["queue"] == queue)
    late = altered(events, (rows[0], "cycle", 31))
    word = events["word"][rows[1]].copy()
    word[1] ^= 1
    late["word"][rows[2]] = word
    record = np.concatenate([np.delete(late, rows[4]), events[:1]])
    extra = np.zeros(1, EVENT)
    extra["cycle"], extra["queue"], extra["word"] = 77, queue, word
    shown = model(program, np.concatenate([record, extra]), "rtl")
    facts, c = decoded(page(shown))
    found = [facts["kinds"][k] for k in c["difference_kind"]]
    assert sorted(found) == ["changed", "extra", "extra", "missing", "moved"]
    first = c["event_first"][queue]
    moved, changed, missing = (found.index(k) for k in ("moved", "changed", "missing"))
    assert c["difference_event"][moved] == first
    assert c["extra_time"][c["difference_extra"][moved]] == 31
    assert c["difference_event"][changed] == first + 2
    assert c["difference_event"][missing] == first + 4 and c["difference_extra"][missing] == -1
    last = c["difference_extra"][found.index("extra", found.index("extra") + 1)]
    assert (c["extra_time"][last], c["extra_queue"][last]) == (77, queue)
    raw = bytes(c["word_bytes"][16 * c["extra_word"][last] :][:16])
    assert raw == bytes(word)


def test_equal_records_differ_in_nothing():
    program = small()
    shown = model(program, expand(program).events[::-1], "golden")
    assert shown.differences == () and shown.facts["engine"] == "golden"


def test_the_page_asks_for_nothing_and_holds_any_text():
    nasty = small()
    name = '</script><img src="http://x"><!--numbers-->&'
    nasty = type(nasty)(**{**vars(nasty), "name": name})
    text = page(model(nasty))
    parts = Parts(text)
    assert parts.outside == [] and not re.search(r"@import|url\(", text)
    facts, columns = decoded(text)
    assert facts["program"] == name and columns["event_time"]


def test_columns_come_back():
    rng = np.random.default_rng(3)
    columns = {
        "a": rng.integers(-(2**31), 2**31, 1001).astype(np.int32),
        "b": rng.integers(0, 256, 3).astype(np.uint8),
        "c": np.zeros(0, np.int32),
        "d": rng.integers(0, 2**32, 77).astype(np.uint32),
    }
    again = unpack(*pack(columns))
    assert list(again) == list(columns)
    for name, column in columns.items():
        assert again[name].dtype == column.dtype and np.array_equal(again[name], column)


def test_the_million_has_a_million():
    assert len(expand(million(20_000)).events) >= 20_000
