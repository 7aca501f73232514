"""Mirrors the tools that make the other formats of the book: the PDF, the zip, its address."""

import json
import pathlib
import re
import shutil
import sys
import zipfile
from types import SimpleNamespace

import pytest
import yaml
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.utils import new_document
from sphinx import addnodes

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book" / "_tools"))

import address  # noqa: E402
import pack  # noqa: E402
import paper  # noqa: E402

GOOD = "This is XeTeX\nOverfull \\hbox (3.1pt too wide) in paragraph at lines 1--2\nOutput written"


@pytest.fixture
def check_pdf():
    pytest.importorskip("pypdf")
    import check_pdf

    return check_pdf


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("LaTeX Warning: Reference `a:b' on page 3 undefined on input line 7.", "refers to a:b"),
        (f"LaTeX Warning: Hyper reference `{'x' * 47}\nyy' on page 3 undefined", "xyy"),
        ("! Undefined control sequence.", "! Undefined"),
        ("Missing character: There is no Ж in font x!", "no Ж in font"),
        ("Overfull \\hbox (40.2pt too wide) detected at line 9", "40 points too wide detected at"),
    ],
)
def test_what_latex_complains_of_is_a_problem(check_pdf, line, problem):
    assert check_pdf.of_log(GOOD) == []
    (found,) = check_pdf.of_log(f"{GOOD}\n{line}\n")
    assert problem in found


def test_links_and_the_outline_are_followed(check_pdf):
    def link(name):
        return SimpleNamespace(get_object=lambda: {"/A": {"/D": name}})

    chapter = [SimpleNamespace(title="A part"), [SimpleNamespace(title="Linear layer")]]
    reader = SimpleNamespace(
        outline=chapter, named_destinations={"a": 0}, pages=[{"/Annots": [link("a"), link(b"b")]}]
    )
    assert check_pdf.of_document(reader, ["Linear layer", "Softmax"]) == [
        "'Softmax' is not in the outline",
        "page 1 links to b, which is not there",
    ]
    assert "Linear layer" in check_pdf.titles(ROOT) and len(check_pdf.titles(ROOT)) > 30


def test_parts_are_read_from_the_table_of_contents():
    opens, numbered = paper.parts(ROOT)
    assert opens["book/layers/part"] == "Layers and losses"
    assert "book/layers/linear" in numbered and "book/layers/part" not in numbered


def test_paper_names_the_page_of_a_figure_that_moves():
    boxes = [
        re.search(r"```\{raw\} html\n(.*?)\n```", "".join(cell["source"]), flags=re.S)
        for path in (ROOT / "book").rglob("*.ipynb")
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
    ]
    found = [box[1] for box in boxes if box]
    assert len(found) >= 5 and all(paper.MOVES.search(box) for box in found)
    document = new_document("", get_default_settings())
    document.settings.env = SimpleNamespace(app=SimpleNamespace(srcdir=ROOT))
    document += addnodes.start_of_file(docname="book/a_b")
    document[0] += [nodes.raw("", text, format="html") for text in (found[0], "<p>")]
    paper.Moving(document).run()
    owner, name = address.present(ROOT).split("/")
    page = rf"on the page \sphinxurl{{https://{owner.lower()}.github.io/{name}/book/a_b.html}}."
    assert document[0][0].astext().endswith(page) and document[0][1].astext() == "<p>"


def table(widths, rows):
    columns = [nodes.colspec(colwidth=w) for w in widths]
    body = [
        nodes.row("", *(nodes.entry("", nodes.paragraph("", text)) for text in row)) for row in rows
    ]
    return nodes.table("", nodes.tgroup("", *columns, nodes.tbody("", *body), cols=len(widths)))


def widths(made):
    return [spec["colwidth"] for spec in made.findall(nodes.colspec)]


def test_columns_are_as_wide_as_what_they_hold_unless_that_was_said():
    made = table([1, 1], [["a b c", "word " * 50], ["incompressible", ""]])
    paper.measure(made)
    assert widths(made) == [15, 40] and "colwidths-given" in made["classes"]
    said = table([1, 2], [["a", "b"]])
    paper.measure(said)
    assert widths(said) == [1, 2]


def test_an_empty_cell_is_no_line_on_paper():
    document = new_document("", get_default_settings())
    document += table([1, 1], [["a", ""], [" ", "b"]])
    picture = nodes.entry("", nodes.image(uri="c.png"))
    next(document.findall(nodes.row)).append(picture)
    paper.Tables(document).run()
    assert [len(cell) for cell in document.findall(nodes.entry)] == [1, 0, 1, 0, 1]


def test_the_zip_has_every_chapter_and_the_package(tmp_path):
    wheel = tmp_path / "backprop-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    count = pack.pack(wheel, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        names = set(archive.namelist())
        needs = archive.read("backprop/requirements.txt").decode()
        stored = archive.read("backprop/layers/linear.ipynb")
    assert sum(name.endswith(".ipynb") for name in names) == count > 40
    assert f"./{wheel.name}[notebooks]" in needs and f"backprop/{wheel.name}" in names
    assert stored == (ROOT / "book/layers/linear.ipynb").read_bytes()


def test_an_address_reaches_every_file(tmp_path):
    for name in ("_config.yml", "pyproject.toml", "README.md", "CITATION.cff"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "book", tmp_path / "book")
    before = address.present(tmp_path)
    changed = {p.relative_to(tmp_path).as_posix() for p in address.settle(tmp_path, "ann/b.ook")}
    assert {"_config.yml", "pyproject.toml", "README.md", "CITATION.cff"} <= changed
    assert {"book/layers/linear.ipynb", "book/intro.md", "book/cite.md"} <= changed
    kept = (p for p in tmp_path.rglob("*") if p.is_file() and "_tools" not in p.parts)
    assert [p for p in kept if before.encode() in p.read_bytes()] == []
    assert address.present(tmp_path) == "ann/b.ook"
    assert len(address.settle(tmp_path, "bob/c")) == len(changed)  # it moves once more
    assert address.present(tmp_path) == "bob/c"
    json.loads((tmp_path / "book/layers/linear.ipynb").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["", "ann", "https://a/b", "a/b c", "a/b/c"])
def test_an_address_of_another_form_is_refused(tmp_path, name):
    shutil.copy(ROOT / "_config.yml", tmp_path)
    with pytest.raises(ValueError, match="needs the form owner/name"):
        address.settle(tmp_path, name)
    assert (tmp_path / "_config.yml").read_bytes() == (ROOT / "_config.yml").read_bytes()


def test_the_workflow_sets_the_address_and_releases_what_the_pages_link_to():
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(workflow)["jobs"]
    assert "OWNER" not in workflow
    for job, made in [("book", "make book"), ("release", "make pdf zip")]:
        steps = [step.get("run", "") for step in jobs[job]["steps"]]
        assert steps.index('make address REPO="$GITHUB_REPOSITORY"') < steps.index(made)
    linked = {
        name
        for page in ("README.md", "book/intro.md")
        for name in re.findall(r"releases/latest/download/([\w.-]+)", (ROOT / page).read_text())
    }
    assert linked == {"backprop.pdf", "backprop-notebooks.zip"}
    assert all(f"_build/{name}" in workflow for name in linked)
