"""Mirrors backprop/training/learning_rate.py."""

import numpy as np
import pytest

from backprop.data import digits
from backprop.layers import linear
from backprop.losses import mse
from backprop.nets import mlp
from backprop.optim import momentum
from backprop.training import learning_rate

x = np.array([[1.0], [3.0]])
START = [np.zeros((1, 1)), np.zeros(1)]
HOW = {"loss": mse, "batch_size": 50}


def rng():
    return np.random.default_rng(0)


def test_the_rates_grow_by_the_same_factor_until_the_loss_explodes():
    found = learning_rate.range_test(linear, START, x, x, rng=rng(), low=1e-3, high=10.0, **HOW)
    np.testing.assert_allclose(np.diff(np.log(found.rates)), np.log(10**4) / 99)
    assert found.rates[0] == 1e-3 and len(found.rates) == len(found.losses) < 100
    assert found.losses[-1] > 4 * min(found.losses) and not np.isnan(found.losses[:-1]).any()


def test_a_range_without_an_explosion_is_run_to_its_end():
    found = learning_rate.range_test(
        linear, START, x, x, rng=rng(), low=1e-4, high=1e-2, steps=7, **HOW
    )
    assert len(found.rates) == 7 and found.losses[-1] < found.losses[0]
    assert found.rates[-1] == pytest.approx(1e-2)


def test_the_turn_lies_near_the_largest_stable_rate():
    """For one example 3 and no bias's share the curvature is 10: steps over 0.2 diverge."""
    found = learning_rate.range_test(
        linear, START, np.array([[3.0]]), np.array([[3.0]]), rng=rng(), low=1e-3, high=1.0, **HOW
    )
    turn = found.rates[int(np.argmin(found.losses))]
    assert 0.05 < turn < 0.4


def test_the_best_candidate_is_chosen_and_those_that_diverge_are_not():
    choice = learning_rate.select(
        linear, START, x, x, rng=rng(), candidates=[1e-3, 0.1, 9.0], **HOW
    )
    assert choice.lr == 0.1 and list(choice.losses) == [1e-3, 0.1, 9.0]
    assert choice.losses[0.1] < choice.losses[1e-3] < choice.losses[9.0]


def test_all_candidates_see_the_same_batches_and_nothing_is_written_to():
    data = digits.load()
    params = mlp.init(rng(), 64, 16, 10)
    for w in params:
        w.flags.writeable = False
    how = {"batch_size": 20, "steps": 6, "optimiser": momentum, "options": {"momentum": 0.5}}
    args = mlp, params, data.x_train, data.y_train
    a = learning_rate.select(*args, rng=rng(), candidates=[0.05, 0.05 + 1e-12], **how)
    np.testing.assert_allclose(*a.losses.values(), rtol=1e-5)
    b = learning_rate.select(*args, rng=rng(), candidates=[0.05], **how)
    assert a.losses[0.05] == b.losses[0.05]


def test_the_candidates_of_lightnet():
    np.testing.assert_allclose(
        learning_rate.CANDIDATES, [1, 0.5, 0.1, 0.05, 0.01, 0.005, 0.001, 0.0005]
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"low": 0.0}, "low is 0.0, high is 10.0; needs 0 < low < high"),
        ({"low": 20.0}, "low is 20.0"),
        ({"steps": 1}, "steps is 1"),
    ],
)
def test_bad_input_raises(change, message):
    with pytest.raises(ValueError, match=message):
        learning_rate.range_test(linear, START, x, x, rng=rng(), **HOW | change)


@pytest.mark.parametrize("candidates", [[], [1e6, 1e9]])
def test_no_candidate_at_all_raises(candidates):
    with pytest.raises(ValueError, match="none led to a finite loss"):
        learning_rate.select(
            linear, START, x, x, rng=rng(), candidates=candidates, steps=200, **HOW
        )
