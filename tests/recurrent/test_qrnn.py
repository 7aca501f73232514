"""Mirrors backprop/recurrent/qrnn.py."""

import numpy as np

from backprop.layers import relu
from backprop.recurrent import qrnn


def recurrence(x, h0, Wu, bu, Wh, bh, f=np.tanh):
    """Return the states, one example and one step at a time."""
    h = np.empty((len(x), *h0.shape))
    for n, state in enumerate(h0):
        for t in range(len(x)):
            U = 1 / (1 + np.exp(-(Wu @ x[t, n] + bu)))
            state = (1 - U) * state + U * f(Wh @ x[t, n] + bh)
            h[t, n] = state
    return h


def test_states_follow_the_recurrence(arguments):
    args = arguments(qrnn)
    np.testing.assert_allclose(qrnn.forward(*args)[0], recurrence(*args))


def test_another_activation(arguments):
    args = arguments(qrnn)
    h, _ = qrnn.forward(*args, activation=relu)
    np.testing.assert_allclose(h, recurrence(*args, f=lambda a: np.maximum(a, 0)))


def test_the_gradient_on_the_first_state_is_a_product_of_gates(arguments):
    x, h0, Wu, bu, *rest = arguments(qrnn)
    h, cache = qrnn.forward(x, h0, Wu, bu, *rest)
    dh = np.zeros_like(h)
    dh[-1] = 1
    U = 1 / (1 + np.exp(-(x @ Wu.T + bu)))
    np.testing.assert_allclose(qrnn.backward(dh, cache)[1], np.prod(1 - U, axis=0))


def test_a_shut_gate_carries_the_state_exactly(arguments):
    x, h0, Wu, bu, *rest = arguments(qrnn)
    h, _ = qrnn.forward(x, h0, 0 * Wu, bu - 1e6, *rest)
    np.testing.assert_array_equal(h, np.broadcast_to(h0, h.shape))
