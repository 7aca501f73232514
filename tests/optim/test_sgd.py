"""Mirrors backprop/optim/sgd.py."""

import numpy as np
import pytest

from backprop.optim import sgd


def test_a_step_goes_against_the_gradient_and_writes_to_nothing():
    w, dw = np.array([1.0, 2.0]), np.array([10.0, -10.0])
    w.flags.writeable = dw.flags.writeable = False
    (new,), state = sgd.step([w], [dw], sgd.init([w]), lr=0.1)
    np.testing.assert_allclose(new, [0, 3])
    assert state == ()


def test_float32_is_kept():
    w = np.ones(3, np.float32)
    assert sgd.step([w], [w], (), lr=0.1)[0][0].dtype == np.float32


def test_it_reaches_the_minimum_of_a_quadratic():
    w = [np.array([5.0, -3.0])]
    for _ in range(100):
        w, _ = sgd.step(w, [2 * w[0]], (), lr=0.2)
    np.testing.assert_allclose(w[0], 0, atol=1e-12)


@pytest.mark.parametrize(
    ("grads", "lr", "message"),
    [
        ([], 0.1, "grads has 0 arrays; needs 1"),
        ([np.ones((1, 2))], 0.1, r"grads\[0\] has shape \(1, 2\); needs \(2,\)"),
        ([np.ones(2)], 0.0, "lr is 0.0; needs a number greater than 0"),
        ([np.ones(2)], np.nan, "lr is nan"),
    ],
)
def test_bad_input_raises(grads, lr, message):
    with pytest.raises(ValueError, match=message):
        sgd.step([np.ones(2)], grads, (), lr=lr)
