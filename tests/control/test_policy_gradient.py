"""Mirrors backprop/control/policy_gradient.py."""

import numpy as np

from backprop.control import policy_gradient, q_learning
from backprop.layers import softmax
from backprop.nets import mlp


def start(seed=0):
    rng = np.random.default_rng(seed)
    return mlp.init(rng, 4, 5, 2, dtype=float), rng


def slope(f, params, i, at, by=1e-6):
    moved = [p.copy() for p in params]
    moved[i][at] += by
    high = f(moved)
    moved[i][at] -= 2 * by
    return (high - f(moved)) / (2 * by)


def test_the_gradient_is_that_of_the_loss():
    params, rng = start()
    states, actions, gain = (
        rng.standard_normal((7, 4)),
        rng.integers(0, 2, 7),
        rng.standard_normal(7),
    )
    _, grads = policy_gradient.gradients(params, states, actions, gain)

    def loss(p):
        return policy_gradient.gradients(p, states, actions, gain)[0]

    for i, g in enumerate(grads):
        assert np.abs(g).max() > 1e-3
        for at in np.ndindex(g.shape):
            np.testing.assert_allclose(g[at], slope(loss, params, i, at), atol=1e-8)


def test_its_expectation_is_the_gradient_of_the_expected_gain():
    """For one state and two actions, both weighted by their probabilities, without sampling."""
    params, rng = start()
    state, gain = rng.standard_normal((1, 4)), np.array([1.3, -0.4])

    def probabilities(p):
        return softmax.forward(mlp.forward(state, *p)[0])[0][0]

    both = [
        policy_gradient.gradients(params, state, np.array([a]), gain[a : a + 1])[1] for a in (0, 1)
    ]
    p = probabilities(params)
    for i, (first, second) in enumerate(zip(*both, strict=True)):
        expected = -(p[0] * first + p[1] * second)
        for at in np.ndindex(expected.shape):
            found = slope(lambda q: float(probabilities(q) @ gain), params, i, at)
            np.testing.assert_allclose(expected[at], found, atol=1e-8)


def test_a_constant_taken_from_every_gain_changes_no_expectation():
    params, rng = start()
    state = rng.standard_normal((1, 4))
    p = softmax.forward(mlp.forward(state, *params)[0])[0][0]
    one = [policy_gradient.gradients(params, state, np.array([a]), np.ones(1))[1] for a in (0, 1)]
    for first, second in zip(*one, strict=True):
        np.testing.assert_allclose(p[0] * first + p[1] * second, 0, atol=1e-14)
        assert np.abs(first).max() > 1e-3 or not first.any()


def test_advantages_count_the_steps_to_come():
    alive = np.array([[True, True], [True, True], [False, True]])
    found = policy_gradient.advantages(alive, 0.5)
    returns = np.array([[1.5, 1.75], [1, 1.5], [0, 1]])
    usual = np.array([[1.625], [1.25], [1]])
    np.testing.assert_allclose(found, (returns - usual) * alive)


def test_attempts_end_when_the_cart_is_out():
    params, rng = start()
    found = policy_gradient.attempt(rng, params, 6)
    assert found.states.shape == (found.lengths.max(), 6, 4) and found.alive[0].all()
    assert (np.diff(found.alive.astype(int), axis=0) <= 0).all()
    assert set(found.actions.ravel()) == {0, 1}


def test_a_policy_learns_to_balance():
    params, lengths = policy_gradient.learn(np.random.default_rng(0), iterations=40, carts=16)
    assert np.mean(lengths[:3]) < 60 and np.mean(lengths[-3:]) > 200
    assert q_learning.balance(np.random.default_rng(1), params, 10).mean() > 250
