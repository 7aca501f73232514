"""The map shows what the chapters say; and no chapter needs one that comes after it."""

import importlib.util
import pathlib
import re
from xml.etree import ElementTree

import pytest

ROOT = pathlib.Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("chapter_map", ROOT / "book/_ext/chapter_map.py")
chapter_map = importlib.util.module_from_spec(spec)
pytest.importorskip("sphinx")
spec.loader.exec_module(chapter_map)
FOUND = chapter_map.chapters(ROOT)


def test_all_chapters_are_there_with_their_proofs():
    assert len(FOUND) > 30
    without = {c["name"] for c in FOUND if not c["proofs"]}
    assert not any("layers" in name or "nets" in name or "losses" in name for name in without)
    assert sum(c["mutants"] for c in FOUND) > 5 * sum(c["proofs"] for c in FOUND)


@pytest.mark.parametrize("c", FOUND, ids=lambda c: c["name"])
def test_nothing_is_needed_before_it_is_introduced(c):
    before = [d["name"] for d in FOUND[: FOUND.index(c)]]
    assert [need for need in c["needs"] if need not in before] == []


def test_every_chapter_is_a_link_and_every_need_a_line():
    svg = ElementTree.fromstring(chapter_map.drawing(FOUND, lambda name: name + ".html"))
    assert [a.get("href") for a in svg.iter("a")] == [c["name"] + ".html" for c in FOUND]
    assert len(list(svg.iter("path"))) == sum(len(c["needs"]) for c in FOUND) > 40


def test_no_two_boxes_overlap():
    place, _, height = chapter_map.layout(FOUND)
    assert len(set(place.values())) == len(place) == len(FOUND)
    assert max(y for _, y in place.values()) + chapter_map.TALL < height


def test_mutants_are_counted_from_the_cards():
    cards = "dx: proved for all sizes · 26 mutants: 25 refuted\nwrong: refuted · a = 1\n"
    cards += "mode: checked up to 5 · 1 mutant, all refuted"
    assert [int(n) for n in chapter_map.PROOF.findall(cards)] == [26, 1]


def test_links_are_read_relative_to_their_chapter():
    rnn = next(c for c in FOUND if c["name"].endswith("recurrent/rnn"))
    assert "book/layers/linear" in rnn["needs"] and "book/recurrent/unrolling" in rnn["needs"]
    assert not any(re.search(r"\.\.", need) for need in rnn["needs"])
