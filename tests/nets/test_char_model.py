"""Mirrors backprop/nets/char_model.py."""

import tracemalloc

import numpy as np
import pytest

from backprop import check
from backprop.layers import relu, softmax
from backprop.nets import char_model
from backprop.optim import clip, sgd
from backprop.recurrent import gru, lstm, qrnn, rnn

V, H, T, N = 6, 5, 4, 3
each_cell = pytest.mark.parametrize("cell", [rnn, qrnn, gru, lstm])
each_input = pytest.mark.parametrize("D", [None, 2])


def model(cell, D=None, dtype=np.float64):
    rng = np.random.default_rng(0)
    params = char_model.init(rng, V, H, cell=cell, D=D, dtype=dtype)
    return [p + (0.1 * rng.standard_normal(p.shape)).astype(dtype) for p in params]


def text(T=T, N=N):
    return np.random.default_rng(1).integers(0, V, (T, N))


def start(cell, dtype=np.float64):
    drawn = np.random.default_rng(2).standard_normal((cell.STATES, N, H))
    return tuple(drawn.astype(dtype))


@each_cell
@each_input
@pytest.mark.parametrize("lengths", [None, np.array([4, 0, 2])])
def test_promises(promises, cell, D, lengths):
    constants = {"labels": text(), "cell": cell, "lengths": lengths}
    promises(char_model, *model(cell, D), tolerance=1e-7, **constants)


@each_cell
def test_gradients_with_a_state_that_came_in(cell):
    constants = {"labels": text(), "cell": cell, "state": start(cell)}
    assert max(check.vjp(char_model, *model(cell), **constants).values()) < 1e-7


def test_options_of_the_cell_are_handed_on():
    constants = {"labels": text(), "cell": rnn, "skip": 0.5, "activation": relu}
    assert max(check.vjp(char_model, *model(rnn), **constants).values()) < 1e-7
    plain, _ = char_model.forward(*model(rnn), labels=text(), cell=rnn)
    other, _ = char_model.forward(*model(rnn), **constants)
    assert np.abs(plain - other).max() > 1e-3


@each_cell
@each_input
def test_scores_are_those_of_the_cell_on_written_out_inputs(cell, D):
    params = model(cell, D)
    x = np.eye(V)[text()]
    *rest, Wx, b, Wy, by = params
    if D:
        x = x @ rest.pop(0)
    if cell is qrnn:
        weights = [Wx[:H], b[:H], Wx[H:], b[H:]]
    else:
        weights = [*rest, Wx, b]
    y, _ = cell.forward(x, *start(cell), *weights)
    h = y[0] if cell is lstm else y
    scores, _ = char_model.forward(*params, labels=text(), cell=cell, state=start(cell))
    np.testing.assert_allclose(scores, h @ Wy.T + by, atol=1e-13)


@each_cell
@each_input
def test_two_windows_are_one_long_text(cell, D):
    params, labels = model(cell, D), text(7)
    whole, cache = char_model.forward(*params, labels=labels, cell=cell)
    first, past = char_model.forward(*params, labels=labels[:3], cell=cell)
    state = char_model.next_state(past)
    second, later = char_model.forward(*params, labels=labels[3:], cell=cell, state=state)
    np.testing.assert_allclose(np.concatenate([first, second]), whole, atol=1e-14)
    final = (char_model.next_state(cache), char_model.next_state(later))
    np.testing.assert_allclose(*final, atol=1e-14)


@each_cell
def test_truncation_cuts_the_gradient_at_the_window(cell):
    """The gradients of two windows add up to the whole one less what the cut leaves out."""
    params, labels, target = model(cell), text(6), text(6)[::-1]

    def loss(first_params, second_params):
        _, cache = char_model.forward(*first_params, labels=labels[:3], cell=cell)
        state = char_model.next_state(cache)
        return char_model.gradients(second_params, labels[3:], target[3:], cell=cell, state=state)

    _, grads, _ = loss(params, params)
    direction = [np.random.default_rng(3).standard_normal(p.shape) for p in params]
    near, far = ([p + h * d for p, d in zip(params, direction, strict=True)] for h in (-1e-6, 1e-6))
    claimed = sum((g * d).sum() for g, d in zip(grads, direction, strict=True))
    cut = (loss(params, far)[0] - loss(params, near)[0]) / 2e-6
    total = (loss(far, far)[0] - loss(near, near)[0]) / 2e-6
    assert claimed == pytest.approx(cut, rel=1e-6)
    assert abs(total - cut) > 1e-4


@each_cell
@each_input
def test_float32_stays_float32(cell, D):
    params = model(cell, D, np.float32)
    _, grads, state = char_model.gradients(
        params, text(), text(), cell=cell, state=start(cell, np.float32)
    )
    assert {g.dtype for g in (*grads, *state)} == {np.dtype(np.float32)}


@each_cell
def test_no_steps_hand_the_state_on(cell):
    scores, cache = char_model.forward(*model(cell), labels=text(0), cell=cell, state=start(cell))
    assert scores.shape == (0, N, V)
    for a, b in zip(char_model.next_state(cache), start(cell), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not any(g.any() for g in char_model.backward(scores, cache))


def test_one_hot_inputs_are_never_written_out():
    labels = np.zeros((50, 20), int)
    params = char_model.init(np.random.default_rng(0), 2000, 2, cell=rnn)
    tracemalloc.start()
    scores, _ = char_model.forward(*params, labels=labels, cell=rnn)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.5 * scores.nbytes  # one-hot rows would be as large as the scores


@each_cell
def test_a_cycle_is_learnt_and_said_again(cell):
    cycle = np.array([0, 1, 2, 0, 3])
    params = char_model.init(np.random.default_rng(0), 4, 12, cell=cell)
    losses, state = [], None
    for labels, target in char_model.windows(np.tile(cycle, 1200), 10, 2):
        loss, grads, state = char_model.gradients(params, labels, target, cell=cell, state=state)
        params, _ = sgd.step(params, clip.by_norm(grads, 1.0), (), lr=0.5)
        losses.append(loss)
    assert losses[0] > 0.8 and losses[-1] < 0.05
    said = char_model.sample(
        np.random.default_rng(1), params, start=cycle, length=10, temperature=0, cell=cell
    )
    assert said.tolist() == [*cycle, *cycle]


def test_windows_go_on_where_the_last_one_ended():
    whole = np.arange(100, 131)
    got = list(char_model.windows(whole, 4, 3))
    labels, target = (np.concatenate(side) for side in zip(*got, strict=True))
    np.testing.assert_array_equal(target, labels + 1)
    assert labels.shape == (10, 3) and labels.T.ravel().tolist() == list(range(100, 130))
    assert [len(x) for x, _ in got] == [4, 4, 2]


def test_samples_have_the_probabilities_of_the_softmax():
    params = model(gru)
    for temperature in (0.5, 1.0, 2.0):
        scores, _ = char_model.forward(*params, labels=np.array([[2]]), cell=gru)
        expected, _ = softmax.forward(scores[-1, 0] / temperature)
        rng = np.random.default_rng(0)
        options = {"start": np.array([2]), "length": 1, "cell": gru, "temperature": temperature}
        said = [char_model.sample(rng, params, **options)[0] for _ in range(2000)]
        found = np.bincount(said, minlength=V) / 2000
        assert np.abs(found - expected).max() < 0.04


def test_a_sample_is_that_of_its_generator_and_goes_on_from_its_own_words():
    params = model(lstm)
    args = {"start": np.array([1, 2]), "length": 20}
    one, same, other = (
        char_model.sample(np.random.default_rng(seed), params, **args).tolist()
        for seed in (0, 0, 1)
    )
    assert one == same != other
    likeliest = char_model.sample(np.random.default_rng(0), params, **args, temperature=0)
    read = np.concatenate([args["start"], likeliest])[:, None]
    scores, _ = char_model.forward(*params, labels=read)
    np.testing.assert_array_equal(scores[1:-1, 0].argmax(axis=1), likeliest)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"labels": np.array([[6]])}, ValueError, "labels has 6; needs labels from 0 to 5"),
        ({"labels": np.array([[0.5]])}, TypeError, "labels needs to be an array of integers"),
        ({"labels": np.array([1, 2])}, ValueError, r"labels has shape \(2,\); needs \(T, N\)"),
        ({"cell": qrnn}, ValueError, r"h0|u has shape|needs"),
        ({"state": (np.zeros((3, 5)),)}, ValueError, "state has 1 arrays; needs 2"),
        ({"state": np.zeros((2, 3, 4))}, ValueError, r"h0 has shape \(3, 4\)"),
    ],
)
def test_wrong_arguments_raise(change, kind, message):
    with pytest.raises(kind, match=message):
        char_model.forward(*model(lstm), **({"labels": text()} | change))


def test_other_wrong_arguments_raise():
    rng, params = np.random.default_rng(0), model(lstm)
    with pytest.raises(ValueError, match="params has 4 arrays; needs 5, or 6 with an embedding"):
        char_model.forward(*params[:4], labels=text())
    with pytest.raises(ValueError, match=r"target has shape \(4, 2\); needs \(4, 3\)"):
        char_model.gradients(params, text(), text()[:, :2])
    with pytest.raises(ValueError, match="a text of 3 gives no window with T 1 and N 3"):
        list(char_model.windows(np.arange(3), 1, 3))
    for wrong in ({"start": np.array([], int)}, {"length": -1}, {"temperature": -0.1}):
        with pytest.raises(ValueError, match="needs one label at least, and no negative number"):
            char_model.sample(rng, params, **({"start": np.array([1]), "length": 1} | wrong))
    with pytest.raises(ValueError, match="need at least 1 each"):
        char_model.init(rng, 0, 3)
