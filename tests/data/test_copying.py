"""Mirrors backprop/data/copying.py."""

import numpy as np
import pytest

from backprop.data import copying


def test_the_question_comes_after_the_blanks_and_the_answer_after_it():
    x, target = copying.draw(np.random.default_rng(0), 6, 40, S=3, K=5)
    assert x.shape == target.shape == (12, 40)
    symbols = x[:3]
    assert symbols.min() == 0 and symbols.max() == 4
    assert (x[3:8] == 5).all() and (x[8] == 6).all() and (x[9:] == 5).all()
    assert (target[:9] == 5).all()
    np.testing.assert_array_equal(target[9:], symbols)


def test_the_shortest():
    x, target = copying.draw(np.random.default_rng(0), 1, 1, S=1, K=1)
    assert x.ravel().tolist() == [0, 2, 1] and target.ravel().tolist() == [1, 1, 0]


def test_the_baseline_is_the_entropy_of_a_guess():
    assert copying.baseline(10, S=2, K=4) == pytest.approx(2 * np.log(4) / 14)


@pytest.mark.parametrize("sizes", [{"T": 0}, {"S": 0}, {"K": 0}])
def test_sizes_below_one(sizes):
    with pytest.raises(ValueError, match="is 0; needs at least 1"):
        copying.draw(np.random.default_rng(0), **({"T": 5, "N": 2} | sizes))
