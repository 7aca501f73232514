"""Mirrors backprop/layers/local_response_norm.py."""

import numpy as np
import pytest

from backprop.layers import local_response_norm

STRONG = {"size": 3, "k": 1.5, "alpha": 0.7, "beta": 0.6}


def argument(*shape):
    return np.random.default_rng(0).standard_normal(shape)


@pytest.mark.parametrize("shape", [(3, 7), (2, 5, 4), (2, 6, 3, 4), (2, 1), (3, 2)])
@pytest.mark.parametrize("size", [1, 3, 5])
def test_promises(promises, shape, size):
    promises(local_response_norm, argument(*shape), analytic=True, **STRONG | {"size": size})


def test_forward_is_the_equation_entry_by_entry():
    x = argument(2, 6, 3)
    y, _ = local_response_norm.forward(x, **STRONG)
    for n, c, i in np.ndindex(x.shape):
        near = [x[n, j, i] ** 2 for j in range(6) if abs(j - c) <= 1]
        assert y[n, c, i] == pytest.approx(x[n, c, i] / (1.5 + 0.7 * sum(near)) ** 0.6)


def test_a_wide_window_sees_all_channels_and_without_weight_nothing_is_damped():
    x = argument(2, 3)
    y, _ = local_response_norm.forward(x, size=99, k=1.0, alpha=1.0, beta=1.0)
    np.testing.assert_allclose(y, x / (1 + (x * x).sum(axis=1, keepdims=True)))
    y, _ = local_response_norm.forward(x, k=1.0, alpha=0.0)
    np.testing.assert_array_equal(y, x)


def test_a_gradient_reaches_the_neighbours_and_no_further():
    x = argument(1, 7)
    _, cache = local_response_norm.forward(x, **STRONG)
    dx = local_response_norm.backward(np.eye(7)[[3]], cache)
    assert np.flatnonzero(dx).tolist() == [2, 3, 4]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"size": 4}, ValueError, "size is 4; needs an odd whole number"),
        ({"size": 0}, ValueError, "size is 0"),
        ({"size": 2.5}, ValueError, "size is 2.5"),
        ({"k": 0.0}, ValueError, "k is 0.0; needs a number greater than 0"),
        ({"alpha": -1.0}, ValueError, "alpha is -1.0; needs a number of at least 0"),
        ({"beta": np.nan}, ValueError, "beta is nan"),
        ({"x": np.ones(3)}, ValueError, r"x has shape \(3,\); needs \(N, C, \.\.\.\)"),
        ({"x": np.ones((2, 3), int)}, TypeError, "x has dtype int64"),
    ],
)
def test_bad_input_raises(change, error, message):
    given = {"x": argument(2, 3)} | change
    with pytest.raises(error, match=message):
        local_response_norm.forward(given.pop("x"), **given)


def test_the_defaults_are_those_of_the_documentation():
    x = 3 * argument(2, 9)
    y, _ = local_response_norm.forward(x)
    told, _ = local_response_norm.forward(x, size=5, k=2.0, alpha=1e-4, beta=0.75)
    np.testing.assert_array_equal(y, told)


def test_a_window_of_five_reaches_two_channels_to_each_side():
    x = argument(1, 7)
    _, cache = local_response_norm.forward(x, **STRONG | {"size": 5})
    dx = local_response_norm.backward(np.eye(7)[[3]], cache)
    assert np.flatnonzero(dx).tolist() == [1, 2, 3, 4, 5]
