"""Every entry of the index leads to a section that has the term."""

import importlib.util
import pathlib
import re

import pytest

pytest.importorskip("sphinx")
ROOT = pathlib.Path(__file__).parents[2]


def extension(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / f"book/_ext/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


terms, ways = extension("terms"), extension("ways")
INDEX = terms.read(ROOT)
PAGES = ways.pages(ROOT)
ENTRIES = [
    (page, heading, term, form)
    for page, parts in INDEX.items()
    for heading, found in parts.items()
    for term, form in found
]


def section(text, heading):
    """Return the text from a heading to the next one of its level, in lower case, without marks."""
    start = re.search(rf"^(#+) {re.escape(heading)}$", text, flags=re.M)
    assert start, f"no section {heading!r}"
    body = text[start.end() :]
    end = re.search(rf"^#{{1,{len(start[1])}}} ", body, flags=re.M)
    return plain(heading + "\n" + (body[: end.start()] if end else body))


def plain(text):
    return " ".join(re.sub(r"[*`\\]|^#+ ", "", text, flags=re.M).lower().split())


def occurs(form, text):
    """Say whether a text has a form, not inside of another word; its end may be inflected."""
    return re.search(rf"(?<!\w){re.escape(plain(form))}", text) is not None


def test_there_are_many_terms_and_none_twice_in_a_section():
    assert len({term for _, _, term, _ in ENTRIES}) >= 150
    assert len({entry[:3] for entry in ENTRIES}) == len(ENTRIES)


@pytest.mark.parametrize("page", INDEX)
def test_its_terms_occur_in_their_sections(page):
    text = ways.prose(PAGES[page])
    missing = [
        (heading, term, form)
        for of, heading, term, form in ENTRIES
        if of == page and not occurs(form, section(text, heading))
    ]
    assert missing == []


def test_a_section_ends_where_the_next_of_its_level_begins():
    text = "# A\n\n## B\nbee\n\n### C\nsea\n\n## D\ndee\n"
    assert section(text, "B") == "b bee c sea" and section(text, "C") == "c sea"
    assert section(text, "A").endswith("dee")
    with pytest.raises(AssertionError, match="no section"):
        section(text, "E")


def test_entries_stand_below_their_headwords_and_letters():
    found = terms.listed([("gate", 1), ("Gate; reset", 2), ("Adam", 3), ("gate", 4)])
    assert [letter for letter, _ in found] == ["A", "G"]
    ((head, entries),) = found[1][1]
    assert head.lower() == "gate" and entries == [("", 1), ("", 4), ("reset", 2)]


def test_the_page_of_the_index_is_in_the_table_of_contents():
    assert "file: book/terms\n" in (ROOT / "_toc.yml").read_text(encoding="utf-8")
    assert "{index-of-terms}" in (ROOT / "book/terms.md").read_text(encoding="utf-8")
