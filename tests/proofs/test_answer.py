"""Answers of readers: right only if proved, wrong only with numbers that show it."""

import builtins
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop.proofs import (
    ZZ,
    Derivation,
    Sum,
    absolute,
    diag,
    dims,
    exp,
    function,
    index,
    relu,
)

N, D, M, C = dims("N D M C")
n, d, m = index("n", N), index("d", D), index("m", M)
c, k = index("c k", C)


@pytest.fixture(scope="module")
def layer():
    p = Derivation("linear")
    x, W, b = p.tensor("x", N, D), p.tensor("W", M, D), p.tensor("b", M)
    y = p.let("y", (n, m), Sum(x[n, d] * W[m, d], d) + b[m])
    dy, L = p.upstream(y)
    return {"x": x, "W": W, "b": b}, p, L, dy


@pytest.fixture(scope="module")
def softmax():
    p = Derivation("softmax")
    x = p.tensor("x", N, C)
    y = p.let("y", (n, c), exp(x[n, c]) / Sum(exp(x[n, k]), k))
    _, L = p.upstream(y)
    return p.question(of=L, wrt=x)


@pytest.fixture(scope="module")
def kinked():
    p = Derivation("rectifier")
    x = p.tensor("x", N, D)
    _, L = p.upstream(p.let("y", (n, d), relu(x[n, d])))
    return p.question(of=L, wrt=x)


@pytest.fixture(scope="module")
def vector():
    p = Derivation("softmax of one row")
    x = p.tensor("x", C)
    y = p.let("y", c, exp(x[c]) / Sum(exp(x[k]), k))
    return p.question(of=y, wrt=x), y


def ask(layer, name):
    tensors, p, L, _ = layer
    return p.question(of=L, wrt=tensors[name])


FORMS = [
    ("x", "dy @ W"),
    ("x", "(W.T @ dy.T).T"),
    ("x", "np.matmul(dy, W)"),
    ("x", "np.einsum('nm,md->nd', dy, W)"),
    ("x", "(dy[:, :, None] * W).sum(axis=1)"),
    ("x", "2 * dy @ W - dy.dot(W)"),
    ("x", "dy @ W.T.T"),
    ("W", "dy.T @ x"),
    ("W", "(x.T @ dy).T"),
    ("W", "np.einsum('nd, nm -> md', x, dy)"),
    ("W", "(dy[..., None] * x[:, None, :]).sum(0)"),
    ("W", "np.mean(dy[:, :, np.newaxis] * x[:, None], axis=0) * len(x)"),
    ("W", "np.transpose(np.swapaxes(dy, 0, 1) @ x, (0, 1))"),
    ("b", "dy.sum(axis=0)"),
    ("b", "np.sum(dy, axis=-2)"),
    ("b", "dy.T @ np.ones(N)"),
    ("b", "np.ones(dy.shape[0]) @ dy"),
    ("b", "N * dy.mean(axis=0)"),
    ("b", "np.diag(dy.T @ np.ones_like(dy))"),
    ("b", "np.einsum('nm->m', dy)"),
]


@pytest.mark.parametrize(("name", "formula"), FORMS)
def test_a_right_answer_is_right_in_every_form(layer, name, formula):
    answer = ask(layer, name).answer(formula)
    assert answer.right and answer.verdict == "right", answer
    assert str(answer) == "Right: proved for all D, M, N."


SOFTMAX = [
    "y * (dy - (dy * y).sum(axis=1, keepdims=True))",
    "y * dy - y * np.sum(y * dy, axis=1)[:, None]",
    "y * (dy - np.einsum('nc,nc->n', y, dy)[:, None])",
    "dy * (y - y**2) + dy * y * y - y * (dy @ y.T * np.eye(N)).sum(axis=1, keepdims=True)",
]


@pytest.mark.parametrize("formula", SOFTMAX)
def test_right_forms_of_the_softmax(softmax, formula):
    assert softmax.answer(formula).right


def test_a_jacobian_has_the_axes_of_the_output_first(vector):
    question, y = vector
    assert question.answer("np.diag(y) - np.outer(y, y)").right
    assert question.answer("y[:, None] * (np.eye(C) - y)").right
    assert question.answer(diag(y) - y * y.T).right
    assert question.answer("np.diag(y) + np.outer(y, y)").verdict == "wrong"


@pytest.mark.parametrize("formula", ["dy * (x > 0)", "np.where(x <= 0, 0, dy)", "dy * step(y)"])
def test_right_forms_of_the_rectifier(kinked, formula):
    assert kinked.answer(formula).right


def test_the_language_of_the_engine_is_understood_too(layer):
    tensors, p, L, dy = layer
    x, W = tensors["x"], tensors["W"]
    assert ask(layer, "x").answer(dy * W).right

    question = p.question(of=L, wrt=W[m, d])
    assert question.answer(Sum(dy[n, m] * x[n, d], n)).right
    assert question.answer(Sum(dy[n, m], n)).verdict == "wrong"
    assert question.answer(dy[n, m] * x[n, d]).verdict == "not understood"
    assert ask(layer, "W").answer(x.T * dy).verdict == "wrong shape"
    assert ask(layer, "W").answer([1]).verdict == "not understood"


def test_integers_without_end_take_entries_only():
    a, b, e = index("a b e", ZZ)
    p = Derivation("convolution")
    x, w = p.tensor("x", ZZ), p.tensor("w", ZZ)
    g, L = p.upstream(p.let("y", e, Sum(x[a] * w[e - a], a)), "g", "L")
    question = p.question(of=L, wrt=x[b])
    assert question.answer(Sum(g[e] * w[e - b], e)).right
    wrong = question.answer(Sum(g[e] * w[b - e], e))
    assert wrong.verdict == "wrong" and ", from [0] on" in str(wrong)
    assert question.answer("g * w").verdict == "not understood"


def test_a_proof_over_the_integers_says_that_it_holds_for_all_of_them():
    a, e, i = index("a e i", ZZ)
    p = Derivation("rows without end")
    x, w = p.tensor("x", N, ZZ), p.tensor("w", ZZ)
    g, L = p.upstream(p.let("y", (n, e), Sum(x[n, a] * w[e - a], a)), "g", "L")
    answer = p.question(of=L, wrt=w[i]).answer(Sum(g[n, e] * x[n, e - i], n, e))
    assert str(answer) == "Right: proved for all N and all integers i."
    q = Derivation("one row")
    x, w = q.tensor("x", ZZ), q.tensor("w", ZZ)
    g, L = q.upstream(q.let("y", e, Sum(x[a] * w[e - a], a)), "g", "L")
    answer = q.question(of=L, wrt=x[i]).answer(Sum(g[e] * w[e - i], e))
    assert str(answer) == "Right: proved for all integers i."
    q = Derivation("a square")
    v = q.scalar("v")
    question = q.question(of=q.let("y", (), v**2), wrt=v)
    assert str(question.answer("2 * v")) == "Right: proved for all numbers."
    assert question.answer("3 * v").verdict == "wrong"


# -- wrong ------------------------------------------------------------------------------------


def slope(forward, at, upstream, wrt, entry):
    """Return the derivative on one entry by central differences."""
    moved = []
    for h in (1e-6, -1e-6):
        there = {name: np.array(v, dtype=float) for name, v in at.items()}
        there[wrt][entry] += h
        moved.append((forward(there) * upstream).sum())
    return (moved[0] - moved[1]) / 2e-6


WRONG = [
    ("W", "-dy.T @ x", lambda at: -at["dy"].T @ at["x"]),
    ("W", "dy.T @ x / N", lambda at: at["dy"].T @ at["x"] / len(at["x"])),
    ("x", "dy @ (W + W)", lambda at: 2 * at["dy"] @ at["W"]),
    ("x", "dy @ W * (x > 0)", lambda at: at["dy"] @ at["W"] * (at["x"] > 0)),
    ("b", "dy.mean(axis=0)", lambda at: at["dy"].mean(axis=0)),
    ("b", "dy.sum(axis=0) ** 2", lambda at: at["dy"].sum(axis=0) ** 2),
]


@pytest.mark.parametrize(("name", "formula", "by_hand"), WRONG)
def test_the_numbers_of_a_wrong_answer_can_be_checked(layer, name, formula, by_hand):
    answer = ask(layer, name).answer(formula)
    assert answer.verdict == "wrong" and not answer.right
    c = answer.counterexample
    at = {key: np.array(v, dtype=float) for key, v in c["inputs"].items()}
    at = {"x": at.get("x", np.ones((c["sizes"]["N"], c["sizes"]["D"])))} | at
    at = {"W": np.ones((c["sizes"]["M"], c["sizes"]["D"])), "b": np.ones(c["sizes"]["M"])} | at
    entry = c["entry"] or (0,) * at[name].ndim
    true = slope(lambda v: v["x"] @ v["W"].T + v["b"], at, at["dy"], name, entry)
    np.testing.assert_allclose(c["true"], true, atol=1e-6)
    np.testing.assert_allclose(c["claimed"], by_hand(at)[entry], atol=1e-12)
    assert abs(c["true"] - c["claimed"]) > 1e-3


def test_of_many_inputs_it_prints_the_letters_that_they_make():
    p = Derivation("many weights")
    x, parts = p.tensor("x", N), [p.scalar(f"w{k}") for k in range(9)]
    p.tensor("idle", N)
    s = p.let("s", (), sum(parts))
    _, L = p.upstream(p.let("y", n, s * x[n] ** 2))
    answer = p.question(of=L, wrt=x, letters="x s dy idle").answer("dy * s * x")
    c = answer.counterexample
    letters = {name: np.ravel(v) for name, v in c["letters"].items()}
    assert set(letters) == {"x", "s", "dy"} and len(c["inputs"]) == 11
    assert letters["s"] == sum(c["inputs"][f"w{k}"] for k in range(9))
    claimed = letters["dy"] * letters["s"] * letters["x"]
    assert c["claimed"] == claimed[0] and c["true"] == 2 * claimed[0] != 0
    *lines, last = answer.numbers
    assert {line.split(" = ")[0] for line in lines} == set(letters)
    assert last == "(made of 11 inputs: counterexample['inputs'])"
    assert "w0" not in str(answer)


def test_it_prints_the_numbers(layer):
    answer = ask(layer, "W").answer("-dy.T @ x")
    lines = [
        "Wrong: for D = 1, M = 1, N = 1 and",
        "  x = [[1]]",
        "  dy = [[1]]",
        "the derivative is 1, and the answer gives -1.",
    ]
    assert str(answer) == repr(answer) == "\n".join(lines)
    card = answer._repr_markdown_()
    assert r"\ne" in card and "✗ **Wrong:**" in card and "x = [[1]]" in card
    assert "✓ **Right:**" in ask(layer, "W").answer("dy.T @ x")._repr_markdown_()


def test_right_but_at_a_kink_is_wrong(kinked):
    answer = kinked.answer("dy * (x >= 0)")
    assert answer.verdict == "wrong" and answer.counterexample["inputs"]["x"] == [[0.0]]
    assert kinked.answer("dy * (y >= 0)").verdict == "wrong"


@pytest.mark.parametrize("formula", ["dy * y / x", "dy * step(x) * np.sqrt(x) ** 2 / x"])
def test_what_is_no_number_in_numpy_is_not_right(kinked, formula):
    answer = kinked.answer(formula)
    assert answer.verdict == "wrong" and "is not a number" in str(answer)
    assert 0.0 in answer.counterexample["inputs"]["x"][0]


def test_a_sign_by_division_is_no_number_at_zero():
    p = Derivation("distance")
    y, t = p.tensor("y", N), p.tensor("t", N)
    question = p.question(of=Sum(absolute(y[n] - t[n]), n), wrt=y[index("i", N)])
    assert question.answer("np.sign(y - t)").right
    assert question.answer("(y - t) / abs(y - t)").verdict == "wrong"


# -- shapes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "formula", "said"),
    [
        ("W", "x.T @ dy", "the answer has shape (D, M), the derivative (M, D)"),
        ("x", "dy @ W.T", "shapes (N, M) and (D, M) do not fit, M is not D"),
        ("x", "dy * W", "M is not D"),
        ("b", "dy", "the answer has shape (N, M), the derivative (M,)"),
        ("b", "dy.sum(axis=0, keepdims=True)", "shape (1, M)"),
        ("b", "dy.sum()", "shape ()"),
        ("b", "dy.sum(axis=2)", "axis 2 of an array with 2 axes"),
        ("x", "np.einsum('nm,nd->md', dy, W)", "n is N and M"),
        ("x", "0", "shape ()"),
    ],
)
def test_a_wrong_shape_is_said_in_letters(layer, name, formula, said):
    answer = ask(layer, name).answer(formula)
    assert answer.verdict == "wrong shape" and said in answer.reason


# -- strings that are no formulas -------------------------------------------------------------

HOSTILE = [
    "__import__('os').system('true')",
    "x.__class__",
    "x.__class__.__bases__[0].__subclasses__()",
    "().__class__",
    "np.__builtins__",
    "np.load('file')",
    "np.linalg.inv(x)",
    "x.tofile('file')",
    "open('file')",
    "eval('x')",
    "getattr(x, 'T')",
    "(lambda: x)()",
    "[x for x in W]",
    "f'{x}'",
    "x if x else W",
    "(x := W)",
    "x = W",
    "import os",
    "x; W",
    "9 ** 9 ** 9",
    "x ** 1000000",
    "(((x ** 9) ** 9) ** 9) ** 9",
    "x ** W",
    "x << 100000",
    "1e400 * x",
    "10 ** 24 ** 9",
    "9" * 400,
    "(" * 240 + "x" + ")" * 240,
    "-" * 450 + "x",
    "x" + ".T" * 200,
    "x + " * 200 + "x",
    "x" + "[None]" * 50,
    "np.ones(10 ** 12)",
    "np.ones((9, 9, 9, 9, 9, 9, 9, 9, 9))",
    "np.eye(-1)",
    "x[0]",
    "x[0:1]",
    "dy @ W * (1 / 0)",
    "dy @ W + 0 / (x - x)",
    "dy @ W * True",
    "dy @ W * 'a'",
    "dy @ W * '__import__(\"os\")'",
    "dy.sum(axis='print(1)')",
    "np.ones('N')",
    "dy @ W * 1j",
    "np.einsum('nm,md', *[dy, W])",
    "np.sum(dy, **{'axis': 0})",
    "np.sum(dy, axes=0)",
    "sum(dy)",
    "exp(x)",
    "np.exp",
    "np",
    "dx",
    "L",
    "x -",
    "",
    "x\0",
    "(x > 0) - (x > 1)",
    "-(x > 0)",
]


@pytest.mark.parametrize("formula", HOSTILE)
def test_a_hostile_string_is_read_and_not_run(layer, formula, monkeypatch):
    for forbidden in ("eval", "exec", "__import__", "open"):
        original = getattr(builtins, forbidden)

        def refuse(*args, original=original, forbidden=forbidden, **more):
            ours = forbidden == "__import__" and args[0] != "os"
            if ours:
                return original(*args, **more)
            raise AssertionError(f"{forbidden} was called")

        monkeypatch.setattr(builtins, forbidden, refuse)
    start = time.thread_time()
    answer = ask(layer, "x").answer(formula)
    took = time.thread_time() - start
    monkeypatch.undo()
    assert answer.verdict == "not understood", answer
    assert answer.reason.endswith(".") and took < 5


def test_a_formula_that_grows_in_depth_is_refused(layer):
    formula = "x"
    for _ in range(25):
        formula = f"np.maximum(x,{formula})"
    answer = ask(layer, "x").answer(formula)
    assert answer.verdict == "not understood"


def test_what_is_slow_is_undecided(layer):
    answer = ask(layer, "x").answer("dy @ W", limit=-1)
    assert answer.verdict == "undecided" and "no verdict within" in answer.reason


def test_letters_can_be_chosen():
    p = Derivation("any function")
    a, rate = p.tensor("a", N), p.scalar("lambda")
    y = p.let("y", n, rate * function("f")(a[n]))
    dy, L = p.upstream(y)
    letters = {"a": a, "g": dy, "rate": rate, "df": function("f'")}
    question = p.question(of=L, wrt=a, letters=letters)
    assert question.answer("rate * g * df(a)").right
    assert question.answer("rate * g * a").verdict == "wrong"
    assert question.answer("dy").verdict == "not understood"
    assert question.answer("df").verdict == "not understood"
    assert p.question(of=L, wrt=a, letters="a dy").answer("y").verdict == "not understood"
    with pytest.raises(ValueError, match="lambda cannot be the name"):
        p.question(of=L, wrt=a, letters="lambda")


def test_a_question_says_what_is_asked(layer):
    question = ask(layer, "W")
    assert str(question).startswith("The derivative of L on W, of shape (M, D).\nLetters: x (N, D)")
    assert str(question).endswith("sizes D, M, N")
    assert r"\frac{\partial L}{\partial W_{md}} = \;?" in question._repr_markdown_()


# -- mutants ----------------------------------------------------------------------------------

NAMES = {"x": (N, D), "W": (M, D), "b": (M,), "dy": (N, M), "y": (N, M)}
LEAVES = st.sampled_from([*NAMES, "2", "0.5", "N", "1"])


def extended(inner):
    pair = st.tuples(inner, st.sampled_from(["@", "*", "+", "-", "/"]), inner)
    return st.one_of(
        pair.map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda e: f"{e}.T" if e[0].isalpha() or e[0] == "(" else e),
        inner.map(lambda e: f"-{e}"),
        inner.map(lambda e: f"np.sum({e}, axis=0)"),
        inner.map(lambda e: f"({e} > 0)"),
        inner.map(lambda e: f"np.where({e} > 0, {e}, 1)"),
    )


RIGHT = ["dy @ W", "(W.T @ dy.T).T", "np.einsum('nm,md->nd', dy, W)"]
WHOLE = st.recursive(LEAVES, extended, max_leaves=4)


@st.composite
def mutated(draw):
    """Put another expression in the place of a name, or beside the whole."""
    formula = draw(st.sampled_from(RIGHT))
    way = draw(st.sampled_from(["name", "whole"]))
    if way == "whole":
        return f"({formula}) {draw(st.sampled_from(['+', '-', '*', '/']))} {draw(WHOLE)}"
    name = draw(st.sampled_from(["dy", "W"]))
    return formula.replace(name, draw(WHOLE), 1)


@settings(max_examples=120, deadline=None)
@given(mutated())
def test_no_mutant_is_called_right_unless_it_is_equal(layer, formula):
    answer = ask(layer, "x").answer(formula, limit=3)
    assert answer.verdict in ("right", "wrong", "wrong shape", "undecided", "not understood")
    if answer.right:
        for seed in range(3):
            rng = np.random.default_rng(seed)
            sizes = {N: 2 + seed, D: 3, M: 4 - seed}
            at = {s: rng.standard_normal([sizes[v] for v in dim]) for s, dim in NAMES.items()}
            at["y"] = at["x"] @ at["W"].T + at["b"]
            found = eval(formula, {"np": np, "N": sizes[N], **at})  # by NumPy itself
            np.testing.assert_allclose(found, at["dy"] @ at["W"], rtol=1e-9, atol=1e-9)


@settings(max_examples=150, deadline=None)
@given(WHOLE)
def test_every_formula_means_what_numpy_computes(layer, formula):
    """Shapes and numbers of the engine's reading are those of NumPy."""
    _, p, _, _ = layer
    at = {
        s: np.random.default_rng(1).standard_normal([{N: 2, D: 3, M: 4}[v] for v in dim])
        for s, dim in NAMES.items()
    }
    at["y"] = at["x"] @ at["W"].T + at["b"]
    from backprop.proofs import formulas
    from backprop.proofs.errors import DimensionError

    try:
        a = formulas.formula(formulas.parse(formula), {**p.tensors, "N": N})
    except (DimensionError, formulas.NotUnderstood):
        return
    with np.errstate(all="ignore"):
        try:
            found = np.asarray(eval(formula, {"np": np, "N": 2, **at}), dtype=float)
        except AttributeError:  # numbers have no .T in Python
            return
        free = p.fresh(a.dims)
        run = p.run({s: at[s] for s in ("x", "W", "b", "dy")})
        mine = run.array(a.entry(*free), free).v
    assert found.shape == mine.shape
    finite = np.isfinite(found) & np.isfinite(mine)
    np.testing.assert_allclose(mine[finite], found[finite], rtol=1e-9, atol=1e-9)
