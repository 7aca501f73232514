"""Mirrors backprop/optim/clip.py."""

import numpy as np
import pytest

from backprop.optim import clip


def drawn(dtype=np.float64):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(s).astype(dtype) for s in ((3, 4), (5,), ())]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_long_gradients_get_the_limit_and_keep_their_direction(dtype):
    grads = [np.asarray(g) for g in drawn(dtype)]
    clipped = clip.by_norm(grads, 0.5)
    flat, before = (np.concatenate([g.ravel() for g in gs]) for gs in (clipped, grads))
    assert np.linalg.norm(flat) == pytest.approx(0.5, rel=1e-6)
    np.testing.assert_allclose(flat / 0.5, before / np.linalg.norm(before), rtol=1e-5)
    assert all(a.dtype == dtype and a.shape == b.shape for a, b in zip(clipped, grads, strict=True))


def test_short_gradients_are_handed_on():
    grads = drawn()
    length = clip.norm(grads)
    assert length == pytest.approx(np.sqrt(sum((g**2).sum() for g in grads)))
    for limit in (length, 2 * length):
        assert all(a is b for a, b in zip(clip.by_norm(grads, limit), grads, strict=True))


def test_arguments_are_not_written_to():
    grads = drawn()
    for g in grads[:2]:
        g.flags.writeable = False
    clip.by_norm(grads, 1e-3)


@pytest.mark.parametrize("grads", [[], [np.zeros((2, 0))], [np.zeros(3)]])
def test_nothing_to_clip(grads):
    assert clip.norm(grads) == 0
    assert len(clip.by_norm(grads, 1.0)) == len(grads)


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_squares_neither_overflow_nor_vanish(size):
    grads = [np.full(4, size, np.float32)]
    assert clip.norm(grads) == pytest.approx(2 * size)
    assert clip.norm(clip.by_norm(grads, size)) == pytest.approx(size)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 1])
def test_gradients_that_are_not_finite_raise(bad, place):
    grads = drawn()
    grads[place].flat[0] = bad
    with pytest.raises(ValueError, match=r"grads have the norm (nan|inf); needs finite"):
        clip.by_norm(grads, 1.0)


@pytest.mark.parametrize("limit", [0.0, -1.0, np.nan])
def test_a_limit_that_is_none_raises(limit):
    with pytest.raises(ValueError, match="needs a number greater than 0"):
        clip.by_norm(drawn(), limit)


def test_by_value_cuts_every_entry_by_itself():
    grads = [np.array([3.0, -0.5]), np.array([[-9.0]])]
    first, second = clip.by_value(grads, 2.0)
    np.testing.assert_array_equal(first, [2, -0.5])
    np.testing.assert_array_equal(second, [[-2]])
    assert grads[0][0] == 3 and np.isnan(clip.by_value([np.array([np.nan])], 1.0)[0]).all()
    assert clip.by_value([np.ones(2, np.float32)], 0.5)[0].dtype == np.float32


def test_by_value_needs_a_positive_limit():
    with pytest.raises(ValueError, match="limit is 0; needs a number greater than 0"):
        clip.by_value([np.ones(2)], 0)


def test_the_length_of_tiny_gradients_is_no_zero():
    assert clip.norm([np.array([3e-200, 4e-200])]) == pytest.approx(5e-200)
    assert clip.norm([np.array([0.0])]) == 0
