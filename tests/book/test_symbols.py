"""What a formula's symbols are said to mean is what the tables of the book say."""

import importlib.util
import json
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("sphinx")
ROOT = pathlib.Path(__file__).parents[2]
SCRIPT = ROOT / "book/_static/symbols.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking"


def extension(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / f"book/_ext/{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


extension("ways")  # which the next one imports
symbols = extension("symbols")
FOUND = symbols.every(ROOT)
PAGES = symbols.pages(ROOT)
LETTERS = symbols.shared_letters(ROOT)
Atom = symbols.Atom


def bases(tex):
    return [f"{a.of} {a.base}".strip() for a in symbols.atoms(tex)]


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"y_{nm} = \sum_{d} x_{nd} W_{md} + b_m", ["y", "x", "W", "b"]),
        (r"\hat x = \operatorname{log}(\bar s) \quad \text{if } k", [r"\hat x", r"\bar s", "k"]),
        (r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y}\, W",
         ["L", "gradient x", "x", "gradient y", "y", "W"]),
        (r"\partial^+ L/\partial h_t", ["L", "gradient+ h", "h"]),
        (r"\frac{\partial y}{\partial x}", ["y", "x"]),
        (r"h_t = \lambda h_{t-1} + \Delta h_t", ["h", r"\lambda", "h", "change h"]),
        (r"\begin{aligned} a^{(l)} &= z^{(l-1)} \end{aligned}", ["a", "z"]),
    ],
)  # fmt: skip
def test_the_symbols_of_a_formula(tex, expected):
    assert bases(tex) == expected


def test_indices_exponents_and_primes_hang_on_their_letter():
    (atom,) = symbols.atoms("W_{h, jk}^{2}")
    assert (atom.base, atom.sub, atom.sup) == ("W", "h,jk", "2")
    assert symbols.atoms("f'(a_t)") == [Atom("f"), Atom("a", "t")]


@pytest.mark.parametrize(
    ("entry", "atom", "yes"),
    [
        ("x", "x_{nd}", True),
        ("x", "y", False),
        ("h_t", "h_{t-1}", True),
        ("h_t", "h_0", True),
        ("W_h", "W_h", True),
        ("W_h", "W_x", False),
        ("W", "W_h", False),
        ("W_h", "W_{h,jk}", True),
        (r"W_{\cdot h}", "W_{ih}", True),
        (r"W_{\cdot h}", "W_{ix}", False),
        ("a^{(l)}", "a^{(l+1)}", True),
        ("a", "a^{(l)}", False),
        (r"\mu^-", r"\mu", False),
        (r"\mu^-", r"\mu^-", True),
        (r"\delta_{ij}", r"\delta_{kc}", True),
        (r"\delta_{ij}", r"\delta^{(l)}", False),
        ("w_k", "w_i", False),
    ],
)
def test_what_fits_what(entry, atom, yes):
    (entry,), (atom,) = symbols.atoms(entry), symbols.atoms(atom)
    assert bool(symbols.fits(entry, atom)) is yes


PAGE = """# A page

$$
y = W x
$$ (first)

| symbol | code | shape | meaning |
|---|---|---|---|
| $x$ | `x` | $(N, D)$ | own |
| $W$, $V$ | `W` | $(M, D)$ | weights |

```python
$$ x = no formula $$
```

$$ x = V z $$

## As printed in the documents

$$ x = 1 $$
"""
GENERAL = [symbols.Row("$y$", "", "shared", symbols.explained("$y$"))]
GENERAL += [symbols.Row("$z$", "", "not here", symbols.explained("$z$"))]
GENERAL += [symbols.Row("$x$", "", "overridden", symbols.explained("$x$"))]


def test_the_table_of_the_page_leads_and_the_notation_counts_only_for_letters_that_are_listed():
    found = symbols.explain(PAGE, [GENERAL], {"x", "y"})
    meanings = {tex: [row.meaning for row in rows] for tex, rows in found.items()}
    assert meanings == {"y = W x": ["shared", "weights", "own"], "x = V z": ["own", "weights"]}


def test_a_nearer_table_leads():
    first, _, rest = PAGE.partition("## As printed")
    text = f"{first}\n{first.replace('own', 'second').replace('V z', 'V')}\n$$ x = 2 $$\n"
    found = symbols.explain(text, [], set())
    assert [row.meaning for row in found["x = V z"]] == ["own", "weights"]
    assert [row.meaning for row in found["x = V"]] == ["second", "weights"]
    assert [row.meaning for row in found["x = 2"]] == ["second"]
    assert rest


def meanings(page, symbol):
    """Return what the formulas of a chapter say of a symbol."""
    (wanted,) = symbols.explained(f"${symbol}$")
    rows = {row for found in FOUND[f"book/{page}"].values() for row in found}
    return [r.meaning for r in rows if any(symbols.fits(e, wanted) for e in r.explains)]


@pytest.mark.parametrize(
    ("page", "symbol", "words"),
    [
        ("recurrent/lstm", "g_t", "no gradient"),
        ("foundations/jacobians", "g", "upstream gradient"),
        ("recurrent/rnn", "J_t", "of one example"),
        ("training/control", "J", "expected return"),
        ("layers/linear", "W", "weights, one output per row"),
        ("layers/batch_norm", r"\gamma", "scale"),
        ("layers/sigmoid", r"\sigma", "the sigmoid"),
        ("training/initialisation", r"\sigma", "variance of the first weights"),
    ],
)
def test_a_letter_means_what_its_part_of_the_book_says(page, symbol, words):
    found = meanings(page, symbol)
    assert len(found) == 1 and words in found[0]


def test_most_formulas_are_explained_and_every_letter_that_is_shared_is_used():
    formulas = [rows for found in FOUND.values() for rows in found.values()]
    assert len(formulas) > 250 and sum(map(bool, formulas)) > 0.9 * len(formulas)
    for page, letters in LETTERS.items():
        used = {a.base for tex in FOUND[page] for a in symbols.atoms(tex)}
        assert letters <= used, page


def test_every_shared_letter_is_in_the_notation():
    tables = symbols.notation(symbols.prose(PAGES["book/notation"]))
    assert set(tables) >= {"", symbols.SIZES, *symbols.PARTS}
    bases = {e.base for rows in tables.values() for row in rows for e in row.explains}
    assert set().union(*LETTERS.values()) <= bases


def test_a_row_for_one_chapter_is_for_no_other():
    row = symbols.Row("$s$", "", "one over the deviation (`batch_norm`)", ())
    stems = {"batch_norm", "relu"}
    assert symbols.meant_for(row, "batch_norm", stems)
    assert not symbols.meant_for(row, "relu", stems)


def test_cells_become_html():
    text = symbols.as_html(r"state of $t < T$; `h[0]` in {doc}`foundations/graphs`")
    assert text == r"state of \(t &lt; T\); <code>h[0]</code> in graphs"


DOM = """<style>[hidden] {display: none}</style><div class="math symbols-0">y</div>
<div class="math symbols-1">z</div><p id="other">other</p>
<script type="application/json" id="symbols-data">%s</script><script>%s</script><script>
document.addEventListener("DOMContentLoaded", () => {
  const [first, second] = document.querySelectorAll(".math");
  const said = [];
  const say = () => said.push([...document.querySelectorAll(".symbols-box:not([hidden]) tr")]
    .map((row) => row.textContent).join(";") + "|" + first.getAttribute("aria-describedby"));
  const press = (key) => document.dispatchEvent(new KeyboardEvent("keydown", { key }));
  const reach = (place) => place.dispatchEvent(new Event("focusin", { bubbles: true }));
  say();
  %s
  const out = document.createElement("pre");
  out.textContent = said.join("\\n");
  document.body.append(out);
});</script>"""
DATA = {
    "rows": [["y", "(N, M)", "output"], ["z", "(N, M)", "hidden"]],
    "blocks": [[0], [0, 1]],
    "notation": "notation.html#symbols",
}
Y = "y(N, M)output"


@pytest.mark.skipif(not CHROMIUM, reason="needs chromium")
@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        ("reach(first); say(); press('Escape'); say();", [f"{Y}|symbols-box", "|null"]),
        ("first.click(); say(); document.querySelector('#other').click(); say();",
         [f"{Y}|symbols-box", "|null"]),
        ("reach(first); reach(second); say();", [f"{Y};z(N, M)hidden|null"]),
        ("reach(first); reach(document.querySelector('.symbols-box a')); say();",
         [f"{Y}|symbols-box"]),
    ],
)  # fmt: skip
def test_the_box_opens_by_focus_and_tap_and_closes_by_escape(tmp_path, acts, expected):
    page = tmp_path / "page.html"
    page.write_text(DOM % (json.dumps(DATA), SCRIPT.read_text(encoding="utf-8"), acts))
    command = [CHROMIUM, *FLAGS.split(), f"--user-data-dir={tmp_path}/user", "--dump-dom"]
    done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=60)
    (said,) = re.findall(r"<pre>(.*?)</pre>", done.stdout, flags=re.S)
    assert said.split("\n") == ["|null", *expected]
    assert 'role="tooltip"' in done.stdout and 'href="notation.html#symbols"' in done.stdout
