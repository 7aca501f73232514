"""Mirrors backprop/losses/binary_cross_entropy.py."""

import numpy as np
import pytest

from backprop.losses import binary_cross_entropy, cross_entropy


def scores(N=6):
    return 3 * np.random.default_rng(0).standard_normal((N, 1))


def target(N=6):
    return np.random.default_rng(1).uniform(size=(N, 1))


def test_promises(promises):
    promises(binary_cross_entropy, scores(), target=target(), analytic=True)


def test_forward_is_the_equation_for_each_example():
    s, t = scores(), target()
    p = 1 / (1 + np.exp(-s))
    loss, _ = binary_cross_entropy.forward(s, target=t)
    np.testing.assert_allclose(loss, np.mean(-(t * np.log(p) + (1 - t) * np.log(1 - p))))


def test_it_is_cross_entropy_with_a_second_score_of_zero():
    s, t = scores(), target()
    loss, cache = binary_cross_entropy.forward(s, target=t)
    two, of_two = cross_entropy.forward(np.hstack([s, 0 * s]), target=np.hstack([t, 1 - t]))
    np.testing.assert_allclose(loss, two)
    expected = cross_entropy.backward(1.0, of_two)[:, :1]
    np.testing.assert_allclose(binary_cross_entropy.backward(1.0, cache), expected)


def test_huge_scores_neither_overflow_nor_lose_the_loss():
    s = np.array([[1e4], [-1e4]])
    loss, cache = binary_cross_entropy.forward(s, target=np.array([[0.0], [0.0]]))
    assert loss == 5000
    np.testing.assert_array_equal(binary_cross_entropy.backward(1.0, cache), [[0.5], [0]])


def test_bad_input_raises():
    with pytest.raises(ValueError, match=r"target\[1\] is 2; needs a number from 0 to 1"):
        binary_cross_entropy.forward(scores(2), target=np.array([[0.0], [2.0]]))
    with pytest.raises(ValueError, match="one example at least"):
        binary_cross_entropy.forward(scores(0), target=target(0))
    with pytest.raises(ValueError, match=r"scores has shape \(3, 2\); needs \(N, 1\)"):
        binary_cross_entropy.forward(np.ones((3, 2)), target=np.ones((3, 1)))
