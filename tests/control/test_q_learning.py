"""Mirrors backprop/control/q_learning.py."""

import numpy as np

from backprop.control import q_learning
from backprop.nets import mlp


def example():
    rng = np.random.default_rng(0)
    params, old = (mlp.init(rng, 4, 5, 3, dtype=float) for _ in range(2))
    steps = q_learning.Steps(
        rng.standard_normal((7, 4)),
        rng.integers(0, 3, 7),
        rng.standard_normal(7),
        rng.standard_normal((7, 4)),
        np.array([False, True, False, False, True, False, False]),
    )
    return params, old, steps


def test_the_loss_is_the_definition_step_by_step():
    params, old, steps = example()
    loss, _ = q_learning.gradients(params, old, steps, gamma=0.7)
    total = 0.0
    for s, a, r, after, out in zip(*steps, strict=True):
        best = 0 if out else max(mlp.forward(after[None], *old)[0][0])
        total += (mlp.forward(s[None], *params)[0][0, a] - r - 0.7 * best) ** 2
    assert abs(loss - total / 14) < 1e-12


def test_the_gradient_is_that_of_the_loss_with_the_target_held():
    params, old, steps = example()
    _, grads = q_learning.gradients(params, old, steps, gamma=0.7)
    for i, g in enumerate(grads):
        assert np.abs(g).max() > 1e-3
        for at in np.ndindex(g.shape):
            values = []
            for by in (1e-6, -1e-6):
                moved = [p.copy() for p in params]
                moved[i][at] += by
                values.append(q_learning.gradients(moved, old, steps, gamma=0.7)[0])
            np.testing.assert_allclose(g[at], (values[0] - values[1]) / 2e-6, atol=1e-8)


def test_no_gradient_flows_through_the_target():
    params, _, steps = example()
    _, grads = q_learning.gradients(params, params, steps, gamma=0.7)
    copy = [p.copy() for p in params]
    _, same = q_learning.gradients(params, copy, steps, gamma=0.7)
    assert all(np.array_equal(a, b) for a, b in zip(grads, same, strict=True))


def test_the_values_learn_to_balance():
    params, lengths = q_learning.learn(np.random.default_rng(2), updates=3000, hidden=16)
    assert np.mean(lengths[:20]) < 40
    assert q_learning.balance(np.random.default_rng(1), params, 10).mean() > 100


def test_who_falls_at_once_is_counted_once():
    params = mlp.Params(np.zeros((1, 4)), np.zeros(1), np.zeros((2, 1)), np.zeros(2))
    lengths = q_learning.balance(np.random.default_rng(0), params, 4)  # always to the left
    assert (lengths > 5).all() and (lengths < 12).all()
