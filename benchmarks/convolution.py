"""Compare the convolutional layers with PyTorch: ``python benchmarks/convolution.py``.

Each row does forward and backward in float32, here and in PyTorch's eager mode, on one thread of
one processor in the same process; a row of LeNet-5 is a whole step of training.  The two take
turns, so that a noisy moment hits both; what is reported is the median over the rounds of the
ratio PyTorch / backprop, so more than 1 means that backprop is faster.  Both are given the same
numbers, and must agree on the result and on every gradient before anything is timed.

Images come in the order that each library reads them from a file, (N, C, H, W).  The upstream
gradient of a layer comes in the order in memory of its output, as the next layer returns it.

``--crossover`` measures unrolling against transforms for kernels of many sizes instead.  The
results go into ``benchmarks/records/convolution.json``.
"""

import argparse
import math
import os
import statistics
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy and PyTorch
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import numpy as np
from feed_forward import block, versions
from runs import geometric_mean, merge

from backprop.convolution.geometry import axes
from backprop.layers import conv2d
from backprop.losses import cross_entropy
from backprop.nets import lenet5, lenet5_modern
from backprop.optim import sgd

try:
    import torch
except ModuleNotFoundError:
    torch = None

RECORD = Path(__file__).parent / "records" / "convolution.json"
GOAL, LEAST_LARGE = 1.0, 10.0  # of the geometric mean, and of each row with a 31 x 31 kernel
LR = 1e-4
SIZES = (3, 5, 7, 9, 11, 15, 21, 31)  # of the kernels, for the crossover
Step = Callable[[], list]  # one step; returns loss or output, then the gradients


# -- the workloads, each as (NumPy step, PyTorch step) ------------------------------------------


def classic(N: int) -> tuple[Step, Step]:
    """Take a step of LeNet-5 as it was."""
    links = torch and torch.from_numpy(lenet5.LINKS.T[:, :, None, None].astype(np.float32))

    def squash(a: "torch.Tensor") -> "torch.Tensor":
        return 1.7159 * torch.tanh(a * (2 / 3))

    def pool(a: "torch.Tensor", w: "torch.Tensor", b: "torch.Tensor") -> "torch.Tensor":
        mean = torch.nn.functional.avg_pool2d(a, 2)
        return squash(mean * w[:, None, None] + b[:, None, None])

    def scores(x: "torch.Tensor", *params: "torch.Tensor") -> "torch.Tensor":
        W1, b1, w2, a2, W3, b3, w4, a4, W5, b5, W6, b6, W7, b7 = params
        F = torch.nn.functional
        y = pool(squash(F.conv2d(x, W1, b1)), w2, a2)
        y = pool(squash(F.conv2d(y, W3 * links, b3)), w4, a4)
        y = squash(F.conv2d(y, W5, b5)).flatten(1)
        return F.linear(squash(F.linear(y, W6, b6)), W7, b7)

    return training_step(lenet5, scores, N)


def modern(N: int) -> tuple[Step, Step]:
    """Take a step of LeNet-5 with ReLU and max pooling."""

    def scores(x: "torch.Tensor", *params: "torch.Tensor") -> "torch.Tensor":
        W1, b1, W3, b3, W5, b5, W6, b6, W7, b7 = params
        F = torch.nn.functional
        y = F.max_pool2d(torch.relu(F.conv2d(x, W1, b1)), 2)
        y = F.max_pool2d(torch.relu(F.conv2d(y, W3, b3)), 2)
        y = torch.relu(F.conv2d(y, W5, b5)).flatten(1)
        return F.linear(torch.relu(F.linear(y, W6, b6)), W7, b7)

    return training_step(lenet5_modern, scores, N)


def training_step(net: object, scores: Callable, N: int) -> tuple[Step, Step]:
    """Return a step of training: forward, loss, backward, update."""
    rng = np.random.default_rng(0)
    params, x = net.init(rng), rng.standard_normal((N, 1, 32, 32), dtype=np.float32)
    labels = rng.integers(0, 10, N)

    def ours() -> list:
        nonlocal params
        y, cache = net.forward(x, *params)
        loss, of_loss = cross_entropy.forward(y, target=labels)
        _, *grads = net.backward(cross_entropy.backward(1.0, of_loss), cache)
        params, _ = sgd.step(params, grads, (), lr=LR)
        return [float(loss), *grads]

    def theirs() -> list:
        loss = torch.nn.functional.cross_entropy(scores(tx, *weights), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return [loss.item(), *[w.grad for w in weights]]

    if torch:
        tx, target, *weights = tensors(x, labels, *params)
        for w in weights:
            w.requires_grad_()
        optimiser = torch.optim.SGD(weights, lr=LR)
    return ours, theirs


def layer(N: int, C: int, H: int, M: int, k: int, padding: str = "valid") -> tuple[Step, Step]:
    """Take one layer forward and backward: C maps of H x H to M maps, kernels k x k."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((N, C, H, H), dtype=np.float32)
    W = rng.standard_normal((M, C, k, k), dtype=np.float32) / math.sqrt(C * k * k)
    b = rng.standard_normal(M, dtype=np.float32)
    y, _ = conv2d.forward(x, W, b, padding=padding)
    dy = np.empty_like(y)
    dy[...] = rng.standard_normal(y.shape)

    def ours() -> list:
        y, cache = conv2d.forward(x, W, b, padding=padding)
        return [y, *conv2d.backward(dy, cache)]

    def theirs() -> list:
        for a in leaves:
            a.grad = None
        y = torch.nn.functional.conv2d(*leaves, padding=padding)
        y.backward(tdy)
        return [y, *[a.grad for a in leaves]]

    if torch:
        leaves = [a.requires_grad_() for a in tensors(x, W, b)]
        [tdy] = tensors(np.ascontiguousarray(dy))
    return ours, theirs


WORKLOADS = {
    "LeNet-5, batch of 64": lambda: classic(64),
    "LeNet-5, batch of 256": lambda: classic(256),
    "LeNet-5 modern, batch of 64": lambda: modern(64),
    "LeNet-5 modern, batch of 256": lambda: modern(256),
    "5 x 5, 6 to 16, 64 of 14 x 14": lambda: layer(64, 6, 14, 16, 5),
    "5 x 5, 3 to 32, 64 of 32 x 32": lambda: layer(64, 3, 32, 32, 5, "same"),
    "3 x 3, 64 to 64, 32 of 56 x 56": lambda: layer(32, 64, 56, 64, 3, "same"),
    "31 x 31, 1 to 1, 1 of 128 x 128": lambda: layer(1, 1, 128, 1, 31, "same"),
    "31 x 31, 8 to 8, 4 of 128 x 128": lambda: layer(4, 8, 128, 8, 31, "same"),
}


def tensors(*arrays: np.ndarray) -> list:
    """Copy arrays to PyTorch."""
    return [torch.from_numpy(np.array(a, order="C")) for a in arrays]


# -- measuring ----------------------------------------------------------------------------------


def agree(ours: Step, theirs: Step) -> None:
    """Raise unless both compute the same."""
    for mine, other in zip(ours(), theirs(), strict=True):
        other = other.detach().numpy() if hasattr(other, "detach") else np.asarray(other)
        largest = np.abs(other).max()
        np.testing.assert_allclose(mine / largest, other / largest, atol=1e-4)


def measure(steps: tuple[Step, ...], rounds: int, seconds: float) -> list[list[float]]:
    """Let the sides take turns; return the seconds per step of each, one entry a round."""
    repeats = [max(1, round(seconds / block(step, 2))) for step in steps]
    times: list[list[float]] = [[] for _ in steps]
    for turn in range(rounds):
        order = range(len(steps)) if turn % 2 else reversed(range(len(steps)))
        for k in order:
            times[k].append(block(steps[k], repeats[k]))
    return times


def peak(step: Step) -> float:
    """Return the most memory that NumPy holds during a step, in MB."""
    tracemalloc.start()
    step()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return round(most / 1e6, 1)


def compare(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Measure every workload and print a line for each."""
    rows = {}
    for name, make in WORKLOADS.items():
        if options.only not in name:
            continue
        ours, theirs = make()
        if torch:
            agree(ours, theirs)
        sides = (ours, theirs) if torch else (ours,)
        times = measure(sides, options.rounds, options.seconds)
        row = {"backprop_ms": round(1e3 * statistics.median(times[0]), 3), "peak_mb": peak(ours)}
        line = f"{name:34} {row['backprop_ms']:9.2f} ms"
        if torch:
            ratios = [b / a for a, b in zip(*times, strict=True)]
            row["pytorch_ms"] = round(1e3 * statistics.median(times[1]), 3)
            row["ratio"] = round(statistics.median(ratios), 2)
            line += f" {row['pytorch_ms']:9.2f} ms {row['ratio']:7.2f}"
        print(f"{line} {row['peak_mb']:8.1f} MB", flush=True)
        rows[name] = row
    return rows


def crossover(options: argparse.Namespace) -> list[dict[str, float]]:
    """Measure both methods for kernels of many sizes; print a line for each."""
    found = []
    for N, C in ((4, 8), (1, 1)):
        for k in SIZES:
            rng = np.random.default_rng(0)
            x = rng.standard_normal((N, C, 128, 128), dtype=np.float32)
            W = rng.standard_normal((C, C, k, k), dtype=np.float32)
            b = np.zeros(C, np.float32)

            def step(method: str, x=x, W=W, b=b) -> list:
                y, cache = conv2d.forward(x, W, b, padding="same", method=method)
                return [y, *conv2d.backward(y, cache)]

            sides = tuple(lambda m=m, step=step: step(m) for m in ("direct", "fft"))
            direct, fft = measure(sides, options.rounds, options.seconds)
            both = axes((128, 128), (k, k), padding="same", stride=1, dilation=1)
            row = {
                "images": N,
                "channels": C,
                "kernel": k,
                "direct_ms": round(1e3 * statistics.median(direct), 3),
                "fft_ms": round(1e3 * statistics.median(fft), 3),
                "auto": conv2d.cheaper(N, C, C, *both),
            }
            print(*row.values(), sep="\t", flush=True)
            found.append(row)
    return found


def main() -> int:
    """Measure, print and record; the exit status is 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description="Compare the convolutions with PyTorch.")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.08, help="length of a block")
    parser.add_argument("--only", default="", help="rows whose name has this; no record")
    parser.add_argument("--crossover", action="store_true", help="unrolling against transforms")
    parser.add_argument("--output", type=Path, default=RECORD)
    options = parser.parse_args()
    for key, value in versions().items():
        print(f"{key:10} {value}")
    if options.crossover:
        merge(options.output, crossover=crossover(options))
        return 0
    if torch:
        torch.set_num_threads(1)
    else:
        print("PyTorch is not installed: no ratios, and no record (pip install torch)")
    print(
        f"\n{'':34} {'backprop':>12} {'PyTorch' if torch else '':>12} {'ratio' if torch else '':>7}"
    )
    rows = compare(options)
    if not torch or options.only:
        return 0
    mean = geometric_mean(rows, "ratio")
    print(f"{'geometric mean':34} {'':12} {'':12} {mean:7.2f}")
    merge(options.output, versions=versions(), rows=rows, geometric_mean=mean)
    large = [row["ratio"] for name, row in rows.items() if name.startswith("31")]
    return int(mean < GOAL or min(large) < LEAST_LARGE)


if __name__ == "__main__":
    sys.exit(main())
