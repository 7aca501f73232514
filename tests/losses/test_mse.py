"""Mirrors backprop/losses/mse.py."""

import numpy as np
import pytest

from backprop import check
from backprop.losses import mse


def arrays(N=4, M=3):
    rng = np.random.default_rng(0)
    return rng.standard_normal((N, M)), rng.standard_normal((N, M))


def test_gradient():
    y, target = arrays()
    assert check.vjp(mse, y, target=target)["y"] < 1e-8
    assert check.vjp(mse, y, target=target, method="complex")["y"] < 1e-14


def test_forward_is_the_equation_for_each_example():
    y, target = arrays()
    loss, _ = mse.forward(y, target=target)
    each = [np.linalg.norm(a - b) ** 2 / 2 for a, b in zip(y, target, strict=True)]
    np.testing.assert_allclose(loss, np.mean(each))


def test_float32_is_kept_and_arguments_are_not_written_to():
    y, target = (a.astype(np.float32) for a in arrays())
    y.flags.writeable = target.flags.writeable = False
    loss, cache = mse.forward(y, target=target)
    assert loss.dtype == mse.backward(np.float64(2), cache).dtype == np.float32


def test_bad_input_raises():
    y, target = arrays()
    with pytest.raises(ValueError, match=r"target has shape \(3, 4\); needs \(4, 3\)"):
        mse.forward(y, target=target.T)
    with pytest.raises(ValueError, match="one example at least"):
        mse.forward(y[:0], target=target[:0])
    with pytest.raises(ValueError, match="dloss has shape"):
        mse.backward(y, mse.forward(y, target=target)[1])
