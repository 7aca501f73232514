"""Compare a step of each optimiser with PyTorch's: ``python benchmarks/optimisers.py``.

A row is one step over all parameters of a network, float32, one thread on both sides, on the same
gradients; the sides take turns, and what is reported is the median over the rounds of the ratio
PyTorch / backprop.  Both must agree after three steps before anything is timed.  PyTorch's
optimisers are taken with their defaults, and once more with ``fused=True`` where they have it.

The result goes into ``benchmarks/records/optimisers.json``.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy and PyTorch

import numpy as np
from feed_forward import Step, normal, tensors, torch, versions
from recurrent import mean, times_and_ratios
from runs import RECORDS, merge

from backprop.optim import adagrad, adam, adamw, momentum, nesterov, rmsprop, sgd

GOAL = 1.0  # of the geometric mean against PyTorch's defaults
LR = 1e-4
SHAPES = {
    "LeNet-5, 61,706": [(6, 1, 5, 5), 6, (16, 6, 5, 5), 16, (120, 16, 5, 5), 120, (84, 120), 84,
                        (10, 84), 10],
    "perceptron, 266,610": [(300, 784), 300, (100, 300), 100, (10, 100), 10],
    "100 small arrays, 52,800": [(32, 32), 32] * 50,
    "one large array, 4,000,000": [(2000, 2000)],
}  # fmt: skip
OPTIMISERS = {
    "sgd": (sgd, "SGD", {}),
    "momentum": (momentum, "SGD", {"momentum": 0.9}),
    "nesterov": (nesterov, "SGD", {"momentum": 0.9, "nesterov": True}),
    "adagrad": (adagrad, "Adagrad", {"eps": 1e-8}),
    "rmsprop": (rmsprop, "RMSprop", {"alpha": 0.9}),
    "adam": (adam, "Adam", {}),
    "adamw": (adamw, "AdamW", {"weight_decay": 0.0}),
}


def ours(optimiser, arrays: list, grads: list) -> Step:
    """Return one step here."""
    params, state = list(arrays), optimiser.init(arrays)
    options = {"decay": 0.0} if optimiser is adamw else {}

    def step() -> list:
        nonlocal params, state
        params, state = optimiser.step(params, grads, state, lr=LR, **options)
        return params

    return step


def theirs(name: str, options: dict, arrays: list, grads: list) -> Step:
    """Return one step of PyTorch."""
    leaves = [a.requires_grad_() for a in tensors(*arrays)]
    for leaf, g in zip(leaves, tensors(*grads), strict=True):
        leaf.grad = g
    optimiser = getattr(torch.optim, name)(leaves, lr=LR, **options)

    def step() -> list:
        optimiser.step()
        return leaves

    return step


def agree(mine: Step, other: Step) -> None:
    """Raise unless three steps lead to the same parameters."""
    for _ in range(3):
        a, b = mine(), other()
    for x, y in zip(a, b, strict=True):
        np.testing.assert_allclose(x, y.detach().numpy(), rtol=1e-5, atol=1e-6)


def compare(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Measure every optimiser on every network and print a line for each."""
    rows = {}
    for size, shapes in SHAPES.items():
        rng = np.random.default_rng(0)
        arrays, grads = ([normal(rng, *np.atleast_1d(s)) for s in shapes] for _ in range(2))
        for name, (optimiser, kind, how) in OPTIMISERS.items():
            sides = {"backprop": ours(optimiser, arrays, grads)}
            if torch:
                sides["default"] = theirs(kind, how, arrays, grads)
                if kind in ("SGD", "Adam", "AdamW", "Adagrad"):
                    sides["fused"] = theirs(kind, {**how, "fused": True}, arrays, grads)
                agree(ours(optimiser, arrays, grads), theirs(kind, how, arrays, grads))
            row = f"{name}, {size}"
            rows[row] = times_and_ratios(sides, options)
            print(f"{row:40}", *(f"{k} {v:.6g}  " for k, v in rows[row].items()), flush=True)
    return rows


def main() -> int:
    """Measure, print and record; the exit status is 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description="Compare the optimisers with PyTorch's.")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.05, help="length of a block")
    parser.add_argument("--output", type=Path, default=RECORDS / "optimisers.json")
    options = parser.parse_args()
    if torch:
        torch.set_num_threads(1)
    else:
        print("PyTorch is not installed: no ratios, and no record (pip install torch)")
    rows = compare(options)
    if not torch:
        return 0
    means = {ratio: mean(rows, ratio) for ratio in ("default_ratio", "fused_ratio")}
    print("geometric means", means)
    merge(options.output, versions=versions(), rows=rows, geometric_means=means)
    return int(means["default_ratio"] < GOAL)


if __name__ == "__main__":
    sys.exit(main())
