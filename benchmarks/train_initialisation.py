"""How large may the first weights be?  ``python benchmarks/train_initialisation.py``.

A perceptron with twelve linear layers learns MNIST from weights that are normal with a standard
deviation from 1e-4 to 1e4, by stochastic gradient descent, by Adam, and by Ye's second-order
descent with every hidden layer's output divided by its root mean square, as in LightNet; and, to
tell what does it, by plain descent with the same division.  All have LightNet's weight decay.  Each
run chooses its learning rate among LightNet's candidates on training batches at the start of every
epoch, never above the first.

Is it the decay that does it?  ``--decay 0`` trains without.  Runs whose decay is given are kept
apart from the others, in the record's entry "ablation".

Needs MNIST: ``BACKPROP_DATA`` names the folder that has it in its folder ``mnist``; otherwise it
is downloaded.  The result goes into ``benchmarks/records/initialisation.json``, which the book
shows.
"""

import argparse
import itertools
import json
import math
import os
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: the same sums everywhere

import numpy as np
from runs import RECORDS, bar, machine, merge

from backprop import training
from backprop.data import mnist
from backprop.layers import linear, relu, rms_norm
from backprop.losses import cross_entropy
from backprop.optim import adam, momentum, sgd2
from backprop.training import learning_rate, parallel

SIZES = [784, *[128] * 11, 10]
SCALES = [10.0**k for k in range(-4, 5)]
SETTINGS = {"batch_size": 500, "epochs": 10, "damping": 1.0, "momentum": 0.9, "seed": 0}
METHODS = {  # optimiser, its options, with norms, with preconditioned gradients
    "SGD": (momentum, {}, False, False),
    "Adam": (adam, {}, False, False),
    "SGD, rms_norm": (momentum, {}, True, False),
    "SGD2, rms_norm": (momentum, {}, True, True),
}


def network(normed: bool, divided: bool, damping: float) -> SimpleNamespace:
    """Return the perceptron as a layer; `divided` returns gradients as ``sgd2`` takes them."""

    def forward(x: np.ndarray, *params: np.ndarray) -> tuple:
        caches, last = [], len(params) // 2 - 1
        for i, (W, b) in enumerate(zip(params[::2], params[1::2], strict=True)):
            inputs, of_norm, on = x, None, None
            x, of_linear = linear.forward(x, W, b)
            if i < last:
                if normed:
                    x, of_norm = rms_norm.forward(x, np.ones_like(b), over="batch", epsilon=1e-30)
                x, on = relu.forward(x)
            caches.append((inputs, of_linear, of_norm, on))
        return x, caches

    def backward(d: np.ndarray, caches: list) -> tuple:
        grads: list[np.ndarray] = []
        for inputs, of_linear, of_norm, on in reversed(caches):
            d = d if on is None else relu.backward(d, on)
            d = d if of_norm is None else rms_norm.backward(d, of_norm)[0]
            d, dW, db = linear.backward(d, of_linear)
            if divided:
                dW, db = sgd2.precondition(dW, db, inputs, damping=damping)
            grads = [dW, db, *grads]
        return d, *grads

    return SimpleNamespace(forward=forward, backward=backward)


def main() -> None:
    """Train with every method from every scale, and record each when it is done."""
    parser = argparse.ArgumentParser(description="How large may the first weights be?")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--scales", type=float, nargs="+", default=SCALES)
    for key, value in SETTINGS.items():
        parser.add_argument(f"--{key}", type=type(value), default=value)
    parser.add_argument("--decay", type=float, help="weight decay, instead of LightNet's")
    parser.add_argument("--output", type=Path, default=RECORDS / "initialisation.json")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args()
    settings = {key: getattr(options, key) for key in SETTINGS}
    given = {} if options.decay is None else {"decay": options.decay}
    data, rows, kept = mnist.load(), {}, "ablation" if given else "rows"
    if options.output.exists():
        before = json.loads(options.output.read_text()).get(kept, [])
        rows = {(row["method"], row["scale"], row.get("decay")): row for row in before}
    for method in options.methods:
        for scale in options.scales:
            decay = given.get("decay", lightnets_decay(scale))
            found = run(method, scale, decay, settings, data, options.quiet)
            print(f"{method:16} scale {scale:<8g} error {found['error']}", flush=True)
            rows[method, scale, options.decay] = {
                "method": method, "scale": scale, **given, **found}  # fmt: skip
            about = {"sizes": SIZES, "settings": settings, "machine": machine()}
            merge(options.output, **about, **{kept: list(rows.values())})


def lightnets_decay(scale: float) -> float:
    """Return the weight decay that LightNet has for first weights of this scale."""
    return 1e-3 if scale >= 100 else 5e-4 if scale >= 1 else 1e-4


def run(method: str, scale: float, decay: float, settings: dict, data, quiet: bool) -> dict:
    """Train once; return rates, test errors and the size of the sixth layer's weights by epoch.

    And by how many degrees each layer has turned in the end.
    """
    optimiser, how, normed, divided = METHODS[method]
    net, rng = (
        network(normed, divided, settings["damping"]),
        np.random.default_rng(settings["seed"]),
    )
    params = []
    for D, M in itertools.pairwise(SIZES):
        params += [
            (scale * rng.standard_normal((M, D))).astype(np.float32),
            np.zeros(M, np.float32),
        ]
    first, state, N = params, optimiser.init(params), len(data.x_train)
    steps = math.ceil(N / settings["batch_size"])
    candidates, found = learning_rate.CANDIDATES, {"rates": [], "error": [], "size": []}
    args = {"rng": rng, "batch_size": settings["batch_size"], "optimiser": optimiser}
    start = time.process_time()
    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        bar(settings["epochs"] * steps, quiet, f"{method}, scale {scale:g}") as progress,
    ):
        warnings.simplefilter("ignore")
        for _ in range(settings["epochs"]):
            try:
                choice = learning_rate.select(
                    net, params, data.x_train, data.y_train, candidates=candidates, state=state,
                    steps=15, **args)  # fmt: skip
            except (ValueError, np.linalg.LinAlgError):
                break
            found["rates"].append(choice.lr)
            candidates = [lr for lr in candidates if lr <= found["rates"][0]]
            for batch in np.split(rng.permutation(N), range(N // steps, N, N // steps)):
                x, labels = data.x_train[batch], data.y_train[batch]
                _, grads = parallel.part(net, cross_entropy, params, x, labels, {})
                grads = [
                    g + decay * w if w.ndim > 1 else g for g, w in zip(grads, params, strict=True)
                ]
                params, state = optimiser.step(params, grads, state, lr=choice.lr, **how)
                progress.update()
            score = training.evaluate(net, params, data.x_test, data.y_test)
            found["error"].append(round(1 - score.accuracy, 4))
            found["size"].append(float(f"{np.sqrt(np.mean(params[10] ** 2)):.4g}"))
    found["turned"] = [angle(a, b) for a, b in zip(first[::2], params[::2], strict=True)]
    return found | {"seconds": round(time.process_time() - start, 1)}


def angle(a: np.ndarray, b: np.ndarray) -> float:
    """Return the angle between two matrices in degrees; decay alone does not turn a matrix."""
    a, b = (v.astype(float) / np.abs(v).max() for v in (a, b))
    cosine = np.vdot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    return round(math.degrees(math.acos(min(1.0, max(-1.0, float(cosine))))), 3)


if __name__ == "__main__":
    main()
