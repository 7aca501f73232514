"""Mirrors backprop/check.py: the checker must accept the truth and catch every lie."""

from types import SimpleNamespace

import numpy as np
import pytest

from backprop import check
from backprop.layers import linear

RNG = np.random.default_rng(0)
X, W, B = RNG.standard_normal((5, 3)), RNG.standard_normal((2, 3)), RNG.standard_normal(2)
CUBE = RNG.standard_normal((3, 2))


def cube(backward):
    return SimpleNamespace(forward=lambda x: (x**3, x), backward=backward)


def lying(change):
    """Return the linear layer with `change` applied to its true gradients."""
    return SimpleNamespace(
        forward=linear.forward, backward=lambda dy, cache: change(*linear.backward(dy, cache))
    )


@pytest.mark.parametrize("method", ["central", "complex"])
def test_the_derivative_passes(method):
    assert check.vjp(cube(lambda dy, x: dy * 3 * x**2), CUBE, method=method)["x"] < 1e-8
    errors = check.vjp(linear, X, W, B, method=method)
    assert list(errors) == ["x", "W", "b"] and max(errors.values()) < 1e-8


@pytest.mark.parametrize("method", ["central", "complex"])
def test_an_error_of_one_part_in_a_thousand_is_seen(method):
    error = check.vjp(cube(lambda dy, x: 1.001 * dy * 3 * x**2), CUBE, method=method)["x"]
    assert 0.9e-3 < error < 1.1e-3


def test_one_wrong_entry_among_thousands_is_seen():
    def backward(dy, x):
        dx = dy * 3 * x**2
        dx.flat[1234] *= 1.5
        return dx

    big = np.random.default_rng(1).standard_normal((50, 60))
    assert check.vjp(cube(lambda dy, x: dy * 3 * x**2), big)["x"] < 1e-8
    assert check.vjp(cube(backward), big)["x"] > 1e-4


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda dx, dW, db: (dx, 0 * dW, db), "W"),
        (lambda dx, dW, db: (dx, dW, db / len(X)), "b"),
        (lambda dx, dW, db: (dx, dW / len(X), db), "W"),
        (lambda dx, dW, db: (-dx, dW, db), "x"),
    ],
    ids=["zero", "scaled by the batch size", "mean for sum", "sign"],
)
def test_a_wrong_gradient_is_named(change, name):
    errors = check.vjp(lying(change), X, W, B)
    assert errors.pop(name) > 0.5 and max(errors.values()) < 1e-8


def test_a_transposed_gradient_of_a_square_matrix_is_seen():
    square = np.random.default_rng(1).standard_normal((3, 3))
    layer = lying(lambda dx, dW, db: (dx, dW.T, db))
    assert check.vjp(layer, X, square, np.ones(3))["W"] > 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda dx, dW, db: (dx, dW), "2 gradients; needs 3"),
        (lambda dx, dW, db: (dx, dW.T, db), "dW has shape"),
        (lambda dx, dW, db: (dx, dW, db.astype(np.float32)), "db has shape and dtype"),
        (lambda dx, dW, db: (dx, None, db), "dW has shape"),
    ],
    ids=["missing", "misshapen", "dtype", "none"],
)
def test_a_broken_protocol_raises(change, message):
    with pytest.raises(AssertionError, match=message):
        check.vjp(lying(change), X, W, B)


@pytest.mark.parametrize("victim", ["argument", "upstream"])
def test_writing_to_what_was_given_raises(victim):
    def backward(dy, x):
        dx = dy * 3 * x**2
        (x if victim == "argument" else dy)[0] = 7
        return dx

    layer = SimpleNamespace(forward=lambda x: (x**3, x), backward=backward)
    with pytest.raises(AssertionError, match=r"was written to|state was kept"):
        check.vjp(layer, CUBE)


def test_state_that_is_kept_raises():
    calls = []

    def backward(dy, x):
        calls.append(1)
        return dy * 3 * x**2 * len(calls)

    with pytest.raises(AssertionError, match="state was kept"):
        check.vjp(cube(backward), CUBE)


def test_a_derivative_of_zero_shows_nothing_and_raises():
    flat = SimpleNamespace(forward=lambda x: (0 * x, x), backward=lambda dy, x: 0 * x)
    with pytest.raises(AssertionError, match="zero everywhere: this shows nothing"):
        check.vjp(flat, CUBE)


def test_several_outputs_are_checked_together():
    layer = SimpleNamespace(
        forward=lambda x: ((x**2, np.sin(x)), x),
        backward=lambda dy, x: dy[0] * 2 * x + dy[1] * np.cos(x),
    )
    assert check.vjp(layer, CUBE)["x"] < 1e-8


def test_bad_input_raises():
    with pytest.raises(TypeError, match="argument 0 needs to be a float64 array"):
        check.vjp(linear, X.astype(np.float32), W, B)
    with pytest.raises(ValueError, match="method is 'exact'"):
        check.vjp(linear, X, W, B, method="exact")
