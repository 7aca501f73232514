"""Mirrors backprop/plans/threads.py: parts side by side give what one plan gives."""

import threading
import time

import numpy as np
import pytest

from backprop import nets, optim, plans
from backprop.losses import cross_entropy, mse


def draw(N=12, D=5, M=7, C=3, dtype=np.float64, loss=cross_entropy):
    rng = np.random.default_rng(0)
    params = nets.mlp.init(rng, D, M, C, dtype=dtype)
    target = rng.integers(0, C, N) if loss is cross_entropy else rng.standard_normal((N, C))
    return params, rng.standard_normal((N, D)).astype(dtype), target


@pytest.mark.parametrize("threads", [2, 3, 4])
@pytest.mark.parametrize("loss", [cross_entropy, mse])
def test_loss_gradients_and_steps_are_those_of_one_plan(threads, loss):
    params, x, target = draw(loss=loss)
    one = plans.mlp.compile(params, 12, loss=loss)
    many = plans.threads.compile(plans.mlp, params, 12, threads=threads, loss=loss)
    rules = [plans.Optimiser(optim.adam, plan.parameters) for plan in (one, many)]
    for _ in range(4):  # the parameters change places twice
        (value, grads), (other, others) = (p.loss_and_gradients(x, target) for p in (one, many))
        assert other == pytest.approx(value, rel=1e-12)
        for g, h in zip(grads, others, strict=True):
            assert g.any()
            np.testing.assert_allclose(h, g, rtol=1e-10, atol=1e-14)
        for rule in rules:
            rule.step(lr=0.1)
    for w, v in zip(one.params, many.params, strict=True):
        np.testing.assert_allclose(v, w, rtol=1e-8)
    assert not np.allclose(many.params.W1, params.W1)


@pytest.mark.parametrize("net", ["lenet5", "lenet5_modern"])
def test_images_as_well(net):
    rng = np.random.default_rng(0)
    params = getattr(nets, net).init(rng)
    x, target = rng.standard_normal((8, 1, 32, 32), np.float32), rng.integers(0, 10, 8)
    one = getattr(plans, net).compile(params, 8)
    two = plans.threads.compile(getattr(plans, net), params, 8)
    (value, grads), (other, others) = (p.loss_and_gradients(x, target) for p in (one, two))
    assert other == pytest.approx(value, rel=1e-5)
    for g, h in zip(grads, others, strict=True):
        np.testing.assert_allclose(h, g, rtol=0, atol=1e-4 * np.abs(g).max())


def test_the_same_bits_each_time_and_other_parameters_by_load():
    params, x, target = draw(dtype=np.float32)
    plan = plans.threads.compile(plans.mlp, params, 12)
    value, grads = plan.loss_and_gradients(x, target)
    before = [g.copy() for g in grads]
    for _ in range(20):
        again, grads = plan.loss_and_gradients(x, target)
        assert again == value
        assert all(np.array_equal(g, b) for g, b in zip(grads, before, strict=True))
    plan.load([2 * w for w in params])
    assert plan.loss_and_gradients(x, target)[0] != value
    np.testing.assert_array_equal(plan.params.W1, 2 * params.W1)


def test_parts_run_side_by_side():
    params, x, target = draw()
    plan = plans.threads.compile(plans.mlp, params, 12, threads=3)
    together = threading.Barrier(3, timeout=10)  # breaks unless three threads are there at once
    for part in plan._parts:
        compute = part.loss_and_gradients

        def meet(*args, compute=compute):
            together.wait()
            return compute(*args)

        part.loss_and_gradients = meet
    plan.loss_and_gradients(x, target)


def test_no_step_takes_memory_after_the_first(peak):
    params, x, target = draw(N=1024, D=64, M=128)
    plan = plans.threads.compile(plans.mlp, params, 1024)
    smallest = 512 * 128 * 8  # the hidden layer of a part
    assert peak(lambda: plan.loss_and_gradients(x, target)) < smallest / 2


def test_what_goes_wrong_in_a_thread_is_told_and_the_plan_goes_on():
    rng = np.random.default_rng(0)
    params = nets.lenet5_modern.init(rng)
    plan = plans.threads.compile(plans.lenet5_modern, params, 4)
    x, target = rng.standard_normal((4, 1, 32, 32), np.float32), rng.integers(0, 10, 4)
    value, _ = plan.loss_and_gradients(x, target)
    for n in (0, 3):
        bad = x.copy()
        bad[n, 0, 5, 5] = np.nan
        with pytest.raises(ValueError, match="not finite"):
            plan.loss_and_gradients(bad, target)
    assert plan.loss_and_gradients(x, target)[0] == value


def test_nobody_writes_any_more_when_an_error_arrives():
    params, x, target = draw()
    plan = plans.threads.compile(plans.mlp, params, 12)
    ended = threading.Event()

    def fail(*args):
        raise ArithmeticError("the first part")

    def tarry(*args):
        time.sleep(0.1)
        ended.set()
        return 0.0, []

    plan._parts[0].loss_and_gradients, plan._parts[1].loss_and_gradients = fail, tarry
    with pytest.raises(ArithmeticError, match="the first part"):
        plan.loss_and_gradients(x, target)
    assert ended.is_set()


def test_an_overflow_is_treated_as_in_the_thread_that_calls():
    params, x, target = draw(dtype=np.float32, loss=mse)
    plan = plans.threads.compile(plans.mlp, params, 12, loss=mse)
    x[6:] *= 1e30  # the squares of the second half overflow
    with np.errstate(over="ignore", invalid="ignore"):
        plan.loss_and_gradients(x, target.astype(np.float32))
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow"):
        plan.loss_and_gradients(x, target.astype(np.float32))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"threads": 1}, "threads is 1; needs a whole number of at least 2"),
        ({"threads": 2.5}, "threads is 2.5"),
        ({"threads": 5}, "batch_size is 12; needs a multiple of threads, 5"),
    ],
)
def test_bad_numbers_raise(how, message):
    with pytest.raises(ValueError, match=message):
        plans.threads.compile(plans.mlp, draw()[0], 12, **how)


def test_a_batch_that_does_not_fit_raises():
    params, x, target = draw()
    plan = plans.threads.compile(plans.mlp, params, 12)
    with pytest.raises(ValueError, match=r"x has shape \(6, 5\); needs \(12, 5\)"):
        plan.loss_and_gradients(x[:6], target)
    with pytest.raises(ValueError, match=r"target has shape \(6,\).*needs \(12,\)"):
        plan.loss_and_gradients(x, target[:6])
