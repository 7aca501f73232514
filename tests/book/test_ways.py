"""From the interface to the chapters and the ledger, and back."""

import importlib
import importlib.util
import inspect
import json
import pathlib
import re
from types import SimpleNamespace

import pytest

pytest.importorskip("sphinx")
ROOT = pathlib.Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("ways", ROOT / "book/_ext/ways.py")
ways = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ways)

INTERFACE = (ROOT / "book/api.md").read_text(encoding="utf-8")
NAMED = ways.named_code(ROOT)
FAMILIES = ("layers", "losses", "nets", "recurrent", "optim")
FAMILY = {name: importlib.import_module(f"backprop.{name}") for name in FAMILIES}
MODULES = [f"backprop.{name}.{m}" for name, family in FAMILY.items() for m in family.__all__]
ENTRY = re.compile(r"automodule:: (\S+)\n(?:   :members:(.*)\n)?")
SHOWN = {name: members for name, members in ENTRY.findall(INTERFACE)}


def functions(name):
    """Return the public functions of a module: its own, and those that it passes on."""
    module = importlib.import_module(name)
    passed_on = getattr(module, "__all__", [])
    return [
        n
        for n, f in vars(module).items()
        if inspect.isfunction(f)
        and not n.startswith("_")
        and (f.__module__ == name or n in passed_on)
    ]


def app(**lines):
    """Return what the extension needs of Sphinx; `lines` are tags by function."""
    rows = {
        "Ye17-1": {"id": "Ye17-1", "verdict": "holds"},
        "Ye17-2": {"id": "Ye17-2", "verdict": "erratum"},
        "Ye17-9": {"id": "Ye17-9", "verdict": "holds"},
    }
    code = {
        row: [SimpleNamespace(path="backprop/layers/linear.py", function=f) for f in found]
        for row, found in lines.items()
    }
    return SimpleNamespace(srcdir=ROOT, ledger=rows, ledger_code=code, ways_named=NAMED)


def test_there_are_many_modules():
    assert len(MODULES) > 35 and {"backprop.layers.linear", "backprop.optim.adam"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_every_public_function_is_in_the_interface(name):
    assert name in SHOWN
    members = [m.strip() for m in SHOWN[name].split(",") if m.strip()]
    wanted = functions(name)
    assert wanted
    assert not members or set(wanted) <= set(members)
    if not members:  # a bare :members: shows what the module itself defines
        module = importlib.import_module(name)
        assert all(getattr(module, n).__module__ == name for n in wanted)


@pytest.mark.parametrize("name", MODULES)
def test_every_public_function_gets_a_link_to_a_chapter_that_exists(name):
    for function in functions(name):
        lines = ["Do it.", "", "More."]
        obj = getattr(importlib.import_module(name), function)
        ways.add_ways(app(), "function", f"{name}.{function}", obj, {}, lines)
        (chapter,) = re.findall(r"Chapter: :doc:`/(book/[^`]+)`", "\n".join(lines))
        assert (ROOT / f"{chapter}.ipynb").exists()
        assert lines[0] == "Do it." and lines[-1] == "More."


@pytest.mark.parametrize("name", MODULES)
def test_a_chapter_that_a_docstring_states_exists_and_names_the_module(name):
    stated = ways.DERIVATION.search(importlib.import_module(name).__doc__)
    if stated:
        assert {name, name.rpartition(".")[0]} & set(NAMED[stated[1]])


def test_a_function_shows_the_rows_of_its_lines_and_of_the_functions_that_it_calls(tmp_path):
    source = "def _help():\n    pass\n\ndef one():\n    return _help()\n\ndef two():\n    pass\n"
    assert ways.reached(source, "one") == {"one", "_help"}
    assert ways.reached(source, "two") == {"two"}
    book = app(**{"Ye17-9": ["backward"], "Ye17-2": ["backward", ""], "Ye17-1": ["forward"]})
    assert ways.rows_of(book, "backprop.layers.linear", "backward") == ["Ye17-2", "Ye17-9"]
    assert ways.rows_of(book, "backprop.layers.linear") == ["Ye17-1", "Ye17-2", "Ye17-9"]
    assert ways.rows_of(book, "backprop.layers.relu") == []


def test_rows_are_links_and_tell_what_is_wrong():
    linear = importlib.import_module("backprop.layers.linear")
    lines = ["Return.", "", "Parameters"]
    ways.add_ways(app(**{"Ye17-2": ["backward"]}), "function", "", linear.backward, {}, lines)
    assert lines[2] == (
        "Chapter: :doc:`/book/layers/linear`. Equations: :ref:`Ye17-2 <row-ye17-2>` (erratum)."
    )


def test_a_module_keeps_its_sentence_and_its_chapter_becomes_a_link():
    linear = importlib.import_module("backprop.layers.linear")
    lines = linear.__doc__.splitlines()
    book = app(**{"Ye17-1": ["forward"]})
    ways.add_ways(book, "module", "backprop.layers.linear", linear, {}, lines)
    text = "\n".join(lines)
    assert "Derivation: :doc:`/book/layers/linear`." in text and ".ipynb" not in text
    assert text.count("/book/layers/linear") == 1 and ":ref:`Ye17-1 <row-ye17-1>`" in text


def test_rows_that_follow_each_other_are_one_run():
    order = ["a-1", "a-2", "a-3", "b-1", "b-2"]
    assert ways.runs(["a-1", "a-2", "b-1"], order) == [["a-1", "a-2"], ["b-1"]]
    assert ways.runs(["a-1", "a-3"], order) == [["a-1"], ["a-3"]]
    assert ways.runs(["a-3", "b-1", "b-2"], order) == [["a-3"], ["b-1", "b-2"]]


def test_the_line_of_a_chapter_counts_its_rows_and_lists_few_of_the_wrong_ones():
    def text(rows, wrong):
        ledger = {r: {"verdict": "erratum" if r in wrong else "holds"} for r in rows}
        return "".join(node.astext() for node in ways.ledger_line(rows, ledger, "page"))

    rows = [f"a-{i}" for i in range(12)]
    assert text(["a-0"], []) == "1 equation: a-0"
    assert text(rows[:2], []) == "2 equations: a-0, a-1"
    expected = "12 equations: a-0 to a-11; wrong or ambiguous as printed: a-3, a-5"
    assert text(rows, ["a-3", "a-5"]) == expected
    expected = "12 equations: a-0 to a-11; 12 wrong or ambiguous as printed, from a-0"
    assert text(rows, rows) == expected


@pytest.mark.parametrize("page", [p for p in NAMED if NAMED[p]])
def test_what_a_chapter_names_as_its_code_exists(page):
    for name in NAMED[page]:
        path = ROOT / name.replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").exists(), f"{page}: {name}"


@pytest.mark.parametrize("page", sorted(NAMED))
def test_what_a_chapter_names_as_its_tests_exists(page):
    line = re.search(r"^\| Tests \|(.*)$", ways.prose(ways.pages(ROOT)[page]), flags=re.M)
    for path in re.findall(r"`(tests/[^`]+)`", line[1] if line else ""):
        assert (ROOT / path).exists()


def test_a_file_links_to_its_section_and_a_folder_to_its_first():
    modules = ways.documented(INTERFACE)
    assert modules[0] == "backprop.layers.linear"
    assert ways.place("backprop.optim.adam", modules) == "backprop.optim.adam"
    assert ways.place("backprop.recurrent", modules) == "backprop.recurrent.rnn"
    assert ways.place("backprop.nothing", modules) == ""


def test_every_row_of_the_ledger_belongs_to_a_page():
    from backprop.ledger.rows import rows

    pages = ways.pages(ROOT)
    assert {f"book/{row.chapter}" for row in rows().values()} <= set(pages)


def test_the_front_page_leads_in_three_clicks_to_a_gradient_and_in_one_more_to_its_proof():
    links = re.compile(r"\{doc\}`(?:[^`<]+<)?([^`>]+)>?`")
    front = (ROOT / "book/intro.md").read_text(encoding="utf-8")
    assert "recurrent/lstm" in links.findall(front)  # one click; the heading in the margin is two
    cells = json.loads((ROOT / "book/recurrent/lstm.ipynb").read_text(encoding="utf-8"))["cells"]
    page = "\n".join("".join(cell["source"]) for cell in cells)
    by_hand, proved = (page.index(f"\n## Backward, by {way}\n") for way in ("hand", "SymPy"))
    between = re.findall(r"^## ", page[by_hand + 1 : proved + 1], flags=re.M)
    assert by_hand < proved and len(between) == 1  # the proof is the section after the gradient
    assert ".prove(" in page[proved : page.index("\n## The code\n")]
