"""What holds for every chapter: it was run, it asserts, and everything is in its place."""

import json
import pathlib
import re

import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[2]
CHAPTERS = sorted(
    p for p in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts
)
LAYERS = [p for p in CHAPTERS if p.parent.name in ("layers", "losses", "nets", "recurrent")]
ORDER = [
    "Forward",
    "Backward, by hand",
    "Backward, by SymPy",
    "The code",
    "The code is the derivation",
    "Try it",
    "As printed in the documents",
    "Exercises",
    "Summary",
]


def name(path):
    return str(path.relative_to(ROOT / "book").with_suffix(""))


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def text(path):
    return "\n".join("".join(c["source"]) for c in cells(path) if c["cell_type"] == "markdown")


def test_there_are_chapters():
    assert len(CHAPTERS) >= 4 and len(LAYERS) >= 4


def test_every_chapter_is_in_the_table_of_contents_and_nothing_else_is():
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r"file: book/(\S+)", toc)) | {yaml.safe_load(toc)["root"][5:]}
    pages = {
        str(p.relative_to(ROOT / "book").with_suffix("")) for p in (ROOT / "book").rglob("*.md")
    }
    assert listed == pages | {name(p) for p in CHAPTERS}


def test_every_part_opens_with_a_page_that_names_its_chapters():
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    numbered = [i for i, part in enumerate(parts) if "numbered" in part]
    assert len(numbered) >= 7
    for i in numbered:
        (opening,) = [entry["file"] for entry in parts[i - 1]["chapters"]]
        page = (ROOT / f"{opening}.md").read_text(encoding="utf-8")
        links = {
            str((ROOT / opening).parent.joinpath(link).resolve().relative_to(ROOT))
            for link in re.findall(r"\{doc\}`(?:[^`<]+<)?([^`>]+)>?`", page)
        }
        assert {entry["file"] for entry in parts[i]["chapters"]} <= links


def following():
    """Return for each chapter of a numbered part the pages that may come next."""
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    pages = [e["file"] for part in parts for e in part["chapters"]]
    numbered = [e["file"] for part in parts if "numbered" in part for e in part["chapters"]]
    notebooks = [p for p in numbered if (ROOT / f"{p}.ipynb").exists()]
    return {p: pages[pages.index(p) + 1 :][:2] for p in notebooks}


@pytest.mark.parametrize("chapter", following())
def test_its_last_sentence_links_what_comes_next(chapter):
    path = ROOT / f"{chapter}.ipynb"
    last = "".join(cells(path)[-1]["source"]).rpartition("\n\n")[2]
    assert last.startswith("Next: ")
    links = {
        str(path.parent.joinpath(link).resolve().relative_to(ROOT))
        for link in re.findall(r"\{doc\}`(?:[^`<]+<)?([^`>]+)>?`", last)
    }
    next_one, after = following()[chapter]
    allowed = {next_one, after} if next_one.endswith("/part") else {next_one}
    assert links & allowed


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_it_was_run_to_its_end_without_an_error(path):
    code = [c for c in cells(path) if c["cell_type"] == "code"]
    assert [c["execution_count"] for c in code] == list(range(1, len(code) + 1))
    assert not any(o["output_type"] == "error" for c in code for o in c["outputs"])


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_nothing_was_warned_of_and_no_machine_is_named(path):
    printed = [o for c in cells(path) for o in c.get("outputs", [])]
    assert not [o["text"] for o in printed if o.get("name") == "stderr"]
    text = json.dumps([{**o, "data": {**o.get("data", {}), "image/png": ""}} for o in printed])
    assert str(ROOT) not in text and not re.search(r"/(tmp|home|root)/", text)


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_every_proof_was_tried_on_mutants_or_steps(path):
    shown = json.dumps([c.get("outputs", []) for c in cells(path)], ensure_ascii=False)
    for line in re.findall(r"✓ \*\*[^✓✗]*? ms\b", shown):
        assert re.search(r"\d+ mutants?\b|inductive step checked", line), line


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_it_checks_something(path):
    source = "\n".join("".join(c["source"]) for c in cells(path) if c["cell_type"] == "code")
    assert re.search(r"\.prove\(|assert ", source)


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_every_exercise_has_a_hidden_solution(path):
    page = text(path)
    exercises = re.findall(r"\{exercise-start\}\n:label: (\S+)", page)
    solutions = re.findall(r"\{solution-start\} (\S+)\n(:class: dropdown)?", page)
    assert len(exercises) >= 4 or name(path) == "introduction"
    assert [label for label, _ in solutions] == exercises
    assert all(hidden for _, hidden in solutions)
    assert page.count("{solution-end}") == page.count("{exercise-end}") == len(exercises)


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_every_figure_has_an_alternative_text(path):
    for cell in cells(path):
        if any("image/png" in o.get("data", {}) for o in cell.get("outputs", [])):
            alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) > 20, "".join(cell["source"])


def test_every_figure_has_a_number_a_caption_and_a_name_of_its_own():
    names = []
    for path in CHAPTERS:
        for cell in cells(path):
            if any("image/png" in o.get("data", {}) for o in cell.get("outputs", [])):
                figure = cell["metadata"]["mystnb"].get("figure", {})
                assert len(figure.get("caption", "")) > 10, f"{name(path)}: {cell['source'][-2:]}"
                names.append(figure["name"])
    assert len(names) > 100 and len(set(names)) == len(names)


@pytest.mark.parametrize("path", LAYERS, ids=name)
def test_the_sections_stand_in_the_order_that_readers_know(path):
    headings = re.findall(r"^## (.+)$", text(path), flags=re.M)
    known = [h for h in headings if h in ORDER]
    assert known == [h for h in ORDER if h in known]
    assert {"Forward", "Backward, by hand", "Backward, by SymPy", "Exercises", "Summary"} <= set(
        known
    )


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_its_first_cell_installs_the_package_where_it_is_missing(path):
    cell = next(c for c in cells(path) if c["cell_type"] == "code")
    address = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
    wanted = f'%pip install -q "backprop[notebooks] @ {address["url"]}/archive/main.zip"'
    assert 'if not importlib.util.find_spec("backprop"):' in "".join(cell["source"])
    assert wanted in "".join(cell["source"]) and cell["metadata"]["tags"] == ["remove-cell"]


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_it_reads_nothing_that_an_installed_package_does_not_carry(path):
    source = "\n".join("".join(c["source"]) for c in cells(path) if c["cell_type"] == "code")
    assert not re.search(r"\bPath\(|\bopen\(|__file__", source)
