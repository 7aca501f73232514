"""Mirrors backprop/layers/leaky_relu.py."""

import numpy as np
import pytest

from backprop.layers import leaky_relu, relu


def argument(*shape):
    return np.random.default_rng(0).standard_normal(shape)


@pytest.mark.parametrize("shape", [(4, 3), (7,), (2, 3, 4, 5)])
@pytest.mark.parametrize("slope", [0.0, 0.1, 0.9])
def test_promises(promises, slope, shape):
    promises(leaky_relu, argument(*shape), slope=slope, analytic=True)


def test_forward_is_the_equation_entry_by_entry():
    x = argument(4, 3)
    y, _ = leaky_relu.forward(x, slope=0.2)
    np.testing.assert_array_equal(y, [[v if v > 0 else 0.2 * v for v in row] for row in x])


def test_the_derivative_at_the_kink_is_the_slope():
    _, cache = leaky_relu.forward(np.array([-0.0, 0.0]), slope=0.25)
    np.testing.assert_array_equal(leaky_relu.backward(np.array([8.0, 8.0]), cache), [2, 2])


def test_without_a_slope_it_is_relu():
    x, dy = argument(4, 3), argument(4, 3) + 1
    y, cache = leaky_relu.forward(x, slope=0.0)
    expected, of_relu = relu.forward(x)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(leaky_relu.backward(dy, cache), relu.backward(dy, of_relu))


def test_what_is_not_finite_is_not_hidden():
    y, cache = leaky_relu.forward(np.array([np.nan, np.inf, -np.inf]), slope=0.5)
    np.testing.assert_array_equal(y, [np.nan, np.inf, -np.inf])
    np.testing.assert_array_equal(
        leaky_relu.backward(np.array([np.inf, np.inf, np.nan]), cache), [np.inf, np.inf, np.nan]
    )


def test_the_output_may_be_written_to_before_backward():
    y, cache = leaky_relu.forward(np.array([-1.0, 2.0]), slope=0.5)
    y[:] = 0
    np.testing.assert_array_equal(leaky_relu.backward(np.array([6.0, 6.0]), cache), [3, 6])


def test_a_slope_of_another_precision_changes_no_dtype():
    x = argument(4, 3).astype(np.float32)
    y, cache = leaky_relu.forward(x, slope=np.float64(0.1))
    assert y.dtype == leaky_relu.backward(x, cache).dtype == np.float32


@pytest.mark.parametrize("slope", [-0.1, 1.0, np.nan])
def test_a_slope_out_of_range_raises(slope):
    with pytest.raises(ValueError, match=r"slope is .*; needs a number from 0 to less than 1"):
        leaky_relu.forward(argument(2), slope=slope)
