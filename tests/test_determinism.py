"""The same seed gives the same numbers in another process, and on another number of threads."""

import os
import subprocess
import sys

import numpy as np
import pytest

TRAINING = """
import sys
import numpy as np
from backprop import training
from backprop.nets import char_model, lenet5_modern, mlp
from backprop.optim import adam
from backprop.recurrent import gru

rng = np.random.default_rng(7)
how = dict(epochs=1, batch_size=64, optimiser=adam, progress=False)
x, labels = rng.standard_normal((256, 784), np.float32), rng.integers(0, 10, 256)
ends = list(training.fit(mlp, mlp.init(rng, 784, 300, 10), x, labels, rng=rng, **how)[0])
images = rng.standard_normal((64, 1, 32, 32), np.float32)
start = lenet5_modern.init(rng)
ends += training.fit(lenet5_modern, start, images, labels[:64], rng=rng, **how)[0]
params = char_model.init(rng, 20, 64, cell=gru)
text = rng.integers(0, 20, (2, 30, 8))
_, grads, _ = char_model.gradients(params, text[0], text[1], cell=gru)
np.savez(sys.argv[1], *ends, *grads)
"""


def trained(path, threads):
    """Return what a training in a process of its own ends with."""
    environment = {**os.environ, "PYTHONHASHSEED": str(threads)}
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        environment[name] = str(threads)
    subprocess.run([sys.executable, "-c", TRAINING, str(path)], env=environment, check=True)
    with np.load(path) as file:
        return [file[name] for name in file.files]


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """Return the result on one thread."""
    return trained(tmp_path_factory.mktemp("once") / "a.npz", threads=1)


def test_another_process_gives_the_same_bits(once, tmp_path):
    again = trained(tmp_path / "a.npz", threads=1)
    assert [a.tobytes() for a in again] == [a.tobytes() for a in once]
    assert all(a.any() for a in once)


def test_two_threads_give_the_same_up_to_rounding(once, tmp_path):
    # BLAS may cut a long sum in two, and Adam makes much of a gradient that is nearly zero
    for two, one in zip(trained(tmp_path / "a.npz", threads=2), once, strict=True):
        assert np.linalg.norm(two - one) <= 1e-4 * np.linalg.norm(one)
