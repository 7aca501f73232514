"""Mirrors backprop/recurrent/rnn.py."""

import numpy as np
import pytest

from backprop.layers import relu
from backprop.recurrent import rnn


def recurrence(x, h0, Wh, Wx, b, skip=0.0, f=np.tanh):
    """Return the states, one example and one step at a time."""
    h = np.empty((len(x), *h0.shape))
    for n, state in enumerate(h0):
        for t in range(len(x)):
            state = skip * state + f(Wh @ state + Wx @ x[t, n] + b)
            h[t, n] = state
    return h


@pytest.mark.parametrize("skip", [0, 0.5, 1])
def test_states_follow_the_recurrence(arguments, skip):
    args = arguments(rnn)
    np.testing.assert_allclose(rnn.forward(*args, skip=skip)[0], recurrence(*args, skip))


def test_another_activation(arguments):
    args = arguments(rnn)
    h, _ = rnn.forward(*args, activation=relu)
    np.testing.assert_allclose(h, recurrence(*args, f=lambda a: np.maximum(a, 0)))


@pytest.mark.parametrize("skip", [0.0, 1.0])
def test_one_sweep_is_the_double_sum(arguments, skip):
    """Liao18 (RNN-9)-(RNN-13): the sum over all t and k, with a skip link as well."""
    x, h0, Wh, Wx, b = arguments(rnn)
    h, cache = rnn.forward(x, h0, Wh, Wx, b, skip=skip)
    dh = np.random.default_rng(1).standard_normal(h.shape)
    before = np.concatenate([h0[None], h[:-1]])
    slope = 1 - (h - skip * before) ** 2
    dWh, dWx, db = np.zeros_like(Wh), np.zeros_like(Wx), np.zeros_like(b)
    for t in range(len(x)):
        back = dh[t]
        for k in range(t, -1, -1):
            delta = back * slope[k]
            dWh, dWx, db = dWh + delta.T @ before[k], dWx + delta.T @ x[k], db + delta.sum(axis=0)
            back = skip * back + delta @ Wh
    _, _, *grads = rnn.backward(dh, cache)
    for mine, expected in zip(grads, (dWh, dWx, db), strict=True):
        np.testing.assert_allclose(mine, expected, atol=1e-12)


def test_with_skip_links_and_no_weights_the_gradient_is_carried_unchanged(arguments):
    x, h0, Wh, Wx, b = arguments(rnn)
    h, cache = rnn.forward(x, h0, 0 * Wh, Wx, b, skip=1.0)
    dh = np.zeros_like(h)
    dh[-1] = np.random.default_rng(1).standard_normal(h0.shape)
    np.testing.assert_array_equal(rnn.backward(dh, cache)[1], dh[-1])


def test_a_skip_from_numpy_keeps_float32(arguments):
    args = arguments(rnn, dtype=np.float32)
    h, cache = rnn.forward(*args, skip=np.float64(0.5))
    assert h.dtype == np.float32
    assert {g.dtype for g in rnn.backward(h, cache)} == {np.dtype(np.float32)}
