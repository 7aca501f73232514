"""Formulas evaluated on arrays, opaque functions included."""

import itertools

import numpy as np
import pytest

from backprop.proofs import Derivation, dims, function, index
from backprop.proofs.rings import Reals


@pytest.fixture
def activation():
    N = dims("N")
    n, k = index("n k", N)
    p = Derivation("activation")
    x = p.tensor("x", N)
    y = p.let("y", n, function("f")(x[n]))
    dy, L = p.upstream(y)
    p.claim("dx", of=L, wrt=x[k], equals=dy[k] * function("f'")(x[k]))
    return p


X, DY = np.array([-1.0, 0.5]), np.array([2.0, 3.0])


def test_callables_stand_for_an_opaque_function_and_its_derivative(activation):
    tanh = np.tanh, lambda a: 1 - np.tanh(a) ** 2
    np.testing.assert_allclose(activation.numpy("y", x=X, f=tanh), np.tanh(X))
    dx = activation.claims["dx"].numpy(x=X, dy=DY, f=tanh)
    np.testing.assert_allclose(dx, DY / np.cosh(X) ** 2)


def test_one_callable_suffices_without_a_derivative(activation):
    np.testing.assert_allclose(activation.numpy("y", x=X, f=np.exp), np.exp(X))


def test_other_opaque_functions_are_sines_that_differ():
    v = np.linspace(-1, 1, 5)
    values = {name: Reals().opaque(name, v) for name in ("sigma", "delta", "alphas", "f", "g")}
    assert not any(np.allclose(a, b) for a, b in itertools.combinations(values.values(), 2))


def test_a_missing_derivative_is_named(activation):
    with pytest.raises(ValueError, match=r"f': give f as a tuple of 2 callables"):
        activation.claims["dx"].numpy(x=X, dy=DY, f=(np.tanh,))
