"""Mirrors backprop/layers/linear.py."""

import numpy as np
import pytest

from backprop.layers import linear


def arguments(N=4, D=3, M=2, dtype=np.float64):
    """Random ``x, W, b``; the sizes differ, so that no transpose can hide."""
    rng = np.random.default_rng(0)
    return [rng.standard_normal(size).astype(dtype) for size in [(N, D), (M, D), (M,)]]


@pytest.mark.parametrize("sizes", [(4, 3, 2), (1, 1, 1), (1, 5, 2), (7, 2, 9)])
def test_promises(promises, sizes):
    promises(linear, *arguments(*sizes), analytic=True)


def test_forward_is_the_equation_for_each_example():
    x, W, b = arguments()
    y, _ = linear.forward(x, W, b)
    np.testing.assert_allclose(y, [W @ row + b for row in x], rtol=1e-14)


def test_gradients_of_the_parameters_sum_over_the_batch():
    x, W, b = arguments()
    y, cache = linear.forward(x, W, b)
    dy = np.random.default_rng(1).standard_normal(y.shape)
    _, dW, db = linear.backward(dy, cache)
    np.testing.assert_allclose(dW, sum(np.outer(g, row) for g, row in zip(dy, x, strict=True)))
    np.testing.assert_allclose(db, sum(dy))


def test_an_empty_batch_has_gradients_of_zero():
    y, cache = linear.forward(*arguments(N=0))
    dx, dW, db = linear.backward(y, cache)
    assert dx.shape == (0, 3) and not dW.any() and not db.any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, W, b: (x, W.T, b), r"W has shape \(3, 2\); needs \(M, D\) with D = 3$"),
        (lambda x, W, b: (x, W, b[:1]), r"b has shape \(1,\); needs \(M\) with M = 2"),
        (lambda x, W, b: (x[0], W, b), r"x has shape \(3,\); needs \(N, D\)"),
    ],
)
def test_shapes_that_disagree_raise(change, message):
    with pytest.raises(ValueError, match=message):
        linear.forward(*change(*arguments()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, W, b: (x, W.astype(np.float32), b), "W has dtype float32; needs float64"),
        (lambda x, W, b: (x.astype(int), W, b), "x has dtype int64; needs floats"),
        (lambda x, W, b: (x, W, list(b)), "b is a list; needs an array"),
    ],
)
def test_dtypes_that_disagree_raise(change, message):
    with pytest.raises(TypeError, match=message):
        linear.forward(*change(*arguments()))
