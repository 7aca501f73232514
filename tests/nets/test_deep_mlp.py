"""Mirrors backprop/nets/deep_mlp.py."""

import numpy as np
import pytest

from backprop import check, training
from backprop.data import digits
from backprop.layers import relu, sigmoid, tanh
from backprop.nets import deep_mlp


def arguments(*sizes, N=6):
    rng = np.random.default_rng(0)
    params = deep_mlp.init(rng, sizes, dtype=np.float64)
    moved = [p + 0.3 * rng.standard_normal(p.shape) for p in params]
    return [rng.standard_normal((N, sizes[0])), *moved]


@pytest.mark.parametrize("activation", [relu, tanh, sigmoid])
@pytest.mark.parametrize("sizes", [(4, 3, 2), (4, 5, 3, 2), (3, 7, 5, 4, 1)])
def test_promises(promises, activation, sizes):
    promises(deep_mlp, *arguments(*sizes), activation=activation, analytic=True, tolerance=1e-7)


@pytest.mark.parametrize("sizes", [(4, 4, 4, 2), (3, 5, 5, 4, 4, 2)])
def test_gradients_with_skip_connections(sizes):
    errors = check.vjp(deep_mlp, *arguments(*sizes), activation=tanh, skip=True)
    assert max(errors.values()) < 1e-8
    assert len(errors) == 2 * len(sizes) - 2


def test_forward_is_the_equation_for_each_example():
    x, W1, b1, W2, b2, U = arguments(4, 5, 3, 2)
    y, _ = deep_mlp.forward(x, W1, b1, W2, b2, U, activation=tanh)
    each = [U @ np.tanh(W2 @ np.tanh(W1 @ row + b1) + b2) for row in x]
    np.testing.assert_allclose(y, each)


def test_a_skip_adds_the_input_where_the_sizes_agree():
    x, W1, b1, W2, b2, U = arguments(4, 3, 3, 2)
    y, _ = deep_mlp.forward(x, W1, b1, W2, b2, U, activation=tanh, skip=True)
    a = np.tanh(x @ W1.T + b1)
    np.testing.assert_allclose(y, (np.tanh(a @ W2.T + b2) + a) @ U.T)


def test_error_signals_are_the_gradients_on_the_biases_before_the_sum():
    args = arguments(4, 5, 3, 2)
    y, cache = deep_mlp.forward(*args, activation=tanh)
    dy = np.random.default_rng(1).standard_normal(y.shape)
    _, deltas = deep_mlp.error_signals(dy, cache)
    _, _, db1, _, db2, _ = deep_mlp.backward(dy, cache)
    assert [d.shape for d in deltas] == [(6, 5), (6, 3)]
    for delta, db in zip(deltas, (db1, db2), strict=True):
        np.testing.assert_allclose(delta.sum(axis=0), db)


def test_digits_are_learnt():
    data = digits.load()
    rng = np.random.default_rng(0)
    _, history = training.fit(
        deep_mlp, deep_mlp.init(rng, [64, 48, 32, 10]), data.x_train, data.y_train, epochs=8,
        batch_size=16, rng=rng, test=(data.x_test, data.y_test), progress=False)  # fmt: skip
    assert history.test_accuracy[-1] > 0.93


def test_bad_input_raises():
    x, W1, b1, W2, b2, U = arguments(4, 5, 3, 2)
    with pytest.raises(ValueError, match=r"W2 has shape \(5, 3\); needs \(M2, M1\) with M1 = 5"):
        deep_mlp.forward(x, W1, b1, W2.T, b2, U)
    with pytest.raises(ValueError, match="params has 4 arrays; needs W1, b1"):
        deep_mlp.forward(x, W1, b1, W2, b2)
    with pytest.raises(ValueError, match=r"sizes is \[4, 2\]; needs at least three"):
        deep_mlp.init(np.random.default_rng(0), [4, 2])
