"""Mirrors backprop/training/fitting.py and scores.py."""

from types import SimpleNamespace

import numpy as np
import pytest

from backprop import training
from backprop.data import digits
from backprop.layers import linear
from backprop.losses import mse
from backprop.nets import mlp
from backprop.optim import momentum, schedules


def learn(seed=0, **changes):
    """Train a small perceptron on the first digits, for two epochs unless changed."""
    data = digits.load()
    rng = np.random.default_rng(seed)
    params = mlp.init(rng, 64, 16, 10)
    settings = {"epochs": 2, "batch_size": 32, "rng": rng, "progress": False} | changes
    return training.fit(mlp, params, data.x_train[:500], data.y_train[:500], **settings)


def test_digits_are_learnt():
    data = digits.load()
    params, history = learn(epochs=20, lr=0.2, test=(data.x_test, data.y_test))
    assert isinstance(params, mlp.Params)
    assert history.test_accuracy[-1] > 0.85 and history.loss[-1] < 0.1 * history.loss[0]
    assert len(history.loss) == len(history.test_loss) == 20
    assert len(history.steps) == 20 * 16 and history.stopped == ""


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    (a, h), (b, g), (c, _) = learn(), learn(), learn(seed=1)
    assert h.steps == g.steps
    assert all(np.array_equal(p, q) for p, q in zip(a, b, strict=True))
    assert not np.array_equal(a.W1, c.W1)


def test_the_start_is_not_written_to():
    start = mlp.init(np.random.default_rng(0), 64, 16, 10)
    for p in start:
        p.flags.writeable = False
    data = digits.load()
    training.fit(mlp, start, data.x_train, data.y_train, epochs=1, batch_size=500,
                 rng=np.random.default_rng(0), progress=False)  # fmt: skip


def test_the_loss_of_an_epoch_counts_every_example_once():
    _, history = learn(epochs=1, batch_size=300)
    first, second = history.steps
    np.testing.assert_allclose(history.loss, [(300 * first + 200 * second) / 500])


def test_weight_decay_shrinks_weights_and_leaves_biases_alone():
    x, W, b = np.zeros((4, 3)), np.ones((2, 3)), np.ones(2)
    (W1, b1), _ = training.fit(linear, [W, b], x, np.ones((4, 2)), loss=mse, lr=0.1, decay=0.5,
                               epochs=1, batch_size=4, rng=np.random.default_rng(0))  # fmt: skip
    np.testing.assert_allclose(W1, 0.95 * W)
    np.testing.assert_allclose(b1, b)


def test_a_loss_that_is_not_finite_stops_training_and_names_the_step():
    good = [np.ones((1, 1)), np.zeros(1)]
    x = np.array([[1.0], [1.0], [np.nan]])
    order = np.random.default_rng(0).permutation(3).tolist()
    with pytest.warns(UserWarning, match=f"loss is nan in epoch 1, step {order.index(2) + 1}"):
        params, history = training.fit(linear, good, x, np.zeros((3, 1)), loss=mse, epochs=3,
                                       batch_size=1, rng=np.random.default_rng(0))  # fmt: skip
    assert np.isfinite(params[0]).all() and "nan" in history.stopped
    assert len(history.steps) == order.index(2)


def test_the_parameters_before_the_fatal_step_come_back():
    with pytest.warns(UserWarning, match="training stopped: the loss is (inf|nan)"):
        params, history = training.fit(
            linear, [np.ones((1, 1)), np.zeros(1)], np.array([[1e100]]), np.zeros((1, 1)),
            loss=mse, lr=1.0, epochs=9, batch_size=1, rng=np.random.default_rng(0))  # fmt: skip
    value = training.evaluate(linear, params, np.array([[1e100]]), np.zeros((1, 1)), loss=mse)
    assert np.isfinite(value.loss) and len(history.steps) == 1


def test_interrupting_returns_what_was_learnt_so_far():
    calls = []

    def forward(x, W, b):
        calls.append(1)
        if len(calls) == 25:
            raise KeyboardInterrupt
        return linear.forward(x, W, b)

    net = SimpleNamespace(forward=forward, backward=linear.backward)
    x = np.random.default_rng(0).standard_normal((20, 3))
    start = [np.zeros((1, 3)), np.zeros(1)]
    params, history = training.fit(net, start, x, x[:, :1], loss=mse, epochs=9, batch_size=2,
                                   rng=np.random.default_rng(0), progress=False)  # fmt: skip
    assert history.stopped == "interrupted in epoch 3" and len(history.steps) == 24
    assert np.abs(params[0]).max() > 0.1


def test_evaluate_agrees_with_the_definition():
    data = digits.load()
    params, _ = learn()
    score = training.evaluate(mlp, params, data.x_test, data.y_test)
    predicted = np.array([mlp.forward(x[None], *params)[0].argmax() for x in data.x_test])
    np.testing.assert_array_equal(score.predicted, predicted)
    assert score.accuracy == np.mean(predicted == data.y_test)


def test_confusion_counts_true_rows_and_predicted_columns():
    counts = training.confusion(np.array([0, 1, 2, 2]), np.array([0, 1, 1, 1]), 3)
    np.testing.assert_array_equal(counts, [[1, 0, 0], [0, 1, 0], [0, 2, 0]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs is 0; needs a whole number of at least 1"),
        ({"batch_size": 2.5}, "batch_size is 2.5"),
        ({"decay": -1}, "decay is -1; needs a number of at least 0"),
        ({"lr": -1}, "lr is -1; needs"),
        ({"test": (np.ones((2, 64), np.float32), np.array([0, 10]))}, r"target\[1\] is 10"),
    ],
)
def test_bad_input_raises(changes, message):
    with pytest.raises(ValueError, match=message):
        learn(**changes)


def test_as_many_targets_as_examples_are_needed():
    with pytest.raises(ValueError, match="x has 3 examples and target 2"):
        training.fit(linear, [], np.ones((3, 1)), np.ones((2, 1)), epochs=1, batch_size=1,
                     rng=np.random.default_rng(0))  # fmt: skip


def test_confusion_refuses_labels_out_of_range():
    with pytest.raises(ValueError, match="predicted has labels from 0 to 5; needs 0 to 2"):
        training.confusion(np.array([0, 1]), np.array([0, 5]), 3)


def test_a_schedule_sets_the_rate_of_every_step():
    _, history = learn(lr=schedules.steps(0.2, every=20, factor=0.5))
    assert history.rates == [0.2] * 20 + [0.1] * 12
    (a, _), (b, _) = learn(lr=schedules.constant(0.2)), learn(lr=0.2)
    assert all(np.array_equal(p, q) for p, q in zip(a, b, strict=True))


def test_options_reach_the_optimiser():
    _, plain = learn(optimiser=momentum)
    _, strong = learn(optimiser=momentum, options={"momentum": 0.1})
    _, none = learn(optimiser=momentum, options={"momentum": 0.0})
    _, descent = learn()
    assert none.steps == descent.steps and len({h.steps[-1] for h in (plain, strong, none)}) == 3


def test_long_gradients_are_shortened_and_their_lengths_are_kept():
    x = np.array([[3.0]])
    start = [np.zeros((1, 1)), np.zeros(1)]
    how = {"loss": mse, "lr": 1.0, "epochs": 1, "batch_size": 1, "limit": 0.1, "progress": False}
    rng = np.random.default_rng(0)
    (W, b), history = training.fit(linear, start, x, np.array([[-4.0]]), rng=rng, **how)
    np.testing.assert_allclose(history.norms, [4 * np.sqrt(10)])
    np.testing.assert_allclose(np.hypot(W, b), 0.1)


def test_the_parameters_with_the_smallest_validation_loss_come_back():
    data = digits.load()
    held = data.x_train[500:700], data.y_train[500:700]
    params, history = learn(validation=held, patience=3, epochs=200, lr=1.0, batch_size=8)
    losses = history.validation_loss
    assert history.best == int(np.argmin(losses)) + 1 < len(losses) == history.best + 3 < 200
    assert history.stopped == f"no smaller validation loss since epoch {history.best}"
    score = training.evaluate(mlp, params, *held)
    assert score.loss == min(losses) and isinstance(params, mlp.Params)
    assert score.accuracy == history.validation_accuracy[history.best - 1]


def test_the_test_set_changes_nothing():
    data = digits.load()
    (a, _), (b, _) = learn(test=(data.x_test, data.y_test)), learn()
    assert all(np.array_equal(p, q) for p, q in zip(a, b, strict=True))


def test_callbacks_see_every_epoch_and_may_stop():
    seen = []

    def watch(epoch):
        seen.append((epoch.number, epoch.history.loss[-1], type(epoch.params)))
        return "enough" if epoch.number == 3 else None

    _, history = learn(epochs=9, callbacks=[watch])
    assert [n for n, *_ in seen] == [1, 2, 3] and history.stopped == "enough"
    assert [v for _, v, _ in seen] == history.loss and {k for *_, k in seen} == {mlp.Params}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"limit": 0.0}, "limit is 0.0; needs a number greater than 0"),
        ({"patience": 2}, "patience needs a validation set"),
        (
            {"patience": 0, "validation": (np.ones((2, 64), np.float32), np.array([0, 1]))},
            "patience is 0",
        ),
        ({"parts": 0}, "parts is 0; needs a whole number of at least 1"),
    ],
)
def test_other_bad_input_raises(changes, message):
    with pytest.raises(ValueError, match=message):
        learn(**changes)


def test_a_history_says_where_it_stands():
    _, history = learn()
    assert repr(history) == f"History(epochs=2, loss={history.loss[-1]:.4g})"
    assert vars(training.History.of(history.entries())) == vars(history)
    with pytest.raises(ValueError, match="a history has"):
        training.History.of({"loss": []})
