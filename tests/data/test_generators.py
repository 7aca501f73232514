"""The problems that are drawn are the problems, at every size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop.data import adding, copying

few = settings(derandomize=True, database=None, deadline=None, max_examples=50)


@given(T=st.integers(2, 40), N=st.integers(0, 9), seed=st.integers(0, 10**6))
@few
def test_the_answer_is_the_sum_of_the_marked_numbers(T, N, seed):
    x, target = adding.draw(np.random.default_rng(seed), T, N, dtype=np.float64)
    assert x.shape == (T, N, 2) and target.shape == (N, 1)
    numbers, marks = x[..., 0], x[..., 1]
    assert ((numbers >= 0) & (numbers < 1)).all() and np.isin(marks, (0, 1)).all()
    assert (marks[: T // 2].sum(axis=0) == 1).all() and (marks[T // 2 :].sum(axis=0) == 1).all()
    np.testing.assert_allclose((numbers * marks).sum(axis=0), target[:, 0], rtol=1e-15)


@given(
    T=st.integers(1, 30),
    N=st.integers(0, 5),
    S=st.integers(1, 6),
    K=st.integers(1, 9),
    seed=st.integers(0, 10**6),
)
@few
def test_the_answer_repeats_the_first_symbols_after_the_question(T, N, S, K, seed):
    x, target = copying.draw(np.random.default_rng(seed), T, N, S=S, K=K)
    assert x.shape == target.shape == (T + 2 * S, N)
    assert (x[:S] < K).all() and (x[:S] >= 0).all()
    assert (x == K + 1).sum() == N and (x[S + T - 1] == K + 1).all()
    assert (np.delete(x[S:], T - 1, axis=0) == K).all()
    assert (target[: T + S] == K).all()
    np.testing.assert_array_equal(target[T + S :], x[:S])


@pytest.mark.parametrize("draw", [adding.draw, copying.draw])
def test_the_same_seed_gives_the_same_and_another_seed_another(draw):
    first, again, other = (draw(np.random.default_rng(s), 9, 4) for s in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
