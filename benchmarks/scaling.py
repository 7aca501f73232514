"""Does the cost grow as the book counts it? ``python benchmarks/scaling.py``.

Each row makes one size of a layer or a network larger, doubling it until a step takes longer than
half a second, and times a step of it, forward and back, in float32 on one thread.  Beside the time
stands the number of multiply-adds that the equations ask for.  What is reported is the exponent of
the time in the count over the larger half of the sizes, where a fixed cost of calls no longer
matters: 1 says that twice the work takes twice as long.

With ``--output FILE`` the result is recorded.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy

import numpy as np
from feed_forward import Step, block, normal, versions

from backprop.layers import batch_norm, conv2d
from backprop.nets import deep_mlp
from backprop.recurrent import gru, lstm, qrnn, rnn

LONGEST = 0.5  # seconds: no larger size is tried
SMALL = 1 << 24  # bytes: a step takes a millisecond or so
LARGEST = 4 << 30  # bytes that the kept arrays may take, about
Case = tuple[Step, float, float]  # a step, its multiply-adds, the bytes of its arrays


def dense(N: int = 64, D: int = 256, L: int = 2) -> Case:
    """Pass a perceptron of L layers of D units, forward and back."""
    rng = np.random.default_rng(0)
    params, x = deep_mlp.init(rng, [D] * (L + 1)), normal(rng, N, D)

    def step() -> list:
        y, cache = deep_mlp.forward(x, *params)
        return list(deep_mlp.backward(y, cache))

    return step, 3 * N * L * D * D, 4 * (3 * L * D * D + 6 * N * L * D)


def convolution(K: int = 5, method: str = "direct") -> Case:
    """Pass a convolution of 8 maps of 64 x 64 with kernels of K x K."""
    rng = np.random.default_rng(0)
    x, W, b = normal(rng, 8, 8, 64, 64), normal(rng, 8, 8, K, K), normal(rng, 8)
    places = (64 - K + 1) ** 2

    def step() -> list:
        y, cache = conv2d.forward(x, W, b, method=method)
        return list(conv2d.backward(y, cache))

    return step, 3 * 8 * 8 * 8 * K * K * places, 4 * 8 * 8 * 64 * 64 * (3 + 2 * K)


def sequence(cell, T: int = 32, N: int = 32, H: int = 64) -> Case:
    """Pass T steps of a cell, forward and back."""
    rng = np.random.default_rng(0)
    state = [normal(rng, N, H) for _ in range(cell.STATES)]
    x, params = normal(rng, T, N, H), cell.init(rng, H, H)
    dy, nothing = normal(rng, T, N, H), np.zeros((T, N, H), np.float32)

    def step() -> list:
        _, cache = cell.forward(x, *state, *params)
        return list(cell.backward((dy, nothing) if cell is lstm else dy, cache))

    products = cell.GATES * H * H * (1 if cell is qrnn else 2)
    return step, 3 * T * N * products, 4 * T * N * H * 20


def normalisation(N: int) -> Case:
    """Normalise a batch of N; the count is of numbers, since nothing is multiplied out."""
    rng = np.random.default_rng(0)
    x, gamma, beta = normal(rng, N, 256), normal(rng, 256), normal(rng, 256)

    def step() -> list:
        y, cache = batch_norm.forward(x, gamma, beta)
        return list(batch_norm.backward(y, cache))

    return step, N * 256, 4 * 6 * N * 256


ROWS: dict[str, tuple[Callable[[int], Case], int, int]] = {  # from a size, the least, the most
    "perceptron, batch N": (lambda N: dense(N=N), 1, 1 << 20),
    "perceptron, width D": (lambda D: dense(D=D), 16, 1 << 14),
    "perceptron, depth L": (lambda L: dense(L=L), 2, 1 << 12),
    "convolution, kernel K": (lambda K: convolution(K), 1, 32),
    "convolution by FFT, kernel K": (lambda K: convolution(K, "fft"), 1, 32),
    "RNN, steps T": (lambda T: sequence(rnn, T), 2, 1 << 16),
    "QRNN, steps T": (lambda T: sequence(qrnn, T), 2, 1 << 16),
    "GRU, steps T": (lambda T: sequence(gru, T), 2, 1 << 16),
    "LSTM, steps T": (lambda T: sequence(lstm, T), 2, 1 << 16),
    "LSTM, width H": (lambda H: sequence(lstm, H=H), 8, 1 << 12),
    "batch norm, batch N": (normalisation, 2, 1 << 20),
}


def grow(make: Callable[[int], Case], least: int, most: int) -> Iterator[tuple[int, float, float]]:
    """Yield a size, its count and the seconds of a step, doubling the size."""
    size = least
    while size <= most:
        step, count, nbytes = make(size)
        if nbytes > LARGEST:
            return
        block(step, 50 if nbytes < SMALL else 1)  # warms up
        once = block(step, 1)
        repeats = max(1, min(200, round(0.05 / once)))
        seconds = statistics.median(block(step, repeats) for _ in range(7 if once < 0.2 else 3))
        yield size, count, seconds
        if seconds > LONGEST:
            return
        size *= 2


def exponent(counts: list[float], seconds: list[float]) -> float:
    """Return the slope of the larger half of the sizes, both axes logarithmic."""
    half = len(counts) // 2
    slope, _ = np.polyfit(np.log(counts[half:]), np.log(seconds[half:]), 1)
    return round(float(slope), 2)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="rows with this in their name")
    parser.add_argument("--output", type=Path, help="where to record the result")
    options = parser.parse_args()
    said, rows = versions(), {}
    said.pop("pytorch")
    for name, (make, least, most) in ROWS.items():
        if options.only not in name:
            continue
        sizes, counts, seconds = map(list, zip(*grow(make, least, most), strict=True))
        rows[name] = {
            "sizes": sizes,
            "counts": counts,
            "microseconds": [round(1e6 * s, 1) for s in seconds],
            "exponent": exponent(counts, seconds),
        }
        print(f"{name:30} {sizes[0]:6} to {sizes[-1]:7}  {rows[name]['exponent']:5.2f}", flush=True)
    if options.output:
        options.output.write_text(json.dumps({"versions": said, "rows": rows}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
