"""Measure what an activation costs: ``python benchmarks/activations.py``.

Three answers to "ReLU is faster", as ratios to ReLU in one run on one thread, float32: the time of
the function, of function and gradient, and of a whole step of training with it.  The functions
take turns; reported are medians over the rounds.  The result goes into
``benchmarks/records/activations.json``, which ``book/nets/deep_mlp.ipynb`` draws.
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy

import numpy as np

from backprop.layers import relu, sigmoid, tanh
from backprop.losses import cross_entropy
from backprop.nets import deep_mlp
from backprop.optim import sgd

RECORD = Path(__file__).parent / "records" / "activations.json"
LAYERS = {"ReLU": relu, "tanh": tanh, "sigmoid": sigmoid}
SHAPE, SIZES = (64, 300), [784, 300, 100, 10]


def workloads() -> dict[str, list[Callable[[], object]]]:
    """Return for each question one function for each activation."""
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((2, *SHAPE), dtype=np.float32)
    batch = rng.standard_normal((64, SIZES[0]), dtype=np.float32)
    labels, params = rng.integers(0, SIZES[-1], 64), deep_mlp.init(rng, SIZES)

    def step(f: object) -> object:
        y, cache = deep_mlp.forward(batch, *params, activation=f)
        _, of_loss = cross_entropy.forward(y, target=labels)
        _, *grads = deep_mlp.backward(cross_entropy.backward(1.0, of_loss), cache)
        return sgd.step(params, grads, (), lr=0.1)

    fs = LAYERS.values()
    return {
        "the function": [lambda f=f: f.forward(x) for f in fs],
        "function and gradient": [lambda f=f: f.backward(dy, f.forward(x)[1]) for f in fs],
        "a step of training": [lambda f=f: step(f) for f in fs],
    }


def seconds(call: Callable[[], object], repeats: int) -> float:
    """Return the seconds that one call takes on average."""
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats


def ratios(calls: list[Callable[[], object]], rounds: int) -> list[float]:
    """Let the calls take turns; return the time of each over that of the first."""
    repeats = max(1, round(0.02 / seconds(calls[0], 10)))
    turns = [[seconds(call, repeats) for call in calls] for _ in range(rounds)]
    return [round(statistics.median(t[k] / t[0] for t in turns), 2) for k in range(len(calls))]


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description="Measure what an activation costs.")
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--output", type=Path, default=RECORD)
    options = parser.parse_args()
    found = {}
    for name, calls in workloads().items():
        found[name] = dict(zip(LAYERS, ratios(calls, options.rounds), strict=True))
        print(f"{name:22}", *[f"{key} {value:5.2f}" for key, value in found[name].items()])
    record = {
        "command": "python benchmarks/activations.py",
        "shape": SHAPE,
        "network": SIZES,
        "machine": f"{platform.machine()}, one thread, float32, NumPy {np.__version__}",
        "ratios": found,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
