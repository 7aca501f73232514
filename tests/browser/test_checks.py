"""The checks see what is wrong: each finds the fault that is put into a good page."""

import pytest

pytestmark = pytest.mark.browser
PAGE = "book/layers/relu.html"
TEXT = "document.querySelector('main section p')"
FAULTS = [
    ("overflow", f"{TEXT}.style.width = '3000px'", "wider than its window: <p"),
    (
        "broken",
        f"{TEXT}.textContent = '\\\\(\\\\frac{{1}}\\\\)', await MathJax.typesetPromise([{TEXT}])",
        "broken formula",
    ),
    (
        "scrollers",
        f"{TEXT}.innerHTML = '<span>{'x' * 999}</span>', {TEXT}.style.overflowX = 'auto'",
        "no key reaches it",
    ),
    (
        "focus",
        "document.body.insertAdjacentHTML('beforeend', '<style>"
        "*{outline:0!important;box-shadow:none!important;border:0!important}</style>')",
        "focus does not show: <a",
    ),
    (
        "focus",
        "document.querySelector('.copybtn').style.cssText = 'opacity: 0 !important'",
        "copybtn",
    ),
    ("axe:contrast", f"{TEXT}.style.color = '#999'", "color-contrast"),
    ("axe:contrast", "document.querySelector('pre .kn').style.color = '#aaa'", "color-contrast"),
    ("axe:narrow", f"{TEXT}.style.color = '#999'", "color-contrast"),
    (
        "axe:narrow",
        f"{TEXT}.innerHTML = '<button style=\"all:unset;width:9px\">a</button>'.repeat(2)",
        "target-size",
    ),
    ("axe:all", f"{TEXT}.innerHTML = '<img src=\"../../_static/icon.svg\">'", "image-alt"),
    ("axe:all", f"{TEXT}.innerHTML = '<h5>too deep</h5>'", "heading-order"),
    ("axe:all", f"{TEXT}.innerHTML = '<input type=\"range\">'", "label"),
    ("axe:all", "document.body.insertAdjacentHTML('beforeend', '<p>outside</p>')", "region"),
    ("", "console.error('oh')", "console: oh"),
    ("", "setTimeout(() => { throw Error('oh'); })", "script: oh"),
    ("", "await fetch('/nowhere')", "status 404"),
    ("", "await fetch('http://localhost:9/').catch(() => 0)", "external: http://localhost:9/"),
]


@pytest.mark.parametrize(("check", "fault", "found"), FAULTS)
def test_a_fault_is_seen(visit, check, fault, found):
    with visit(1280) as tab:
        tab.open(PAGE)
        tab.arm()
        assert tab.problems == []
        tab.page.evaluate(f"async () => {{ {fault}; }}")
        tab.page.wait_for_timeout(50)
        if check.startswith("axe:"):
            tab.check("thin")
            tab.axe(check[4:])
        elif check:
            tab.check(check)
    assert any(found in problem for problem in tab.problems), tab.problems


def test_the_weight_of_a_visit_is_counted(visit, returning):
    with visit(1280) as tab:
        tab.open(PAGE)
        first = tab.weight
    with visit(390, context=returning) as tab:
        tab.open(f"{PAGE}?again")
        later = tab.weight
    assert first > 700_000 > 100_000 > later > 10_000
