"""The layers compute with any array that speaks NumPy's protocols, and never make it NumPy's own.

The array type here stands for one on a graphics card: it lends NumPy its arithmetic, keeps a list
of what was called, and raises when somebody asks for its numbers.
"""

import numpy as np
import pytest

from backprop.layers import linear
from backprop.losses import cross_entropy
from backprop.nets import mlp
from backprop.optim import adagrad, adam, adamw, momentum, nesterov, rmsprop, sgd


class Elsewhere(np.lib.mixins.NDArrayOperatorsMixin):
    """An array whose numbers may not be taken by NumPy."""

    calls = ()

    def __init__(self, hidden):
        self.hidden = hidden

    def __array__(self, *_, **__):
        raise TypeError("an implicit conversion to a NumPy array")

    def __bool__(self):
        return bool(self.hidden)

    def __float__(self):
        return float(self.hidden)

    def __array_ufunc__(self, ufunc, method, *args, **options):
        type(self).calls += ((ufunc.__name__, method),)
        return sent(getattr(ufunc, method)(*back(args), **back(options)))

    def __array_function__(self, function, types, args, options):
        type(self).calls += ((function.__name__, "function"),)
        if "device" in options:  # CuPy has no such option; np.ones passes it on, np.zeros does not
            raise TypeError(f"{function.__name__}() got an unexpected keyword argument 'device'")
        if function is np.asarray:  # asked for by like=: a table that the host has made
            return sent(np.asarray(*args, **options))
        return sent(function(*back(args), **back(options)))

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        value = getattr(self.hidden, name)
        if not callable(value):
            return sent(value) if isinstance(value, np.ndarray) else value
        return lambda *args, **options: sent(value(*back(args), **back(options)))

    def __getitem__(self, key):
        return sent(self.hidden[back(key)])

    def __setitem__(self, key, value):
        self.hidden[back(key)] = back(value)

    def __len__(self):
        return len(self.hidden)

    def __iter__(self):
        return (self[k] for k in range(len(self)))


def sent(value):
    """Return a result of NumPy as one of the other type."""
    if isinstance(value, (np.ndarray, np.generic)):
        return Elsewhere(value)
    if isinstance(value, (tuple, list)):
        return type(value)(map(sent, value))
    return value


def back(value):
    """Return arguments for NumPy; an array of NumPy's own among them is a mixture and raises."""
    if isinstance(value, Elsewhere):
        return value.hidden
    if isinstance(value, np.ndarray) and value.ndim and value.dtype.kind == "f":
        raise TypeError("a NumPy array of floats met one from elsewhere")
    if isinstance(value, (tuple, list)):
        return type(value)(map(back, value))
    if isinstance(value, dict):
        return {key: back(v) for key, v in value.items()}
    return value


def test_results_are_of_the_type_of_the_arguments(zoo, name):
    args = zoo.draw(name)
    expected, _ = zoo.run(name, args)
    dy = np.random.default_rng(5).standard_normal(np.shape(expected))
    expected, grads = zoo.run(name, args, dy if dy.ndim else float(dy))
    constants = dict(zoo.subjects[name].constants)
    if "target" in constants:
        constants["target"] = Elsewhere(constants["target"])
    layer = zoo.subjects[name].layer
    y, cache = layer.forward(*map(Elsewhere, args), **constants)
    found = layer.backward(Elsewhere(dy) if dy.ndim else float(dy), cache)
    for mine, other in zip(flat(y, found), (expected, *grads), strict=True):
        assert isinstance(mine, Elsewhere)
        assert mine.dtype == other.dtype
        np.testing.assert_allclose(mine.hidden, other, atol=1e-12)


def flat(y, grads):
    return (y, *(grads if isinstance(grads, tuple) else (grads,)))


def test_a_mixture_and_a_conversion_raise():
    with pytest.raises(TypeError, match="met one from elsewhere"):
        linear.forward(Elsewhere(np.ones((2, 3))), Elsewhere(np.ones((4, 3))), np.ones(4))
    with pytest.raises(TypeError, match="implicit conversion"):
        np.ascontiguousarray(Elsewhere(np.ones(2)))


@pytest.mark.parametrize("rule", [sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw])
def test_a_step_of_an_optimiser_stays_elsewhere(rule):
    rng = np.random.default_rng(0)
    params, grads = ([rng.standard_normal(shape) for shape in ((3, 2), (3,))] for _ in range(2))
    expected, _ = rule.step(params, grads, rule.init(params), lr=0.1)
    there = list(map(Elsewhere, params))
    found, _ = rule.step(there, list(map(Elsewhere, grads)), rule.init(there), lr=0.1)
    for mine, other in zip(found, expected, strict=True):
        assert isinstance(mine, Elsewhere)
        np.testing.assert_allclose(mine.hidden, other)


def test_a_training_of_a_network_stays_elsewhere():
    rng = np.random.default_rng(0)
    x, labels = rng.standard_normal((8, 3)), rng.integers(0, 2, 8)
    here = mlp.init(rng, 3, 5, 2, dtype=np.float64)
    there = mlp.Params(*map(Elsewhere, here))
    for _ in range(3):
        here, loss = step(here, x, labels)
        there, other = step(there, Elsewhere(x), labels)
    assert float(other) == pytest.approx(float(loss))
    for a, b in zip(here, there, strict=True):
        assert isinstance(b, Elsewhere)
        np.testing.assert_allclose(b.hidden, a)


def step(params, x, labels):
    scores, kept = mlp.forward(x, *params)
    loss, kept_loss = cross_entropy.forward(scores, target=labels)
    grads = mlp.backward(cross_entropy.backward(1.0, kept_loss), kept)[1:]
    updated, _ = adam.step(params, grads, adam.init(params), lr=0.1)
    return updated, loss
