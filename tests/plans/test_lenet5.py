"""Mirrors backprop/plans/lenet5.py and lenet5_modern.py: both plans against their networks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop import nets, optim, plans
from backprop.losses import cross_entropy, mse

BOUNDS = {np.float64: 1e-10, np.float32: 1e-4}  # of the largest entry of a gradient
CODES = {"codes": nets.lenet5.CODES}
CASES = {
    "modern": (nets.lenet5_modern, plans.lenet5_modern, {}),
    "of 1998": (nets.lenet5, plans.lenet5, {}),
    "of 1998, distances": (nets.lenet5, plans.lenet5, CODES),
}
each = pytest.mark.parametrize("case", CASES)


def draw(case, N, dtype=np.float64, loss=cross_entropy, seed=0):
    """Return parameters, images and targets; biases and scales are drawn as well."""
    net, _, constants = CASES[case]
    rng = np.random.default_rng(seed)
    params = net.init(rng, dtype=dtype, **({"rbf": True} if constants else {}))
    params = type(params)(*[w + dtype(0.1) * normal(rng, dtype, *w.shape) for w in params])
    target = rng.integers(0, 10, N) if loss is cross_entropy else normal(rng, dtype, N, 10)
    return params, normal(rng, dtype, N, 1, 32, 32), target


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


def readable(net, params, x, target, loss=cross_entropy, **constants):
    y, cache = net.forward(x, *params, **constants)
    value, of_loss = loss.forward(y, target=target)
    return value, net.backward(loss.backward(1.0, of_loss), cache)[1:]


def compare(case, params, x, target, loss, bound):
    net, module, constants = CASES[case]
    plan = module.compile(params, len(x), loss=loss, **constants)
    for a in (x, target, *params):
        a.flags.writeable = False  # whoever writes to an argument raises from here on
    expected, wanted = readable(net, params, x, target, loss, **constants)
    for _ in range(2):  # a second time, because buffers are used again
        value, grads = plan.loss_and_gradients(x, target)
        assert isinstance(value, float) and type(grads) is type(params)
        np.testing.assert_allclose(value, expected, rtol=bound, atol=bound)
        for g, w in zip(grads, wanted, strict=True):
            assert g.dtype == x.dtype and g.shape == w.shape
            np.testing.assert_allclose(g, w, rtol=0, atol=bound * np.abs(w).max() + 1e-30)


@each
@given(
    N=st.integers(1, 20),
    dtype=st.sampled_from(list(BOUNDS)),
    loss=st.sampled_from([cross_entropy, mse]),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=15)
def test_loss_and_every_gradient_are_those_of_the_network(case, N, dtype, loss, seed):
    compare(case, *draw(case, N, dtype, loss, seed), loss, BOUNDS[dtype])


@each
@pytest.mark.parametrize("N", [64, 66, 67, 128])  # one piece, two of 33, one, two of 64
@pytest.mark.parametrize("loss", [cross_entropy, mse])
def test_a_batch_in_pieces_has_the_loss_and_gradients_of_the_whole(case, N, loss):
    compare(case, *draw(case, N, np.float64, loss), loss, 1e-10)


@pytest.mark.parametrize("N", [1, 5])
def test_of_several_largest_entries_the_same_wins(N):
    """Small whole numbers, so that sums are exact and ties are many."""
    rng = np.random.default_rng(0)
    shapes = [tuple(map(int, s.split())) for s in nets.lenet5_modern.SHAPES.values()]
    params = nets.lenet5_modern.Params(*[rng.integers(-1, 2, s).astype(float) for s in shapes])
    x = rng.integers(0, 2, (N, 1, 32, 32)).astype(float)
    compare("modern", params, x, rng.standard_normal((N, 10)), mse, 1e-10)


@each
def test_no_step_takes_memory_after_the_first(case, peak):
    net, module, constants = CASES[case]
    params, x, target = draw(case, 128, np.float32)
    plan = module.compile(params, 128, **constants)
    optimiser = plans.Optimiser(optim.adamw, plan.parameters)

    def step():
        plan.loss_and_gradients(x, target)
        optimiser.step(lr=0.001)

    smallest = 64 * 14 * 6 * 14 * 4  # what the first pooling returns for a piece
    pieces = 3 * 4 * 8192 + 8192  # three operands, repeated in pieces, and what describes them
    assert peak(step) < pieces < smallest / 2
    assert peak(lambda: readable(net, params, x, target, **constants)) > smallest


@each
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_pixel_that_is_not_finite_raises_and_no_gradient_is_written(case, wrong):
    _, module, constants = CASES[case]
    params, x, target = draw(case, 3)
    plan = module.compile(params, 3, **constants)
    _, grads = plan.loss_and_gradients(x, target)
    before = [g.copy() for g in grads]
    x[2, 0, 31, 31] = wrong
    with pytest.raises(ValueError, match="x has pixels that are not finite"):
        plan.loss_and_gradients(x, target)
    assert all(np.array_equal(a, b) for a, b in zip(grads, before, strict=True))


@each
def test_a_batch_of_another_shape_raises(case):
    _, module, constants = CASES[case]
    params, x, target = draw(case, 128)
    plan = module.compile(params, 128, **constants)
    with pytest.raises(ValueError, match=r"x has shape \(127, 1, 32, 32\); needs \(128, 1, 32"):
        plan.loss_and_gradients(x[1:], target)
    with pytest.raises(ValueError, match=r"target has shape \(127,\)"):
        plan.loss_and_gradients(x, target[1:])
    target[100] = 10  # in the second piece, before the first is computed
    with pytest.raises(ValueError, match=r"target\[100\] is 10; needs a label from 0 to 9"):
        plan.loss_and_gradients(x, target)


def test_parameters_and_output_must_go_together():
    params, *_ = draw("of 1998", 1)
    with pytest.raises(ValueError, match="needs either W7 and b7, for the linear output, or codes"):
        plans.lenet5.compile(params, 1, codes=nets.lenet5.CODES)
    with pytest.raises(ValueError, match=r"codes has shape \(10, 83\)"):
        plans.lenet5.compile(params[:12], 1, codes=nets.lenet5.CODES[:, 1:])
