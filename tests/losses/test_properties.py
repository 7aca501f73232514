"""What holds for every loss, tried on arrays that nobody would think of.

The examples are the same in every run.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop import check
from backprop.losses import binary_cross_entropy, cross_entropy, l1, mse, weight_decay

EXTREMES = [0.0, -0.0, 5e-324, 1e-45, 1e-40, 1e-30, 1.0, 88.0, 104.0, 710.0, 1e4, 1e10, 1e18]
HUGE = [*EXTREMES, 1e30]
few = settings(derandomize=True, database=None, deadline=None, max_examples=20)
seeds = st.integers(0, 10**6)
dtypes = st.sampled_from([np.float32, np.float64])
LOSSES = {
    "mse": mse,
    "l1": l1,
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
}
each_loss = pytest.mark.parametrize("name", LOSSES)


def problem(name, rng, N, D):
    """Return a prediction and a target."""
    if name == "binary_cross_entropy":
        return 3 * rng.standard_normal((N, 1)), rng.uniform(size=(N, 1))
    if name == "cross_entropy":
        return 3 * rng.standard_normal((N, D)), rng.dirichlet(np.ones(D), size=N)
    return rng.standard_normal((N, D)), rng.standard_normal((N, D))


@each_loss
@few
@given(N=st.integers(1, 4), D=st.integers(1, 4), dtype=dtypes, seed=seeds)
def test_shapes_and_dtypes_are_kept(name, N, D, dtype, seed):
    y, target = problem(name, np.random.default_rng(seed), N, D)
    y = y.astype(dtype)
    loss, cache = LOSSES[name].forward(y, target=target)
    dy = LOSSES[name].backward(np.float64(0.5), cache)
    assert np.shape(loss) == () and loss >= 0
    assert dy.shape == y.shape and loss.dtype == dy.dtype == dtype


@each_loss
@few
@given(N=st.integers(1, 4), D=st.integers(1, 4), seed=seeds)
def test_a_batch_is_the_mean_of_its_examples(name, N, D, seed):
    y, target = problem(name, np.random.default_rng(seed), N, D)
    loss, cache = LOSSES[name].forward(y, target=target)
    each = [LOSSES[name].forward(y[n : n + 1], target=target[n : n + 1]) for n in range(N)]
    np.testing.assert_allclose(loss, sum(value for value, _ in each) / N, rtol=1e-12)
    rows = [LOSSES[name].backward(1 / N, of_row) for _, of_row in each]
    np.testing.assert_allclose(LOSSES[name].backward(1.0, cache), np.concatenate(rows))


@each_loss
@few
@given(N=st.integers(1, 4), D=st.integers(1, 4), a=st.floats(-9, 9), seed=seeds)
def test_backward_is_linear(name, N, D, a, seed):
    y, target = problem(name, np.random.default_rng(seed), N, D)
    _, cache = LOSSES[name].forward(y, target=target)
    once, times = LOSSES[name].backward(1.0, cache), LOSSES[name].backward(a, cache)
    np.testing.assert_allclose(times, a * once, rtol=1e-12)


@pytest.mark.parametrize("target", [0, 1])
@each_loss
@few
@given(data=st.data(), N=st.integers(1, 3), dtype=dtypes)
def test_extreme_values_stay_finite(name, target, data, N, dtype):
    # warnings are errors here, so an overflow on the way would fail as well
    sizes = EXTREMES if name == "mse" else HUGE
    signed = sizes + [-v for v in sizes]
    D = 1 if name == "binary_cross_entropy" else 3
    y = np.array([[data.draw(st.sampled_from(signed)) for _ in range(D)] for _ in range(N)])
    t = np.full((N, D), float(target))
    if name == "cross_entropy":
        t = np.eye(D)[[target] * N]
    loss, cache = LOSSES[name].forward(y.astype(dtype), target=t)
    assert np.isfinite(loss) and np.isfinite(LOSSES[name].backward(1.0, cache)).all()


@each_loss
@settings(few, max_examples=8)
@given(N=st.integers(1, 4), D=st.integers(2, 4), seed=seeds)
def test_differences_agree(name, N, D, seed):
    y, target = problem(name, np.random.default_rng(seed), N, D)
    assert max(check.vjp(LOSSES[name], y, target=target).values()) < 1e-6


@few
@given(
    shapes=st.lists(st.lists(st.integers(0, 3), max_size=3), min_size=1, max_size=3),
    rate=st.sampled_from([0.0, 1e-4, 0.5, 3.0]),
    dtype=dtypes,
    seed=seeds,
)
def test_weight_decay_adds_up(shapes, rate, dtype, seed):
    rng = np.random.default_rng(seed)
    weights = [np.asarray(rng.standard_normal(shape)).astype(dtype) for shape in shapes]
    loss, cache = weight_decay.forward(*weights, rate=rate)
    grads = weight_decay.backward(1.0, cache)
    assert [g.shape for g in grads] == [W.shape for W in weights]
    assert {loss.dtype, *(g.dtype for g in grads)} == {np.dtype(dtype)}
    parts = [weight_decay.forward(W, rate=rate)[0] for W in weights]
    np.testing.assert_allclose(loss, sum(parts), rtol=1e-5)


def torch_loss(name, F, y, t):
    """Return the same mean in PyTorch's functions."""
    N = len(y)
    if name == "mse":
        return F.mse_loss(y, t, reduction="sum") / (2 * N)
    if name == "l1":
        return F.l1_loss(y, t, reduction="sum") / N
    if name == "cross_entropy":
        return F.cross_entropy(y, t)
    return F.binary_cross_entropy_with_logits(y, t)


@each_loss
@few
@given(N=st.integers(1, 4), D=st.integers(1, 4), seed=seeds)
def test_pytorch_agrees(name, N, D, seed):
    torch = pytest.importorskip("torch")
    y, target = problem(name, np.random.default_rng(seed), N, D)
    if name == "l1":
        target[0, 0] = y[0, 0]  # the convention at the kink is the same
    loss, cache = LOSSES[name].forward(y, target=target)
    leaf = torch.tensor(y, requires_grad=True)
    expected = torch_loss(name, torch.nn.functional, leaf, torch.tensor(target))
    expected.backward()
    np.testing.assert_allclose(loss, expected.item(), rtol=1e-10)
    np.testing.assert_allclose(LOSSES[name].backward(1.0, cache), leaf.grad, atol=1e-12)


@pytest.mark.parametrize("name", [*LOSSES, "weight_decay"])
def test_an_upstream_gradient_that_is_no_number_is_named(name):
    rng = np.random.default_rng(0)
    if name == "weight_decay":
        _, cache = weight_decay.forward(np.ones((2, 3)), rate=0.1)
        backward = weight_decay.backward
    else:
        y, target = problem(name, rng, 3, 2)
        _, cache = LOSSES[name].forward(y, target=target)
        backward = LOSSES[name].backward
    with pytest.raises(ValueError, match=r"^dloss has shape \(2,\); needs a single number$"):
        backward(np.ones(2), cache)


def test_the_first_row_that_is_no_distribution_is_named():
    scores = np.zeros((3, 2))
    for bad in ([0.5, 0.6], [1.5, -0.5]):
        target = np.array([[0.5, 0.5], bad, bad])
        with pytest.raises(ValueError, match=r"^target\[1\] sums to"):
            cross_entropy.forward(scores, target=target)
    with pytest.raises(ValueError, match=r"^weights is empty; needs at least one array$"):
        weight_decay.forward(rate=0.1)


def test_labels_without_a_sign_are_labels():
    scores = np.random.default_rng(0).standard_normal((3, 2))
    loss, _ = cross_entropy.forward(scores, target=np.array([1, 0, 1], np.uint8))
    assert loss == cross_entropy.forward(scores, target=np.array([1, 0, 1]))[0]
