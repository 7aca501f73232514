"""Train LeNet-5 on MNIST: ``python benchmarks/train_lenet5.py``.

Needs the package, and MNIST: ``BACKPROP_DATA`` names the folder that has it in its folder
``mnist``; otherwise it is downloaded.  tqdm shows the progress if it is installed.  The result
goes into ``benchmarks/records/lenet5.json``, which the chapter shows; each seed is added to it
when it is done.

The network is that of 1998, the images are not distorted.  The settings were chosen with
``--validate``, which learns from the first 50,000 training images and scores on the last 10,000;
the test images chose nothing.  What is scored is the mean of the weights over the last steps,
weighted exponentially.
"""

import argparse
import json
import math
import os
import statistics
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: the same sums everywhere

import numpy as np
from runs import RECORDS, bar, held_out, machine, merge

from backprop.data import Dataset, mnist
from backprop.losses import cross_entropy
from backprop.nets import lenet5, lenet5_modern

RECORD = RECORDS / "lenet5.json"
NETS = {"lenet5": lenet5, "lenet5_modern": lenet5_modern}
SETTINGS = {
    "epochs": 30,
    "batch_size": 16,
    "lr": 0.06,  # falls to 0 along half a cosine
    "decay": 1e-3,  # of weights, not of biases
    "smooth": 0.1,  # this part of each target goes to all digits alike
    "kept": 0.999,  # of the mean of the weights, in a step
}
GOAL = 0.0095  # of the test error


def main() -> None:
    """Train every seed, print a line for each epoch, and write the record."""
    options = arguments()
    data = mnist.load()
    if options.validate:
        data = held_out(data)
    data = data._replace(x_train=lenet5.images(data.x_train), x_test=lenet5.images(data.x_test))
    settings = {key: getattr(options, key) for key in SETTINGS}
    print(options.net, settings, flush=True)
    for seed in options.seeds:
        result = train(options, settings, seed, data)
        if not options.validate:
            write(options, settings, seed, result)


def arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description="Train LeNet-5 on MNIST.")
    parser.add_argument("--net", choices=NETS, default="lenet5")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    for key, value in SETTINGS.items():
        parser.add_argument(f"--{key}", type=type(value), default=value)
    parser.add_argument(
        "--validate",
        action="store_true",
        help="score on the last 10,000 training images, which are not learnt from; no record",
    )
    parser.add_argument("--output", type=Path, default=RECORD, help="where the record goes")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser.parse_args()


def train(options: argparse.Namespace, settings: dict, seed: int, data: Dataset) -> dict:
    """Train from one seed; return what came out, epoch by epoch."""
    net, rng = NETS[options.net], np.random.default_rng(seed)
    params = list(net.init(rng))
    mean = [w.copy() for w in params]
    epochs, size, kept = settings["epochs"], settings["batch_size"], settings["kept"]
    smooth = settings["smooth"]
    target = (1 - smooth) * np.eye(10, dtype=np.float32)[data.y_train] + smooth / 10
    steps, step = epochs * math.ceil(len(data.x_train) / size), 0
    history = {"loss": [], "error": [], "seconds": 0.0}
    start = time.process_time()  # of this processor, whatever else the machine does
    with bar(steps, options.quiet) as progress:
        for epoch in range(epochs):
            order, total = rng.permutation(len(data.x_train)), 0.0
            for batch in np.split(order, range(size, len(order), size)):
                lr = settings["lr"] * 0.5 * (1 + math.cos(math.pi * step / steps))
                loss, grads = gradients(net, params, data.x_train[batch], target[batch])
                share = max(1 - kept, 1 / (step + 1))
                for w, dw, average in zip(params, grads, mean, strict=True):
                    if w.ndim > 1:
                        dw = dw + settings["decay"] * w
                    w -= lr * dw
                    average += share * (w - average)
                total += loss * len(batch)
                step += 1
                progress.update()
            history["loss"].append(round(total / len(order), 5))
            history["error"].append(round(error(net, mean, data.x_test, data.y_test), 5))
            history["seconds"] = round(time.process_time() - start, 1)
            print(
                f"seed {seed} epoch {epoch + 1:3} loss {history['loss'][-1]:.5f} "
                f"error {history['error'][-1]:.2%} {history['seconds']:.0f} s",
                flush=True,
            )
    return history


def gradients(net, params: list, x: np.ndarray, target: np.ndarray) -> tuple[float, list]:
    """Return the loss of a batch and the gradient on every parameter."""
    scores, cache = net.forward(x, *params)
    loss, of_loss = cross_entropy.forward(scores, target=target)
    return float(loss), list(net.backward(cross_entropy.backward(1.0, of_loss), cache)[1:])


def error(net, params: list, x: np.ndarray, labels: np.ndarray) -> float:
    """Return the part of the images that is taken for another digit."""
    wrong = 0
    for i in range(0, len(x), 500):
        scores, _ = net.forward(x[i : i + 500], *params)
        wrong += int((scores.argmax(axis=1) != labels[i : i + 500]).sum())
    return wrong / len(x)


def write(options: argparse.Namespace, settings: dict, seed: int, result: dict) -> None:
    """Add a seed to the record; results of other settings are dropped."""
    record = json.loads(options.output.read_text()) if options.output.exists() else {}
    before = record.get(options.net, {})
    seeds = before.get("seeds", {}) if before.get("settings") == settings else {}
    seeds = {**seeds, str(seed): result}
    errors = [s["error"][-1] for s in seeds.values()]
    found = {
        "settings": settings,
        "seeds": seeds,
        "mean_error": round(statistics.mean(errors), 6),
        "spread": round(statistics.stdev(errors), 6) if len(errors) > 1 else None,
        "goal": GOAL,
    }
    about = {
        "command": "python benchmarks/train_lenet5.py",
        "data": "MNIST, 60,000 images to train on, 10,000 to test on, not distorted, float32",
        "machine": machine(),
    }
    merge(options.output, **{options.net: found}, **about)


if __name__ == "__main__":
    main()
