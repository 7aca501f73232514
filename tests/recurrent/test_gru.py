"""Mirrors backprop/recurrent/gru.py."""

import numpy as np
import pytest

from backprop.layers import relu
from backprop.recurrent import gru


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def step(x, h, Wh, Wx, b, f=np.tanh):
    """Return the gates, the candidate and the state after a step of one example."""
    (W_u, W_r, W_h), (V_u, V_r, V_h), (b_u, b_r, b_h) = (np.split(a, 3) for a in (Wh, Wx, b))
    U = sigmoid(W_u @ h + V_u @ x + b_u)
    R = sigmoid(W_r @ h + V_r @ x + b_r)
    candidate = f(W_h @ (R * h) + V_h @ x + b_h)
    return U, R, candidate, (1 - U) * h + U * candidate


def recurrence(x, h0, *params, f=np.tanh):
    """Return the states, one example and one step at a time."""
    h = np.empty((len(x), *h0.shape))
    for n, state in enumerate(h0):
        for t in range(len(x)):
            *_, state = step(x[t, n], state, *params, f=f)
            h[t, n] = state
    return h


def gradients(dh, x, h0, Wh, Wx, b, through_reset=True):
    """Return ``dWh, dWx, db`` by the printed recursion (48), Jacobian by Jacobian.

    Without `through_reset` the Jacobian of the candidate takes the reset gate as a constant.
    """
    W_u, W_r, W_h = np.split(Wh, 3)
    dWh, dWx, db = np.zeros_like(Wh), np.zeros_like(Wx), np.zeros_like(b)
    for n in range(x.shape[1]):
        h = [h0[n]]
        for t in range(len(x)):
            h.append(step(x[t, n], h[t], Wh, Wx, b)[3])
        total = np.zeros_like(h0[n])
        for t in reversed(range(len(x))):
            total = total + dh[t, n]
            U, R, candidate, _ = step(x[t, n], h[t], Wh, Wx, b)
            da = total * U * (1 - candidate**2)
            dk = W_h.T @ da
            du, dr = total * (candidate - h[t]) * U * (1 - U), dk * h[t] * R * (1 - R)
            rows = np.concatenate([du, dr, da])
            dWx, db = dWx + np.outer(rows, x[t, n]), db + rows
            gates = np.outer(np.concatenate([du, dr]), h[t])
            dWh = dWh + np.concatenate([gates, np.outer(da, R * h[t])])
            kept = np.diag(R)
            if through_reset:
                kept = kept + np.diag(h[t] * R * (1 - R)) @ W_r
            of_candidate = np.diag(1 - candidate**2) @ W_h @ kept
            of_gate = np.diag(U * (1 - U)) @ W_u
            jacobian = np.diag(1 - U) + (candidate - h[t])[:, None] * of_gate
            jacobian += U[:, None] * of_candidate
            total = total @ jacobian
    return dWh, dWx, db


def test_states_follow_the_recurrence(arguments):
    args = arguments(gru)
    np.testing.assert_allclose(gru.forward(*args)[0], recurrence(*args))


def test_another_activation(arguments):
    args = arguments(gru)
    h, _ = gru.forward(*args, activation=relu)
    np.testing.assert_allclose(h, recurrence(*args, f=lambda a: np.maximum(a, 0)))


@pytest.mark.parametrize("T", [1, 2, 7])
def test_gradients_are_those_of_the_printed_recursion_with_total_jacobians(arguments, T):
    args = arguments(gru, T)
    h, cache = gru.forward(*args)
    dh = np.random.default_rng(1).standard_normal(h.shape)
    for mine, expected in zip(gru.backward(dh, cache)[2:], gradients(dh, *args), strict=True):
        np.testing.assert_allclose(mine, expected, atol=1e-12)


def test_a_constant_reset_gate_passes_for_one_step_and_fails_for_two(arguments):
    for T in (1, 2):
        args = arguments(gru, T)
        h, cache = gru.forward(*args)
        dh = np.random.default_rng(1).standard_normal(h.shape)
        wrong = gradients(dh, *args, through_reset=False)
        for mine, other in zip(gru.backward(dh, cache)[2:], wrong, strict=True):
            error = np.abs(mine - other).max() / np.abs(mine).max()
            assert error < 1e-12 if T == 1 else error > 1e-3
