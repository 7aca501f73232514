"""Mirrors backprop/layers/batch_norm.py."""

import numpy as np
import pytest

from backprop import check
from backprop.layers import batch_norm
from backprop.layers.batch_norm import State


def arguments(*shape):
    rng = np.random.default_rng(0)
    D = shape[1]
    return [2 + 3 * rng.standard_normal(shape), rng.standard_normal(D), rng.standard_normal(D)]


def state(D, dtype=np.float64):
    rng = np.random.default_rng(1)
    return State(rng.standard_normal(D).astype(dtype), rng.uniform(1, 2, D).astype(dtype))


@pytest.mark.parametrize("shape", [(5, 3), (7, 2), (3, 4, 2, 5)])
def test_promises(promises, shape):
    promises(batch_norm, *arguments(*shape), analytic=True)


@pytest.mark.parametrize("momentum", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(5, 3), (1, 3), (3, 4, 2, 5)])
@pytest.mark.parametrize("epsilon", [1e-5, 1.0])
def test_gradients_with_momentum(momentum, shape, epsilon):
    constants = {"state": state(shape[1]), "momentum": momentum, "epsilon": epsilon}
    errors = check.vjp(batch_norm, *arguments(*shape), **constants)
    assert max(errors.values()) < 1e-7
    errors = check.vjp(batch_norm, *arguments(*shape), method="complex", **constants)
    assert max(errors.values()) < 1e-12


def test_gradients_in_inference():
    errors = check.vjp(batch_norm, *arguments(1, 3), state=state(3), inference=True)
    assert max(errors.values()) < 1e-8


def test_forward_is_the_equation_for_each_feature():
    x, gamma, beta = arguments(6, 3)
    before, m, eps = state(3), 0.3, 0.1
    y, cache = batch_norm.forward(x, gamma, beta, state=before, momentum=m, epsilon=eps)
    for d in range(3):
        mean = sum(x[:, d]) / 6 * (1 - m) + m * before.mean[d]
        variance = sum((x[:, d] - mean) ** 2) / 6 * (1 - m) + m * before.variance[d]
        expected = gamma[d] * (x[:, d] - mean) / np.sqrt(variance + eps) + beta[d]
        np.testing.assert_allclose(y[:, d], expected)
        after = batch_norm.next_state(cache)
        np.testing.assert_allclose([after.mean[d], after.variance[d]], [mean, variance])


def test_images_are_batches_whose_pixels_are_examples():
    x, gamma, beta = arguments(3, 4, 2, 5)
    y, cache = batch_norm.forward(x, gamma, beta)
    rows = x.transpose(0, 2, 3, 1).reshape(-1, 4)
    flat, of_rows = batch_norm.forward(rows, gamma, beta)
    np.testing.assert_allclose(y.transpose(0, 2, 3, 1).reshape(-1, 4), flat)
    dy = np.random.default_rng(2).standard_normal(y.shape)
    dx, *_ = batch_norm.backward(dy, cache)
    expected, *_ = batch_norm.backward(dy.transpose(0, 2, 3, 1).reshape(-1, 4), of_rows)
    np.testing.assert_allclose(dx.transpose(0, 2, 3, 1).reshape(-1, 4), expected)


def test_inference_uses_the_state_alone():
    x, gamma, beta = arguments(6, 3)
    y, cache = batch_norm.forward(x, gamma, beta, state=state(3), inference=True)
    one, _ = batch_norm.forward(x[:1], gamma, beta, state=state(3), inference=True)
    np.testing.assert_allclose(y[:1], one)
    for kept, before in zip(batch_norm.next_state(cache), state(3), strict=True):
        np.testing.assert_array_equal(kept, before)


def test_an_empty_batch_is_fine_in_inference_alone():
    x, gamma, beta = arguments(5, 3)
    y, cache = batch_norm.forward(x[:0], gamma, beta, state=state(3), inference=True)
    dx, dgamma, dbeta = batch_norm.backward(y, cache)
    assert y.shape == dx.shape == (0, 3) and not dgamma.any() and not dbeta.any()
    with pytest.raises(ValueError, match="needs at least one example"):
        batch_norm.forward(x[:0], gamma, beta, state=state(3), momentum=0.5)


def test_without_momentum_the_state_does_not_matter():
    args = arguments(5, 3)
    y, cache = batch_norm.forward(*args, state=state(3))
    expected, of_none = batch_norm.forward(*args)
    np.testing.assert_array_equal(y, expected)
    grads = batch_norm.backward(y, cache), batch_norm.backward(y, of_none)
    for a, b in zip(*grads, strict=True):
        np.testing.assert_array_equal(a, b)


def test_two_examples_pass_no_gradient():
    x, gamma, beta = arguments(2, 3)
    y, cache = batch_norm.forward(x, gamma, beta, epsilon=1e-14)
    dy = np.random.default_rng(2).standard_normal(y.shape)
    dx, *_ = batch_norm.backward(dy, cache)
    assert np.abs(dx).max() < 1e-8 < np.abs(dy).min()


def test_float32_is_kept_with_a_state_and_numbers_of_another_precision():
    args = [a.astype(np.float32) for a in arguments(5, 3)]
    numbers = {"momentum": np.float64(0.5), "epsilon": np.float64(1e-5)}
    y, cache = batch_norm.forward(*args, state=state(3, np.float32), **numbers)
    kept = [y, *batch_norm.backward(y, cache), *batch_norm.next_state(cache)]
    assert {a.dtype for a in kept} == {np.dtype(np.float32)}


def test_an_epsilon_that_float32_cannot_hold_raises():
    args = [a.astype(np.float32) for a in arguments(5, 3)]
    with pytest.raises(ValueError, match="greater than 0 in float32"):
        batch_norm.forward(*args, epsilon=1e-300)


@pytest.mark.parametrize(
    ("constants", "message"),
    [
        ({"momentum": 0.5}, "state is None; needs the mean and variance"),
        ({"inference": True}, "state is None; needs the mean and variance"),
        ({"momentum": 1.0, "state": state(3)}, "momentum is 1.0; needs a number from 0 to less"),
        ({"epsilon": 0.0}, "epsilon is 0.0; needs a number greater than 0"),
        ({"epsilon": np.nan}, "epsilon is nan; needs a number greater than 0"),
        (
            {"state": State(np.zeros(3), np.array([1.0, -1, 1]))},
            "state.variance has an entry below",
        ),
        ({"state": state(2)}, r"state.mean has shape \(2,\); needs \(D\) with D = 3"),
    ],
)
def test_bad_constants_raise(constants, message):
    with pytest.raises(ValueError, match=message):
        batch_norm.forward(*arguments(5, 3), **constants)


def test_bad_arrays_raise():
    x, gamma, beta = arguments(5, 3)
    with pytest.raises(ValueError, match=r"gamma has shape \(2,\); needs \(D\) with D = 3"):
        batch_norm.forward(x, gamma[:2], beta)
    with pytest.raises(ValueError, match="needs at least one example"):
        batch_norm.forward(x[:0], gamma, beta)


def test_the_default_epsilon_is_a_hundred_thousandth():
    x, gamma, beta = arguments(5, 3)
    y, _ = batch_norm.forward(1e-3 * x, gamma, beta)
    np.testing.assert_array_equal(y, batch_norm.forward(1e-3 * x, gamma, beta, epsilon=1e-5)[0])


def test_a_variance_of_zero_is_one_and_a_negative_one_is_not():
    x, gamma, beta = arguments(5, 3)
    flat = batch_norm.State(np.zeros(3), np.array([0.0, 0.5, 2.0]))
    y, _ = batch_norm.forward(x, gamma, beta, state=flat, inference=True, epsilon=0.25)
    np.testing.assert_allclose(y[:, 0], gamma[0] * x[:, 0] / 0.5 + beta[0])
    below = flat._replace(variance=np.array([0.0, -1e-9, 2.0]))
    with pytest.raises(
        ValueError, match=r"^state\.variance has an entry below 0; needs variances$"
    ):
        batch_norm.forward(x, gamma, beta, state=below, inference=True)


def test_the_argument_that_does_not_fit_is_named():
    x, gamma, beta = arguments(5, 3)
    with pytest.raises(ValueError, match=r"^x has shape \(3,\); needs \(N, D, \.\.\.\)"):
        batch_norm.forward(x[0], gamma, beta)
    with pytest.raises(ValueError, match=r"^beta has shape \(2,\); needs \(D\) with D = 3"):
        batch_norm.forward(x, gamma, beta[:2])
    with pytest.raises(ValueError, match=r"^state is None; needs the mean .* of the step before$"):
        batch_norm.forward(x, gamma, beta, momentum=0.5)


@pytest.mark.filterwarnings("default")
def test_squares_that_overflow_are_told():
    x = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    with pytest.warns(RuntimeWarning, match="overflow"):
        batch_norm.forward(1e20 * x, x[0], x[1])
