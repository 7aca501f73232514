"""Mirrors backprop/data/adding.py."""

import numpy as np
import pytest

from backprop.data import adding


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("T", [2, 3, 100])
def test_the_answer_is_the_sum_of_one_number_of_each_half(T, dtype):
    x, target = adding.draw(np.random.default_rng(0), T, 50, dtype=dtype)
    assert x.shape == (T, 50, 2) and target.shape == (50, 1) and x.dtype == target.dtype == dtype
    numbers, markers = x[..., 0], x[..., 1]
    assert set(np.unique(markers)) <= {0, 1}
    assert (markers[: T // 2].sum(axis=0) == 1).all() and (markers[T // 2 :].sum(axis=0) == 1).all()
    np.testing.assert_allclose(target[:, 0], (numbers * markers).sum(axis=0))
    assert 0 <= numbers.min() and numbers.max() < 1


def test_the_baseline_is_the_error_of_the_answer_one():
    _, target = adding.draw(np.random.default_rng(0), 10, 200_000)
    assert ((target - 1) ** 2).mean() == pytest.approx(adding.BASELINE, abs=2e-3)


def test_too_few_steps():
    with pytest.raises(ValueError, match="T is 1; needs at least 2"):
        adding.draw(np.random.default_rng(0), 1, 5)
