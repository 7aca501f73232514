"""The normal form decides equality for all sizes; each rule has a test that needs it."""

import pytest

from backprop.proofs import (
    ZZ,
    DimensionError,
    Sum,
    Tensor,
    absolute,
    delta,
    dims,
    exp,
    function,
    index,
    log,
    relu,
    sigmoid,
    sign,
    sqrt,
    step,
    tanh,
)
from backprop.proofs.prover import NormalForm, is_zero

N, M = dims("N M")
i, j, k = index("i j k", N)
a = index("a", M)
z, y = index("z y", ZZ)
x, u, A = Tensor("x", (N,)), Tensor("u", (N,)), Tensor("A", (N, N))
p, B = Tensor("p", (N,)), Tensor("B", (N, M))
w, g = Tensor("w", (ZZ,)), Tensor("g", (ZZ,))
f = function("f")


def proved(left, right, mode=""):
    form = NormalForm(frozenset({"p"}), mode=mode)
    return is_zero(form.of(left - right))


TRUE = [
    ((x[i] + u[i]) ** 2, x[i] ** 2 + 2 * x[i] * u[i] + u[i] ** 2),
    (Sum(x[i], i), Sum(x[j], j)),
    (Sum(A[i, j], i, j), Sum(A[j, i], i, j)),
    (Sum(A[i, j] * A[j, k] * x[i] * x[k], i, j, k), Sum(A[k, j] * A[j, i] * x[i] * x[k], i, j, k)),
    (Sum(x[i] * Sum(A[i, j] * x[j], j), i), Sum(A[i, j] * x[i] * x[j], i, j)),
    (Sum(delta(i, j) * x[i] * u[k], i), x[j] * u[k]),
    (Sum(delta(i, j), i, j), N),
    (Sum(delta(i, k) * delta(k, j), k), delta(i, j)),
    (Sum(delta(j, i) * delta(j, k), j), delta(i, k)),
    (Sum(delta(k, j) * delta(k, i) * x[k], k), delta(i, j) * x[i]),
    (Sum(delta(i, k) * delta(i, j) / x[i], i), delta(k, j) / x[j]),
    (Sum(delta(i, k) * delta(i, j) / x[i], i), delta(k, j) / x[k]),
    (Sum(x[j], i), N * x[j]),
    (Sum(x[i] - Sum(x[j], j) / N, i), 0 * N),
    (Sum(x[i], i) ** 2, Sum(x[i] * x[j], i, j)),
    (delta(i, j) * x[i], delta(i, j) * x[j]),
    (delta(i, j) ** 2, delta(i, j)),
    (exp(x[i] + u[i]), exp(x[i]) * exp(u[i])),
    (exp(2 * x[i]), exp(x[i]) ** 2),
    (log(exp(x[i])), x[i]),
    (log(p[i] * exp(x[i])), log(p[i]) + x[i]),
    (exp(log(p[i])), p[i]),
    (log(p[i] / Sum(p[j], j)), log(p[i]) - log(Sum(p[j], j))),
    (log(1 / (1 + exp(x[i]))), -log(1 + exp(x[i]))),
    (1 / (1 - 1 / (1 + x[i])), (1 + x[i]) / x[i]),
    (log(6 * p[i] + 4), log(2) + log(3 * p[i] + 2)),
    (log(p[i] * p[j] + p[i] * p[k]), log(p[i]) + log(p[j] + p[k])),
    (log(sqrt(p[i]) / 12), log(p[i]) / 2 - 2 * log(2) - log(3)),
    (log(Sum(exp(x[k] - u[i]), k)), log(Sum(exp(x[k]), k)) - u[i]),
    (Sum(log(2 * p[i] + 4 * p[j]), i, j), Sum(log(p[j] + 2 * p[i]), j, i) + N**2 * log(2)),
    (exp(x[i] * delta(i, j)), 1 - delta(i, j) + delta(i, j) * exp(x[j])),
    (exp(relu(x[i])), step(x[i]) * exp(x[i]) + 1 - step(x[i])),
    (exp(2 * absolute(x[i])), exp(2 * relu(x[i])) * exp(relu(-x[i])) ** 2),
    (tanh(x[i] - u[j]), -tanh(u[j] - x[i])),
    (sigmoid(-x[i]), 1 - sigmoid(x[i])),
    (Sum(sigmoid(-2 * x[i]) * A[i, j], i), Sum((1 - sigmoid(2 * x[i])) * A[i, j], i)),
    (Sum(tanh(A[i, j] - A[j, i]), i, j), Sum(tanh(A[k, i] - A[i, k]), i, k)),
    (tanh(x[i] - x[i]), 0 * N),
    (relu(relu(x[i])), relu(x[i])),
    (step(relu(x[i])), step(x[i])),
    (1 / (1 + x[i]) + x[i] / (1 + x[i]), 1 + 0 * x[i]),
    (1 / (1 / x[i] + 1 / u[i]), x[i] * u[i] / (x[i] + u[i])),
    (sqrt(1 + x[i] ** 2) ** 2, 1 + x[i] ** 2),
    ((1 + x[i]) / sqrt(1 + x[i]), sqrt(1 + x[i])),
    (sqrt(p[i] * p[j]), sqrt(p[i]) * sqrt(p[j])),
    (relu(x[i]), x[i] * step(x[i])),
    (step(x[i]) ** 2, step(x[i])),
    (step(x[i]) * step(-x[i]), 0 * x[i]),
    (relu(-x[i]), relu(x[i]) - x[i]),
    (absolute(x[i]), relu(x[i]) + relu(-x[i])),
    (absolute(x[i] * u[i]), absolute(x[i]) * absolute(u[i])),
    (absolute(x[i]) ** 2, x[i] ** 2),
    (sign(-x[i]), -sign(x[i])),
    (relu(3 * x[i] + 6 * u[i]), 3 * relu(x[i] + 2 * u[i])),
    (relu(exp(x[i])), exp(x[i])),
    (step(relu(x[i])), step(x[i])),
    (step(-exp(x[i])), 0 * x[i]),
    (Sum(step(x[i]) * step(-x[i]), i), 0 * N),
    (Sum(step(x[i]) ** 2, i), Sum(step(x[i]), i)),
    (sign(x[i] ** 2 * u[i]), sign(u[i]) * sign(x[i]) ** 2),
    (step(relu(x[i] + u[i])), step(x[i] + u[i])),
    (step(-relu(x[i])), 0 * x[i]),
    (sign(x[i] * u[i] - x[i] * p[i]), sign(x[i]) * sign(u[i] - p[i])),
    (f(x[i] + u[i]), f(u[i] + x[i])),
    (Sum(w[z] * g[y - z], z), Sum(g[z] * w[y - z], z)),
    (Sum(w[z + 1], z), Sum(w[-z], z)),
    (Sum(w[z] * Sum(g[y] * w[y - z], y), z), Sum(w[y] * g[y + z] * w[z], y, z)),
]
FALSE = [
    (Sum(A[i, j] * x[j], j), Sum(A[j, i] * x[j], j)),
    (Sum(x[i] ** 2, i), Sum(x[i], i) ** 2),
    (Sum(delta(i, j) * x[i], i), x[k]),
    (Sum(x[j], i), x[j]),
    (exp(x[i] * u[i]), exp(x[i]) * exp(u[i])),
    (log(x[i] * u[i]), log(x[i]) + log(u[i])),  # not if both are negative
    (log(p[i] * Sum(x[j], j)), log(p[i]) + log(Sum(x[j], j))),
    (step(x[i] + u[i]), step(-x[i] - u[i])),
    (step(-exp(x[i])), exp(x[i])),
    (sign(x[i] ** 2 * u[i]), sign(u[i])),
    (sqrt(1 + x[i]), 1 + 0 * x[i]),
    (sqrt(x[i]) * x[i], x[i]),
    (log(p[i] + p[j]), log(p[i]) + log(p[j])),
    (sqrt(x[i] ** 2), x[i]),
    (step(x[i]) + step(-x[i]), 1 + 0 * x[i]),  # not at zero
    (exp(relu(x[i])), exp(x[i])),
    (exp(relu(x[i])), step(x[i]) * exp(x[i])),
    (exp(x[i] * delta(i, j)), delta(i, j) * exp(x[j])),
    (log(p[i] + p[j] * p[k]), log(p[j]) + log(p[i] + p[k])),
    (log(1 / (p[i] + 1)), log(p[i] + 1)),
    (log(2 * p[i]), 2 * log(p[i])),
    (log(x[i] ** -2), -2 * log(x[i])),  # not if x is negative
    (tanh(-x[i]), tanh(x[i])),
    (sigmoid(-x[i]), -sigmoid(x[i])),
    (tanh(x[i] - x[j]), tanh(x[j] - x[i])),
    (sign(x[i]) ** 2, 1 + 0 * x[i]),  # not at zero
    (relu(x[i] + u[i]), relu(x[i]) + relu(u[i])),
    (relu(x[i] * u[i]), relu(x[i]) * relu(u[i])),
    (f(x[i]), function("g")(x[i])),
    (Sum(w[z] * g[y - z], z), Sum(w[z] * g[y + z], z)),
    (Sum(w[2 * z], z), Sum(w[z], z)),
]


@pytest.mark.parametrize(("left", "right"), TRUE)
def test_true_identities_are_proved(left, right):
    assert proved(left, right)


@pytest.mark.parametrize(("left", "right"), FALSE)
def test_false_identities_are_not(left, right):
    assert not proved(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (sigmoid(-x[i]), 1 - sigmoid(x[i])),
        (tanh(x[i]), 2 * sigmoid(2 * x[i]) - 1),
        (tanh(x[i]), (exp(x[i]) - exp(-x[i])) / (exp(x[i]) + exp(-x[i]))),
    ],
)
def test_sigmoid_and_tanh_through_exp(left, right):
    assert proved(left, right, mode="exp")
    assert not proved(left, right + x[i], mode="exp")


def test_a_delta_between_dimensions_raises():
    with pytest.raises(DimensionError):
        NormalForm().of(Sum(delta(i, j) * B[i, a], i).xreplace({j: a}))


def test_a_divergent_sum_raises():
    with pytest.raises(ValueError, match="diverges"):
        NormalForm().of(Sum(x[i], z))


def test_dividing_by_zero_raises():
    with pytest.raises(ZeroDivisionError):
        NormalForm().of(1 / (Sum(x[i], i) - Sum(x[j], j)))
