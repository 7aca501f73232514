"""Every plan against its readable network: the loss and every gradient."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop import nets, optim, plans
from backprop.layers import leaky_relu, relu, sigmoid, tanh
from backprop.losses import cross_entropy, l1, mse

BOUNDS = {np.float64: 1e-10, np.float32: 1e-4}  # of the largest entry of a gradient
size = st.integers(1, 40)


def mlp(rng, D, M, C, dtype):
    params = nets.mlp.init(rng, D, M, C, dtype=dtype)
    return params._replace(b1=normal(rng, dtype, M), b2=normal(rng, dtype, C))


def deep_mlp(rng, D, M, C, dtype):
    params = nets.deep_mlp.init(rng, [D, M, M, M + 1, D, D, C], dtype=dtype)
    return [normal(rng, dtype, *w.shape) if w.ndim == 1 else w for w in params]


def preact(rng, D, M, C, dtype):
    return nets.preact.init(rng, D, M, C, dtype=dtype)


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


CASES = {
    "mlp": (nets.mlp, plans.mlp, mlp, {}),
    "mlp, sigmoid outputs": (nets.mlp, plans.mlp, mlp, {"output": sigmoid}),
    "deep": (nets.deep_mlp, plans.deep_mlp, deep_mlp, {"activation": tanh}),
    "deep, skipping": (nets.deep_mlp, plans.deep_mlp, deep_mlp, {"skip": True}),
    "preact": (nets.preact, plans.preact, preact, {}),
}


def draw(case, N, D, M, C, dtype=np.float64, loss=cross_entropy, seed=0):
    """Return parameters, examples and targets."""
    rng = np.random.default_rng(seed)
    params = CASES[case][2](rng, D, M, C, dtype)
    target = rng.integers(0, C, N) if loss is cross_entropy else normal(rng, dtype, N, C)
    return params, normal(rng, dtype, N, D), target


def readable(net, params, x, target, loss=cross_entropy, **constants):
    y, cache = net.forward(x, *params, **constants)
    value, of_loss = loss.forward(y, target=target)
    return value, net.backward(loss.backward(1.0, of_loss), cache)[1:]


@pytest.mark.parametrize("case", CASES)
@given(
    sizes=st.tuples(size, size, size, size),
    dtype=st.sampled_from(list(BOUNDS)),
    loss=st.sampled_from([cross_entropy, mse]),
    activation=st.sampled_from([relu, tanh, sigmoid]),
    seed=st.integers(0, 99),
)
@settings(deadline=None)
def test_loss_and_every_gradient_are_those_of_the_network(
    case, sizes, dtype, loss, activation, seed
):
    net, module, _, constants = CASES[case]
    constants = constants | ({} if net is nets.preact else {"activation": activation})
    params, x, target = draw(case, *sizes, dtype, loss, seed)
    plan = module.compile(params, sizes[0], dtype, loss=loss, **constants)
    for a in (x, target, *params):
        a.flags.writeable = False  # whoever writes to an argument raises from here on
    for _ in range(2):  # a second time, because buffers are used again
        value, grads = plan.loss_and_gradients(x, target)
        expected, wanted = readable(net, params, x, target, loss, **constants)
        assert isinstance(value, float) and type(grads) is type(params)
        np.testing.assert_allclose(value, expected, rtol=BOUNDS[dtype], atol=BOUNDS[dtype])
        for g, w in zip(grads, wanted, strict=True):
            assert g.dtype == dtype and g.shape == w.shape
            np.testing.assert_allclose(g, w, rtol=0, atol=BOUNDS[dtype] * np.abs(w).max() + 1e-30)


def test_where_pre_activations_are_zero_the_derivative_is_zero_as_well():
    params = nets.mlp.Params(np.zeros((3, 2)), np.zeros(3), np.ones((2, 3)), np.zeros(2))
    plan = plans.mlp.compile(params, 1)
    _, grads = plan.loss_and_gradients(np.ones((1, 2)), np.array([0]))
    assert not grads.W1.any() and grads.b2.any()


def test_large_scores_do_not_overflow():
    params = [np.array([[1e4]]), np.zeros(1), np.array([[1.0], [-1.0]])]
    plan = plans.deep_mlp.compile(params, 2)
    value, grads = plan.loss_and_gradients(np.ones((2, 1)), np.array([0, 1]))
    assert value == 1e4 and all(np.isfinite(g).all() for g in grads)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("loss", [cross_entropy, mse])
def test_no_step_takes_memory_after_the_first(case, loss, peak):
    net, module, _, constants = CASES[case]
    params, x, target = draw(case, 256, 300, 280, 290, np.float32, loss)
    plan = module.compile(params, 256, loss=loss, **constants)
    optimiser = plans.Optimiser(optim.adamw, plan.parameters)

    def step():
        plan.loss_and_gradients(x, target)
        optimiser.step(lr=0.001)

    def slow():
        readable(net, params, x, target, loss, **constants)

    # one output of a layer; NumPy converts and repeats operands in pieces of 8192 entries
    smallest = 4 * 256 * 280
    assert peak(step) < 2 * 4 * 8192 + 8192 < smallest / 3 and peak(slow) > smallest


def test_the_gradient_of_the_input_is_not_computed():
    params, *_ = draw("mlp", 64, 5000, 3, 2)
    plan, narrow = plans.mlp.compile(params, 64), 64 * 5000 * 8
    assert plan.nbytes < 3 * sum(w.nbytes for w in params) + 1.2 * narrow  # its input once, no dx


@pytest.mark.parametrize(
    ("x", "target", "error", "message"),
    [
        (np.ones((5, 4), np.float32), [0] * 5, TypeError, "x has dtype float32; needs float64"),
        (np.ones((4, 4)), [0] * 4, ValueError, r"x has shape \(4, 4\); needs \(5, 4\)"),
        ([[1.0] * 4] * 5, [0] * 5, TypeError, "x is a list; needs a NumPy array"),
        (np.ones((5, 4)), [0] * 4, ValueError, r"target has shape \(4,\)"),
        (np.ones((5, 4)), [0.0] * 5, ValueError, "dtype float64; needs \\(5,\\) integers"),
        (np.ones((5, 4)), [0, 1, 2, 1, 0], ValueError, r"target\[2\] is 2; needs a label from 0"),
        (np.ones((5, 4)), [0, 1, 1, -1, 0], ValueError, r"target\[3\] is -1; needs"),
    ],
)
def test_a_batch_that_does_not_fit_raises_and_nothing_is_written(x, target, error, message):
    plan = plans.mlp.compile(nets.mlp.init(np.random.default_rng(0), 4, 3, 2, dtype=float), 5)
    _, grads = plan.loss_and_gradients(np.full((5, 4), 2.0), np.zeros(5, int))
    before = [g.copy() for g in grads]
    with pytest.raises(error, match=message):
        plan.loss_and_gradients(x, np.array(target))
    assert all(np.array_equal(a, b) for a, b in zip(grads, before, strict=True))


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        (np.ones((5, 2), np.float32), TypeError, "target has dtype float32; needs float64"),
        (np.ones((5, 3)), ValueError, r"target has shape \(5, 3\); needs \(5, 2\)"),
    ],
)
def test_a_target_of_mse_has_the_shape_and_dtype_of_the_outputs(target, error, message):
    params = nets.mlp.init(np.random.default_rng(0), 4, 3, 2, dtype=float)
    with pytest.raises(error, match=message):
        plans.mlp.compile(params, 5, loss=mse).loss_and_gradients(np.ones((5, 4)), target)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "batch_size is 0; needs a whole number of at least 1"),
        ({"batch_size": 1.5}, ValueError, "batch_size is 1.5"),
        ({"dtype": np.float16}, TypeError, "params have dtype float16; needs float32 or float64"),
        ({"loss": l1}, NotImplementedError, "no plan for the loss backprop.losses.l1"),
        ({"activation": leaky_relu}, NotImplementedError, "the activation .*leaky_relu; there is"),
        ({"params": [np.ones((3, 4))]}, TypeError, "missing 3 required"),
        ({"params": [[1.0]] * 4}, TypeError, r"params\[0\] is a list"),
        ({"params": [np.ones((3, 4)), np.ones(2), np.ones((2, 3)), np.ones(2)]}, ValueError, "b1"),
    ],
)
def test_what_cannot_be_compiled_is_refused(changes, error, message):
    how = {"params": nets.mlp.init(np.random.default_rng(0), 4, 3, 2), "batch_size": 5} | changes
    with pytest.raises(error, match=message):
        plans.mlp.compile(**how)


def test_a_dtype_may_be_chosen_and_parameters_may_be_loaded():
    params, x, target = draw("deep", 3, 4, 5, 2)
    plan = plans.deep_mlp.compile(params, 3, np.float32)
    assert {w.dtype for w in plan.params} == {np.dtype(np.float32)} and params[0].dtype == float
    other = [2 * w for w in plan.params]
    plan.load(other)
    value, _ = plan.loss_and_gradients(x.astype(np.float32), target)
    expected, _ = readable(nets.deep_mlp, other, x.astype(np.float32), target)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    with pytest.raises(TypeError, match=r"params\[0\] has dtype float64; needs float32"):
        plan.load(params)
