"""Mirrors backprop/layers/mean_pool.py."""

import numpy as np
import pytest

from backprop.layers import mean_pool


def arguments(N=3, C=2, H=6, W=4, dtype=np.float64):
    """Random ``x, w, a``."""
    rng = np.random.default_rng(0)
    return [rng.standard_normal(s).astype(dtype) for s in [(N, C, H, W), (C,), (C,)]]


@pytest.mark.parametrize("size", [2, (3, 2), (1, 4), 1])
def test_forward_is_the_scaled_mean_of_each_window(size):
    x, w, a = arguments()
    P, Q = size if isinstance(size, tuple) else (size, size)
    y, _ = mean_pool.forward(x, w, a, size=size)
    assert y.shape == (3, 2, 6 // P, 4 // Q)
    for n, c, u, v in np.ndindex(*y.shape):
        window = x[n, c, u * P : u * P + P, v * Q : v * Q + Q]
        np.testing.assert_allclose(y[n, c, u, v], w[c] * window.mean() + a[c])


@pytest.mark.parametrize("size", [2, (3, 2), (6, 4)])
def test_promises(promises, size):
    promises(mean_pool, *arguments(), analytic=True, size=size)


def test_each_pixel_has_the_gradient_of_liao18():
    x, w, a = arguments()
    y, cache = mean_pool.forward(x, w, a)
    dy = np.random.default_rng(1).standard_normal(y.shape)
    dx, _, _ = mean_pool.backward(dy, cache)
    for n, c, i, j in np.ndindex(*x.shape):
        # counted from 1, as printed
        window = dy[n, c, (i + 2) // 2 - 1, (j + 2) // 2 - 1]
        np.testing.assert_allclose(dx[n, c, i, j], w[c] / 4 * window)


def test_the_order_in_memory_is_kept():
    x, w, a = arguments()
    x = np.ascontiguousarray(x.transpose(2, 1, 3, 0)).transpose(3, 1, 0, 2)
    y, cache = mean_pool.forward(x, w, a)
    assert y.strides[0] == x.itemsize == mean_pool.backward(y, cache)[0].strides[0]


@pytest.mark.parametrize(
    ("size", "error", "message"),
    [
        (4, ValueError, "size is 4; needs to divide the image, 6 x 4 pixels"),
        ((2, 3), ValueError, r"size is \(2, 3\); needs to divide the image, 6 x 4 pixels"),
        (0, ValueError, "size is 0; needs at least 1"),
        (2.0, TypeError, "size is 2.0; needs whole numbers"),
    ],
)
def test_a_size_that_does_not_fit_raises(size, error, message):
    with pytest.raises(error, match=message):
        mean_pool.forward(*arguments(), size=size)


def test_shapes_that_disagree_raise():
    x, w, a = arguments()
    with pytest.raises(ValueError, match=r"w has shape \(1,\); needs \(C\) with C = 2"):
        mean_pool.forward(x, w[:1], a)
    with pytest.raises(ValueError, match=r"x has shape \(2, 6, 4\); needs \(N, C, H, W\)"):
        mean_pool.forward(x[0], w, a)
