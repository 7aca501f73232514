"""Mirrors backprop/training/resuming.py."""

import subprocess
import sys
import time
import types

import numpy as np
import pytest

from backprop import training
from backprop.data import digits
from backprop.nets import mlp
from backprop.optim import adam, momentum, sgd

DATA = digits.load()
TRAIN, HELD = (
    (DATA.x_train[:500], DATA.y_train[:500]),
    (DATA.x_train[500:700], DATA.y_train[500:700]),
)


def learn(generator=np.random.PCG64, seed=0, sizes=(64, 16, 10), **changes):
    rng = np.random.Generator(generator(seed))
    params = mlp.init(rng, *sizes)
    settings = {"epochs": 6, "batch_size": 32, "rng": rng, "optimiser": adam, "lr": 0.01}
    return training.fit(mlp, params, *TRAIN, progress=False, **settings | changes)


def same(a, b):
    (p, h), (q, g) = a, b
    assert all(np.array_equal(u, v) for u, v in zip(p, q, strict=True))
    assert vars(h) == vars(g)


@pytest.mark.parametrize("optimiser", [sgd, momentum, adam])
@pytest.mark.parametrize("generator", [np.random.PCG64, np.random.MT19937, np.random.Philox])
def test_a_resumed_training_gives_the_same_bits(tmp_path, optimiser, generator):
    how = {"optimiser": optimiser, "generator": generator, "validation": HELD}
    file = tmp_path / "a.npz"
    learn(epochs=2, checkpoint=file, **how)
    same(learn(checkpoint=file, resume=True, **how), learn(**how))


def test_the_random_numbers_come_from_the_file(tmp_path):
    file = tmp_path / "a.npz"
    learn(epochs=2, checkpoint=file)
    same(learn(seed=5, checkpoint=file, resume=True), learn())


def test_an_interrupted_epoch_is_done_again(tmp_path):
    calls = []

    def forward(*args):
        calls.append(1)
        if len(calls) == 40:
            raise KeyboardInterrupt
        return mlp.forward(*args)

    net = types.SimpleNamespace(forward=forward, backward=mlp.backward)
    file, rng = tmp_path / "a.npz", np.random.default_rng(0)
    how = {"epochs": 6, "batch_size": 32, "lr": 0.01, "optimiser": adam, "progress": False}
    start = mlp.init(rng, 64, 16, 10)
    _, history = training.fit(net, start, *TRAIN, rng=rng, checkpoint=file, **how)
    assert history.stopped == "interrupted in epoch 3" and len(history.steps) == 39
    rest = training.fit(net, start, *TRAIN, rng=rng, checkpoint=file, resume=True, **how)
    same(rest, learn(plan=None))


def test_early_stopping_goes_on_counting(tmp_path):
    how = {"validation": HELD, "patience": 2, "epochs": 100, "lr": 0.1}
    whole = learn(**how)
    assert 3 < whole[1].best < 98
    file = tmp_path / "a.npz"
    learn(checkpoint=file, **how | {"epochs": whole[1].best + 1})
    same(learn(checkpoint=file, resume=True, **how), whole)


SCRIPT = """
import sys
import numpy as np
from backprop import training
from backprop.data import digits
from backprop.nets import mlp
from backprop.optim import adam
data, rng = digits.load(), np.random.Generator(np.random.PCG64(0))
params = mlp.init(rng, 64, 16, 10)
training.fit(mlp, params, data.x_train[:500], data.y_train[:500], epochs=100000, batch_size=32,
             rng=rng, optimiser=adam, lr=0.01, checkpoint=sys.argv[1], resume=True, progress=False)
"""


def test_a_killed_training_is_resumed_with_the_same_bits(tmp_path):
    file = tmp_path / "a.npz"
    for kill in range(3):
        process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(file)])
        deadline = time.monotonic() + 60
        before = file.stat().st_mtime_ns if file.exists() else 0
        while not file.exists() or file.stat().st_mtime_ns == before:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.01)
        time.sleep(0.003 * kill)
        process.kill()
        process.wait()
    done = training.checkpoints.load(file)[1]["epochs"]
    assert done >= 3
    again = learn(checkpoint=file, resume=True, epochs=done + 2)
    same(again, learn(epochs=done + 2))


def test_a_file_that_is_there_is_not_written_over(tmp_path):
    file = tmp_path / "a.npz"
    learn(epochs=1, checkpoint=file)
    before = file.read_bytes()
    with pytest.raises(FileExistsError, match=r"a\.npz is there already; resume=True goes on"):
        learn(epochs=1, checkpoint=file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "changes",
    [{"optimiser": sgd}, {"sizes": (64, 17, 10)}],
)
def test_a_file_of_another_training_is_refused_and_nothing_changes(tmp_path, changes):
    file, rng = tmp_path / "a.npz", np.random.default_rng(3)
    learn(epochs=1, checkpoint=file)
    before, state = file.read_bytes(), rng.bit_generator.state
    sizes = changes.pop("sizes", (64, 16, 10))
    start = mlp.init(np.random.default_rng(0), *sizes)
    settings = {"epochs": 2, "batch_size": 32, "optimiser": adam, "progress": False} | changes
    with pytest.raises(ValueError, match=r"a\.npz is of another training"):
        training.fit(mlp, start, *TRAIN, rng=rng, checkpoint=file, resume=True, **settings)
    assert file.read_bytes() == before and rng.bit_generator.state == state


def test_a_damaged_file_is_refused(tmp_path):
    file = tmp_path / "a.npz"
    learn(epochs=1, checkpoint=file)
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"a\.npz is damaged"):
        learn(checkpoint=file, resume=True)


def test_a_folder_that_is_not_there_is_named_before_anything_is_trained(tmp_path):
    with pytest.raises(FileNotFoundError, match="its folder does not exist"):
        learn(checkpoint=tmp_path / "none" / "a.npz")
