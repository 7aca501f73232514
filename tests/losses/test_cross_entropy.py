"""Mirrors backprop/losses/cross_entropy.py."""

import numpy as np
import pytest

from backprop.losses import cross_entropy

LABELS = np.array([2, 0, 1, 2, 2])


def scores(N=5, C=3, dtype=np.float64):
    return (3 * np.random.default_rng(0).standard_normal((N, C))).astype(dtype)


def distributions(N=5, C=3):
    t = np.random.default_rng(1).uniform(size=(N, C))
    return t / t.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("target", [LABELS, distributions()], ids=["labels", "distributions"])
def test_promises(promises, target):
    promises(cross_entropy, scores(), target=target, analytic=True)


def test_forward_is_the_equation_for_each_example():
    s, t = scores(), distributions()
    loss, _ = cross_entropy.forward(s, target=t)
    p = [np.exp(row) / np.exp(row).sum() for row in s]
    each = [
        -sum(q * np.log(r) for q, r in zip(*pair, strict=True)) for pair in zip(t, p, strict=True)
    ]
    np.testing.assert_allclose(loss, np.mean(each))


def test_labels_are_distributions_with_all_in_one_place():
    one_hot = np.eye(3)[LABELS]
    results = [cross_entropy.forward(scores(), target=t) for t in (LABELS, one_hot)]
    assert results[0][0] == results[1][0]
    np.testing.assert_array_equal(*[cross_entropy.backward(1.0, c) for _, c in results])


def test_every_row_of_the_gradient_sums_to_zero():
    _, cache = cross_entropy.forward(scores(), target=LABELS)
    ds = cross_entropy.backward(2.5, cache)
    assert np.abs(ds).max() > 0.1
    np.testing.assert_allclose(ds.sum(axis=1), 0, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_scores_neither_overflow_nor_lose_the_loss(dtype):
    s = np.array([[1e4, 0.0], [-1e4, 0.0]], dtype)
    loss, cache = cross_entropy.forward(s, target=np.array([1, 1]))
    assert loss == 5000
    np.testing.assert_array_equal(cross_entropy.backward(1.0, cache), [[0.5, -0.5], [0, 0]])


@pytest.mark.parametrize("dloss", [1.0, np.float64(1), np.float32(1), np.array(1.0), 1])
def test_any_number_is_an_upstream_gradient_and_float32_stays(dloss):
    _, cache = cross_entropy.forward(scores(dtype=np.float32), target=LABELS)
    assert cross_entropy.backward(dloss, cache).dtype == np.float32


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (np.array([0, 1, 3, 0, 0]), r"target\[2\] is 3; needs a label from 0 to 2"),
        (np.array([0, 1, -1, 0, 0]), r"target\[2\] is -1; needs a label"),
        (np.array([0, 1]), r"target has shape \(2,\).*needs \(5,\) integers or \(5, 3\) floats"),
        (LABELS.astype(float), "needs"),
        ([0, 1, 2, 0, 1], r"dtype object; needs \(5,\) integers"),
        (np.full((5, 3), 0.5), r"target\[0\] sums to 1.5"),
        (np.tile([1.5, -0.5, 0.0], (5, 1)), "smallest entry -0.5; needs a distribution"),
        (np.full((5, 3), np.nan), "needs a distribution"),
    ],
)
def test_bad_targets_raise(target, message):
    with pytest.raises(ValueError, match=message):
        cross_entropy.forward(scores(), target=target)


def test_an_empty_batch_raises():
    with pytest.raises(ValueError, match="at least one example"):
        cross_entropy.forward(np.ones((0, 3)), target=np.array([], int))


def test_an_upstream_gradient_that_is_no_number_raises():
    _, cache = cross_entropy.forward(scores(), target=LABELS)
    with pytest.raises(ValueError, match=r"dloss has shape \(5,\); needs a single number"):
        cross_entropy.backward(np.ones(5), cache)
