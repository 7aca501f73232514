"""What holds for every recurrent layer."""

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from backprop import check
from backprop.layers import relu, sigmoid, tanh
from backprop.recurrent import gru, inputs, lstm, qrnn, rnn

CELLS = {
    "rnn": (rnn, {}),
    "rnn with a skip link": (rnn, {"skip": 0.7}),
    "qrnn": (qrnn, {}),
    "gru": (gru, {}),
    "lstm": (lstm, {}),
}
OWN = {  # arrays of T N H entries that the cache has, and of N H entries
    "rnn": (2, 1),
    "qrnn": (3, 1),
    "gru": (4, 1),
    "lstm": (7, 2),
}
each_cell = pytest.mark.parametrize(("cell", "constants"), CELLS.values(), ids=list(CELLS))


def parts(y):
    return list(y) if isinstance(y, tuple) else [y]


def whole(cell, grads):
    """Return an upstream gradient in the form of the output."""
    return tuple(grads) if cell is lstm else grads[0]


def upstream(y, seed=1):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(part.shape).astype(part.dtype) for part in parts(y)]


@each_cell
@pytest.mark.parametrize("T", [7, 1])
@pytest.mark.parametrize("activation", [tanh, sigmoid])
def test_promises(promises, arguments, cell, constants, T, activation):
    constants = constants | {"activation": activation}
    promises(cell, *arguments(cell, T), tolerance=1e-7, analytic=True, **constants)


@each_cell
@pytest.mark.parametrize("lengths", [[7, 0, 3], [1, 7, 6]])
def test_promises_with_lengths(promises, arguments, cell, constants, lengths):
    constants = constants | {"lengths": np.array(lengths)}
    promises(cell, *arguments(cell), tolerance=1e-7, analytic=True, **constants)


@each_cell
def test_a_kinked_activation(arguments, cell, constants):
    errors = check.vjp(cell, *arguments(cell), activation=relu, **constants)
    assert max(errors.values()) < 1e-7


@each_cell
def test_the_part_with_a_past_is_a_layer(arguments, cell, constants):
    _, *states, _, _, _ = arguments(cell)[: 4 + cell.STATES]
    u = np.random.default_rng(2).standard_normal((cell.GATES, 7, 3, 5))
    weights = [] if cell is qrnn else [arguments(cell)[1 + cell.STATES]]
    layer = SimpleNamespace(forward=cell.unroll, backward=cell.rewind)
    errors = check.vjp(layer, u, *states[: cell.STATES], *weights, **constants)
    assert max(errors.values()) < 1e-7


@each_cell
def test_no_steps(arguments, cell, constants):
    args = arguments(cell, T=0)
    y, cache = cell.forward(*args, **constants)
    dx, *grads = cell.backward(whole(cell, parts(y)), cache)
    assert {part.shape for part in parts(y)} == {(0, 3, 5)} and dx.shape == (0, 3, 4)
    assert [g.shape for g in grads] == [a.shape for a in args[1:]]
    assert not any(g.any() for g in grads)


@each_cell
def test_no_examples(arguments, cell, constants):
    y, cache = cell.forward(*arguments(cell, N=0), **constants)
    grads = cell.backward(whole(cell, parts(y)), cache)
    assert parts(y)[0].shape == (7, 0, 5) and not any(g.any() for g in grads)


@each_cell
def test_two_windows_are_one_long_run(arguments, cell, constants):
    x, *rest = arguments(cell)
    states, params = rest[: cell.STATES], rest[cell.STATES :]
    y, cache = cell.forward(x, *rest, **constants)
    first, past = cell.forward(x[:3], *rest, **constants)
    carried = [part[-1] for part in parts(first)]
    second, later = cell.forward(x[3:], *carried, *params, **constants)
    for long, a, b in zip(parts(y), parts(first), parts(second), strict=True):
        np.testing.assert_allclose(np.concatenate([a, b]), long, atol=1e-14)

    dy = upstream(y)
    expected = cell.backward(whole(cell, dy), cache)
    dx2, *grads = cell.backward(whole(cell, [d[3:] for d in dy]), later)
    into, more = grads[: cell.STATES], grads[cell.STATES :]
    early = [d[:3].copy() for d in dy]
    for d, dstate in zip(early, into, strict=True):
        d[-1] += dstate  # a gradient on the final state
    dx1, *grads = cell.backward(whole(cell, early), past)
    np.testing.assert_allclose(np.concatenate([dx1, dx2]), expected[0], atol=1e-13)
    for a, b in zip(grads[: len(states)], expected[1:], strict=False):
        np.testing.assert_allclose(a, b, atol=1e-13)
    for a, b, both in zip(grads[len(states) :], more, expected[1 + len(states) :], strict=True):
        np.testing.assert_allclose(a + b, both, atol=1e-12)


@each_cell
def test_lengths_give_what_each_sequence_gives_alone(arguments, cell, constants):
    x, *rest = arguments(cell)
    states, params, lengths = rest[: cell.STATES], rest[cell.STATES :], np.array([4, 0, 7])
    for n, steps in enumerate(lengths):
        x[steps:, n] = np.nan  # what stands after the end does not matter
    y, cache = cell.forward(x, *states, *params, lengths=lengths, **constants)
    dy = upstream(y)
    dx, *grads = cell.backward(whole(cell, dy), cache)
    sums = grads[cell.STATES :]
    for n, steps in enumerate(lengths):
        own = [s[n : n + 1] for s in states]
        alone, of_alone = cell.forward(x[:steps, n : n + 1], *own, *params, **constants)
        final = [part[-1] for part in parts(alone)] if steps else own
        direct = [d[:steps, n : n + 1].copy() for d in dy]
        for part, of_part, end, d, full in zip(
            parts(y), parts(alone), final, direct, dy, strict=True
        ):
            np.testing.assert_allclose(part[:steps, n], of_part[:, 0], atol=1e-14)
            after = np.broadcast_to(part[steps - 1, n] if steps else end[0], (7 - steps, 5))
            np.testing.assert_array_equal(part[steps:, n], after)
            if steps:
                d[-1] += full[steps:, n : n + 1].sum(axis=0)
        dx_alone, *shares = cell.backward(whole(cell, direct), of_alone)
        np.testing.assert_allclose(dx[:steps, n], dx_alone[:, 0], atol=1e-13)
        assert not dx[steps:, n].any()
        for k in range(cell.STATES):
            expected = shares[k][0] if steps else dy[k][:, n].sum(axis=0)
            np.testing.assert_allclose(grads[k][n], expected, atol=1e-13)
        sums = [s - share for s, share in zip(sums, shares[cell.STATES :], strict=True)]
    assert all(np.abs(rest).max() < 1e-12 for rest in sums)


@each_cell
def test_full_lengths_change_nothing(arguments, cell, constants):
    args = arguments(cell)
    y, cache = cell.forward(*args, **constants)
    same, of_same = cell.forward(*args, lengths=np.full(3, 7), **constants)
    dy = whole(cell, upstream(y))
    for a, b in zip(parts(y), parts(same), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(cell.backward(dy, cache), cell.backward(dy, of_same), strict=True):
        np.testing.assert_array_equal(a, b)


@each_cell
def test_a_gradient_on_the_final_state_alone_reaches_everything(arguments, cell, constants):
    args = arguments(cell)
    y, cache = cell.forward(*args, **constants)
    dy = [np.zeros_like(part) for part in parts(y)]
    for d in dy:
        d[-1] = 1
    grads = cell.backward(whole(cell, dy), cache)
    assert all(np.abs(g).max() > 0 for g in grads)
    assert np.abs(grads[0][0]).max() > 0  # the first input as well


@pytest.mark.parametrize("lengths", [None, np.array([60, 0] * 8)])
@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_cache_has_the_bytes_that_are_documented(arguments, name, dtype, lengths):
    cell, (T, N, D, H) = CELLS[name][0], (60, 16, 8, 32)
    args = arguments(cell, T, N, D, H, dtype)
    cell.forward(*args, lengths=lengths)  # what NumPy keeps for itself, it has now
    tracemalloc.start()
    kept = cell.forward(*args, lengths=lengths)
    current, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    per_step, fixed = OWN[name]
    entries = (per_step * T + fixed) * N * H + (2 * H * D if cell is qrnn else 0)
    extra = 0 if lengths is None else T * N * D * np.dtype(dtype).itemsize
    extra += T * N if lengths is not None and cell in (rnn, lstm) else 0
    documented = entries * np.dtype(dtype).itemsize + extra
    objects = 600 * T + 5000  # Python's own: an array and a tuple for each step
    assert documented <= current <= documented + objects, kept
    inside = (cell.GATES + 1) * T * N * H + 20 * N * H + 2 * cell.GATES * H * (D + H)
    assert peak <= documented + objects + inside * np.dtype(dtype).itemsize


@each_cell
def test_a_step_of_backward_leaves_nothing(arguments, cell, constants):
    peaks = []
    for T in (20, 40):
        args = arguments(cell, T, 16, 8, 32)
        y, cache = cell.forward(*args, **constants)
        dy = whole(cell, upstream(y))
        cell.backward(dy, cache)
        tracemalloc.start()
        cell.backward(dy, cache)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    gates_and_inputs = (cell.GATES + 1) * 20 * 16 * 32 * 8 + 20 * 16 * 8 * 8
    assert peaks[1] - peaks[0] < 2.5 * gates_and_inputs


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (np.array([7, 8, 1]), r"lengths\[1\] is 8; needs a number from 0 to 7"),
        (np.array([-1, 2, 1]), r"lengths\[0\] is -1; needs a number from 0 to 7"),
        (np.array([7, 1]), r"lengths has shape \(2,\) and dtype int64; needs \(3,\) integers"),
        (np.array([1.0, 2.0, 3.0]), r"lengths has shape \(3,\) and dtype float64; needs"),
        ([1, 2, 3], r"lengths has shape \(3,\) and dtype object; needs \(3,\) integers"),
    ],
)
@each_cell
def test_wrong_lengths_raise(arguments, cell, constants, lengths, message):
    with pytest.raises(ValueError, match=message):
        cell.forward(*arguments(cell), lengths=lengths, **constants)


@each_cell
def test_wrong_arguments_raise(arguments, cell, constants):
    x, h0, *rest = arguments(cell)
    with pytest.raises(ValueError, match=r"h0 has shape \(3, 4\); needs \(N, H\)|with"):
        cell.forward(x, h0[:, :4], *rest, **constants)
    with pytest.raises(ValueError, match=r"h0 has shape \(2, 5\); needs \(N, H\) with N = 3"):
        cell.forward(x, h0[:2], *rest, **constants)
    with pytest.raises(ValueError, match=r"x has shape \(3, 4\); needs \(T, N, D\)"):
        cell.forward(x[0], h0, *rest, **constants)
    with pytest.raises(TypeError, match=r"h0 has dtype float32; needs float64, that of x"):
        cell.forward(x, h0.astype(np.float32), *rest, **constants)
    with pytest.raises(TypeError, match=r"x has dtype int64; needs floats"):
        cell.forward(x.astype(int), h0, *rest, **constants)


@pytest.mark.parametrize("cell", [gru, lstm])
def test_weights_of_another_cell_raise(arguments, cell):
    x, *states = arguments(cell)[: 1 + cell.STATES]
    rng, rows = np.random.default_rng(0), 2 * 5
    weights = [rng.standard_normal(s) for s in ((rows, 5), (rows, 4), (rows,))]
    message = rf"have 10 rows; need {cell.GATES * 5}, {cell.GATES} H with H = 5"
    with pytest.raises(ValueError, match=message):
        cell.forward(x, *states, *weights)


@pytest.mark.parametrize("cell", [rnn, qrnn, gru, lstm])
def test_drawn_parameters_keep_the_size_of_the_states(cell):
    params = cell.init(np.random.default_rng(0), 30, 40)
    assert all(p.dtype == np.float32 for p in params)
    for p in params:
        if p.ndim == 2:
            assert p.std() * p.shape[1] ** 0.5 == pytest.approx(1, rel=0.1)
    assert cell.init(np.random.default_rng(0), 3, 4, dtype=np.float64)[0].dtype == np.float64
    with pytest.raises(ValueError, match="need at least 1 each"):
        cell.init(np.random.default_rng(0), 0, 4)


def test_the_inputs_are_a_linear_layer_for_each_gate(promises):
    rng = np.random.default_rng(0)
    x, Wx, b = (rng.standard_normal(s) for s in ((6, 3, 4), (10, 4), (10,)))
    u, _ = inputs.forward(x, Wx, b, gates=2)
    np.testing.assert_allclose(u[1, 5, 2], Wx[5:] @ x[5, 2] + b[5:])
    promises(inputs, x, Wx, b, gates=2, analytic=True)
    with pytest.raises(ValueError, match="Wx has 10 rows; needs a multiple of 3"):
        inputs.forward(x, Wx, b, gates=3)


@each_cell
def test_a_misfit_of_the_part_with_a_past_is_named(arguments, cell, constants):
    all_states = arguments(cell)[1 : 1 + cell.STATES]
    weights = [] if cell is qrnn else [arguments(cell)[1 + cell.STATES]]
    args = [np.ones((cell.GATES, 7, 3, 5)), *all_states, *weights]
    names = ["u", "h0", "c0"][: 1 + cell.STATES] + ["Wh"] * len(weights)
    for k, name in enumerate(names):
        changed = [*args[:k], np.ones((*args[k].shape, 2)), *args[k + 1 :]]
        with pytest.raises(ValueError, match=rf"^{name} has shape .*; needs \([0-9 TNH,]+\)"):
            cell.unroll(*changed, **constants)


def test_the_defaults_of_the_cells():
    rng = np.random.default_rng(0)
    assert (lstm.init(rng, 4, 5)[-1][10:15] == 1).all()  # the forget gate starts open
    u, h0, Wh = np.ones((1, 3, 2, 4)), np.ones((2, 4)), np.ones((4, 4)) / 9
    np.testing.assert_array_equal(
        rnn.unroll(u, h0, Wh)[0], rnn.unroll(u, h0, Wh, skip=0.0)[0], strict=True
    )
    assert (rnn.unroll(u, h0, Wh, skip=1.0)[0] != rnn.unroll(u, h0, Wh)[0]).any()
