"""Mirrors backprop/nets/mlp.py."""

from types import SimpleNamespace

import numpy as np
import pytest

from backprop.layers import linear, relu
from backprop.losses import cross_entropy, mse
from backprop.nets import mlp

SIZES = {"N": 5, "D": 4, "M": 3, "C": 2}

square = SimpleNamespace(forward=lambda x: (x * x, (x,)), backward=lambda dy, c: dy * 2 * c[0])


def arguments(N=5, D=4, M=3, C=2):
    rng = np.random.default_rng(0)
    sizes = [(N, D), (M, D), (M,), (C, M), (C,)]
    return [rng.standard_normal(size) for size in sizes]


@pytest.mark.parametrize("activation", [relu, square])
@pytest.mark.parametrize("output", [None, square])
def test_promises(promises, activation, output):
    if output is None:
        promises(mlp, *arguments(), activation=activation, analytic=True)
    else:
        from backprop import check

        errors = check.vjp(mlp, *arguments(), activation=activation, output=output)
        assert max(errors.values()) < 1e-7
        assert list(errors) == ["x", "W1", "b1", "W2", "b2"]


@pytest.mark.parametrize("loss", ["cross entropy", "squared distance"])
def test_gradients_of_the_whole_loss(loss):
    from backprop import check

    target = np.array([0, 1, 1, 0, 1])

    def forward(x, W1, b1, W2, b2):
        y, cache = mlp.forward(x, W1, b1, W2, b2)
        if loss == "cross entropy":
            value, of_loss = cross_entropy.forward(y, target=target)
        else:
            value, of_loss = mse.forward(y, target=np.eye(2)[target])
        return value, (cache, of_loss)

    def backward(dloss, cache):
        layer = cross_entropy if loss == "cross entropy" else mse
        return mlp.backward(layer.backward(dloss, cache[1]), cache[0])

    errors = check.vjp(SimpleNamespace(forward=forward, backward=backward), *arguments())
    assert max(errors.values()) < 1e-8


def test_forward_is_the_equation_for_each_example():
    x, W1, b1, W2, b2 = arguments()
    y, _ = mlp.forward(x, W1, b1, W2, b2)
    np.testing.assert_allclose(y, [W2 @ np.maximum(W1 @ row + b1, 0) + b2 for row in x])


def test_it_is_linear_layers_with_an_activation_between():
    x, W1, b1, W2, b2 = arguments()
    hidden = relu.forward(linear.forward(x, W1, b1)[0])[0]
    np.testing.assert_array_equal(
        mlp.forward(x, W1, b1, W2, b2)[0], linear.forward(hidden, W2, b2)[0]
    )


def test_initial_weights_keep_the_size_of_the_activations():
    params = mlp.init(np.random.default_rng(0), 400, 300, 200, dtype=np.float64)
    np.testing.assert_allclose(params.W1.std(), (2 / 400) ** 0.5, rtol=0.02)
    np.testing.assert_allclose(params.W2.std(), (2 / 300) ** 0.5, rtol=0.02)
    assert not params.b1.any() and not params.b2.any()
    assert {p.dtype for p in mlp.init(np.random.default_rng(0), 4, 3, 2)} == {np.dtype(np.float32)}


def test_the_same_seed_gives_the_same_parameters():
    a, b = (mlp.init(np.random.default_rng(7), 4, 3, 2) for _ in range(2))
    assert all(np.array_equal(p, q) for p, q in zip(a, b, strict=True))


def test_bad_input_raises():
    x, W1, b1, W2, b2 = arguments()
    with pytest.raises(ValueError, match=r"W2 has shape \(3, 2\); needs \(C, M\) with M = 3"):
        mlp.forward(x, W1, b1, W2.T, b2)
    with pytest.raises(ValueError, match="M is 0; needs at least 1"):
        mlp.init(np.random.default_rng(0), 4, 0, 2)
