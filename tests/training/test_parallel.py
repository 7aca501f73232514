"""Mirrors backprop/training/parallel.py."""

import os
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from backprop import training
from backprop.data import digits
from backprop.losses import cross_entropy
from backprop.nets import mlp
from backprop.training import checkpoints, parallel

DATA = digits.load(dtype=np.float64)
TRAIN = DATA.x_train[:101], DATA.y_train[:101]


def learn(**changes):
    rng = np.random.default_rng(0)
    params = mlp.init(rng, 64, 16, 10, dtype=np.float64)
    settings = {"epochs": 2, "batch_size": 32, "rng": rng, "progress": False} | changes
    return training.fit(mlp, params, *TRAIN, **settings)


class AtOnce:
    """An executor that computes when it is asked, and remembers how much."""

    def __init__(self):
        self.sizes = []

    def submit(self, function, *args):
        self.sizes.append(len(args[3]))
        future = Future()
        future.set_result(function(*args))
        return future


def nearly(a, b):
    for p, q in zip(a, b, strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("parts", [1, 2, 3, 101, 500])
def test_the_batch_is_the_weighted_sum_of_its_parts(parts):
    params = mlp.init(np.random.default_rng(0), 64, 16, 10, dtype=np.float64)
    whole, grads = parallel.part(mlp, cross_entropy, params, *TRAIN, {})
    executor = AtOnce()
    args = mlp, cross_entropy, params, *TRAIN, {}
    loss, sums = parallel.gradients(*args, executor=executor, parts=parts)
    assert abs(loss - whole) < 1e-12 and max(np.abs(g).max() for g in grads) > 1e-3
    nearly(sums, grads)
    assert sum(executor.sizes) == 101 and len(executor.sizes) == min(parts, 101)
    assert max(executor.sizes) - min(executor.sizes) <= 1


def test_float32_stays_float32():
    params = mlp.init(np.random.default_rng(0), 64, 16, 10)
    x, labels = TRAIN[0].astype(np.float32), TRAIN[1]
    args = mlp, cross_entropy, params, x, labels, {}
    _, sums = parallel.gradients(*args, executor=AtOnce(), parts=3)
    assert {s.dtype for s in sums} == {np.dtype(np.float32)}


def test_training_in_parts_is_training_whole_up_to_rounding():
    (a, h), (b, g) = learn(), learn(executor=AtOnce(), parts=3)
    nearly(a, b)
    np.testing.assert_allclose(h.steps, g.steps)


def test_threads_and_processes_compute_the_same():
    expected, _ = learn(executor=AtOnce())
    with ThreadPoolExecutor(2) as pool:
        params, _ = learn(executor=pool)
    assert all(np.array_equal(p, q) for p, q in zip(params, expected, strict=True))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        params, _ = learn(executor=pool)
    nearly(params, expected)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_local_dask_cluster_computes_the_same():
    distributed = pytest.importorskip("distributed")
    expected, _ = learn()
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    )
    with cluster, distributed.Client(cluster) as client:
        params, _ = learn(executor=client.get_executor(pure=False))
    nearly(params, expected)


class Dying:
    """A loss that ends the process it is computed in, after some calls in a process."""

    calls = 0

    @classmethod
    def forward(cls, scores, *, target):
        cls.calls += 1
        if cls.calls == 7:
            os._exit(1)
        return cross_entropy.forward(scores, target=target)

    backward = staticmethod(cross_entropy.backward)


def test_a_worker_that_dies_leaves_a_clear_error_and_a_usable_checkpoint(tmp_path):
    file = tmp_path / "a.npz"
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        message = "a part of a batch failed in the executor in epoch 2; .*a.npz has the 1 before it"
        with pytest.raises(RuntimeError, match=message):
            learn(loss=Dying, executor=pool, parts=1, checkpoint=file)
    assert checkpoints.load(file)[1]["epochs"] == 1
    resumed, history = learn(checkpoint=file, resume=True)
    expected, whole = learn()
    nearly(resumed, expected)
    np.testing.assert_allclose(history.steps, whole.steps)


def test_what_a_part_raises_is_the_cause():
    class Wrong(AtOnce):
        def submit(self, *_):
            future = Future()
            future.set_exception(ValueError("x has dtype int64"))
            return future

    with pytest.raises(RuntimeError, match="in epoch 1; no checkpoint") as caught:
        learn(executor=Wrong())
    assert str(caught.value.__cause__) == "x has dtype int64"
