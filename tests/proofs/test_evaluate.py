"""The evaluator against NumPy written by hand."""

import numpy as np
import pytest
import sympy as sp

from backprop.proofs import ZZ, Derivation, Sum, Tensor, delta, dims, exp, function, index, log
from backprop.proofs.evaluate import Evaluator, distributed
from backprop.proofs.rings import Dual, PrimeField, Reals

N, M = dims("N M")
i, j = index("i j", N)
a = index("a", M)
x, A = Tensor("x", (N,)), Tensor("A", (N, M))
rng = np.random.default_rng(0)
X, B = rng.standard_normal(3), rng.standard_normal((3, 2))


@pytest.fixture
def run():
    out = Evaluator(Reals(), {N: 3, M: 2})
    out.store("x", Dual(Reals(), X))
    out.store("A", Dual(Reals(), B))
    return out


@pytest.mark.parametrize(
    ("e", "axes", "expected"),
    [
        (A[i, a] * x[i], (i, a), B * X[:, None]),
        (A[i, a] * x[i], (a, i), (B * X[:, None]).T),
        (Sum(A[i, a] * x[i], i), (a,), X @ B),
        (Sum(A[i, a] * A[j, a], a), (i, j), B @ B.T),
        (delta(i, j) * x[i], (i, j), np.diag(X)),
        (Sum(x[j], j) + 0 * x[i], (i,), np.full(3, X.sum())),
        (Sum(1 + 0 * x[i], i, j), (), 9.0),
        (N / M, (), 1.5),
        (A[0, a], (a,), B[0]),
        (exp(x[i] - 1), (i,), np.exp(X - 1)),
    ],
)
def test_expressions(run, e, axes, expected):
    np.testing.assert_allclose(run.array(e, axes).v, expected)


def test_tensors_over_the_integers_are_zero_outside_their_support():
    z, y = index("z y", ZZ)
    w = Tensor("w", (ZZ,))
    run = Evaluator(Reals(), {}, window=4)
    run.store("w", Dual(Reals(), np.array([1.0, 2.0])))
    assert run.array(w[z], (z,)).v.tolist() == [0, 0, 0, 0, 1, 2, 0, 0, 0]
    assert run.array(w[-z - 1], (z,)).v.tolist() == [0, 0, 2, 1, 0, 0, 0, 0, 0]
    run.define("y", (y,), Sum(w[z] * w[y + z], z))  # a correlation reaches below zero
    assert run.array(Tensor("y", (ZZ,))[y], (y,)).v.tolist() == [0, 0, 0, 2, 5, 2, 0, 0, 0]


def test_a_derivative_is_carried_through(run):
    V = rng.standard_normal(3)
    run.store("x", Dual(Reals(), X, V))
    y = run.array(Sum(A[i, a] * x[i] ** 2, i), (a,))
    np.testing.assert_allclose(y.tangent(), (2 * X * V) @ B)
    assert run.array(A[i, a], (i, a)).d is None


def test_exp_and_log_obey_their_laws_in_the_field():
    run = Evaluator(PrimeField(), {N: 3}, thorough=True)
    for name in "xu":
        run.store(name, Dual(PrimeField(), rng.integers(1, 2**31 - 1, size=3)))
    u = Tensor("u", (N,))
    for left, right in [
        (exp(x[i] + 2 * u[i]), exp(x[i]) * exp(u[i]) ** 2),
        (exp(x[i] * (u[i] + 1)), exp(x[i] * u[i]) * exp(x[i])),
        (exp(Sum(x[j] + u[j], j)), exp(Sum(x[j], j)) * exp(Sum(u[j], j))),
        (log(x[i] * exp(u[i])), log(x[i]) + u[i]),
        (log(x[i] ** 2), 2 * log(x[i])),
    ]:
        axes = [i] if left.has(i) else []
        assert np.array_equal(run.array(left, axes).v, run.array(right, axes).v)
    f = function("f")
    assert not np.array_equal(run.array(f(x[i]), [i]).v, run.array(f(u[i]), [i]).v)


def test_distribution_over_sums_keeps_the_number_of_terms():
    e = distributed(Sum(x[i] + 1, i, j) / 2)
    run = Evaluator(Reals(), {N: 3})
    run.store("x", Dual(Reals(), X))
    np.testing.assert_allclose(run.array(e, ()).v, (3 * X.sum() + 9) / 2)


def test_definitions_that_lack_an_array_are_left_out():
    p = Derivation("partial")
    v, w = p.tensor("v", N), p.tensor("w", N)
    p.let("y", i, 2 * v[i])
    p.let("z", i, v[i] * w[i])
    assert p.numpy("y", v=np.ones(3)).tolist() == [2, 2, 2]
    with pytest.raises(ValueError, match="z needs other arrays than v"):
        p.numpy("z", v=np.ones(3))


def test_what_is_not_in_the_language_raises(run):
    with pytest.raises(ValueError, match="cannot evaluate Product"):
        run.array(sp.Product(x[i], (i, 1, N)), ())


def test_a_wrong_gradient_of_a_softmax_of_a_linear_layer_is_refuted():
    """Its exponents are sums, which SymPy likes to expand into products over an index."""
    N, H, V = dims("N H V")
    n, h, (v, w) = index("n", N), index("h", H), index("v w", V)
    p = Derivation("readout")
    x, W, b, t = p.tensor("x", N, H), p.tensor("W", V, H), p.tensor("b", V), p.tensor("t", N, V)
    p.distribution(t)
    s = p.let("s", (n, v), Sum(x[n, h] * W[v, h], h) + b[v])
    y = p.let("y", (n, v), exp(s[n, v]) / Sum(exp(s[n, w]), w))
    L = p.let("L", (), -Sum(t[n, v] * log(y[n, v]), n, v) / N)
    right = Sum((y[n, v] - t[n, v]) / N * x[n, h], n)
    assert p.claim("right", of=L, wrt=W[v, h], equals=right).verify().verdict == "proved"
    wrong = Sum((y[n, v] - t[n, v]) * x[n, h], n)
    assert p.claim("wrong", of=L, wrt=W[v, h], equals=wrong).verify().verdict == "refuted"
