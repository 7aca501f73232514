"""Mirrors backprop/layers/sigmoid.py."""

import numpy as np
import pytest

from backprop.layers import sigmoid


def argument(*shape):
    return 3 * np.random.default_rng(0).standard_normal(shape)


@pytest.mark.parametrize("shape", [(4, 3), (7,), (2, 3, 4, 5)])
def test_promises(promises, shape):
    promises(sigmoid, argument(*shape), analytic=True)


def test_forward_is_the_equation_entry_by_entry():
    x = argument(4, 3)
    y, _ = sigmoid.forward(x)
    np.testing.assert_allclose(y, [[1 / (1 + np.exp(-v)) for v in row] for row in x], rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_overflows(dtype):
    x = np.array([-np.inf, -1e30, -1e4, 0, 1e4, 1e30, np.inf], dtype)
    y, cache = sigmoid.forward(x)
    np.testing.assert_array_equal(y, [0, 0, 0, 0.5, 1, 1, 1])
    np.testing.assert_array_equal(
        sigmoid.backward(np.ones_like(x), cache), [0, 0, 0, 0.25, 0, 0, 0]
    )


@pytest.mark.parametrize(("dtype", "lowest"), [(np.float32, -87), (np.float64, -708)])
def test_far_below_zero_the_last_digits_are_right(dtype, lowest):
    x = np.linspace(lowest, lowest / 2, 50).astype(dtype)
    tiny = np.finfo(dtype).eps
    y, cache = sigmoid.forward(x)
    np.testing.assert_allclose(y, np.exp(x), rtol=4 * tiny)
    np.testing.assert_allclose(sigmoid.backward(np.ones_like(x), cache), y, rtol=4 * tiny)


def test_the_two_branches_meet():
    x = np.nextafter(0, [-1.0, 1.0])
    np.testing.assert_array_equal(sigmoid.forward(x)[0], [0.5, 0.5])


def test_what_is_not_a_number_is_not_hidden():
    assert np.isnan(sigmoid.forward(np.array([np.nan]))[0]).all()
