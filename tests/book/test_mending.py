"""What is mended in the HTML: headings without text, and figures that are too heavy."""

import importlib.util
import pathlib

import numpy as np
import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).parents[2]


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / f"book/_ext/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


headings, palette = load("headings"), load("palette")
EMPTY = '<th class="head"><p></p></th>'


def test_a_row_of_empty_headings_goes_away():
    head = f'<thead>\n<tr class="row-odd">{EMPTY}\n{EMPTY}\n</tr>\n</thead>\n'
    assert headings.without_empty(f"<table>{head}<tbody></tbody></table>") == (
        "<table>\n<tbody></tbody></table>"
    )


def test_an_empty_corner_becomes_a_plain_cell_and_words_stay():
    word = '<th class="head"><p>shape</p></th>'
    row = f'<thead>\n<tr class="row-odd">{EMPTY}\n{word}\n</tr>\n</thead>'
    assert headings.without_empty(row) == row.replace(EMPTY, "<td></td>")


@pytest.fixture
def figure(tmp_path):
    """Return the path of a PNG with two thousand colours, most of them rare."""
    rng = np.random.default_rng(0)
    pixels = np.full((200, 300, 4), 255, np.uint8)
    pixels[20:40, :, :3] = (11, 111, 184)
    pixels[60:67, :, :3] = rng.integers(0, 256, (7, 300, 3))
    path = tmp_path / "figure.png"
    Image.fromarray(pixels).save(path)
    return path, pixels


def test_a_figure_gets_a_palette_and_looks_the_same(figure):
    path, pixels = figure
    before = path.stat().st_size
    palette.shrink(path)
    with Image.open(path) as image:
        assert image.mode == "P"
        after = np.asarray(image.convert("RGBA")).astype(int)
    assert path.stat().st_size < before / 2
    assert np.abs(after - pixels).mean() < 0.5
    np.testing.assert_array_equal(after[:50], pixels[:50])


def test_a_figure_that_can_be_seen_through_stays_as_it_is(figure):
    path, pixels = figure
    pixels[0, 0, 3] = 0
    Image.fromarray(pixels).save(path)
    before = path.read_bytes()
    palette.shrink(path)
    assert path.read_bytes() == before
