"""Mirrors backprop/training/planned.py: a training by a plan is the training without one."""

import numpy as np
import pytest

from backprop import nets, optim, training
from backprop.data import digits
from backprop.layers import leaky_relu, tanh
from backprop.losses import l1, mse

DATA = digits.load()
TRAIN = DATA.x_train[:500], DATA.y_train[:500]  # 15 batches of 32 and one of 20
HELD = DATA.x_train[500:700], DATA.y_train[500:700]
TARGET = np.eye(10, dtype=np.float32)[TRAIN[1]]


def learn(plan="auto", net=nets.mlp, data=TRAIN, dtype=np.float32, **changes):
    rng = np.random.default_rng(0)
    start = (
        net.init(rng, [64, 16, 16, 10], dtype=dtype)
        if net is nets.deep_mlp
        else net.init(rng, 64, 16, 10, dtype=dtype)
    )
    how = {"epochs": 3, "batch_size": 32, "rng": rng, "progress": False} | changes
    return training.fit(net, start, *data, plan=plan, **how)


def same(a, b):
    (p, h), (q, g) = a, b
    assert type(p) is type(q)
    for u, v in zip(p, q, strict=True):
        np.testing.assert_allclose(u, v, rtol=1e-4, atol=1e-5)
    for name in ("loss", "steps", "norms", "rates", "test_loss", "validation_loss"):
        np.testing.assert_allclose(getattr(h, name), getattr(g, name), rtol=1e-4, atol=1e-6)
    assert (h.best, h.stopped) == (g.best, g.stopped) and (h.plan == "") != (g.plan == "")


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"net": nets.deep_mlp, "constants": {"activation": tanh, "skip": True}},
        {"net": nets.preact},
        {"data": (TRAIN[0], TARGET), "loss": mse},
        {"optimiser": optim.momentum, "decay": 0.01, "limit": 1.0},
        {"optimiser": optim.adam, "options": {"beta1": 0.8}, "lr": 0.01},
        {"optimiser": optim.adamw, "lr": lambda k: 0.01 / (1 + k)},
        {"batch_size": 500},
        {"batch_size": 9999},
        {"test": HELD, "validation": HELD, "patience": 2, "epochs": 30, "lr": 1.0, "batch_size": 8},
        {"data": (TRAIN[0].astype(float), TRAIN[1]), "dtype": float},
    ],
)
def test_a_plan_changes_nothing_but_the_time(how):
    fast, slow = learn(**how), learn(plan=None, **how)
    assert fast[1].plan == how.get("net", nets.mlp).__name__.rpartition(".")[2]
    same(slow, fast)


@pytest.mark.parametrize("threads", [2, 4])
def test_threads_change_nothing_but_the_time(threads):
    side_by_side, alone = learn(threads=threads), learn(plan=None)
    assert side_by_side[1].plan == "mlp"
    same(alone, side_by_side)
    again, _ = learn(threads=threads)
    assert all(np.array_equal(a, b) for a, b in zip(again, side_by_side[0], strict=True))


@pytest.mark.parametrize("threads", [0, 1.5, 3])
def test_threads_must_divide_the_batch(threads):
    with pytest.raises(ValueError, match=r"threads is .*; needs .* divides the batch size, 32"):
        learn(threads=threads)


@pytest.mark.parametrize(
    "how",
    [
        {"loss": l1, "data": (TRAIN[0], TARGET)},
        {"data": (TRAIN[0], TARGET)},  # distributions, not labels
        {"data": (TRAIN[0], TARGET.astype(float)), "loss": mse},  # taken in the outputs' dtype
        {"constants": {"activation": type("L", (), {
            "forward": staticmethod(lambda x: leaky_relu.forward(x, slope=0.1)),
            "backward": staticmethod(leaky_relu.backward)})}},
    ],
)  # fmt: skip
def test_without_a_plan_the_readable_network_learns(how):
    params, history = learn(**how)
    again, _ = learn(plan=None, **how)
    assert history.plan == "" and len(history.loss) == 3
    assert all(np.array_equal(a, b) for a, b in zip(params, again, strict=True))


def test_an_unknown_optimiser_or_an_executor_goes_without_a_plan():
    from concurrent.futures import ThreadPoolExecutor
    from types import SimpleNamespace

    own = SimpleNamespace(init=optim.sgd.init, step=optim.sgd.step, __name__="own")
    assert learn(optimiser=own)[1].plan == ""
    with ThreadPoolExecutor(1) as pool:
        assert learn(executor=pool)[1].plan == ""


def test_what_comes_back_is_no_view_and_callbacks_may_keep_what_they_see():
    seen = []
    params, _ = learn(callbacks=[lambda epoch: seen.append(epoch.params)])
    assert all(w.base is None and w.flags.owndata for w in params)
    assert all(np.array_equal(a, b) for a, b in zip(seen[-1], params, strict=True))
    assert not np.array_equal(seen[0].W1, seen[1].W1)


def test_the_start_is_not_written_to():
    start = nets.mlp.init(np.random.default_rng(0), 64, 16, 10)
    for w in start:
        w.flags.writeable = False
    _, history = training.fit(nets.mlp, start, *TRAIN, epochs=1, batch_size=32,
                              rng=np.random.default_rng(0), progress=False)  # fmt: skip
    assert history.plan == "mlp"


def test_the_parameters_before_the_fatal_step_come_back():
    x = np.concatenate([TRAIN[0], np.full((1, 64), np.nan, np.float32)])
    how = {"data": (x, np.append(TRAIN[1], 0)), "batch_size": 4}
    with pytest.warns(UserWarning, match="training stopped"):
        fast = learn(**how)
    with pytest.warns(UserWarning, match="training stopped"):
        slow = learn(plan=None, **how)
    assert "nan" in fast[1].stopped and np.isfinite(fast[0].W1).all()
    same(slow, fast)


@pytest.mark.parametrize("optimiser", [optim.momentum, optim.adam])
def test_a_training_goes_on_from_its_checkpoint(tmp_path, optimiser):
    how = {"optimiser": optimiser, "lr": 0.01, "checkpoint": tmp_path / "a.npz", "resume": True}
    learn(epochs=1, **how)
    fast = learn(epochs=3, **how)
    slow = learn(plan=None, epochs=3, optimiser=optimiser, lr=0.01)
    same(slow, fast)


def test_a_plan_that_is_neither_auto_nor_none_raises():
    with pytest.raises(ValueError, match="plan is 'fast'; needs 'auto' or None"):
        learn(plan="fast")


def test_a_label_out_of_range_raises_as_without_a_plan():
    labels = TRAIN[1].copy()
    labels[400] = 10
    messages = []
    for plan in ("auto", None):
        with pytest.raises(ValueError, match="is 10; needs a label from 0 to 9") as error:
            learn(plan=plan, data=(TRAIN[0], labels))
        messages.append(str(error.value))
    assert messages[0] == messages[1]


@pytest.mark.parametrize(
    ("net", "of_init", "constants"),
    [
        (nets.lenet5_modern, {}, {}),
        (nets.lenet5, {}, {}),
        (nets.lenet5, {"rbf": True}, {"codes": nets.lenet5.CODES}),
    ],
)
def test_images_go_through_a_plan_and_the_rest_of_them_through_the_network(net, of_init, constants):
    images, labels = nets.lenet5.images(TRAIN[0][:70]), TRAIN[1][:70]  # 32, 32 and 6

    def train(plan):
        rng = np.random.default_rng(0)
        start = net.init(rng, **of_init)
        how = {"epochs": 2, "batch_size": 32, "rng": rng, "lr": 0.01, "progress": False}
        return training.fit(net, start, images, labels, plan=plan, constants=constants, **how)

    slow, fast = train(None), train("auto")
    assert fast[1].plan == net.__name__.rpartition(".")[2]
    same(slow, fast)


def test_images_that_are_not_finite_raise_as_without_a_plan():
    images = nets.lenet5.images(TRAIN[0][:70])
    images[40] = np.nan
    for plan in ("auto", None):
        with pytest.raises(ValueError, match="x has pixels that are not finite"):
            rng = np.random.default_rng(0)
            start = nets.lenet5_modern.init(rng)
            training.fit(nets.lenet5_modern, start, images, TRAIN[1][:70], plan=plan, epochs=1,
                         batch_size=32, rng=rng, progress=False)  # fmt: skip
