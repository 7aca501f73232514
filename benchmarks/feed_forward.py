"""Compare the readable layers with PyTorch: ``python benchmarks/feed_forward.py``.

Each row does forward, loss, backward and update in float32, here and in PyTorch's eager mode, on
one thread of one processor in the same process.  The two take turns, so that a noisy moment hits
both; what is reported is the median over the rounds of the ratio PyTorch / backprop, so more than
1 means that backprop is faster.  Both are given the same numbers, and must agree on the loss and
on every gradient before anything is timed.

The result goes into ``benchmarks/records/feed_forward.json``.
"""

import argparse
import json
import os
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy and PyTorch
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import numpy as np
from runs import geometric_mean

from backprop.layers import batch_norm, max_pool, mean_pool, relu, sigmoid, tanh
from backprop.losses import cross_entropy
from backprop.nets import deep_mlp, preact
from backprop.optim import sgd

try:
    import torch
except ModuleNotFoundError:
    torch = None

RECORD = Path(__file__).parent / "records" / "feed_forward.json"
GOAL, LEAST = 1.0, 0.4  # of the geometric mean, and of every row
LR = 1e-4
Step = Callable[[], list]  # one step of training; returns loss or output, then the gradients


# -- the workloads, each as (NumPy step, PyTorch step) ------------------------------------------


def perceptron(N: int, *sizes: int) -> tuple[Step, Step]:
    """Classify with a perceptron: ReLU between linear layers, the last without a bias."""
    rng = np.random.default_rng(0)
    params, x, labels = deep_mlp.init(rng, sizes), normal(rng, N, sizes[0]), classes(rng, N, sizes)

    def ours() -> list:
        nonlocal params
        y, cache = deep_mlp.forward(x, *params)
        loss, of_loss = cross_entropy.forward(y, target=labels)
        _, *grads = deep_mlp.backward(cross_entropy.backward(1.0, of_loss), cache)
        params, _ = sgd.step(params, grads, (), lr=LR)
        return [float(loss), *grads]

    def scores(a: "torch.Tensor", *params: "torch.Tensor") -> "torch.Tensor":
        for W, b in zip(params[:-1:2], params[1:-1:2], strict=True):
            a = torch.relu(torch.nn.functional.linear(a, W, b))
        return torch.nn.functional.linear(a, params[-1])

    return ours, classifier(scores, x, labels, params)


def residual(N: int, D: int, M: int, C: int) -> tuple[Step, Step]:
    """Classify with PreAct's network."""
    rng = np.random.default_rng(0)
    params, x, labels = preact.init(rng, D, M, C), normal(rng, N, D), classes(rng, N, [C])

    def ours() -> list:
        nonlocal params
        theta, cache = preact.forward(x, *params)
        loss, of_loss = cross_entropy.forward(theta, target=labels)
        _, *grads = preact.backward(cross_entropy.backward(1.0, of_loss), cache)
        params, _ = sgd.step(params, grads, (), lr=LR)
        return [float(loss), *grads]

    def scores(x: "torch.Tensor", *params: "torch.Tensor") -> "torch.Tensor":
        W1, W2, W3, W4 = params
        t = (torch.relu(x) @ W1.T + x) @ W2.T
        return (torch.relu(t) @ W3.T + t) @ W4.T

    return ours, classifier(scores, x, labels, params)


def normalisation(N: int, D: int, *image: int) -> tuple[Step, Step]:
    """Normalise a batch, also one of images; the upstream gradient is given."""
    rng = np.random.default_rng(0)
    x, dy = normal(rng, N, D, *image), normal(rng, N, D, *image)
    params = [normal(rng, D), normal(rng, D)]

    def ours() -> list:
        nonlocal params
        y, cache = batch_norm.forward(x, *params)
        dx, *grads = batch_norm.backward(dy, cache)
        params, _ = sgd.step(params, grads, (), lr=LR)
        return [y, dx, *grads]

    def theirs() -> list:
        y = torch.nn.functional.batch_norm(tx, None, None, *weights, training=True)
        tx.grad = None
        optimiser.zero_grad()
        y.backward(tdy)
        optimiser.step()
        return [y, tx.grad, *[w.grad for w in weights]]

    if torch:
        tx, tdy, *weights = tensors(x, dy, *params)
        for w in (tx, *weights):
            w.requires_grad_()
        optimiser = torch.optim.SGD(weights, lr=LR)
    return ours, theirs


def loss_alone(N: int, C: int) -> tuple[Step, Step]:
    """Take the softmax cross entropy and its gradient on the scores."""
    rng = np.random.default_rng(0)
    s, labels = normal(rng, N, C), classes(rng, N, [C])

    def ours() -> list:
        loss, cache = cross_entropy.forward(s, target=labels)
        return [float(loss), cross_entropy.backward(1.0, cache)]

    def theirs() -> list:
        ts.grad = None
        loss = torch.nn.functional.cross_entropy(ts, target)
        loss.backward()
        return [loss.item(), ts.grad]

    if torch:
        ts, target = tensors(s, labels)
        ts.requires_grad_()
    return ours, theirs


def without_parameters(layer: object, other: Callable, *shape: int) -> tuple[Step, Step]:
    """Pass a layer that has nothing to learn, forward and back; the upstream gradient is given."""
    rng = np.random.default_rng(0)
    x = normal(rng, *shape)
    dy = normal(rng, *layer.forward(x)[0].shape)

    def ours() -> list:
        y, cache = layer.forward(x)
        return [y, layer.backward(dy, cache)]

    def theirs() -> list:
        y = other(tx)
        return [y, *torch.autograd.grad(y, tx, tdy)]

    if torch:
        tx, tdy = tensors(x, dy)
        tx.requires_grad_()
    return ours, theirs


def mean_pooling(*shape: int) -> tuple[Step, Step]:
    """Pool by means, with the scale and the bias of LeNet-5."""
    rng = np.random.default_rng(0)
    x, w, a = normal(rng, *shape), normal(rng, shape[1]), normal(rng, shape[1])
    dy = normal(rng, *mean_pool.forward(x, w, a)[0].shape)

    def ours() -> list:
        y, cache = mean_pool.forward(x, w, a)
        return [y, *mean_pool.backward(dy, cache)]

    def theirs() -> list:
        y = torch.nn.functional.avg_pool2d(leaves[0], 2) * column(leaves[1]) + column(leaves[2])
        return [y, *torch.autograd.grad(y, leaves, tdy)]

    def column(v: "torch.Tensor") -> "torch.Tensor":
        return v[:, None, None]

    if torch:
        *leaves, tdy = tensors(x, w, a, dy)
        for leaf in leaves:
            leaf.requires_grad_()
    return ours, theirs


def max_pool_of(x: "torch.Tensor") -> "torch.Tensor":
    """Return PyTorch's pooling of 2 x 2."""
    return torch.nn.functional.max_pool2d(x, 2)


WORKLOADS = {
    "perceptron 784-300-100-10, batch of 64": lambda: perceptron(64, 784, 300, 100, 10),
    "PreAct D 256, M 128, C 10, batch of 64": lambda: residual(64, 256, 128, 10),
    "batch norm 64 x 100": lambda: normalisation(64, 100),
    "batch norm 256 x 1024": lambda: normalisation(256, 1024),
    "softmax cross entropy 64 x 10": lambda: loss_alone(64, 10),
    "softmax cross entropy 512 x 1000": lambda: loss_alone(512, 1000),
    "softmax cross entropy 64 x 50000": lambda: loss_alone(64, 50000),
    "batch norm 32 x 64 of 28 x 28": lambda: normalisation(32, 64, 28, 28),
    "max pooling 64 x 16 of 28 x 28": lambda: without_parameters(
        max_pool, max_pool_of, 64, 16, 28, 28
    ),
    "mean pooling 64 x 16 of 28 x 28": lambda: mean_pooling(64, 16, 28, 28),
    **{
        f"{name} of {n:,}": lambda layer=layer, name=name, n=n: without_parameters(
            layer, lambda x: getattr(torch, name)(x), n
        )
        for name, layer in (("relu", relu), ("tanh", tanh), ("sigmoid", sigmoid))
        for n in (6400, 1_000_000)
    },
}


def classifier(scores: Callable, x: np.ndarray, labels: np.ndarray, params: list) -> Step:
    """Return PyTorch's step for a network given by its scores."""
    if not torch:
        return list
    tx, target, *weights = tensors(x, labels, *params)
    for w in weights:
        w.requires_grad_()
    optimiser = torch.optim.SGD(weights, lr=LR)

    def theirs() -> list:
        loss = torch.nn.functional.cross_entropy(scores(tx, *weights), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return [loss.item(), *[w.grad for w in weights]]

    return theirs


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Draw a float32 array."""
    return rng.standard_normal(shape, dtype=np.float32)


def classes(rng: np.random.Generator, N: int, sizes: list) -> np.ndarray:
    """Draw a label for each example."""
    return rng.integers(0, sizes[-1], N)


def tensors(*arrays: np.ndarray) -> list:
    """Copy arrays to PyTorch."""
    return [torch.from_numpy(np.array(a)) for a in arrays]


# -- measuring ----------------------------------------------------------------------------------


def agree(ours: Step, theirs: Step) -> None:
    """Raise unless both compute the same."""
    for mine, other in zip(ours(), theirs(), strict=True):
        other = other.detach().numpy() if hasattr(other, "detach") else other
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-4)


def block(step: Step, repeats: int) -> float:
    """Return the seconds that one step takes on average."""
    start = time.perf_counter()
    for _ in range(repeats):
        step()
    return (time.perf_counter() - start) / repeats


def repeats_for(step: Step, seconds: float) -> int:
    """Return how many steps fill a block; warms up on the way."""
    block(step, 3)
    return max(1, round(seconds / block(step, 5)))


def measure(steps: tuple[Step, ...], rounds: int, seconds: float) -> list[list[float]]:
    """Let the sides take turns; return the seconds per step of each, one entry a round."""
    repeats = [repeats_for(step, seconds) for step in steps]
    times: list[list[float]] = [[] for _ in steps]
    for turn in range(rounds):
        order = range(len(steps)) if turn % 2 else reversed(range(len(steps)))
        for k in order:
            times[k].append(block(steps[k], repeats[k]))
    return times


def compare(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Measure every workload and print a line for each."""
    rows = {}
    for name, make in WORKLOADS.items():
        ours, theirs = make()
        if torch:
            agree(ours, theirs)
        sides = (ours, theirs) if torch else (ours,)
        times = measure(sides, options.rounds, options.seconds)
        rows[name] = {"backprop_us": round(1e6 * statistics.median(times[0]), 1)}
        line = f"{name:42} {rows[name]['backprop_us']:9.1f} us"
        if torch:
            ratios = [b / a for a, b in zip(*times, strict=True)]
            rows[name]["pytorch_us"] = round(1e6 * statistics.median(times[1]), 1)
            rows[name]["ratio"] = round(statistics.median(ratios), 2)
            line += f" {rows[name]['pytorch_us']:9.1f} us {rows[name]['ratio']:7.2f}"
        print(line, flush=True)
    return rows


def versions() -> dict[str, str]:
    """Say what was measured on what."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas['name']} {blas['version']}",
        "pytorch": torch.__version__ if torch else "not installed",
        "machine": f"{processor()}, one thread",
    }


def processor() -> str:
    """Return the name of the processor where the system tells it, else its kind."""
    known = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.+)", known.read_text()) if known.exists() else []
    return f"{platform.machine()}, {names[0]}" if names else platform.machine()


def main() -> int:
    """Measure, print and record; the exit status is 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description="Compare the readable layers with PyTorch.")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.08, help="length of a block")
    parser.add_argument("--output", type=Path, default=RECORD)
    options = parser.parse_args()
    if torch:
        torch.set_num_threads(1)
    else:
        print("PyTorch is not installed: no ratios, and no record (pip install torch)")
    for key, value in versions().items():
        print(f"{key:10} {value}")
    print(f"\n{'':42} {'backprop':>12} {'PyTorch' if torch else '':>12} {'ratio' if torch else ''}")
    rows = compare(options)
    if not torch:
        return 0
    ratios = [row["ratio"] for row in rows.values()]
    mean = geometric_mean(rows, "ratio")
    print(f"{'geometric mean':42} {'':12} {'':12} {mean:7.2f}")
    record = {"versions": versions(), "rows": rows, "geometric_mean": mean}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(record, indent=1) + "\n")
    return int(mean < GOAL or min(ratios) < LEAST)


if __name__ == "__main__":
    sys.exit(main())
