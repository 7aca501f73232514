"""What holds for every optimiser: each against its definition, written as a sum over the past."""

import numpy as np
import pytest

from backprop.optim import adagrad, adam, adamw, momentum, nesterov, rmsprop, sgd, sgd2

X = np.random.default_rng(5).standard_normal((7, 3))
OPTIMISERS = {
    "sgd": (sgd, {}),
    "momentum": (momentum, {"momentum": 0.7}),
    "nesterov": (nesterov, {"momentum": 0.7}),
    "adagrad": (adagrad, {}),
    "rmsprop": (rmsprop, {"rho": 0.7}),
    "rmsprop, corrected": (rmsprop, {"rho": 0.7, "corrected": True}),
    "adam": (adam, {"beta1": 0.6, "beta2": 0.8}),
    "adamw": (adamw, {"beta1": 0.6, "beta2": 0.8, "decay": 0.3}),
    "sgd2": (sgd2, {"inputs": [X], "momentum": 0.4}),
}
each = pytest.mark.parametrize("name", OPTIMISERS)


def powers(q, k):
    """Return the weights of the gradients 1 to k, the newest last."""
    return q ** np.arange(k)[::-1]


def mean(g, q):
    """Return the mean over the first axis, weighted by `powers`."""
    w = powers(q, len(g))
    return np.tensordot(w / w.sum(), g, 1)


def change(name, g):
    """Return what is taken away at step k for the learning rate 1, given all gradients so far."""
    k, newest = len(g), g[-1]
    if name == "sgd":
        return newest
    if name == "momentum":
        return np.tensordot(powers(0.7, k), g, 1)
    if name == "nesterov":
        return newest + 0.7 * np.tensordot(powers(0.7, k), g, 1)
    if name == "adagrad":
        return newest / (np.sqrt((g**2).sum(axis=0)) + 1e-8)
    if name == "rmsprop":
        return newest / (np.sqrt(0.3 * np.tensordot(powers(0.7, k), g**2, 1)) + 1e-8)
    if name == "rmsprop, corrected":
        return newest / (np.sqrt(mean(g**2, 0.7)) + 1e-8)
    return mean(g, 0.6) / (np.sqrt(mean(g**2, 0.8)) + 1e-8)


def arrays(seed=0, count=1, dtype=np.float64):
    """Return weights and a bias, or so many gradients on them."""
    rng = np.random.default_rng(seed)
    drawn = [
        [rng.standard_normal((2, 3)).astype(dtype), rng.standard_normal(2).astype(dtype)]
        for _ in range(count)
    ]
    return drawn if count > 1 else drawn[0]


def run(name, params, grads, lr=0.1, **change):
    optimiser, options = OPTIMISERS[name]
    state = optimiser.init(params)
    for g in grads:
        params, state = optimiser.step(params, g, state, lr=lr, **options | change)
    return params, state


@pytest.mark.parametrize("name", [n for n in OPTIMISERS if n not in ("sgd2", "adamw")])
def test_steps_are_those_of_the_definition(name):
    w, grads = arrays(), arrays(1, 6)
    found, _ = run(name, w, grads)
    for i in range(2):
        past = np.array([g[i] for g in grads])
        expected = w[i] - 0.1 * sum(change(name, past[:k]) for k in range(1, 7))
        np.testing.assert_allclose(found[i], expected, rtol=1e-10)


def test_adamw_shrinks_the_weights_by_a_factor_and_leaves_the_bias_alone():
    w, grads = arrays(), arrays(1, 6)
    plain, _ = run("adam", w, grads)
    found, _ = run("adamw", w, grads)
    np.testing.assert_array_equal(found[1], plain[1])
    expected = w[0]
    for k in range(1, 7):
        past = np.array([g[0] for g in grads[:k]])
        expected = (1 - 0.1 * 0.3) * expected - 0.1 * change("adam", past)
    np.testing.assert_allclose(found[0], expected, rtol=1e-10)


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_and_shapes_are_kept_and_nothing_is_written_to(name, dtype):
    optimiser, options = OPTIMISERS[name]
    options = options | ({"inputs": [X.astype(dtype)]} if name == "sgd2" else {})
    w, grads = arrays(dtype=dtype), arrays(1, dtype=dtype)
    state = optimiser.init(w)
    kept = [a for part in state if isinstance(part, list) for a in part]
    for a in [*w, *grads, *kept]:
        a.flags.writeable = False
    new, after = optimiser.step(w, grads, state, lr=0.1, **options)
    more, _ = optimiser.step(new, grads, after, lr=0.1, **options)
    for a, b, c in zip(w, new, more, strict=True):
        assert a.dtype == b.dtype == c.dtype == dtype and a.shape == b.shape == c.shape
        assert not np.shares_memory(a, b) and np.abs(b - a).min() > 0 and np.abs(c - b).min() > 0
    assert {a.dtype for part in after if isinstance(part, list) for a in part} <= {np.dtype(dtype)}


@each
def test_a_bowl_is_descended(name):
    w = arrays()
    start = sum((a * a).sum() for a in w)
    optimiser, options = OPTIMISERS[name]
    options = options | ({"decay": 0.0} if name == "adamw" else {})
    state = optimiser.init(w)
    for _ in range(300):
        w, state = optimiser.step(w, [a.copy() for a in w], state, lr=0.05, **options)
    assert sum((a * a).sum() for a in w) < 0.05 * start


@each
@pytest.mark.parametrize(
    ("grads", "lr", "message"),
    [
        ([], 0.1, "grads has 0 arrays; needs 2, one per parameter"),
        ([np.ones((3, 2)), np.ones(2)], 0.1, r"grads\[0\] has shape \(3, 2\); needs \(2, 3\)"),
        (arrays(1), -0.1, "lr is -0.1|decay is"),
        (arrays(1), np.nan, "lr is nan|decay is"),
    ],
)
def test_bad_input_raises(name, grads, lr, message):
    optimiser, options = OPTIMISERS[name]
    with pytest.raises(ValueError, match=message):
        optimiser.step(arrays(), grads, optimiser.init(arrays()), lr=lr, **options)


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        ("momentum", "momentum", 1.0),
        ("nesterov", "momentum", -0.1),
        ("adagrad", "epsilon", 0.0),
        ("rmsprop", "rho", 1.5),
        ("rmsprop", "epsilon", -1.0),
        ("adam", "beta1", 1.0),
        ("adamw", "decay", -0.1),
        ("adamw", "decay", 10.0),
        ("sgd2", "damping", 0.0),
        ("sgd2", "momentum", 1.0),
    ],
)
def test_a_number_out_of_its_range_raises(name, option, value):
    with pytest.raises(ValueError, match=f"{option} is {value}; needs a number"):
        run(name, arrays(), [arrays(1)], **{option: value})


def test_the_first_adam_step_does_not_depend_on_the_scale_of_the_loss():
    w, g = arrays(), arrays(1)
    a, _ = run("adam", w, [g])
    b, _ = run("adam", w, [[1000 * v for v in g]])
    np.testing.assert_allclose(a[0], b[0], rtol=1e-6)


TORCH = {
    "sgd": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.7}),
    "nesterov": ("SGD", {"momentum": 0.7, "nesterov": True}),
    "adagrad": ("Adagrad", {"eps": 1e-8}),
    "rmsprop": ("RMSprop", {"alpha": 0.7}),
    "adam": ("Adam", {"betas": (0.6, 0.8)}),
}


@pytest.mark.parametrize("name", TORCH)
def test_pytorch_agrees(name):
    torch = pytest.importorskip("torch")
    w, grads = arrays(), arrays(1, 5)
    found, _ = run(name, w, grads)
    leaves = [torch.tensor(a, requires_grad=True) for a in w]
    kind, options = TORCH[name]
    optimiser = getattr(torch.optim, kind)(leaves, lr=0.1, **options)
    for g in grads:
        for leaf, part in zip(leaves, g, strict=True):
            leaf.grad = torch.tensor(part)
        optimiser.step()
    for a, leaf in zip(found, leaves, strict=True):
        np.testing.assert_allclose(a, leaf.detach().numpy(), rtol=1e-9)


DEFAULTS = {
    momentum: {"momentum": 0.9},
    nesterov: {"momentum": 0.9},
    adagrad: {"epsilon": 1e-8},
    rmsprop: {"rho": 0.9, "epsilon": 1e-8, "corrected": False},
    adam: {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    adamw: {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "decay": 0.01},
}


@pytest.mark.parametrize("optimiser", DEFAULTS, ids=lambda o: o.__name__.rpartition(".")[2])
def test_the_defaults_are_those_of_the_papers(optimiser):
    params = told = arrays()
    state = same = optimiser.init(params)
    for g in [[1e-8 * a for a in g] for g in arrays(1, count=3)]:  # so small that epsilon counts
        params, state = optimiser.step(params, g, state, lr=0.1)
        told, same = optimiser.step(told, g, same, lr=0.1, **DEFAULTS[optimiser])
    for a, b in zip(params, told, strict=True):
        np.testing.assert_array_equal(a, b)


@each
def test_the_first_state_is_zero_in_the_shapes_of_the_parameters(name):
    params = arrays(dtype=np.float32)
    state = OPTIMISERS[name][0].init(params)
    for part in state if isinstance(state, tuple) else ():
        if isinstance(part, list):
            assert [(a.shape, a.dtype) for a in part] == [(a.shape, a.dtype) for a in params]
            assert not any(a.any() for a in part)
        else:
            assert part == 0


def test_adamw_hands_its_epsilon_on():
    params, (g,) = arrays(), arrays(1, count=2)[:1]
    large, _ = adamw.step(params, g, adamw.init(params), lr=0.1, epsilon=10.0, decay=0.0)
    plain, _ = adam.step(params, g, adam.init(params), lr=0.1, epsilon=10.0)
    for a, b in zip(large, plain, strict=True):
        np.testing.assert_array_equal(a, b)
