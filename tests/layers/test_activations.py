"""Mirrors backprop/layers/sigmoid.py, tanh.py, leaky_relu.py."""

import numpy as np
import pytest

from backprop.layers import leaky_relu, relu, sigmoid, tanh


def argument(*shape):
    return 3 * np.random.default_rng(0).standard_normal(shape)


@pytest.mark.parametrize("shape", [(4, 3), (7,), (2, 3, 4, 5)])
@pytest.mark.parametrize("layer", [sigmoid, tanh])
def test_promises(promises, layer, shape):
    promises(layer, argument(*shape), analytic=True)


@pytest.mark.parametrize("slope", [0.0, 0.1, 0.9])
def test_promises_of_leaky_relu(promises, slope):
    promises(leaky_relu, argument(4, 3), slope=slope, analytic=True)


def test_forward_is_the_equation():
    x = argument(4, 3)
    np.testing.assert_allclose(sigmoid.forward(x)[0], 1 / (1 + np.exp(-x)), rtol=1e-15)
    ratio = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))
    np.testing.assert_allclose(tanh.forward(x)[0], ratio, rtol=1e-13)
    np.testing.assert_array_equal(leaky_relu.forward(x, slope=0.2)[0], np.where(x > 0, x, 0.2 * x))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layer", [sigmoid, tanh])
def test_nothing_overflows(layer, dtype):
    x = np.array([-1e4, -100, 0, 100, 1e4, -np.inf, np.inf], dtype)
    y, cache = layer.forward(x)
    low = 0 if layer is sigmoid else -1
    np.testing.assert_array_equal(y[[0, 5]], low)
    np.testing.assert_array_equal(y[[4, 6]], 1)
    assert np.isfinite(layer.backward(np.ones_like(x), cache)).all()


def test_sigmoid_is_right_to_the_last_digits_far_below_zero():
    x = np.array([-40.0, -300.0, -700.0])
    np.testing.assert_allclose(sigmoid.forward(x)[0], np.exp(x), rtol=1e-15)


def test_what_is_not_a_number_is_not_hidden():
    x = np.array([np.nan])
    for y in (sigmoid.forward(x)[0], tanh.forward(x)[0], leaky_relu.forward(x, slope=0.1)[0]):
        assert np.isnan(y).all()


def test_leaky_relu_at_the_kink_has_the_slope():
    _, cache = leaky_relu.forward(np.array([0.0]), slope=0.25)
    assert leaky_relu.backward(np.array([8.0]), cache) == 2


def test_leaky_relu_without_a_slope_is_relu():
    x = argument(4, 3)
    y, cache = leaky_relu.forward(x, slope=0.0)
    np.testing.assert_array_equal(y, relu.forward(x)[0])
    dy = argument(4, 3)
    np.testing.assert_array_equal(
        leaky_relu.backward(dy, cache), relu.backward(dy, relu.forward(x)[1])
    )


@pytest.mark.parametrize("slope", [-0.1, 1.0, np.nan])
def test_a_slope_out_of_range_raises(slope):
    with pytest.raises(ValueError, match=r"slope is .*; needs a number from 0 to less than 1"):
        leaky_relu.forward(argument(2), slope=slope)
