"""The manual: a page for everything, examples for all that is built, and what they say is so."""

from dataclasses import replace

import pytest

from tsp.arch.isa import FORMATS, VXM_OPS
from tsp.arch.timing import ENTRIES
from tspc import api, docs
from tspc.asm import format_word
from tspc.asm.syntax import PARTS
from tspc.manual import PAGES
from tspc.manual.render import built, instruction_page, sample
from verif.manual.check import examples, inputs, unshown, wrong
from verif.plan import covers, subjects_of

WORDS = [(page, word) for page in PAGES.values() for word in page.words]
EXAMPLES = [pytest.param(e, id=f"{p.name}-{n}") for n, (p, e) in enumerate(examples())]


def test_everything_has_its_page():
    assert {page.form for page in PAGES.values()} == set(FORMATS)
    assert {o for page in PAGES.values() for o in page.operations} == set(VXM_OPS)
    shown = {
        part.split()[0] for page in PAGES.values() for w in page.words for part in w.split("|")
    }
    assert set(PARTS) <= shown
    for page in PAGES.values():
        assert f"reference/isa/{page.file}" in docs.PAGES
        text = instruction_page(page)
        for field in FORMATS[page.form].fields:
            assert f"| {field.name} | " in text
        assert ("**Not built" in text) == (not built(page))


@pytest.mark.parametrize("page, word", WORDS, ids=lambda x: x if isinstance(x, str) else x.name)
def test_words_of_the_manual_are_canonical(page, word):
    i = sample(page, word)
    assert i.name == page.form and format_word(i) == word


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.name)
def test_what_is_built_is_shown(page):
    """Built without an example: docs/developer.md, *The manual*, tells how to add one."""
    assert unshown(page) == []
    if built(page):
        assert set(page.timing) <= {e.name for e in ENTRIES}


@pytest.mark.feature("unit", "[A-Z]*", measured=True)
@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_leave_what_the_page_says(example):
    program = api.assemble(example.text())
    report = api.verify(program)
    assert report.ok, str(report)
    assert wrong(example, api.run(program, inputs(example))) == []
    covers("unit", subjects_of(program))


def test_a_wrong_claim_is_found():
    example = next(e for p, e in examples() if p.name == "REPEAT")
    result = api.run(api.assemble(example.text()), inputs(example))
    assert wrong(example, result) == []
    assert "y is" in wrong(replace(example, leaves={"y": "x[::-1]"}), result)[0]
    late = {queue: (*at[:-1], at[-1] + 1) for queue, at in example.issues.items()}
    assert "issues in" in wrong(replace(example, issues=late), result)[0]


def test_a_built_instruction_without_example_is_found():
    none = [replace(page, examples=()) for page in PAGES.values()]
    assert unshown(PAGES["LW"], none) == ["LW"]
    page = PAGES["VXM logic"]
    assert unshown(page, none) == [f"{o}.int32" for o in page.operations]
