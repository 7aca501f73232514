"""Mirrors backprop/control/cart_pole.py."""

import numpy as np
import pytest

from backprop.control import cart_pole


def test_a_step_obeys_the_equations_of_motion():
    """(M + m) x'' + m l a'' cos a = F + m l a'^2 sin a, and 4/3 l a'' + x'' cos a = g sin a."""
    rng = np.random.default_rng(0)
    state, action = rng.uniform(-2, 2, (50, 4)), rng.integers(0, 2, 50)
    after, _ = cart_pole.step(state, action)
    for row, push, new in zip(state, 20 * action - 10, after, strict=True):
        _, speed, angle, turning = row
        c, s = np.cos(angle), np.sin(angle)
        left = np.array([[1.1, 0.05 * c], [c, 4 / 3 * 0.5]])
        right = np.array([push + 0.05 * turning**2 * s, 9.8 * s])
        faster, swing = np.linalg.solve(left, right)
        np.testing.assert_allclose(new, row + 0.02 * np.array([speed, faster, turning, swing]))


def test_left_and_right_are_mirror_images():
    rng = np.random.default_rng(0)
    state, action = cart_pole.start(rng, 9), rng.integers(0, 2, 9)
    a, b = cart_pole.step(state, action)[0], cart_pole.step(-state, 1 - action)[0]
    np.testing.assert_allclose(a, -b)


def test_who_leans_or_has_run_too_far_is_out():
    state = np.array(
        [[0, 0, 0, 0], [2.41, 0, 0, 0], [-2.41, 0, 0, 0], [0, 0, 0.22, 0], [0, 0, -0.22, 0.0]]
    )
    _, out = cart_pole.step(state, np.zeros(5, int))
    assert out.tolist() == [False, True, True, True, True]


def test_without_steering_the_pole_falls_soon():
    state, steps = cart_pole.start(np.random.default_rng(0), 1), 0
    out = np.array([False])
    while not out[0]:
        state, out = cart_pole.step(state, np.array([steps % 2]))
        steps += 1
    assert 20 < steps < 120


@pytest.mark.parametrize(
    ("state", "action", "message"),
    [
        (np.ones((2, 3)), np.zeros(2, int), r"state has shape \(2, 3\); needs \(N, 4\)"),
        (np.ones((2, 4)), np.zeros(3, int), r"action has shape \(3,\); needs \(2,\)"),
        (np.ones((2, 4)), np.array([0, 2]), "of 0 and 1"),
    ],
)
def test_bad_input_raises(state, action, message):
    with pytest.raises(ValueError, match=message):
        cart_pole.step(state, action)
