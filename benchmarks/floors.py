"""How near are the plans to what this machine allows? ``python benchmarks/floors.py``.

A step of training cannot be faster than its multiplications at the rate of the machine's best
matrix product, nor than its arrays read and written once at the rate of its memory.  The later of
the two is the floor of the step.  Both rates are measured here, on one thread, in float32, between
the rounds of the steps.  Reported is the median over the rounds of the ratio step / floor: 1 would
be perfect, and no step of a small network comes near it, since calls cost more than sums.  Beside
it stands how much of the step is spent in matrix products, which are NumPy's and not ours to speed.

With ``--output FILE`` the result is recorded.
"""

import argparse
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from unittest import mock

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy

import numpy as np
from feed_forward import Step, measure, versions
from plans import lenet, perceptron, residual, writer
from runs import geometric_mean, timings

from backprop.nets import lenet5_modern
from backprop.optim import sgd
from backprop.recurrent import gru, lstm, qrnn, rnn

SIDE, LONG = 768, 1 << 25  # of the product that gives the rate; of the copy, in floats
FLOAT = 4  # bytes


def of_dense(N: int, *sizes: int) -> tuple[float, float]:
    """Return the multiply-adds and the floats of a perceptron; the images get no gradient."""
    weights = [a * b for a, b in itertools.pairwise(sizes)]
    products = N * (3 * sum(weights) - weights[0])
    return products, traffic(sum(weights), N * sum(sizes[:-1]), N * sum(sizes[1:]))


def of_lenet(N: int) -> tuple[float, float]:
    """Return the same of LeNet-5 with ReLU."""
    first, third = 6 * 25 * 28 * 28, 16 * 6 * 25 * 10 * 10
    dense, maps = [400 * 120, 120 * 84, 84 * 10], 6 * 28 * 28 + 6 * 14 * 14 + 16 * 10 * 10 + 400
    products = N * (2 * first + 3 * (third + sum(dense)))
    weights = 6 * 25 + 16 * 6 * 25 + sum(dense)
    return products, traffic(weights, N * (1024 + maps), N * (maps + 120 + 84 + 10))


def of_writer(cell, T: int, N: int, H: int, V: int = 65, D: int = 64) -> tuple[float, float]:
    """Return the same of a character model; looking up is no product, nor is its gradient."""
    weights = cell.GATES * H * (D + (H if cell is not qrnn else 0)) + H * V
    products, each = 3 * T * N * weights, T * N * (D + (cell.GATES + 1) * H + V)
    return products, traffic(weights, each, each)


def traffic(weights: int, read: int, written: int) -> float:
    """Return the floats that a step of SGD must move, each array once where it is used.

    Weights are read forward and backward, their gradients written and read, they themselves read
    and written; what the layers keep is written and read, and so are the gradients on it.
    """
    return 6 * weights + 2 * read + 2 * written


WORKLOADS: dict[str, tuple[Callable[[], tuple], tuple[float, float]]] = {
    "784-300-100-10, batch of 64": (
        lambda: perceptron(sgd, 64, 784, 300, 100, 10),
        of_dense(64, 784, 300, 100, 10),
    ),
    "784-300-100-10, batch of 512": (
        lambda: perceptron(sgd, 512, 784, 300, 100, 10),
        of_dense(512, 784, 300, 100, 10),
    ),
    "PreAct 256, 128, batch of 64": (
        lambda: residual(sgd, 64, 256, 128, 10),
        of_dense(64, 256, 256, 128, 128, 10),
    ),
    "4-16-16-3, batch of 16": (
        lambda: perceptron(sgd, 16, 4, 16, 16, 3),
        of_dense(16, 4, 16, 16, 3),
    ),
    "LeNet-5 modern, one image": (lambda: lenet(sgd, 1, lenet5_modern), of_lenet(1)),
    "LeNet-5 modern, batch of 64": (lambda: lenet(sgd, 64, lenet5_modern), of_lenet(64)),
    "LeNet-5 modern, batch of 256": (lambda: lenet(sgd, 256, lenet5_modern), of_lenet(256)),
    **{
        f"{name}, 50 steps of 32 texts, H 128": (
            lambda cell=cell: writer(cell, 50, 32, 128),
            of_writer(cell, 50, 32, 128),
        )
        for name, cell in {"RNN": rnn, "QRNN": qrnn, "GRU": gru, "LSTM": lstm}.items()
    },
}


def in_products(step: Step, repeats: int) -> float:
    """Return the seconds that a step spends in NumPy's matrix products."""
    spent = 0.0

    def timed(function: Callable) -> Callable:
        def product(*args: object, **options: object) -> object:
            nonlocal spent
            began = time.perf_counter()
            made = function(*args, **options)
            spent += time.perf_counter() - began
            return made

        return product

    with mock.patch.multiple(np, dot=timed(np.dot), matmul=timed(np.matmul)):
        for _ in range(repeats):
            step()
    return spent / repeats


def compare(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Measure every workload between the two rates and print a line for each."""
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, SIDE, SIDE), np.float32)
    long = np.zeros(LONG, np.float32)
    product, copied = np.empty_like(a), np.empty_like(long)
    rates = (lambda: np.matmul(a, b, out=product), lambda: np.copyto(copied, long))
    rows = {}
    for name, (make, (products, floats)) in WORKLOADS.items():
        planned = make()[1]
        step, multiply, copy = measure((planned, *rates), options.rounds, options.seconds)
        products_of = min(in_products(planned, 30) for _ in range(5))
        per_product = [s / SIDE**3 for s in multiply]
        per_float = [s / (2 * LONG) for s in copy]
        floors = [
            max(products * p, floats * f) for p, f in zip(per_product, per_float, strict=True)
        ]
        rows[name] = row = {
            "plan_us": round(1e6 * statistics.median(step), 1),
            "products_us": round(1e6 * products_of, 1),
            "floor_us": round(1e6 * statistics.median(floors), 1),
            "of_floor": round(
                statistics.median(s / f for s, f in zip(step, floors, strict=True)), 2
            ),
            "multiply_adds": products,
            "bytes": FLOAT * floats,
            "gflops": round(2e-9 / statistics.median(per_product), 1),
            "gigabytes_per_s": round(FLOAT * 1e-9 / statistics.median(per_float), 1),
        }
        print(f"{name:36}", *(f"{v:13,.6g}" for v in row.values()), flush=True)
    return rows


def main() -> int:
    """Measure and print."""
    options = timings(__doc__).parse_args()
    said = versions()
    said.pop("pytorch")
    for key, value in said.items():
        print(f"{key:10} {value}")
    heads = (
        "plan us",
        "products us",
        "floor us",
        "plan / floor",
        "multiply-adds",
        "bytes",
        "GFLOP/s",
        "GB/s",
    )
    print(f"\n{'':36}", *(f"{head:>13}" for head in heads))
    rows = compare(options)
    mean = geometric_mean(rows, "of_floor")
    print(f"geometric mean of plan / floor: {mean:.2f}")
    if options.output:
        record = {"versions": said, "rows": rows, "geometric_mean": mean}
        options.output.write_text(json.dumps(record, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
