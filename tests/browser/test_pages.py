"""Every page of the built book, on a desk and on a phone, by day and by night."""

import pathlib
import re

import pytest

SITE = pathlib.Path(__file__).parents[2] / "_build/html"
pytestmark = pytest.mark.browser
PAGES = sorted(
    p.relative_to(SITE).as_posix() for p in SITE.rglob("*.html") if "_static" not in p.parts
)
MADE = [p for p in PAGES if p.startswith(("_modules/", "py-modindex"))]
WRITTEN = [p for p in PAGES if p not in (*MADE, "index.html")]


def test_every_page_of_the_contents_is_here():
    contents = (SITE.parents[1] / "_toc.yml").read_text(encoding="utf-8")
    named = re.findall(r"(?:file|root): (\S+)", contents)
    assert len(named) > 40
    assert {f"{name}.html" for name in named} <= set(WRITTEN)
    assert len(MADE) > 40


@pytest.mark.parametrize("path", WRITTEN)
def test_a_written_page_on_a_desk_at_the_first_visit(visit, path):
    with visit(1280, "light") as tab:
        tab.open(path)
        tab.arm()
        tab.check("broken", "overflow", "scrollers", "focus", "thin")
        tab.axe("all")
        tab.axe("contrast")
        tab.theme("dark")
        tab.axe("contrast")
        weight = tab.weight
    assert not tab.problems, "\n".join(tab.problems)
    assert weight < 2_000_000


@pytest.mark.parametrize("path", WRITTEN)
def test_a_written_page_on_a_phone_at_a_later_visit(visit, returning, path):
    with visit(390, "dark", returning) as tab:
        tab.open(path)
        tab.arm()
        tab.check("broken", "overflow", "scrollers", "thin")
        tab.axe("narrow")
        tab.theme("light")
        tab.axe("narrow")
        tab.theme("dark")
        weight = tab.weight
    assert not tab.problems, "\n".join(tab.problems)
    assert weight < 300_000


@pytest.mark.parametrize("path", MADE)
def test_a_page_of_source_code(visit, returning, path):
    with visit(390, "dark", returning) as tab:
        tab.open(path)
        tab.arm()
        tab.check("overflow", "scrollers")
        tab.page.set_viewport_size({"width": 1280, "height": 900})
        tab.check("overflow")
    assert not tab.problems, "\n".join(tab.problems)


@pytest.mark.parametrize("path", ["book/intro.html", "book/layers/relu.html", "book/map.html"])
def test_a_page_from_a_file(visit, path):
    with visit(1280, base=f"{SITE.as_uri()}/") as tab:
        tab.open(path)
        tab.arm()
        tab.check("broken", "overflow")
        assert tab.page.locator("mjx-container").count() or path != "book/layers/relu.html"
    assert not tab.problems, "\n".join(tab.problems)
