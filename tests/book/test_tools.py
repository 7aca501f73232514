"""The tools of the book must see what is wrong, and leave alone what is right."""

import base64
import importlib.util
import io
import pathlib

import matplotlib.image
import nbformat
import numpy as np
import pytest

TOOLS = pathlib.Path(__file__).parents[2] / "book" / "_tools"


def tool(name):
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check_site, run_notebooks = tool("check_site"), tool("run_notebooks")


def site(folder, body):
    (folder / "other.html").write_text('<p id="there">x</p>')
    (folder / "picture.png").write_bytes(b"")
    (folder / "page.html").write_text(f"<html><body>{body}</body></html>")
    return list(check_site.problems(folder))


@pytest.mark.parametrize(
    "body",
    [
        '<a href="other.html#there">x</a>',
        '<a href="https://example.org/gone">elsewhere</a>',
        '<img src="picture.png" alt="a picture">',
        '<a href="#here" id="here">x</a>',
        '<p>f(*args, **options)<br><code>**a** $x$</code><span class="math x">$</span></p>',
    ],
)
def test_a_good_page_has_no_problem(tmp_path, body):
    assert site(tmp_path, body) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<a href="gone.html">x</a>', "dead link gone.html"),
        ('<a href="other.html#nowhere">x</a>', "dead anchor other.html#nowhere"),
        ('<img src="picture.png">', "no alternative text"),
        ('<img src="picture.png" alt="picture.png">', "no alternative text"),
        ('<script src="https://example.org/x.js"></script>', "from another host"),
        ('<link rel="stylesheet" href="https://example.org/x.css">', "from another host"),
        ('<span class="problematic">x</span>', "unresolved reference"),
        ("<p>one <code>x</code> and $2/(D</p>", "Markdown in the text: and $2/(D"),
        ("<p>a **word** here</p>", "Markdown in the text: a **word** here"),
        ("<p>see {doc}`there`</p>", "Markdown in the text: see {doc}`there`"),
        ("<p>[see](there.md)</p>", "Markdown in the text"),
    ],
)
def test_a_bad_page_has_one(tmp_path, body, problem):
    (found,) = site(tmp_path, body)
    assert found.startswith("page.html") and problem in found


def test_a_site_without_pages_fails(tmp_path):
    assert check_site.main(tmp_path) == 1


def png(pixels):
    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, pixels, format="png", metadata={"Software": "secret"})
    return buffer.getvalue()


def output(**data):
    return nbformat.v4.new_output("display_data", data)


def test_images_lose_their_programs_name():
    image = png(np.zeros((4, 4, 3)))
    assert b"secret" in image and b"secret" not in run_notebooks.without_text(image)


def test_milliseconds_and_a_stray_pixel_do_not_count_and_all_else_does():
    grey = np.full((40, 40, 3), 0.5)
    touched, changed = grey.copy(), grey.copy()
    touched[0, 0] = 0.6
    changed[:20] = 0.9
    a, b, c = (base64.b64encode(png(p)).decode() for p in (grey, touched, changed))
    alike = run_notebooks.alike
    assert alike(
        [output(**{"text/plain": "proved, 12 ms"})], [output(**{"text/plain": "proved, 9 ms"})]
    )
    assert alike([output(**{"image/png": a})], [output(**{"image/png": b})])
    assert not alike([output(**{"image/png": a})], [output(**{"image/png": c})])
    assert not alike(
        [output(**{"text/plain": "proved, 12 ms"})], [output(**{"text/plain": "refuted, 12 ms"})]
    )
    assert not alike([output(**{"text/plain": "x"})], [])


def test_a_label_that_moved_counts():
    picture = np.full((400, 600, 3), 1.0)
    label, moved = picture.copy(), picture.copy()
    label[100:108, 100:112] = moved[100:108, 103:115] = 0
    before, after = (base64.b64encode(png(p)).decode() for p in (label, moved))
    assert not run_notebooks.looks_alike(before, after)
    assert run_notebooks.looks_alike(before, before)


def test_the_canonical_form_has_no_clocks_and_counts_from_one():
    cell = nbformat.v4.new_code_cell("1", execution_count=7)
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=t) for t in "ab"]
    nb = nbformat.v4.new_notebook(
        cells=[cell], metadata={"language_info": {"name": "python", "version": "3.9"}}
    )
    nb.cells[0].metadata["execution"] = {"iopub.status.busy": "2026-11-21T10:00:00Z"}
    (new,) = run_notebooks.canonical(nb).cells
    assert (new.execution_count, new.id, "execution" in new.metadata) == (1, "cell-0", False)
    assert [o.text for o in new.outputs] == ["ab"]
    assert nb.metadata == run_notebooks.METADATA
