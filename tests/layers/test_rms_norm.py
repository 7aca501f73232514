"""Mirrors backprop/layers/rms_norm.py."""

import numpy as np
import pytest

from backprop.layers import rms_norm


def arguments(*lead, D=4):
    rng = np.random.default_rng(0)
    return rng.standard_normal((*lead, D)), rng.uniform(0.5, 2, D)


@pytest.mark.parametrize("over", ["features", "batch"])
@pytest.mark.parametrize("lead", [(5,), (3, 2), (6, 2, 3)])
def test_promises(promises, over, lead):
    promises(rms_norm, *arguments(*lead), analytic=True, over=over, epsilon=0.1)


def test_one_example_without_an_axis_for_the_batch(promises):
    promises(rms_norm, *arguments(), analytic=True)


def test_forward_is_the_equation_example_by_example():
    x, gamma = arguments(5)
    y, _ = rms_norm.forward(x, gamma, epsilon=0.3)
    for row, found in zip(x, y, strict=True):
        np.testing.assert_allclose(found, gamma * row / np.sqrt((row @ row) / 4 + 0.3))
    y, _ = rms_norm.forward(x, gamma, over="batch", epsilon=0.3)
    for d in range(4):
        r = np.sqrt(sum(v * v for v in x[:, d]) / 5 + 0.3)
        np.testing.assert_allclose(y[:, d], gamma[d] * x[:, d] / r)


def test_the_scale_of_the_input_does_not_matter_and_its_gradient_shrinks_with_it():
    x, gamma = arguments(5)
    dy = np.random.default_rng(1).standard_normal(x.shape)
    y, cache = rms_norm.forward(x, gamma, epsilon=1e-12)
    large, of_large = rms_norm.forward(1e4 * x, gamma, epsilon=1e-12)
    np.testing.assert_allclose(large, y, rtol=1e-9)
    dx, _ = rms_norm.backward(dy, cache)
    np.testing.assert_allclose(rms_norm.backward(dy, of_large)[0], dx / 1e4, rtol=1e-6)
    np.testing.assert_allclose((dx * x).sum(axis=1), 0, atol=1e-9)  # no pull along the input
    assert np.abs(dx).max() > 0.1


def test_zeros_stay_zeros_and_pass_the_gradient_on():
    y, cache = rms_norm.forward(np.zeros((1, 3)), np.ones(3), epsilon=0.25)
    assert not y.any()
    np.testing.assert_allclose(rms_norm.backward(np.ones((1, 3)), cache)[0], 2)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"x": np.ones((2, 3))},
            ValueError,
            r"x has shape \(2, 3\); needs \(\.\.\., D\) with D = 4",
        ),
        ({"x": np.ones((2, 4), int)}, TypeError, "x has dtype int64"),
        ({"gamma": np.ones((4, 1))}, ValueError, r"gamma has shape \(4, 1\); needs \(D\)"),
        ({"over": "rows"}, ValueError, "over is 'rows'; needs 'features' or 'batch'"),
        ({"epsilon": 0.0}, ValueError, "epsilon is 0.0"),
        ({"x": np.ones((0, 4)), "over": "batch"}, ValueError, "at least one entry"),
        ({"x": np.ones(4), "over": "batch"}, ValueError, "at least one entry"),
    ],
)
def test_bad_input_raises(change, error, message):
    x, gamma = arguments(5)
    given = {"x": x, "gamma": gamma} | change
    with pytest.raises(error, match=message):
        rms_norm.forward(given.pop("x"), given.pop("gamma"), **given)


def test_the_default_epsilon_is_a_millionth():
    x, gamma = arguments(5)
    y, _ = rms_norm.forward(1e-3 * x, gamma)
    np.testing.assert_array_equal(y, rms_norm.forward(1e-3 * x, gamma, epsilon=1e-6)[0])


@pytest.mark.filterwarnings("default")
def test_squares_that_overflow_are_told():
    x, gamma = (a.astype(np.float32) for a in arguments(5))
    with pytest.warns(RuntimeWarning, match="overflow"):
        rms_norm.forward(1e20 * x, gamma)
