"""Mirrors backprop/plans/optimiser.py and rules.py: each against the optimiser of `optim`."""

import numpy as np
import pytest

from backprop import optim
from backprop.plans import Arena, Optimiser
from backprop.plans import optimiser as planned
from backprop.plans.parameters import Layout, Parameters

CASES = {
    "sgd": (optim.sgd, {}),
    "momentum": (optim.momentum, {"momentum": 0.7}),
    "nesterov": (optim.nesterov, {"momentum": 0.7}),
    "adagrad": (optim.adagrad, {"epsilon": 1e-3}),
    "rmsprop": (optim.rmsprop, {"rho": 0.7}),
    "rmsprop, corrected": (optim.rmsprop, {"rho": 0.7, "corrected": True}),
    "adam": (optim.adam, {"beta1": 0.6, "beta2": 0.8, "epsilon": 1e-3}),
    "adamw": (optim.adamw, {"beta1": 0.6, "beta2": 0.8, "decay": 0.3}),
}
each = pytest.mark.parametrize("name", CASES)


def drawn(rng, dtype):
    return [rng.standard_normal(shape).astype(dtype) for shape in [(7, 5), (7,), (3, 7), (1,)]]


def stored(params):
    layout = Layout(params)
    p = Parameters(layout, Arena(Parameters.wanted(layout)))
    p.load(params)
    return p


def put(grads, p):
    for view, g in zip(p.gradients, grads, strict=True):
        view[...] = g


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("block", [16, planned.BLOCK])
def test_steps_are_those_of_the_optimiser(name, dtype, block, monkeypatch):
    monkeypatch.setattr(planned, "BLOCK", block)  # many blocks, and one
    module, options = CASES[name]
    rng = np.random.default_rng(0)
    w = drawn(rng, dtype)
    state, p = module.init(w), stored(w)
    optimiser = Optimiser(module, p)
    for k in range(7):
        grads, lr = drawn(rng, dtype), 0.1 / (k + 1)
        w, state = module.step(w, grads, state, lr=lr, **options)
        put(grads, p)
        optimiser.step(lr=lr, **options)
        bound = {"rtol": 1e-12} if dtype is np.float64 else {"rtol": 1e-5, "atol": 1e-6}
        for a, b in zip(p.now, w, strict=True):
            assert a.dtype == dtype
            np.testing.assert_allclose(a, b, **bound)
        for part, expected in zip(optimiser.state, state, strict=True):
            pairs = (
                [(part, expected)] if isinstance(part, int) else zip(part, expected, strict=True)
            )
            for a, b in pairs:
                np.testing.assert_allclose(a, b, **bound)


@each
def test_a_state_goes_on_where_the_optimiser_left_it(name):
    module, options = CASES[name]
    rng = np.random.default_rng(1)
    w, grads = drawn(rng, float), [drawn(rng, float) for _ in range(4)]
    state = module.init(w)
    for g in grads[:3]:
        w, state = module.step(w, g, state, lr=0.1, **options)
    p = stored(w)
    optimiser = Optimiser(module, p)
    optimiser.load(state)
    put(grads[3], p)
    optimiser.step(lr=0.1, **options)
    for a, b in zip(p.now, module.step(w, grads[3], state, lr=0.1, **options)[0], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@each
def test_gradients_and_the_parameters_before_the_step_are_left_alone(name):
    module, options = CASES[name]
    rng = np.random.default_rng(2)
    w, grads = drawn(rng, float), drawn(rng, float)
    p = stored(w)
    put(grads, p)
    before = p.now
    Optimiser(module, p).step(lr=0.1, **options)
    for kept, now, given in [*zip(before, p.now, w, strict=True)]:
        assert np.array_equal(kept, given) and not np.array_equal(now, given)
    assert all(np.array_equal(a, b) for a, b in zip(p.gradients, grads, strict=True))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        *[(name, {"lr": 0.0}, "lr is 0.0; needs a number greater than 0") for name in CASES],
        ("momentum", {"momentum": 1.0}, "momentum is 1.0; needs a number from 0 to less than 1"),
        ("nesterov", {"momentum": -1.0}, "momentum is -1.0"),
        ("adagrad", {"epsilon": 0.0}, "epsilon is 0.0"),
        ("rmsprop", {"rho": 1.0}, "rho is 1.0"),
        ("adam", {"beta1": 1.0}, "beta1 is 1.0"),
        ("adam", {"beta2": 1.0}, "beta2 is 1.0"),
        ("adamw", {"decay": 10.0}, "decay is 10.0; needs a number from 0 to less than 1 / lr"),
    ],
)
def test_a_number_out_of_its_range_raises_and_nothing_moves(name, options, message):
    w = drawn(np.random.default_rng(0), float)
    p = stored(w)
    put(w, p)
    with pytest.raises(ValueError, match=message):
        Optimiser(CASES[name][0], p).step(**{"lr": 0.1} | options)
    assert all(np.array_equal(a, b) for a, b in zip(p.now, w, strict=True)) and p.side == 0


def test_an_unknown_optimiser_is_refused():
    with pytest.raises(
        NotImplementedError, match=r"no plan for the optimiser backprop\.optim\.sgd2"
    ):
        Optimiser(optim.sgd2, stored([np.ones(1)]))


def test_a_step_that_is_interrupted_has_changed_no_parameter(monkeypatch):
    def half(blocks, matrices, k, *, lr):
        blocks[0][1].fill(9)
        raise KeyboardInterrupt

    monkeypatch.setitem(planned.RULES, optim.sgd.__name__, half)
    w = drawn(np.random.default_rng(0), float)
    p = stored(w)
    with pytest.raises(KeyboardInterrupt):
        Optimiser(optim.sgd, p).step(lr=0.1)
    assert all(np.array_equal(a, b) for a, b in zip(p.now, w, strict=True))
