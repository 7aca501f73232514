"""The figures that move answer to a pointer, to the keyboard and to a finger."""

import pathlib
import re

import pytest

pytestmark = pytest.mark.browser
STATIC = pathlib.Path(__file__).parents[2] / "book/_static"
SLIDERS = {
    "graph-figure": "book/introduction.html",
    "descent-figure": "book/training/optimisers.html",
    "activation-figure": "book/layers/modulus.html",
    "fading-figure": "book/recurrent/memory.html",
}
CELLS, MAP = "book/layers/conv2d.html", "book/map.html"
WAYS = ["pointer", "keyboard", "touch"]


def test_every_figure_is_tried():
    scripts = [p.read_text(encoding="utf-8") for p in STATIC.glob("*.js")]
    found = {name for s in scripts for name in re.findall(r'All\("div\.([a-z]+-figure)"\)', s)}
    assert found == {*SLIDERS, "convolution-figure"}


def move(tab, slider, way):
    """Move a slider towards its farther end: by the arrow key, a press or a tap on its track."""
    slider.scroll_into_view_if_needed()
    low = slider.evaluate("(e) => 2 * e.value < Number(e.min) + Number(e.max)")
    box = slider.bounding_box()
    place = box["x"] + (0.9 if low else 0.1) * box["width"], box["y"] + box["height"] / 2
    if way == "keyboard":
        slider.focus()
        tab.page.keyboard.press("ArrowRight" if low else "ArrowLeft")
    elif way == "touch":
        tab.page.touchscreen.tap(*place)
    else:
        tab.page.mouse.click(*place)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SLIDERS)
def test_every_slider_changes_what_is_drawn(visit, name, way):
    with visit(390 if way == "touch" else 1280) as tab:
        tab.open(SLIDERS[name])
        figure = tab.page.locator(f"div.{name}").first
        drawing = figure.locator("svg").first
        sliders = figure.locator("input[type=range]").all()
        assert sliders
        for slider in sliders:
            before, value = figure.inner_html(), slider.input_value()
            move(tab, slider, way)
            assert slider.input_value() != value
            assert figure.inner_html() != before
        assert drawing.bounding_box()["width"] > 100
    assert not tab.problems, "\n".join(tab.problems)


@pytest.mark.parametrize("way", WAYS)
def test_the_buttons_of_the_network_work(visit, way):
    with visit(390 if way == "touch" else 1280) as tab:
        tab.open(SLIDERS["graph-figure"])
        figure = tab.page.locator("div.graph-figure").first
        for name in (
            "Start backward",
            "One edge",
            "All edges",
            "Step against the gradient",
            "Reset",
        ):
            before = figure.inner_html()
            button = figure.get_by_role("button", name=name)
            if way == "keyboard":
                button.focus()
                tab.page.keyboard.press("Enter")
            else:
                button.tap() if way == "touch" else button.click()
            assert figure.inner_html() != before, name


@pytest.mark.parametrize("way", WAYS)
def test_the_cells_of_the_convolution_show_their_sums(visit, way):
    with visit(390 if way == "touch" else 1280) as tab:
        tab.open(CELLS)
        figure = tab.page.locator("div.convolution-figure").first
        said = figure.locator("p[aria-live]")
        for grid, begins in ((0, "backward: dx[0,1]"), (2, "forward: y[0,1]")):
            cells = figure.locator("table").nth(grid).locator("td")
            if way == "keyboard":
                cells.nth(0).focus()
                tab.page.keyboard.press("ArrowRight")
            else:
                cells.nth(1).tap() if way == "touch" else cells.nth(1).hover()
            assert said.inner_text().startswith(begins)
            assert figure.locator("td.on").count() > 0


def test_each_grid_of_the_convolution_is_one_stop_of_the_keyboard(visit):
    with visit(1280) as tab:
        tab.open(CELLS)
        figure = tab.page.locator("div.convolution-figure").first
        first = figure.locator("td").first
        for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"):
            (first if key == "ArrowRight" else tab.page.locator("td:focus")).press(key)
            assert figure.locator("table").first.locator("td[tabindex='0']").count() == 1
        assert first.evaluate("(e) => e === document.activeElement")
        tab.page.keyboard.press("Tab")
        assert figure.locator("table").nth(2).locator("td:focus").count() == 1


@pytest.mark.parametrize("way", ["pointer", "keyboard"])
def test_the_map_shows_what_a_chapter_needs(visit, way):
    with visit(1280) as tab:
        tab.open(MAP)
        chapter = tab.page.locator("svg.chapter-map a[data-name='book/nets/mlp']")
        chapter.scroll_into_view_if_needed()
        chapter.hover() if way == "pointer" else chapter.focus()
        assert tab.page.locator("svg.chapter-map path.in").count() > 1


def test_a_finger_on_the_map_opens_the_chapter(visit):
    with visit(390) as tab:
        tab.open(MAP)
        tab.page.locator("svg.chapter-map a[data-name='book/nets/mlp']").tap()
        tab.page.wait_for_url("**/book/nets/mlp.html")
