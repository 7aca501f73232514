"""Mirrors backprop/layers/softmax.py."""

import numpy as np
import pytest

from backprop.layers import softmax


def argument(*shape):
    return 2 * np.random.default_rng(0).standard_normal(shape)


@pytest.mark.parametrize(("shape", "axis"), [((4, 3), -1), ((4, 3), 0), ((2, 5, 3), 1), ((6,), 0)])
def test_promises(promises, shape, axis):
    promises(softmax, argument(*shape), axis=axis, analytic=True)


def test_forward_is_the_equation_for_each_row():
    x = argument(4, 3)
    y, _ = softmax.forward(x)
    np.testing.assert_allclose(y, [np.exp(row) / np.exp(row).sum() for row in x])


def test_backward_is_the_jacobian():
    x, dy = argument(4), np.random.default_rng(1).standard_normal(4)
    y, cache = softmax.forward(x)
    np.testing.assert_allclose(softmax.backward(dy, cache), dy @ (np.diag(y) - np.outer(y, y)))


def test_huge_scores_do_not_overflow():
    y, _ = softmax.forward(np.array([1e30, -1e30], np.float32))
    np.testing.assert_array_equal(y, [1, 0])


def test_an_empty_batch_is_fine_and_an_empty_axis_raises():
    assert softmax.forward(np.ones((0, 3)))[0].shape == (0, 3)
    with pytest.raises(ValueError, match="needs at least one entry along axis -1"):
        softmax.forward(np.ones((3, 0)))
    with pytest.raises(ValueError, match="along axis 2"):
        softmax.forward(np.ones((3, 2)), axis=2)
