"""Mirrors backprop/layers/dropout.py."""

from types import SimpleNamespace

import numpy as np
import pytest

from backprop.layers import dropout


def argument(*shape):
    return np.random.default_rng(0).standard_normal(shape)


def fixed(rate):
    """Return the layer with the same mask in every call, so that it is a function."""
    return SimpleNamespace(
        forward=lambda x: dropout.forward(x, rate=rate, rng=np.random.default_rng(7)),
        backward=dropout.backward,
    )


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.9])
def test_promises(promises, rate):
    promises(fixed(rate), argument(9, 8), analytic=True)


def test_the_share_and_the_scale():
    y, _ = dropout.forward(np.ones((400, 500)), rate=0.2, rng=np.random.default_rng(0))
    assert set(np.unique(y)) == {0, 1.25}
    np.testing.assert_allclose((y == 0).mean(), 0.2, atol=0.004)
    np.testing.assert_allclose(y.mean(), 1, atol=0.005)


def test_every_call_draws_anew_and_the_seed_decides():
    rng = np.random.default_rng(0)
    a, b = (dropout.forward(np.ones(50), rate=0.5, rng=rng)[0] for _ in range(2))
    assert (a != b).any()
    again, _ = dropout.forward(np.ones(50), rate=0.5, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(a, again)


@pytest.mark.parametrize("rate", [0.25, np.float64(0.25)])
def test_float32_is_kept_whatever_the_precision_of_the_rate(rate):
    x = argument(9, 8).astype(np.float32)
    y, cache = dropout.forward(x, rate=rate, rng=np.random.default_rng(0))
    assert y.dtype == dropout.backward(y, cache).dtype == np.float32


def test_bad_input_raises():
    with pytest.raises(ValueError, match=r"rate is 1.0; needs a number from 0 to less than 1"):
        dropout.forward(np.ones(3), rate=1.0, rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match=r"rng is a int; needs a numpy.random.Generator"):
        dropout.forward(np.ones(3), rate=0.5, rng=0)
