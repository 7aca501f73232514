"""Mirrors backprop/optim/sgd2.py."""

import numpy as np
import pytest

from backprop.layers import linear
from backprop.losses import mse
from backprop.optim import sgd2

N, D, M = 11, 3, 2


def draw(seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((N, D)) @ rng.standard_normal((D, D)) + 2
    return x, rng.standard_normal((M, D)), rng.standard_normal(M), rng.standard_normal((N, M))


def test_the_step_is_the_minimiser_of_a_ridge_regression():
    x, _, _, dy = draw()
    dW, db = dy.T @ x, dy.sum(axis=0)
    P, p = sgd2.precondition(dW, db, x, damping=0.3)
    Z, R = np.concatenate([x, np.ones((N, 1))], axis=1), N * dy

    def objective(change):
        both = np.concatenate([-P, -p[:, None]], axis=1) + change
        return ((Z @ both.T + R) ** 2).sum() / (2 * N) + 0.15 * (both**2).sum()

    least, rng = objective(0), np.random.default_rng(1)
    assert all(objective(1e-3 * rng.standard_normal((M, D + 1))) > least for _ in range(50))


def test_one_step_solves_a_linear_regression_without_damping():
    x, W, b, _ = draw()
    start = [np.zeros((M, D)), np.zeros(M)]
    y, cache = linear.forward(x, *start)
    _, of_loss = mse.forward(y, target=linear.forward(x, W, b)[0])
    _, *grads = linear.backward(mse.backward(1.0, of_loss), cache)
    found, _ = sgd2.step(start, grads, sgd2.init(start), lr=1.0, inputs=[x], damping=1e-12)
    np.testing.assert_allclose(found[0], W, atol=1e-8)
    np.testing.assert_allclose(found[1], b, atol=1e-8)


def test_large_damping_only_shortens():
    x, W, b, _ = draw()
    dW, db = sgd2.precondition(W, b, x, damping=1e9)
    np.testing.assert_allclose(dW * 1e9, W, rtol=1e-6)
    np.testing.assert_allclose(db * 1e9, b, rtol=1e-6)


def test_a_change_of_basis_of_the_inputs_does_not_matter_without_damping():
    x, _, _, dy = draw()
    B = np.random.default_rng(2).standard_normal((D, D))
    dW, _ = sgd2.precondition(dy.T @ x, dy.sum(axis=0), x, damping=1e-12)
    other, _ = sgd2.precondition(dy.T @ x @ B, dy.sum(axis=0), x @ B, damping=1e-12)
    np.testing.assert_allclose(x @ dW.T, x @ B @ other.T, atol=1e-7)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"x": np.ones((N, D + 1))},
            ValueError,
            r"x has shape \(11, 4\); needs \(N, D\) with D = 3",
        ),
        ({"db": np.ones(3)}, ValueError, r"db has shape \(3,\); needs \(M\) with M = 2"),
        ({"x": np.ones((0, D))}, ValueError, "x has no example"),
        ({"damping": -1.0}, ValueError, "damping is -1.0"),
        ({"x": np.ones((N, D), np.float32)}, TypeError, "x has dtype float32"),
    ],
)
def test_bad_input_raises(change, error, message):
    x, W, b, _ = draw()
    with pytest.raises(error, match=message):
        sgd2.precondition(**{"dW": W, "db": b, "x": x} | change)


def test_layers_without_their_inputs_raise():
    _, W, b, _ = draw()
    with pytest.raises(ValueError, match="inputs has 0 arrays for 2 parameters"):
        sgd2.step([W, b], [W, b], sgd2.init([W, b]), lr=0.1, inputs=[])


def test_every_layer_is_divided_by_what_it_was_given():
    rng = np.random.default_rng(3)
    shapes = [(2, 3), (2,), (4, 2), (4,), (1, 4), (1,)]
    params, grads = ([rng.standard_normal(s) for s in shapes] for _ in range(2))
    inputs = [rng.standard_normal((7, d)) for d in (3, 2, 4)]
    moved, _ = sgd2.step(params, grads, sgd2.init(params), lr=0.1, inputs=inputs, damping=0.5)
    for k, x in enumerate(inputs):
        divided = sgd2.precondition(*grads[2 * k : 2 * k + 2], x, damping=0.5)
        for i in range(2):
            expected = params[2 * k + i] - 0.1 * divided[i]
            np.testing.assert_allclose(moved[2 * k + i], expected, rtol=1e-14)


def test_the_default_damping_is_one():
    rng = np.random.default_rng(3)
    dW, db, x = rng.standard_normal((2, 3)), rng.standard_normal(2), rng.standard_normal((7, 3))
    for a, b in zip(
        sgd2.precondition(dW, db, x), sgd2.precondition(dW, db, x, damping=1.0), strict=True
    ):
        np.testing.assert_array_equal(a, b)
    params = [np.zeros((2, 3)), np.zeros(2)]
    once = sgd2.step(params, [dW, db], sgd2.init(params), lr=1.0, inputs=[x])[0]
    told = sgd2.step(params, [dW, db], sgd2.init(params), lr=1.0, inputs=[x], damping=1.0)[0]
    np.testing.assert_array_equal(once[0], told[0])


def test_messages_end_where_they_should():
    dW, db = np.ones((2, 3)), np.ones(2)
    with pytest.raises(ValueError, match=r"^x has no example; needs one at least$"):
        sgd2.precondition(dW, db, np.ones((0, 3)))
    with pytest.raises(ValueError, match=r"needs one for each pair of weights and bias$"):
        sgd2.step([dW, db], [dW, db], sgd2.init([dW, db]), lr=1.0, inputs=[])
