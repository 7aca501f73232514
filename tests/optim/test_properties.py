"""What holds for every optimiser on numbers that nobody would think of.

A step is taken for each entry alone, so it is compared with the same rule in Python's own floats,
entry by entry; arrays may be empty, 0-dimensional, read-only, transposed or have gaps.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop.optim import adagrad, adam, adamw, momentum, nesterov, rmsprop, sgd

few = settings(derandomize=True, database=None, deadline=None, max_examples=40)
NUMBERS = [0.0, -0.0, 1e-45, 1e-30, -1e-12, 1e-4, -0.3, 1.0, -17.0, 1e4, 1e12, -1e18]
VIEWS = {
    "as it is": lambda a: a,
    "columns first": lambda a: np.asfortranarray(a) if a.ndim else a,
    "every second": lambda a: np.repeat(a, 2, axis=0)[::2] if a.ndim else a,
    "read-only": lambda a: locked(a),
}


def locked(a):
    a = a.copy()
    a.flags.writeable = False
    return a


def of_sgd(w, gs, lr):
    for g in gs:
        w -= lr * g
    return w


def of_momentum(w, gs, lr, ahead=False):
    v = 0.0
    for g in gs:
        v = 0.9 * v + g
        w -= lr * (g + 0.9 * v if ahead else v)
    return w


def of_adagrad(w, gs, lr):
    s = 0.0
    for g in gs:
        s += g * g
        w -= lr * g / (math.sqrt(s) + 1e-8)
    return w


def of_rmsprop(w, gs, lr):
    v = 0.0
    for g in gs:
        v = 0.9 * v + 0.1 * g * g
        w -= lr * g / (math.sqrt(v) + 1e-8)
    return w


def of_adam(w, gs, lr, decay=0.0):
    m = v = 0.0
    for k, g in enumerate(gs, start=1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        step = (m / (1 - 0.9**k)) / (math.sqrt(v / (1 - 0.999**k)) + 1e-8)
        w -= lr * (step + decay * w)
    return w


RULES = {
    "sgd": (sgd, of_sgd),
    "momentum": (momentum, of_momentum),
    "nesterov": (nesterov, lambda *args: of_momentum(*args, ahead=True)),
    "adagrad": (adagrad, of_adagrad),
    "rmsprop": (rmsprop, of_rmsprop),
    "adam": (adam, of_adam),
    "adamw": (adamw, lambda *args: of_adam(*args, decay=0.01)),
}


@pytest.mark.parametrize("name", RULES)
@given(
    shape=st.sampled_from([(), (0,), (1,), (3,), (0, 2), (2, 1), (2, 3)]),
    view=st.sampled_from(list(VIEWS)),
    dtype=st.sampled_from([np.float32, np.float64]),
    steps=st.integers(1, 4),
    lr=st.sampled_from([1e-6, 0.1, 3.0]),
    data=st.data(),
)
@few
def test_each_entry_takes_the_step_of_the_formula(name, shape, view, dtype, steps, lr, data):
    rule, by_hand = RULES[name]
    size = math.prod(shape)
    numbers = st.lists(st.sampled_from(NUMBERS), min_size=size, max_size=size)
    start, *pasts = (np.array(data.draw(numbers), dtype).reshape(shape) for _ in range(steps + 1))
    params, state = [VIEWS[view](start)], rule.init([start])
    for g in pasts:
        params, state = rule.step(params, [VIEWS[view](g)], state, lr=lr)
    (found,) = params
    assert found.dtype == dtype and found.shape == shape
    decayed = name != "adamw" or len(shape) > 1  # vectors are not decayed
    formula = by_hand if decayed else of_adam
    for place in np.ndindex(shape):
        gs = [float(g[place]) for g in pasts]
        expected = formula(float(start[place]), gs, lr)
        moved = max(abs(lr * g) for g in gs) if name in ("sgd", "momentum", "nesterov") else lr
        bound = 64 * np.finfo(dtype).eps * (abs(float(start[place])) + 10 * steps * moved)
        assert abs(float(found[place]) - expected) <= bound + 1e-44


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_a_number_stays_where_it_is(name, bad):
    rule, _ = RULES[name]
    rng = np.random.default_rng(0)
    w, g = rng.standard_normal((2, 3, 2))
    clean, _ = rule.step([w], [g], rule.init([w]), lr=0.1)
    spoilt = g.copy()
    spoilt[1, 1] = bad
    with np.errstate(invalid="ignore"):
        (found,), _ = rule.step([w], [spoilt], rule.init([w]), lr=0.1)
    assert not np.isfinite(found[1, 1])
    found[1, 1] = clean[0][1, 1]
    np.testing.assert_array_equal(found, clean[0])
