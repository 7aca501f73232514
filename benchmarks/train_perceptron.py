"""LightNet's perceptron, 784-128-128-10, on MNIST: ``python benchmarks/train_perceptron.py``.

With its settings: the mean image subtracted, ReLU, weights drawn with standard deviation 0.01,
batches of 500, RMSProp, 20 epochs, and a learning rate chosen anew every five epochs on training
batches, never above the first (its Selective-SGD).  Two things differ: its RMSProp has the bias
correction upside down; and our last layer has no bias.  Nothing is chosen by the test images: what
is reported is the error after the last epoch.

Needs MNIST: ``BACKPROP_DATA`` names the folder that has it in its folder ``mnist``; otherwise it
is downloaded.  The result goes into ``benchmarks/records/perceptron.json``, which the book shows.
"""

import argparse
import math
import os
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: the same sums everywhere

import numpy as np
from runs import RECORDS, bar, machine, merge

from backprop import training
from backprop.data import Dataset, mnist
from backprop.losses import cross_entropy
from backprop.nets import deep_mlp
from backprop.optim import rmsprop
from backprop.training import learning_rate, parallel

SIZES, SCALE, EVERY = [784, 128, 128, 10], 0.01, 5
OPTIONS = {"rho": 0.999, "corrected": True}


def main() -> None:
    """Train with every seed and write the record."""
    parser = argparse.ArgumentParser(description="LightNet's perceptron on MNIST.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch_size", type=int, default=500)
    parser.add_argument("--output", type=Path, default=RECORDS / "perceptron.json")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args()
    data, runs = centred(mnist.load()), []
    for seed in options.seeds:
        runs.append(train(data, seed, options))
        print(f"seed {seed}: error {runs[-1]['error'][-1]:.2%}, rates {runs[-1]['rates']}")
        about = {"sizes": SIZES, "scale": SCALE, "batch_size": options.batch_size}
        merge(options.output, **about, options=OPTIONS, machine=machine(), runs=runs)


def centred(data: Dataset) -> Dataset:
    """Return pixels from 0 to 1 minus the mean training image, as LightNet prepares them."""
    mean = data.x_train.mean(axis=0)
    x_train, x_test = ((x - mean) / 2 for x in (data.x_train, data.x_test))
    return Dataset(x_train, data.y_train, x_test, data.y_test)


def train(data: Dataset, seed: int, options: argparse.Namespace) -> dict:
    """Train once; return the rates, losses and test errors."""
    rng, N = np.random.default_rng(seed), len(data.x_train)
    params = [
        (SCALE * rng.standard_normal(p.shape)).astype(np.float32) if p.ndim > 1 else p
        for p in deep_mlp.init(rng, SIZES)
    ]
    state, found = rmsprop.init(params), {"seed": seed, "rates": [], "loss": [], "error": []}
    candidates, start = learning_rate.CANDIDATES, time.process_time()
    steps = math.ceil(N / options.batch_size)
    with bar(options.epochs * steps, options.quiet, f"seed {seed}") as progress:
        for epoch in range(options.epochs):
            if epoch % EVERY == 0:
                chosen = learning_rate.select(
                    deep_mlp, params, data.x_train, data.y_train, rng=rng, state=state,
                    batch_size=options.batch_size, candidates=candidates, optimiser=rmsprop,
                    options=OPTIONS,
                )  # fmt: skip
                candidates = [lr for lr in candidates if lr <= (found["rates"] or [chosen.lr])[0]]
                found["rates"].append(chosen.lr)
            losses = []
            for batch in np.array_split(rng.permutation(N), steps):
                x, labels = data.x_train[batch], data.y_train[batch]
                loss, grads = parallel.part(deep_mlp, cross_entropy, params, x, labels, {})
                params, state = rmsprop.step(params, grads, state, lr=chosen.lr, **OPTIONS)
                losses.append(loss)
                progress.update()
            score = training.evaluate(deep_mlp, params, data.x_test, data.y_test)
            found["loss"].append(round(float(np.mean(losses)), 5))
            found["error"].append(round(1 - score.accuracy, 4))
    return {**found, "seconds": round(time.process_time() - start, 1)}


if __name__ == "__main__":
    main()
