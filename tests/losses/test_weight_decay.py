"""Mirrors backprop/losses/weight_decay.py."""

import numpy as np
import pytest

from backprop import check
from backprop.losses import weight_decay


def weights():
    rng = np.random.default_rng(0)
    return rng.standard_normal((4, 3)), rng.standard_normal((2, 4))


def test_gradients():
    errors = check.vjp(weight_decay, *weights(), rate=0.3)
    assert list(errors) == ["weights[0]", "weights[1]"]
    assert max(errors.values()) < 1e-8


def test_forward_is_the_trace_of_the_equation():
    W1, W2 = weights()
    loss, _ = weight_decay.forward(W1, W2, rate=0.3)
    np.testing.assert_allclose(loss, 0.3 / 2 * np.trace(W1.T @ W1) + 0.3 / 2 * np.trace(W2.T @ W2))


@pytest.mark.parametrize("rate", [0.3, np.float64(0.3)])
def test_float32_is_kept_whatever_the_precision_of_the_rate(rate):
    loss, cache = weight_decay.forward(*[W.astype(np.float32) for W in weights()], rate=rate)
    assert {loss.dtype, *(dW.dtype for dW in weight_decay.backward(1.0, cache))} == {
        np.dtype(np.float32)
    }


@pytest.mark.parametrize("rate", [-0.1, np.nan])
def test_a_rate_below_zero_raises(rate):
    with pytest.raises(ValueError, match=r"rate is .*; needs a number of at least 0"):
        weight_decay.forward(*weights(), rate=rate)


def test_no_weights_raise():
    with pytest.raises(ValueError, match="weights is empty"):
        weight_decay.forward(rate=0.1)
