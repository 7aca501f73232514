"""Mirrors backprop/plans/conv.py: against ``layers.conv2d`` on random sizes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop.layers import conv2d
from backprop.plans import conv
from backprop.plans.arena import Arena

few = st.integers(1, 4)


@given(few, few, few, few, st.integers(1, 6), st.booleans(), st.sampled_from([1, 100, 10**6]))
@settings(deadline=None)
def test_outputs_and_gradients_are_those_of_the_layer(N, C, M, K, E, first, products):
    sizes = conv.Sizes(E + K - 1, C, M, K)
    rng = np.random.default_rng(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conv, "SMALL", products)  # one place at a time, some, all
        arena = Arena(conv.Conv.wanted("", sizes, N, float, first=first))
        made = conv.Conv("", sizes, N, arena, 0.5, first=first)
    x, W = rng.standard_normal((N, C, E + K - 1, E + K - 1)), rng.standard_normal((M, C, K, K))
    dy = rng.standard_normal((N, M, E, E))
    for _ in range(2):
        y = made.forward(x.transpose(2, 1, 3, 0), W)
        expected, cache = conv2d.forward(x, 0.5 * W, np.zeros(M), method="direct")
        np.testing.assert_allclose(y.transpose(3, 1, 0, 2), expected, rtol=0, atol=1e-12)
        made.dy[...] = dy.transpose(2, 1, 3, 0)
        dW = np.full_like(W, np.nan)
        dx = made.backward(dW)
        of_x, of_W, _ = conv2d.backward(dy, cache)
        np.testing.assert_allclose(dW, 0.5 * of_W, rtol=0, atol=1e-12)
        if first:
            assert dx is None
        else:
            np.testing.assert_allclose(dx.transpose(3, 1, 0, 2), of_x, rtol=0, atol=1e-12)


def test_windows_cannot_be_written_to():
    windows = conv._overlapping(np.zeros((3, 1, 2, 2, 1)), 2, 2, 1)
    assert not windows.flags.writeable
