"""When do two processes pay?  ``python benchmarks/data_parallel.py``, on a machine with two cores.

One step's gradients from one process, and from a pool of two that each take half of the batch; and,
to see what the sending costs, an echo: the same arrays sent to the same pool and gradients' worth
of them sent back, with nothing computed; and, to see how two cores hinder each other, both workers
computing on halves that they have already.  One BLAS thread per process; medians, in turns.

The result goes into ``benchmarks/records/data_parallel.json``, which the book shows.
"""

import argparse
import functools
import os
import pickle
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy, and for the workers too

import numpy as np
from runs import RECORDS, machine, merge

from backprop.losses import cross_entropy
from backprop.nets import lenet5_modern, mlp
from backprop.training import parallel

BATCHES = [32, 128, 512, 2048, 8192]
NETS = {
    "mlp, 100 units": (mlp, lambda rng: mlp.init(rng, 784, 100, 10), (784,)),
    "mlp, 1,000 units": (mlp, lambda rng: mlp.init(rng, 784, 1000, 10), (784,)),
    "LeNet-5, modern": (lenet5_modern, lenet5_modern.init, (1, 32, 32)),
}


def main() -> None:
    """Measure every network with every batch and write the record."""
    parser = argparse.ArgumentParser(description="When do two processes pay?")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--output", type=Path, default=RECORDS / "data_parallel.json")
    options = parser.parse_args()
    rows = []
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for name, (_, _, shape) in NETS.items():
            for N in BATCHES if len(shape) == 1 else BATCHES[:-1]:
                rows.append({"net": name, "batch": N, **measure(pool, name, shape, N, options)})
                print(rows[-1], flush=True)
    merge(options.output, machine=machine(), rows=rows)


def measure(pool, start_name: str, shape: tuple, N: int, options) -> dict:
    """Return the milliseconds of a step in one process, in two, of the echo, and without it."""
    net, start, _ = NETS[start_name]
    params = list(start(np.random.default_rng(0)))
    rng = np.random.default_rng(1)
    x = rng.standard_normal((N, *shape), dtype=np.float32)
    labels = rng.integers(0, 10, N)
    args = net, cross_entropy, params, x, labels, {}
    halves = [slice(0, N // 2), slice(N // 2, N)]

    def echoes() -> None:
        for future in [pool.submit(echo, params, x[half], labels[half]) for half in halves]:
            future.result()

    def together() -> None:
        both = [pool.submit(alone, start_name, shape, N // 2) for _ in "ab"]
        for future in both:
            future.result()

    ways = {
        "one_ms": lambda: parallel.part(*args),
        "two_ms": lambda: parallel.gradients(*args, executor=pool, parts=2),
        "echo_ms": echoes,
        "apart_ms": together,
    }
    whole, parts = ways["one_ms"](), ways["two_ms"]()
    for g, h in zip(whole[1], parts[1], strict=True):
        np.testing.assert_allclose(g, h, rtol=1e-3, atol=1e-4)
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            times[name].append(1e3 * (time.perf_counter() - start))
    found = {name: round(statistics.median(t), 3) for name, t in times.items()}
    ratios = [a / b for a, b in zip(times["one_ms"], times["two_ms"], strict=True)]
    sent = len(pickle.dumps((params, x[: N // 2]))) + len(pickle.dumps(params))
    return {
        **found,
        "speed_up": round(statistics.median(ratios), 3),
        "megabytes": round(2e-6 * sent, 3),
    }


@functools.cache
def batch(name: str, shape: tuple, N: int) -> tuple:
    """Return a network, its parameters and a batch, the same ones every time."""
    net, start, _ = NETS[name]
    rng = np.random.default_rng(0)
    x, labels = rng.standard_normal((N, *shape), dtype=np.float32), rng.integers(0, 10, N)
    return net, cross_entropy, list(start(rng)), x, labels, {}


def alone(name: str, shape: tuple, N: int) -> float:
    """Compute the gradients of a batch that is here already, and return the loss."""
    return parallel.part(*batch(name, shape, N))[0]


def echo(params: list, x: np.ndarray, labels: np.ndarray) -> list:
    """Return arrays of the gradients' sizes, computed from nothing."""
    return params


if __name__ == "__main__":
    main()
