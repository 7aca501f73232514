"""Mirrors backprop/layers/modulus.py."""

import numpy as np
import pytest

from backprop.layers import modulus


def argument(*shape):
    return np.random.default_rng(0).standard_normal(shape)


@pytest.mark.parametrize("shape", [(4, 3), (7,), (2, 3, 4, 5)])
def test_promises(promises, shape):
    promises(modulus, argument(*shape), analytic=True)


def test_forward_is_the_equation_entry_by_entry():
    x = argument(4, 3)
    y, _ = modulus.forward(x)
    np.testing.assert_array_equal(y, [[v if v > 0 else -v for v in row] for row in x])


def test_the_derivative_at_the_kink_is_zero():
    _, cache = modulus.forward(np.array([-0.0, 0.0]))
    np.testing.assert_array_equal(modulus.backward(np.array([3.0, 3.0]), cache), [0, 0])


def test_what_is_not_finite_is_not_hidden():
    y, _ = modulus.forward(np.array([np.nan, np.inf, -np.inf]))
    np.testing.assert_array_equal(y, [np.nan, np.inf, np.inf])


def test_the_output_may_be_written_to_before_backward():
    y, cache = modulus.forward(np.array([-1.0, 2.0]))
    y[:] = 0
    np.testing.assert_array_equal(modulus.backward(np.array([5.0, 5.0]), cache), [-5, 5])


def test_integers_raise():
    with pytest.raises(TypeError, match="x has dtype int64; needs floats"):
        modulus.forward(np.array([1, 2]))
