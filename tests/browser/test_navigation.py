"""A reader finds the way: menus, search, light and dark, by pointer, by key and by touch."""

import re

import pytest

pytestmark = pytest.mark.browser
PAGE = "book/layers/relu.html"


def shown(tab, selector):
    """Tell whether an element stands within the window."""
    return tab.page.evaluate(
        """(selector) => {
          const e = document.querySelector(selector), box = e.getBoundingClientRect();
          return e.checkVisibility({ visibilityProperty: true }) && box.width > 0
            && box.right > 0 && box.left < innerWidth;
        }""",
        selector,
    )


def settle(tab, selector, wanted):
    """Wait until an element is shown, or is not; fail if that never comes."""
    for _ in range(50):
        if shown(tab, selector) == wanted:
            return
        tab.page.wait_for_timeout(100)
    pytest.fail(f"{selector} is {'not ' * wanted}shown")


def test_on_a_desk_the_button_hides_the_menu_and_brings_it_back(visit):
    with visit(1280) as tab:
        tab.open(PAGE)
        button = tab.page.locator(".primary-toggle:visible").first
        settle(tab, ".bd-sidebar-primary", True)
        button.click()
        settle(tab, ".bd-sidebar-primary", False)
        button.click()
        settle(tab, ".bd-sidebar-primary", True)


@pytest.mark.parametrize("which", ["primary", "secondary"])
def test_on_a_phone_the_buttons_open_the_menus(visit, which):
    dialog = f"#pst-{which}-sidebar-modal"
    with visit(390) as tab:
        tab.open(PAGE)
        assert not shown(tab, dialog)
        tab.page.locator(f".{which}-toggle:visible").first.tap()
        settle(tab, dialog, True)
        tab.page.keyboard.press("Escape")
        settle(tab, dialog, False)
        tab.page.locator(f".{which}-toggle:visible").first.tap()
        link = tab.page.locator(f"{dialog} a:visible").filter(has_text=re.compile(r"\w"))
        link.nth(3).tap()
        tab.page.wait_for_url(lambda url: not url.endswith(PAGE))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("button", [".primary-toggle", ".secondary-toggle", ".search-button"])
def test_what_opens_over_a_page_is_in_reach_of_everyone(visit, button, scheme):
    with visit(390, scheme) as tab:
        tab.open(PAGE)
        tab.page.locator(f"{button}:visible").first.tap()
        tab.page.locator("dialog[open]").wait_for()
        tab.arm()
        tab.check("overflow", "thin")
        tab.axe("all")
        tab.axe("contrast")
    assert not tab.problems, "\n".join(tab.problems)


def test_the_address_of_the_site_leads_to_its_first_page(visit):
    with visit(1280) as tab:
        tab.page.goto(f"{tab.base}index.html")
        tab.page.wait_for_url("**/book/intro.html")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_search_finds_a_chapter(visit, width):
    with visit(width) as tab:
        tab.open("book/intro.html")
        tab.page.locator(".search-button__button:visible").first.click()
        tab.page.keyboard.type("perceptron")
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_url("**/search.html?q=perceptron*")
        results = tab.page.locator("#search-results li a")
        results.first.wait_for()
        assert any("nets/mlp.html" in a for a in results.evaluate_all("a => a.map((e) => e.href)"))
        results.first.click()
        tab.page.wait_for_url("**/book/**")
        assert "perceptron" in tab.page.locator("main").inner_text().lower()
    assert not tab.problems, "\n".join(tab.problems)


def test_a_key_opens_the_search(visit):
    with visit(1280) as tab:
        tab.open(PAGE)
        tab.page.keyboard.press("Control+k")
        tab.page.wait_for_function("document.activeElement.matches('input[type=search]')")


def test_a_reader_chooses_light_or_dark_and_it_stays(visit):
    theme = "document.documentElement.dataset.theme"
    with visit(1280, "light") as tab:
        tab.open(PAGE)
        assert tab.page.evaluate(theme) == "light"
        for _ in range(3):  # automatic, light, dark
            if tab.page.evaluate(theme) == "dark":
                break
            tab.page.locator(".theme-switch-button:visible").first.click()
        tab.open("book/intro.html")
        assert tab.page.evaluate(theme) == "dark"


def test_the_first_stop_of_the_keyboard_skips_the_menu(visit):
    with visit(1280) as tab:
        tab.open(PAGE)
        tab.page.keyboard.press("Tab")
        assert "Skip" in tab.page.evaluate("document.activeElement.textContent")
        settle(tab, "#pst-skip-link a", True)
        tab.page.keyboard.press("Enter")
        tab.page.keyboard.press("Tab")
        assert tab.page.evaluate("document.activeElement.closest('#main-content') !== null")


def test_a_key_opens_a_hidden_solution(visit):
    with visit(1280) as tab:
        tab.open(PAGE)
        solution = tab.page.locator("div.solution").first
        assert solution.locator("section").first.is_hidden()
        solution.locator("button.toggle-button").focus()
        tab.page.keyboard.press("Enter")
        solution.locator("section").first.wait_for(state="visible", timeout=5000)


def test_from_the_front_page_to_a_gradient_in_two_clicks_and_to_its_proof_in_one_more(visit):
    def in_view(text):
        return tab.page.evaluate(
            """(text) => [...document.querySelectorAll("main h2, main p, main li")].some((e) => {
              const top = e.getBoundingClientRect().top;
              return e.textContent.includes(text) && top > -5 && top < innerHeight;
            })""",
            text,
        )

    def follow(name):
        tab.page.get_by_role("link", name=name).locator("visible=true").first.click()
        tab.page.wait_for_load_state()
        tab.page.wait_for_timeout(500)

    with visit(1280) as tab:
        tab.page.goto(tab.base + "index.html")
        tab.page.wait_for_url("**/book/intro.html")
        follow(re.compile("Long short-term memory"))
        follow(re.compile(r"Backward, by hand$"))
        assert in_view("Backward, by hand")
        follow(re.compile(r"Backward, by SymPy$"))
        assert in_view("Backward, by SymPy")
        assert "proved for all sizes" in tab.page.locator("main").inner_text()
