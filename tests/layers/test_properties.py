"""What holds for every layer, tried on arrays that nobody would think of.

Each table row is a layer with what it needs; each test is one law.  The examples are the same in
every run.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop import check
from backprop.layers import (
    batch_norm,
    dropout,
    leaky_relu,
    linear,
    local_response_norm,
    modulus,
    relu,
    rms_norm,
    sigmoid,
    softmax,
    tanh,
)

EXTREMES = [0.0, -0.0, 5e-324, 1e-45, 1e-40, 1e-30, 1.0, 88.0, 104.0, 710.0, 1e4, 1e10, 1e18]
HUGE = [*EXTREMES, 1e30]
few = settings(derandomize=True, database=None, deadline=None, max_examples=20)
seeds = st.integers(0, 10**6)
dtypes = st.sampled_from([np.float32, np.float64])


class AsFunction:
    """Dropout with the same mask in every call, so that it is a function of its argument."""

    @staticmethod
    def forward(x):
        return dropout.forward(x, rate=0.3, rng=np.random.default_rng(7))

    backward = staticmethod(dropout.backward)


def normalising(**constants):
    """Return batch norm with a state that fits the features of its argument."""

    def forward(x, gamma, beta):
        state = batch_norm.State(gamma.real * 0 + 0.5, gamma.real * 0 + 2)
        return batch_norm.forward(x, gamma, beta, state=state, **constants)

    return SimpleNamespace(forward=forward, backward=batch_norm.backward)


ELEMENTWISE = {
    "relu": (relu, {}),
    "modulus": (modulus, {}),
    "leaky_relu": (leaky_relu, {"slope": 0.1}),
    "sigmoid": (sigmoid, {}),
    "tanh": (tanh, {}),
    "dropout": (AsFunction, {}),
}
ROWWISE = ELEMENTWISE | {"softmax": (softmax, {}), "linear": (linear, {})}
ROWWISE |= {
    "rms_norm": (rms_norm, {}),
    "local_response_norm": (local_response_norm, {"size": 3, "alpha": 0.5}),
}
ROWWISE |= {"batch_norm, inference": (normalising(inference=True), {})}
LAYERS = ROWWISE | {
    "rms_norm, batch": (rms_norm, {"over": "batch"}),
    "batch_norm": (batch_norm, {}),
    "batch_norm, momentum": (normalising(momentum=0.3, epsilon=0.1), {}),
}
each_layer = pytest.mark.parametrize("name", LAYERS)


def parameters(name, rng, D):
    if name == "linear":
        return [rng.standard_normal((3, D)), rng.standard_normal(3)]
    if name.startswith("rms_norm"):
        return [rng.uniform(0.5, 2, D)]
    if name.startswith("batch_norm"):
        return [rng.uniform(0.5, 2, D), rng.standard_normal(D)]
    return []


def smallest(name):
    """Return the smallest batch and width for which the layer is defined."""
    needs_examples = name in ("batch_norm", "batch_norm, momentum", "rms_norm, batch")
    return int(needs_examples), int(name in ("softmax", "rms_norm"))


def tuple_of(value):
    return value if isinstance(value, tuple) else (value,)


def run(name, args, dy=None, rng=None):
    """Return the output, the gradients, and the upstream gradient that was used."""
    layer, constants = LAYERS[name]
    y, cache = layer.forward(*args, **constants)
    if dy is None:
        dy = rng.standard_normal(y.shape).astype(y.dtype)
    return y, tuple_of(layer.backward(dy, cache)), dy


@each_layer
@few
@given(N=st.integers(0, 4), D=st.integers(0, 4), dtype=dtypes, seed=seeds)
def test_shapes_and_dtypes_are_kept(name, N, D, dtype, seed):
    N, D = max(N, smallest(name)[0]), max(D, smallest(name)[1])
    rng = np.random.default_rng(seed)
    args = [rng.standard_normal((N, D)), *parameters(name, rng, D)]
    args = [a.astype(dtype) for a in args]
    y, grads, _ = run(name, args, rng=rng)
    assert y.shape == (N, 3 if name == "linear" else D)
    assert [g.shape for g in grads] == [a.shape for a in args]
    assert {y.dtype, *(g.dtype for g in grads)} == {np.dtype(dtype)}


@each_layer
@few
@given(data=st.data(), N=st.integers(1, 3), D=st.integers(1, 4), dtype=dtypes)
def test_extreme_values_stay_finite(name, data, N, D, dtype):
    # warnings are errors here, so an overflow on the way would fail as well
    squares = name.startswith("batch_norm") or "_norm" in name or name == "linear"
    sizes = EXTREMES if squares else HUGE
    signed = sizes + [-v for v in sizes]
    x = [[data.draw(st.sampled_from(signed)) for _ in range(D)] for _ in range(N)]
    rng = np.random.default_rng(0)
    args = [np.array(x), *parameters(name, rng, D)]
    y, grads, _ = run(name, [a.astype(dtype) for a in args], rng=rng)
    assert all(np.isfinite(a).all() for a in (y, *grads))


@each_layer
@few
@given(N=st.integers(1, 4), D=st.integers(1, 4), a=st.floats(-9, 9), b=st.floats(-9, 9), seed=seeds)
def test_backward_is_linear(name, N, D, a, b, seed):
    rng = np.random.default_rng(seed)
    args = [rng.standard_normal((N, D)), *parameters(name, rng, D)]
    _, first, dy = run(name, args, rng=rng)
    _, second, other = run(name, args, rng=rng)
    _, both, _ = run(name, args, dy=a * dy + b * other)
    for g, h, gh in zip(first, second, both, strict=True):
        np.testing.assert_allclose(gh, a * g + b * h, atol=1e-10)


@pytest.mark.parametrize("name", [name for name in ROWWISE if name != "dropout"])
@few
@given(N=st.integers(0, 4), D=st.integers(1, 4), seed=seeds)
def test_a_batch_is_its_examples(name, N, D, seed):
    rng = np.random.default_rng(seed)
    x, params = rng.standard_normal((N, D)), parameters(name, rng, D)
    y, (dx, *sums), dy = run(name, [x, *params], rng=rng)
    for n in range(N):
        row, (dx_row, *shares), _ = run(name, [x[n : n + 1], *params], dy=dy[n : n + 1])
        np.testing.assert_allclose(row[0], y[n], atol=1e-14)
        np.testing.assert_allclose(dx_row[0], dx[n], atol=1e-14)
        sums = [s - share for s, share in zip(sums, shares, strict=True)]
    assert all(np.abs(rest).max(initial=0) < 1e-12 for rest in sums)


@each_layer
@settings(few, max_examples=8)
@given(N=st.integers(1, 4), D=st.integers(2, 4), seed=seeds)
def test_differences_agree(name, N, D, seed):
    if name in ("batch_norm", "rms_norm, batch"):
        N += 2  # for one example the derivative is zero, for two nearly
    rng = np.random.default_rng(seed)
    away = rng.uniform(0.1, 2, (N, D)) * rng.choice([-1, 1], (N, D))  # from the kinks
    away[0, 0] = 1.0  # so that some derivative of ReLU is not zero
    layer, constants = LAYERS[name]
    if name == "dropout" and not layer.forward(away)[0].any():
        return
    errors = check.vjp(layer, away, *parameters(name, rng, D), **constants)
    assert max(errors.values()) < 1e-6


@few
@given(shape=st.lists(st.integers(1, 3), min_size=1, max_size=4), data=st.data(), seed=seeds)
def test_softmax_along_any_axis_is_softmax_along_the_last(shape, data, seed):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    rng = np.random.default_rng(seed)
    x, dy = rng.standard_normal(shape), rng.standard_normal(shape)
    y, cache = softmax.forward(x, axis=axis)
    last, of_last = softmax.forward(np.moveaxis(x, axis, -1))
    np.testing.assert_allclose(np.moveaxis(y, axis, -1), last)
    dx = softmax.backward(dy, cache)
    np.testing.assert_allclose(dx.sum(axis=axis), 0, atol=1e-14)
    expected = softmax.backward(np.moveaxis(dy, axis, -1), of_last)
    np.testing.assert_allclose(np.moveaxis(dx, axis, -1), expected, atol=1e-15)


def torch_state(gamma):
    zero = 0 * gamma.detach()
    return zero + 0.5, zero + 2


TORCH = {
    "relu": lambda F, x: F.relu(x),
    "leaky_relu": lambda F, x: F.leaky_relu(x, 0.1),
    "sigmoid": lambda F, x: F.sigmoid(x),
    "tanh": lambda F, x: F.tanh(x),
    "softmax": lambda F, x: F.softmax(x, dim=-1),
    "linear": lambda F, x, W, b: F.linear(x, W, b),
    "modulus": lambda F, x: x.abs(),
    "rms_norm": lambda F, x, g: F.rms_norm(x, g.shape, g, eps=1e-6),
    "local_response_norm": lambda F, x: F.local_response_norm(
        x[..., None], 3, alpha=3 * 0.5, beta=0.75, k=2.0
    )[..., 0],  # there alpha is divided by the size
    "batch_norm": lambda F, x, g, b: F.batch_norm(x, None, None, g, b, training=True, eps=1e-5),
    "batch_norm, inference": lambda F, x, g, b: F.batch_norm(
        x, 0 * b.detach() + 0.5, 0 * b.detach() + 2, g, b
    ),
}


@pytest.mark.parametrize("name", TORCH)
@few
@given(N=st.integers(2, 4), D=st.integers(1, 4), seed=seeds)
def test_pytorch_agrees(name, N, D, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((N, D))
    x[0, 0] = 0  # the conventions at the kinks are the same
    args = [x, *parameters(name, rng, D)]
    y, grads, dy = run(name, args, rng=rng)
    leaves = [torch.tensor(a, requires_grad=True) for a in args]
    expected = TORCH[name](torch.nn.functional, *leaves)
    expected.backward(torch.tensor(dy))
    np.testing.assert_allclose(y, expected.detach().numpy(), atol=1e-10)
    for mine, leaf in zip(grads, leaves, strict=True):
        np.testing.assert_allclose(mine, leaf.grad.numpy(), atol=1e-8)
