"""Mirrors backprop/plans/char_model.py and cells.py: against the readable character model."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop import optim, plans
from backprop.nets import char_model
from backprop.recurrent import gru, lstm, qrnn, rnn

BOUNDS = {np.float64: 1e-10, np.float32: 1e-4}  # of the largest entry of a gradient
CELLS = {"rnn": rnn, "qrnn": qrnn, "gru": gru, "lstm": lstm}
each = pytest.mark.parametrize("name", CELLS)
size = st.integers(1, 12)


def draw(name, T, N, V, H, D=None, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    params = char_model.init(rng, V, H, cell=CELLS[name], D=D, dtype=dtype)
    params = [w + (0.1 * rng.standard_normal(w.shape)).astype(dtype) for w in params]
    labels, target = rng.integers(0, V, (2, T, N))
    state = [rng.standard_normal((N, H)).astype(dtype) for _ in range(CELLS[name].STATES)]
    return params, labels, target, tuple(state)


def near(a, b, bound):
    assert a.dtype == b.dtype and a.shape == b.shape
    np.testing.assert_allclose(a, b, rtol=0, atol=bound * np.abs(b).max() + 1e-30)


@each
@given(
    sizes=st.tuples(size, size, size, size, st.none() | size),
    dtype=st.sampled_from(list(BOUNDS)),
    given_state=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(deadline=None)
def test_loss_gradients_and_states_are_those_of_the_model(name, sizes, dtype, given_state, seed):
    T, N, *_ = sizes
    params, labels, target, state = draw(name, *sizes, dtype, seed)
    state, bound = state if given_state else None, BOUNDS[dtype]
    options = {"skip": 0.7} if name == "rnn" and seed % 2 else {}
    plan = plans.char_model.compile(params, T, N, cell=CELLS[name], **options)
    for a in (labels, target, *params, *(state or ())):
        a.flags.writeable = False  # whoever writes to an argument raises from here on
    how = {"cell": CELLS[name], "state": state, **options}
    expected, wanted, after = char_model.gradients(params, labels, target, **how)
    for _ in range(2):  # a second time, because buffers are used again
        value, grads, end = plan.loss_and_gradients(labels, target, state)
        np.testing.assert_allclose(value, expected, rtol=bound, atol=bound)
        for g, w in zip((*grads, *end), (*wanted, *after), strict=True):
            near(g, w, bound)


@each
def test_states_go_from_window_to_window_and_steps_are_taken(name):
    params, *_ = draw(name, 5, 2, 7, 6)
    text = np.random.default_rng(1).integers(0, 7, 41)
    plan = plans.char_model.compile(params, 5, 2, cell=CELLS[name])
    optimiser = plans.Optimiser(optim.adam, plan.parameters)
    state, ours, moments = None, None, optim.adam.init(params)
    for labels, target in char_model.windows(text, 5, 2):
        value, _, ours = plan.loss_and_gradients(labels, target, ours)
        optimiser.step(lr=0.01)
        how = {"cell": CELLS[name], "state": state}
        expected, wanted, state = char_model.gradients(params, labels, target, **how)
        params, moments = optim.adam.step(params, wanted, moments, lr=0.01)
        np.testing.assert_allclose(value, expected, rtol=1e-10)
    for a, b in zip(plan.params, params, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-7)  # Adam magnifies what is near zero


@each
@pytest.mark.parametrize("D", [None, 50])
def test_no_step_takes_memory_after_the_first(name, D, peak):
    params, labels, target, state = draw(name, 20, 64, 60, 100, D, np.float32)
    plan = plans.char_model.compile(params, 20, 64, cell=CELLS[name])

    def slow():
        char_model.gradients(params, labels, target, cell=CELLS[name], state=state)

    smallest = 4 * 20 * 64 * 60  # the scores
    assert peak(lambda: plan.loss_and_gradients(labels, target, state)) < 3 * 4 * 8192 + 8192
    assert 3 * 4 * 8192 + 8192 < smallest / 2 and peak(slow) > smallest


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": np.zeros((3, 1), int)}, r"labels has shape \(3, 1\)"),
        ({"target": np.zeros((2, 1))}, r"dtype float64; needs \(2, 1\) integers"),
        ({"labels": np.array([[0], [5]])}, "labels has a label that is not from 0 to 4"),
        ({"target": np.array([[0], [-1]])}, "target has a label"),
        ({"state": (np.zeros((1, 2)),)}, r"state needs 2 arrays of \(1, 2\) and float64"),
        ({"state": (np.zeros((1, 2)), np.zeros((1, 1)))}, "state needs 2"),
    ],
)
def test_a_window_that_does_not_fit_raises_and_nothing_is_written(changes, message):
    params, labels, target, _ = draw("lstm", 2, 1, 5, 2)
    plan = plans.char_model.compile(params, 2, 1)
    _, grads, _ = plan.loss_and_gradients(labels, target)
    before = [g.copy() for g in grads]
    with pytest.raises(ValueError, match=message):
        plan.loss_and_gradients(**{"labels": labels, "target": target} | changes)
    assert all(np.array_equal(a, b) for a, b in zip(grads, before, strict=True))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"T": 0}, ValueError, "T is 0 and N 1; need at least 1 each"),
        ({"cell": np}, NotImplementedError, "no plan for the cell numpy"),
        ({"skip": 0.5}, TypeError, "skip is an option of rnn alone"),
        ({"dtype": np.float16}, TypeError, "params have dtype float16"),
        ({"cell": gru}, ValueError, "rows"),
    ],
)
def test_what_cannot_be_compiled_is_refused(changes, error, message):
    params, *_ = draw("lstm", 2, 1, 5, 2)
    with pytest.raises(error, match=message):
        plans.char_model.compile(**{"params": params, "T": 2, "N": 1} | changes)
