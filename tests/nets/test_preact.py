"""Mirrors backprop/nets/preact.py."""

import numpy as np
import pytest

from backprop import training
from backprop.data import digits
from backprop.nets import preact


def arguments(N=5, D=4, M=3, C=2):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(size) for size in [(N, D), (D, D), (M, D), (M, M), (C, M)]]


def test_promises(promises):
    promises(preact, *arguments(), analytic=True)


def test_forward_is_the_equation_for_each_example():
    x, W1, W2, W3, W4 = arguments()
    theta, _ = preact.forward(x, W1, W2, W3, W4)
    for row, expected in zip(x, theta, strict=True):
        s = W1 @ np.maximum(row, 0) + row
        t = W2 @ s
        np.testing.assert_allclose(W4 @ (W3 @ np.maximum(t, 0) + t), expected)


def test_the_gradient_is_the_printed_result_summed_over_the_batch():
    x, W1, W2, W3, W4 = arguments()
    theta, cache = preact.forward(x, W1, W2, W3, W4)
    dtheta = np.random.default_rng(1).standard_normal(theta.shape)
    expected = np.zeros_like(W1)
    for row, g in zip(x, dtheta, strict=True):
        z = np.maximum(row, 0)
        t = W2 @ (W1 @ z + row)
        expected += W2.T @ (np.diag(t > 0) @ W3.T + np.eye(3)) @ W4.T @ np.outer(g, z)
    np.testing.assert_allclose(preact.backward(dtheta, cache)[1], expected)


def test_digits_are_learnt():
    data = digits.load()
    rng = np.random.default_rng(0)
    params, history = training.fit(
        preact, preact.init(rng, 64, 32, 10), data.x_train, data.y_train, lr=0.02, epochs=8,
        batch_size=16, rng=rng, test=(data.x_test, data.y_test), progress=False)  # fmt: skip
    assert history.test_accuracy[-1] > 0.93 and isinstance(params, preact.Params)


def test_bad_input_raises():
    x, W1, W2, W3, W4 = arguments()
    with pytest.raises(ValueError, match=r"W2 has shape \(4, 3\); needs \(M, D\) with D = 4"):
        preact.forward(x, W1, W2.T, W3, W4)
    with pytest.raises(ValueError, match="C is 0; needs at least 1"):
        preact.init(np.random.default_rng(0), 4, 3, 0)
