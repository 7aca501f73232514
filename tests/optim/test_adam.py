"""Mirrors backprop/optim/adam.py."""

from fractions import Fraction

import numpy as np
import pytest

from backprop.optim import adam


def test_steps_are_those_of_exact_arithmetic():
    """Against the definition: weighted sums of all gradients over the sums of the weights."""
    rng = np.random.default_rng(0)
    grads = rng.standard_normal((6, 4))
    w, state = [np.array([1.0, -2.0, 0.5, 3.0])], None
    state = adam.init(w)
    expected = w[0].copy()
    for k in range(6):
        w, state = adam.step(w, [grads[k]], state, lr=0.1, beta1=0.7, beta2=0.9)
        weights = [[Fraction(b) ** (k - j) for j in range(k + 1)] for b in (0.7, 0.9)]
        first, second = (
            sum(float(c / sum(row)) * g for c, g in zip(row, powers, strict=True))
            for row, powers in zip(weights, (grads[: k + 1], grads[: k + 1] ** 2), strict=True)
        )
        expected = expected - 0.1 * first / (np.sqrt(second) + 1e-8)
        np.testing.assert_allclose(w[0], expected, rtol=1e-12)
    assert state.steps == 6


def test_it_writes_to_nothing_and_keeps_float32():
    w, dw = np.ones(3, np.float32), np.full(3, 2, np.float32)
    state = adam.init([w])
    for array in (w, dw, *state.m, *state.v):
        array.flags.writeable = False
    (new,), after = adam.step([w], [dw], state, lr=0.1)
    assert {a.dtype for a in (new, *after.m, *after.v)} == {np.dtype(np.float32)}
    np.testing.assert_allclose(new, 0.9, rtol=1e-5)


def test_the_scale_of_the_loss_does_not_matter():
    rng, runs = np.random.default_rng(0), []
    grads = rng.standard_normal((5, 3))
    for scale in (1.0, 1000.0):
        w = [np.zeros(3)]
        state = adam.init(w)
        for g in grads:
            w, state = adam.step(w, [scale * g], state, lr=0.1)
        runs.append(w[0])
    np.testing.assert_allclose(*runs, rtol=1e-6)


def test_without_a_gradient_nothing_moves():
    w = [np.ones(2)]
    np.testing.assert_array_equal(adam.step(w, [np.zeros(2)], adam.init(w), lr=0.1)[0][0], 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"grads": []}, "grads has 0 arrays; needs 1"),
        ({"grads": [np.ones((1, 2))]}, r"grads\[0\] has shape \(1, 2\); needs \(2,\)"),
        ({"lr": 0.0}, "lr is 0.0; needs a number greater than 0"),
        ({"epsilon": 0.0}, "epsilon is 0.0; needs a number greater than 0"),
        ({"beta1": 1.0}, "beta1 is 1.0; needs a number from 0 to less than 1"),
        ({"beta2": -0.1}, "beta2 is -0.1; needs a number from 0 to less than 1"),
    ],
)
def test_bad_input_raises(change, message):
    w = [np.ones(2)]
    arguments = {"grads": [np.ones(2)], "lr": 0.1} | change
    with pytest.raises(ValueError, match=message):
        adam.step(w, state=adam.init(w), **arguments)
