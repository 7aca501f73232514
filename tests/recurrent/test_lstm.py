"""Mirrors backprop/recurrent/lstm.py."""

import numpy as np
import pytest

from backprop.layers import relu
from backprop.recurrent import lstm


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def step(x, h, c, Wh, Wx, b, f=np.tanh):
    """Return the gates, the candidate, the memory and the state after a step of one example."""
    i, o, forget, g = np.split(Wh @ h + Wx @ x + b, 4)
    i, o, forget, g = sigmoid(i), sigmoid(o), sigmoid(forget), f(g)
    c = forget * c + i * g
    return i, o, forget, g, c, o * np.tanh(c)


def recurrence(x, h0, c0, *params, f=np.tanh):
    """Return states and memories, one example and one step at a time."""
    h, c = np.empty((2, len(x), *h0.shape))
    for n, (state, memory) in enumerate(zip(h0, c0, strict=True)):
        for t in range(len(x)):
            *_, memory, state = step(x[t, n], state, memory, *params, f=f)
            h[t, n], c[t, n] = state, memory
    return h, c


def gradients(dy, x, h0, c0, Wh, Wx, b, paths="iofg"):
    """Return ``dWh, dWx, db``; of the gates in `paths` alone the memory gets what they pass on.

    ``"ifg"`` is (56) as printed: its Jacobian of c_s leaves out the output gate; ``""`` is (56)
    with diag(f_s) for that Jacobian.
    """
    dWh, dWx, db = np.zeros_like(Wh), np.zeros_like(Wx), np.zeros_like(b)
    for n in range(x.shape[1]):
        h, c, steps = [h0[n]], [c0[n]], []
        for t in range(len(x)):
            steps.append(step(x[t, n], h[t], c[t], Wh, Wx, b))
            c.append(steps[-1][4])
            h.append(steps[-1][5])
        into_h, into_c, dc = np.zeros_like(h0[n]), np.zeros_like(h0[n]), np.zeros_like(h0[n])
        for t in reversed(range(len(x))):
            i, o, f, g, after, _ = steps[t]
            read = np.tanh(after)
            dh = dy[0][t, n] + into_h
            dc = dc + dy[1][t, n] + (dy[0][t, n] + into_c) * o * (1 - read**2)
            blocks = {
                "i": dc * g * i * (1 - i),
                "o": dh * read * o * (1 - o),
                "f": dc * c[t] * f * (1 - f),
                "g": dc * i * (1 - g**2),
            }
            rows = np.concatenate(list(blocks.values()))
            dWh, dWx, db = dWh + np.outer(rows, h[t]), dWx + np.outer(rows, x[t, n]), db + rows
            into_h = Wh.T @ rows
            seen = [v if k in paths else 0 * v for k, v in blocks.items()]
            into_c = Wh.T @ np.concatenate(seen)
            dc = dc * f
    return dWh, dWx, db


def run(args):
    y, cache = lstm.forward(*args)
    rng = np.random.default_rng(1)
    dy = tuple(rng.standard_normal(part.shape) for part in y)
    return dy, lstm.backward(dy, cache)


def errors(args, paths):
    dy, (_, _, _, *grads) = run(args)
    others = gradients(dy, *args, paths=paths)
    return [np.abs(a - b).max() / np.abs(a).max() for a, b in zip(grads, others, strict=True)]


def test_states_follow_the_recurrence(arguments):
    args = arguments(lstm)
    for mine, expected in zip(lstm.forward(*args)[0], recurrence(*args), strict=True):
        np.testing.assert_allclose(mine, expected)


def test_another_activation_is_that_of_the_candidate(arguments):
    args = arguments(lstm)
    y, _ = lstm.forward(*args, activation=relu)
    expected = recurrence(*args, f=lambda a: np.maximum(a, 0))
    for mine, other in zip(y, expected, strict=True):
        np.testing.assert_allclose(mine, other)


@pytest.mark.parametrize("T", [1, 2, 7])
def test_gradients_are_those_of_all_paths(arguments, T):
    assert max(errors(arguments(lstm, T), "iofg")) < 1e-12


@pytest.mark.parametrize("paths", ["ifg", ""])
def test_the_printed_recursion_passes_for_one_step_and_fails_for_two(arguments, paths):
    assert max(errors(arguments(lstm, 1), paths)) < 1e-12
    assert min(errors(arguments(lstm, 2), paths)) > 1e-3


def test_the_printed_recursion_is_right_if_the_output_gate_does_not_see_the_state(arguments):
    args = arguments(lstm)
    args[3][5:10] = 0
    assert max(errors(args, "ifg")) < 1e-12


def test_an_open_forget_gate_carries_the_gradient_on_the_memory(arguments):
    x, h0, c0, Wh, Wx, b = arguments(lstm)
    b = np.repeat([-1e6, 0, 1e6, 0], 5)  # input shut, forget open
    (h, c), cache = lstm.forward(x, h0, c0, 0 * Wh, 0 * Wx, b)
    np.testing.assert_array_equal(c, np.broadcast_to(c0, c.shape))
    dc = np.zeros_like(c)
    dc[-1] = np.random.default_rng(1).standard_normal(c0.shape)
    np.testing.assert_array_equal(lstm.backward((0 * h, dc), cache)[2], dc[-1])


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (lambda dh, dc: dh, TypeError, "dy is a ndarray; needs a pair"),
        (lambda dh, dc: (dh,), TypeError, "dy is a tuple; needs a pair"),
        (lambda dh, dc: (dh, dc[-1]), ValueError, r"dy has shape \(3, 5\); needs \(7, 3, 5\)"),
        (lambda dh, dc: (dh.astype(np.float32), dc), TypeError, "dy has dtype float32; needs"),
    ],
)
def test_an_upstream_gradient_of_another_form_raises(arguments, change, kind, message):
    (h, c), cache = lstm.forward(*arguments(lstm))
    with pytest.raises(kind, match=message):
        lstm.backward(change(h, c), cache)


def test_the_forget_bias_is_that_of_the_third_block():
    b = lstm.init(np.random.default_rng(0), 3, 2, forget=2.5).b
    assert b.tolist() == [0, 0, 0, 0, 2.5, 2.5, 0, 0]
