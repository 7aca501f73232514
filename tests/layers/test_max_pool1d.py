"""Mirrors backprop/layers/max_pool1d.py."""

import numpy as np
import pytest

from backprop.layers import max_pool1d


def argument(*shape):
    return np.random.default_rng(0).permutation(np.prod(shape)).reshape(shape) / 7


@pytest.mark.parametrize(
    "options",
    [
        {"size": 3},
        {"size": 2, "stride": 1},
        {"size": 4, "stride": 1, "padding": 2},
        {"size": 3, "stride": 1, "padding": (2, 0)},
        {"size": 3, "padding": "same"},
    ],
)
def test_promises(promises, options):
    promises(max_pool1d, argument(2, 3, 9), **options)


def test_forward_is_the_equation_window_by_window():
    x = argument(2, 3, 9)
    y, _ = max_pool1d.forward(x, size=4, stride=1, padding=(1, 0))
    for n, c, v in np.ndindex(y.shape):
        assert y[n, c, v] == max(x[n, c, max(0, v - 1) : v + 3])
    assert y.shape == (2, 3, 7)


def test_zeros_of_the_padding_never_win():
    y, _ = max_pool1d.forward(np.full((1, 1, 2), -5.0), size=2, stride=1, padding=1)
    np.testing.assert_array_equal(y, [[[-5, -5, -5]]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 10}, "size reaches over"),
        ({"size": 2}, "stride is"),
        ({"size": 0}, "size is 0"),
    ],
)
def test_bad_input_raises(change, message):
    with pytest.raises(ValueError, match=message):
        max_pool1d.forward(argument(2, 3, 9), **change)
    with pytest.raises(ValueError, match=r"x has shape \(3, 9\); needs \(N, C, L\)"):
        max_pool1d.forward(argument(3, 9), size=3)
