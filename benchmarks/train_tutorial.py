"""What a wrong gradient costs: ``python benchmarks/train_tutorial.py``.

The tutorial "Deep learning on MNIST" of NumPy's own collection trains a perceptron 784-100-10 with
ReLU, dropout of one half and squared errors on the first 1,000 training images, one at a time, for
20 epochs, and scores it on the first 1,000 test images.  Its backward pass takes the mask of ReLU
as ``output >= 0``, which is always true, and leaves out the dropout's factor 2.  Here the same
training runs with the gradient as printed, with the mask set right, and with both.  (The three are
steps along -dL/2 as in the tutorial, which leaves a 2 to the learning rate.)

Needs MNIST: ``BACKPROP_DATA`` names the folder that has it in its folder ``mnist``; otherwise it
is downloaded.  The result goes into ``benchmarks/records/tutorial.json``, which the book shows.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: the same sums everywhere

import numpy as np
from runs import RECORDS, bar, machine, merge

from backprop.data import Dataset, mnist

SETTINGS = {"images": 1000, "hidden": 100, "epochs": 20, "lr": 0.005}
WAYS = {"as printed": (False, 1.0), "mask": (True, 1.0), "mask and factor": (True, 2.0)}


def main() -> None:
    """Train every way with every seed and write the record."""
    parser = argparse.ArgumentParser(description="What a wrong gradient costs.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--output", type=Path, default=RECORDS / "tutorial.json")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args()
    data, found = mnist.load(), {}
    for way in WAYS:
        found[way] = [train(data, way, seed, options.quiet) for seed in options.seeds]
        print(f"{way:16}", found[way], flush=True)
    merge(options.output, settings=SETTINGS, machine=machine(), accuracy=found)


def train(data: Dataset, way: str, seed: int, quiet: bool) -> float:
    """Train once and return the part of the test images that is recognised."""
    masked, factor = WAYS[way]
    rng, K = np.random.default_rng(seed), SETTINGS["images"]
    images, tests = ((x[:K].astype(float) + 1) / 2 for x in (data.x_train, data.x_test))
    targets = np.eye(10)[data.y_train[:K]]
    W1 = rng.uniform(-0.1, 0.1, (SETTINGS["hidden"], images.shape[1]))
    W2 = rng.uniform(-0.1, 0.1, (10, SETTINGS["hidden"]))
    with bar(SETTINGS["epochs"], quiet, f"{way}, seed {seed}") as progress:
        for _ in range(SETTINGS["epochs"]):
            for x, target in zip(images, targets, strict=True):
                a = W1 @ x
                kept = rng.integers(0, 2, a.shape)
                h = np.maximum(a, 0) * kept * 2
                dy = W2 @ h - target
                da = (W2.T @ dy) * kept * factor * ((a > 0) if masked else 1)
                W1 -= SETTINGS["lr"] * np.outer(da, x)
                W2 -= SETTINGS["lr"] * np.outer(dy, h)
            progress.update()
    y = np.maximum(tests @ W1.T, 0) @ W2.T
    return round(float(np.mean(y.argmax(axis=1) == data.y_test[:K])), 4)


if __name__ == "__main__":
    main()
