"""What must hold between two calls, without knowing the answer of either."""

import numpy as np
import pytest


def take(a, which, axis):
    return np.ascontiguousarray(np.take(a, which, axis))


def with_batch(zoo, name):
    """Return the arguments, and of each the axis of the examples, or None for a parameter."""
    subject = zoo.subjects[name]
    if subject.batch is None:
        pytest.skip("there is no batch, or the layer is not a function of it")
    args = zoo.draw(name)
    states = getattr(subject.layer, "STATES", 2 if name == "lstm" else 0)
    axes = [subject.batch, *[0] * states, *[None] * (len(args) - 1 - states)]
    out = subject.batch if subject.out is None else subject.out
    return args, axes, out, args[0].shape[subject.batch]


def test_a_permuted_batch_gives_permuted_results(zoo, name):
    args, axes, out, N = with_batch(zoo, name)
    order = np.random.default_rng(1).permutation(N)[::-1] if N > 2 else np.array([1, 0])
    y, _ = zoo.run(name, args)
    dy = np.random.default_rng(2).standard_normal(y.shape)
    y, grads = zoo.run(name, args, dy)
    moved = [a if ax is None else take(a, order, ax) for a, ax in zip(args, axes, strict=True)]
    other, others = zoo.run(name, moved, take(dy, order, out))
    assert not np.allclose(other, y)
    np.testing.assert_allclose(other, take(y, order, out), atol=1e-12)
    for mine, g, ax in zip(others, grads, axes, strict=True):
        np.testing.assert_allclose(mine, g if ax is None else take(g, order, ax), atol=1e-11)


def test_a_batch_is_its_examples(zoo, name):
    args, axes, out, N = with_batch(zoo, name)
    if zoo.subjects[name].mixes:
        pytest.skip("its examples act on each other")
    y, _ = zoo.run(name, args)
    dy = np.random.default_rng(2).standard_normal(y.shape)
    y, grads = zoo.run(name, args, dy)
    sums = [np.zeros_like(g) for g in grads]
    for n in range(N):
        one = [a if ax is None else take(a, [n], ax) for a, ax in zip(args, axes, strict=True)]
        row, shares = zoo.run(name, one, take(dy, [n], out))
        np.testing.assert_allclose(row, take(y, [n], out), atol=1e-12)
        for total, share, g, ax in zip(sums, shares, grads, axes, strict=True):
            if ax is None:
                total += share
            else:
                np.testing.assert_allclose(share, take(g, [n], ax), atol=1e-11)
    for total, g, ax in zip(sums, grads, axes, strict=True):
        if ax is None:
            np.testing.assert_allclose(total, g, atol=1e-10)


def test_backward_is_linear(zoo, name):
    args = zoo.draw(name)
    y, _ = zoo.run(name, args)
    rng = np.random.default_rng(4)
    u, v = rng.standard_normal(np.shape(y)), rng.standard_normal(np.shape(y))
    (_, one), (_, two), (_, both) = (zoo.run(name, args, w) for w in (u, v, 3 * u - 0.5 * v))
    for a, b, c in zip(one, two, both, strict=True):
        np.testing.assert_allclose(c, 3 * a - 0.5 * b, atol=1e-10)


def test_two_calls_give_the_same_bits(zoo, name):
    args = zoo.draw(name, np.float32)
    (y, grads), (other, others) = zoo.run(name, args), zoo.run(name, args)
    assert np.asarray(y).tobytes() == np.asarray(other).tobytes()
    assert all(a.tobytes() == b.tobytes() for a, b in zip(grads, others, strict=True))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf], ids=str)
def test_what_is_not_finite_is_not_hidden(zoo, name, value):
    """One entry of one example is not finite: its output shows that, and no other's."""
    subject = zoo.subjects[name]
    if subject.batch is None:
        pytest.skip("there is no batch")
    args, _, out, N = with_batch(zoo, name)
    args[0][(0,) * args[0].ndim] = value
    with np.errstate(all="ignore"):
        try:
            y, _ = zoo.run(name, args)
        except ValueError as error:
            assert "finite" in str(error)
            return
    first = take(y, [0], out)
    rest = take(y, range(1, N), out)
    if np.isnan(value):
        assert np.isnan(first).any()
    if not subject.mixes and name != "conv2d by transforms":
        assert np.isfinite(rest).all()
