"""The prime field and its stand-ins for real functions satisfy the laws that proofs use."""

import numpy as np
import pytest

from backprop.proofs.rings import Dual, P, PrimeField, Reals, Resample, power, random_function

F = PrimeField()
rng = np.random.default_rng(0)
v, w = rng.integers(1, P, size=(2, 200))


def test_exp_is_one_at_zero_and_inverts_with_the_sign():
    assert F.exp(np.array([0])).tolist() == [1]
    assert np.all(F.exp(v) * F.exp((P - v) % P) % P == 1)
    assert np.all(F.sign(F.exp(v)) == 1)


def test_inverses_and_fractions():
    assert np.all(v * F.inverse(v) % P == 1)
    assert F.number(1, 2) * 2 % P == 1
    with pytest.raises(Resample):
        F.inverse(np.array([3, 0]))


def test_the_sign_is_multiplicative_and_odd():
    assert set(F.sign(v).tolist()) == {1, P - 1}
    assert np.array_equal(F.sign(v * w % P), F.sign(v) * F.sign(w) % P)
    assert np.array_equal(F.sign(P - v), P - F.sign(v))
    assert F.sign(np.array([0])) == 0


def test_a_root_is_positive_and_exists_for_squares_only():
    squares = v * v % P
    root = F.root(squares)
    assert np.array_equal(root * root % P, squares)
    assert np.all(F.sign(root) == 1)
    with pytest.raises(Resample):
        F.root(np.array([P - 1]))


def test_exp_is_positive_and_random_functions_differ_by_name():
    assert np.all(F.sign(F.exp(v)) == 1)
    assert not np.array_equal(random_function("f", v), random_function("f'", v))
    assert np.array_equal(random_function("f", v), random_function("f", v.copy()))


def test_powers():
    assert power(np.array([3]), 5) == 243
    u = Dual(F, v * v % P)
    assert np.array_equal((u.power(-3, 2) * u.power(3, 2)).v, np.ones_like(v))


@pytest.mark.parametrize(
    "name", ["exp", "log", "tanh", "sigmoid", "relu", "absolute", "step", "sign", "f", "f'"]
)
def test_derivatives_of_functions_agree_with_central_differences(name):
    x = np.array([0.3, 0.8, 1.7]) if name == "log" else np.array([-1.1, 0.4, 2.0])
    h = 1e-6
    values = [Dual(Reals(), x + s).call(name).v for s in (h, -h)]
    slope = Dual(Reals(), x, np.ones(3)).call(name).tangent()
    np.testing.assert_allclose(slope, (values[0] - values[1]) / (2 * h), atol=1e-8)


@pytest.mark.parametrize(("p", "q"), [(1, 2), (-1, 2), (3, 1), (-2, 1), (3, 4)])
def test_derivatives_of_powers_agree_with_central_differences(p, q):
    x, h = np.array([0.3, 1.7]), 1e-6
    slope = Dual(Reals(), x, np.ones(2)).power(p, q).tangent()
    values = [Dual(Reals(), x + s).power(p, q).v for s in (h, -h)]
    np.testing.assert_allclose(slope, (values[0] - values[1]) / (2 * h), rtol=1e-7)


@pytest.mark.parametrize("ring", [F, Reals()])
def test_the_conventions_at_zero(ring):
    zero = Dual(ring, np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64))
    for name in ("step", "relu", "sign", "absolute"):
        y = zero.call(name)
        assert y.v == 0 and y.tangent() == 0
