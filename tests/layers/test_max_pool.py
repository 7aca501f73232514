"""Mirrors backprop/layers/max_pool.py."""

import numpy as np
import pytest

from backprop.layers import max_pool

CASES = {
    "plain": {},
    "one size for each axis": {"size": (3, 2)},
    "overlapping": {"size": (3, 2), "stride": (3, 1)},
    "overlapping both ways": {"size": 3, "stride": (1, 1)},
    "with gaps between windows": {"size": 1, "stride": (5, 3)},
    "padding": {"size": 3, "stride": 1, "padding": 1},
    "a padding for each side": {"size": (3, 2), "stride": (2, 2), "padding": ((1, 0), (1, 1))},
    "same": {"size": 2, "stride": 1, "padding": "same"},
    "full": {"size": (2, 3), "stride": 1, "padding": "full"},
}
cases = pytest.mark.parametrize("options", CASES.values(), ids=CASES)


def image(N=3, C=2, H=6, W=4):
    """Numbers that are all different, far enough for differences of 1e-6."""
    return np.random.default_rng(0).permutation(N * C * H * W).reshape(N, C, H, W) / 10.0 - 5


def naive(x, rows, columns):
    """Return the largest entries, and where each is: the first, row by row."""
    y = np.empty((*x.shape[:2], rows.outputs, columns.outputs))
    winner = np.empty(y.shape, object)
    for n, c, u, v in np.ndindex(*y.shape):
        top, left = u * rows.stride - rows.before, v * columns.stride - columns.before
        window = [
            (x[n, c, i, j], (n, c, i, j))
            for i in range(max(0, top), min(top + rows.taps, x.shape[2]))
            for j in range(max(0, left), min(left + columns.taps, x.shape[3]))
        ]
        y[n, c, u, v] = max(entry for entry, _ in window)
        winner[n, c, u, v] = next(at for entry, at in window if entry == y[n, c, u, v])
    return y, winner


def compare(x, options):
    y, cache = max_pool.forward(x, **options)
    expected, winner = naive(x, *cache[2:])
    np.testing.assert_array_equal(y, expected)
    dy = np.random.default_rng(1).standard_normal(y.shape)
    dx = np.zeros_like(x)
    for at in np.ndindex(*y.shape):
        dx[winner[at]] += dy[at]
    np.testing.assert_allclose(max_pool.backward(dy, cache), dx, atol=1e-14)


@cases
def test_forward_and_backward_are_what_counting_says(options):
    compare(image(), options)


@cases
def test_ties_go_to_the_first_row_by_row(options):
    compare(np.random.default_rng(2).integers(0, 3, (3, 2, 6, 4)) / 1.0, options)


@cases
def test_promises(promises, options):
    promises(max_pool, image(), **options)


@pytest.mark.parametrize("value", [-1e300, -np.inf])
def test_padding_never_wins(value):
    x = np.full((1, 1, 3, 3), value)
    y, cache = max_pool.forward(x, size=3, stride=1, padding=1)
    assert (y == value).all()
    assert max_pool.backward(np.ones_like(y), cache).sum() == 9


def test_every_window_has_one_winner():
    x = np.zeros((2, 3, 4, 4), np.float32)
    y, cache = max_pool.forward(x)
    dx = max_pool.backward(np.ones_like(y), cache)
    np.testing.assert_array_equal(dx[0, 0, :2, :2], [[1, 0], [0, 0]])
    assert dx.sum() == y.size


def test_nan_stays_nan():
    x = image()
    x[0, 0, 1, 1] = np.nan
    y, _ = max_pool.forward(x)
    assert np.isnan(y[0, 0, 0, 0]) and np.isnan(y).sum() == 1


def test_the_order_in_memory_is_kept():
    x = np.ascontiguousarray(image().transpose(2, 1, 3, 0)).transpose(3, 1, 0, 2)
    y, cache = max_pool.forward(x)
    assert y.strides[0] == x.itemsize == max_pool.backward(y, cache).strides[0]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"size": 4}, ValueError, r"stride is \[4, 4\]; it never reaches the last \[2, 0\] pixels"),
        ({"size": (3, 3)}, ValueError, r"never reaches the last \[0, 1\] pixels"),
        ({"size": 7}, ValueError, r"size reaches over \[7, 7\] pixels .* padding has \[6, 4\]"),
        ({"size": 2, "padding": 2}, ValueError, "padding is 2; needs less than size 2"),
        ({"size": 0}, ValueError, "size is 0; needs at least 1"),
        ({"size": 2.0}, TypeError, "size is 2.0; needs whole numbers"),
        ({"stride": 0}, ValueError, "stride is 0; needs at least 1"),
    ],
)
def test_bad_options_raise(options, error, message):
    with pytest.raises(error, match=message):
        max_pool.forward(image(), **options)


def test_what_is_no_image_raises():
    with pytest.raises(ValueError, match=r"x has shape \(4, 6\); needs \(N, C, H, W\)"):
        max_pool.forward(np.ones((4, 6)))
