"""Entries and matrix notation are typed, and ill-typed ones raise at once."""

import pytest
import sympy as sp

from backprop.proofs import (
    ZZ,
    DimensionError,
    Sum,
    Tensor,
    delta,
    diag,
    dims,
    elementwise,
    exp,
    hadamard,
    identity,
    index,
    ones,
)

N, D = dims("N D")
n, m = index("n m", N)
d = index("d", D)
x, y = Tensor("x", (N, D)), Tensor("y", (N, D))
v, W = Tensor("v", (N,)), Tensor("W", (N, N))


def same(a, b):
    """Compare up to the names of bound indices."""
    wild = {i: sp.Symbol("bound") for s in (a - b).atoms(sp.Sum) for i in [s.limits[0][0]]}
    return (a.xreplace(wild) - b.xreplace(wild)).doit() == 0 if wild else a == b


def test_entries_of_matrix_notation():
    assert x.T.entry(d, n) == x[n, d]
    assert (x + y).entry(n, d) == x[n, d] + y[n, d]
    assert (x - 2 * y).entry(n, d) == x[n, d] - 2 * y[n, d]
    assert (-x / 2).entry(n, d) == -x[n, d] / 2
    assert hadamard(x, y).entry(n, d) == x[n, d] * y[n, d]
    assert elementwise(exp, x).entry(n, d) == exp(x[n, d])
    assert diag(v).entry(n, m) == delta(n, m) * v[n]
    assert diag(v.T).entry(n, m) == delta(n, m) * v[n]
    assert identity(N).entry(n, m) == delta(n, m)
    assert (v * v.T).entry(n, m) == v[n] * v[m]
    assert (v * ones(D).T).entry(n, d) == v[n]


@pytest.mark.parametrize("product", [W * x, W @ x])
def test_a_product_sums_over_a_fresh_index(product):
    entry = product.entry(n, d)
    assert isinstance(entry, sp.Sum)
    k = entry.limits[0][0]
    assert entry == Sum(W[n, k] * x[k, d], k)
    assert product.shape == (N, D)
    assert k not in {n, m}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: x * y, r"x \* y: shapes \(N, D\) and \(N, D\) do not fit, D is not N"),
        (lambda: x + v, r"shapes \(N, D\) of x and \(N, 1\) of v differ"),
        (lambda: hadamard(x, x.T), r"shapes \(N, D\) of x and \(D, N\) of x.T differ"),
        (lambda: diag(x), r"needs a vector, not shape \(N, D\)"),
        (lambda: x[d, n], "slot 0 has dimension N, but index d runs over D"),
        (lambda: x[n], r"x has shape \(N, D\), but 1 indices were given"),
        (lambda: v[n + 1], "arithmetic on indices needs a slot over ZZ"),
        (lambda: x + 1, "1 is not a matrix"),
    ],
)
def test_ill_typed_statements_raise_with_both_shapes(make, message):
    with pytest.raises(DimensionError, match=message):
        make()


def test_slots_over_the_integers_take_affine_forms():
    s = sp.Symbol("s", integer=True, positive=True)
    e, a = index("e a", ZZ)
    assert Tensor("w", (ZZ,))[s * e - a + 1].indices == (s * e - a + 1,)


def test_a_tensor_is_not_a_sequence():
    with pytest.raises(TypeError):
        list(x)
