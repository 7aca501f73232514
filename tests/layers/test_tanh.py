"""Mirrors backprop/layers/tanh.py."""

import numpy as np
import pytest

from backprop.layers import sigmoid, tanh


def argument(*shape):
    return 3 * np.random.default_rng(0).standard_normal(shape)


@pytest.mark.parametrize("shape", [(4, 3), (7,), (2, 3, 4, 5)])
def test_promises(promises, shape):
    promises(tanh, argument(*shape), analytic=True)


def test_forward_is_the_equation_entry_by_entry():
    x = argument(4, 3)
    up, down = np.exp(x), np.exp(-x)
    np.testing.assert_allclose(tanh.forward(x)[0], (up - down) / (up + down), rtol=1e-13)


def test_it_is_a_stretched_sigmoid():
    x = argument(4, 3)
    np.testing.assert_allclose(tanh.forward(x)[0], 2 * sigmoid.forward(2 * x)[0] - 1, rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_overflows(dtype):
    x = np.array([-np.inf, -1e30, -1e4, 0, 1e4, 1e30, np.inf], dtype)
    y, cache = tanh.forward(x)
    np.testing.assert_array_equal(y, [-1, -1, -1, 0, 1, 1, 1])
    np.testing.assert_array_equal(tanh.backward(np.ones_like(x), cache), [0, 0, 0, 1, 0, 0, 0])


def test_near_zero_it_is_the_identity_to_the_last_digit():
    x = np.array([1e-300, 1e-30, 1e-10])
    np.testing.assert_array_equal(tanh.forward(x)[0], x)


def test_what_is_not_a_number_is_not_hidden():
    assert np.isnan(tanh.forward(np.array([np.nan]))[0]).all()
