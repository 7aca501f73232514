"""Counterexamples are as small as a search finds them, and told with their inputs."""

import numpy as np
import pytest

from backprop.proofs import (
    ZZ,
    Derivation,
    Sum,
    dims,
    elementwise,
    function,
    index,
    log,
    relu,
    sign,
    sqrt,
    tanh,
)

N, M = dims("N M")
n, k = index("n k", N)


def test_the_smallest_sizes_and_whole_numbers_come_first(linear):
    claim = linear.claims["dx"]
    report = claim.altered(-claim.equals).refute()
    c = report.counterexample
    assert c["sizes"] == {"D": 1, "M": 1, "N": 1} and c["entry"] == ()
    assert set(c["inputs"]) == {"W", "dy"}  # x and b do not matter
    assert all(float(v).is_integer() for a in c["inputs"].values() for v in np.ravel(a))
    assert c["true"] == c["inputs"]["W"][0][0] * c["inputs"]["dy"][0][0] == -c["claimed"]


def test_a_counterexample_in_words_names_its_inputs(linear):
    claim = linear.claims["db"]
    assert claim.altered(-claim.equals).refute().counterexample_in_words == (
        "dy = 1: true 1, claimed -1"
    )
    p = Derivation("squared error")
    y, t = p.scalar("y yhat")
    loss = p.let("L", (), (y - t) ** 2 / 2)
    words = p.claim("sign", of=loss, wrt=y, equals=t - y).refute().counterexample_in_words
    assert words in {"y = 1, yhat = 2: true -1, claimed 1", "y = 2, yhat = 1: true 1, claimed -1"}


def test_sizes_stand_for_inputs_that_are_too_long_to_read():
    p = Derivation("long")
    tensors = [p.tensor(f"t{i}", N) for i in range(30)]
    report = p.claim("sum", lhs=sum(t[n] for t in tensors), equals=0).refute()
    assert len(report.counterexample["inputs"]) == 30
    assert report.counterexample_in_words.startswith("N = 1: true ")


def test_an_identity_has_inputs_too():
    p = Derivation("identity")
    x, unused = p.tensor("x", N), p.tensor("unused", N)
    c = p.claim("linear", lhs=tanh(x[n]), equals=x[n] + 0 * unused[n]).refute().counterexample
    assert c["true"] == pytest.approx(np.tanh(c["inputs"]["x"][0]))
    assert set(c["inputs"]) == {"x"}


def test_an_instance_at_a_kink_is_avoided():
    p = Derivation("kink")
    x, y = p.tensor("x", N), p.tensor("y", N)
    loss = p.let("L", (), Sum(relu(x[n] - y[n]), n))
    c = p.claim("dx", of=loss, wrt=x, equals=elementwise(sign, x - y)).refute().counterexample
    assert c["inputs"]["x"] != c["inputs"]["y"]
    assert (c["true"], c["claimed"]) == (0, -1)


def test_opaque_functions_are_named():
    p = Derivation("opaque")
    x, f = p.tensor("x", N), function("f")
    report = p.claim("even", lhs=f(-x[n]), equals=f(x[n])).refute()
    assert report.counterexample["functions"] == ["f"]
    assert "f a sine: true" in report.counterexample_in_words


def test_over_the_integers_the_position_of_the_first_entry_is_told():
    a, b, c = index("a b c", ZZ)
    p = Derivation("shift")
    x, w, g = (p.tensor(name, ZZ) for name in "xwg")
    loss = p.let("L", (), Sum(g[b] * w[a] * x[b - a], a, b))
    wrong = Sum(g[b] * w[c - b], b)  # the kernel is not flipped
    report = p.claim("dx", of=loss, wrt=x[c], equals=wrong).refute()
    assert report.counterexample["first"] == {"w": (0,), "g": (0,)}
    assert " from 0 on" in report.counterexample_in_words


def test_a_counterexample_of_four_sums_over_the_integers_is_found_soon():
    a, b, c, d, e, f = index("a b c d e f", ZZ)
    p = Derivation("images")
    x, w, g = (p.tensor(name, ZZ, ZZ) for name in "xwg")
    loss = p.let("L", (), Sum(g[e, f] * w[a, b] * x[e - a, f - b], a, b, e, f))
    wrong = Sum(g[e, f] * w[c - e, d - f], e, f)
    report = p.claim("dx", of=loss, wrt=x[c, d], equals=wrong).refute()
    assert report.seconds < 5
    assert len(np.ravel(report.counterexample["inputs"]["w"])) <= 4


def test_the_same_counterexample_is_found_in_every_run(batch_norm):
    claim = batch_norm.claims["dx"]
    wrong = claim.altered(claim.equals * 2)
    assert wrong.refute().counterexample == wrong.refute().counterexample


@pytest.mark.filterwarnings("error")
def test_instances_outside_the_domain_of_a_formula_are_passed_over():
    p = Derivation("domain")
    x = p.tensor("x", N)
    loss = p.let("L", (), Sum(log(x[n]) + sqrt(x[n]), n))
    wrong = elementwise(lambda e: 1 / e, x)
    c = p.claim("dx", of=loss, wrt=x, equals=wrong).refute().counterexample
    assert c["inputs"]["x"][0] > 0
