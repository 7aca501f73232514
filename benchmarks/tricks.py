"""What does each trick of the fast tier buy? ``python benchmarks/tricks.py``.

Each row is one computation, done in the plain way and with one trick.  Both must give the same
numbers before they are timed; then they take turns in one process, on one thread, in float32 unless
that is what the row is about.  Reported is the median over the rounds of the ratio plain / trick.

The result goes into ``benchmarks/records/tricks.json``.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy

import numpy as np
from feed_forward import measure, versions
from runs import RECORDS

from backprop import plans
from backprop.layers import conv2d, linear, softmax
from backprop.losses import cross_entropy
from backprop.nets import deep_mlp
from backprop.optim import adam

Pair = tuple[Callable[[], object], Callable[[], object]]
RNG = np.random.default_rng(0)


def normal(*shape: int, dtype: type = np.float32) -> np.ndarray:
    """Return random numbers."""
    return RNG.standard_normal(shape).astype(dtype)


def one_product() -> Pair:
    """Multiply the weights by a whole batch at once."""
    x, W = normal(64, 784), normal(300, 784)
    return lambda: np.stack([W @ row for row in x]), lambda: x @ W.T


def one_product_for_all_steps() -> Pair:
    """Multiply the inputs of all time steps at once."""
    x, W = normal(100, 32, 64), normal(512, 64)
    turned = W.T
    return (
        lambda: np.stack([x_t @ turned for x_t in x]),
        lambda: (x.reshape(-1, 64) @ turned).reshape(100, 32, 512),
    )


def gradient_of_all_steps() -> Pair:
    """Add up the gradients of the weights over time in one product."""
    x, du = normal(100, 32, 64), normal(100, 32, 512)

    def plain() -> np.ndarray:
        dW = np.zeros((512, 64), np.float32)
        for x_t, du_t in zip(x, du, strict=True):
            dW += du_t.T @ x_t
        return dW

    return plain, lambda: du.reshape(-1, 512).T @ x.reshape(-1, 64)


def times_the_mask() -> Pair:
    """Multiply by the mask of a ReLU instead of choosing by it."""
    x, dy = normal(64, 3000), normal(64, 3000)
    return lambda: np.where(x > 0, dy, 0), lambda: dy * (x > 0)


def batch_innermost() -> Pair:
    """Keep images with the batch innermost, so that windows are views."""
    x, W, b = normal(64, 6, 14, 14), normal(16, 6, 5, 5), normal(16)
    inner = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0)

    def plain() -> np.ndarray:
        windows = np.lib.stride_tricks.sliding_window_view(x, (5, 5), axis=(2, 3))
        y = np.tensordot(windows, W, axes=((1, 4, 5), (1, 2, 3)))
        return y.transpose(0, 3, 1, 2) + b[:, None, None]

    return plain, lambda: conv2d.forward(inner, W, b, method="direct")[0]


def transforms() -> Pair:
    """Multiply transforms instead of sliding a kernel of 31 x 31."""
    x, W, b = normal(4, 8, 64, 64), normal(8, 8, 31, 31), normal(8)

    def by(method: str) -> Callable[[], object]:
        return lambda: conv2d.forward(x, W, b, padding="same", method=method)[0]

    return by("direct"), by("fft")


def half_the_bytes() -> Pair:
    """Compute in float32 instead of float64."""
    x, W = normal(64, 784, dtype=np.float64), normal(300, 784, dtype=np.float64)
    few, less = x.astype(np.float32), W.astype(np.float32)
    return lambda: np.tanh(x @ W.T), lambda: np.tanh(few @ less.T)


def one_vector() -> Pair:
    """Move all parameters as one vector."""
    params = [normal(23, 23) for _ in range(100)]
    grads = [normal(23, 23) for _ in range(100)]
    flat, flat_grads = np.concatenate(params).ravel(), np.concatenate(grads).ravel()
    state, flat_state = adam.init(params), adam.init([flat])
    return (
        lambda: np.concatenate(adam.step(params, grads, state, lr=0.1)[0]).ravel(),
        lambda: adam.step([flat], [flat_grads], flat_state, lr=0.1)[0][0],
    )


def aligned() -> Pair:
    """Let arrays start at a multiple of 64 bytes."""
    raw = np.zeros(2**20 + 64, np.uint8)
    start = -raw.ctypes.data % 64

    def at(offset: int) -> np.ndarray:
        return raw[start + offset : start + offset + 4 * 2**17].view(np.float32)

    off, on = at(16), at(0)
    return lambda: np.add(off, 1, out=off) * 0, lambda: np.add(on, 1, out=on) * 0


def half_a_tanh() -> Pair:
    """Compute the sigmoid as (1 + tanh(x / 2)) / 2, in place."""
    x = normal(64, 3000)

    def trick() -> np.ndarray:
        y = 0.5 * x
        np.tanh(y, out=y)
        y *= 0.5
        y += 0.5
        return y

    return lambda: 1 / (1 + np.exp(-x)), trick


def fused_loss() -> Pair:
    """Take the gradient of softmax and cross entropy in one: p - t."""
    scores, labels = normal(512, 100), RNG.integers(0, 100, 512)

    def plain() -> np.ndarray:
        p, cache = softmax.forward(scores)
        dp = np.zeros_like(p)
        dp[np.arange(512), labels] = -1 / (512 * p[np.arange(512), labels])
        return softmax.backward(dp, cache)

    def trick() -> np.ndarray:
        return cross_entropy.backward(1.0, cross_entropy.forward(scores, target=labels)[1])

    return plain, trick


def no_input_gradient() -> Pair:
    """Leave out the gradient on the input of the first layer."""
    x, W, b, dy = normal(64, 784), normal(300, 784), normal(300), normal(64, 300)
    _, cache = linear.forward(x, W, b)
    return lambda: linear.backward(dy, cache)[1], lambda: dy.T @ x


def nothing_allocated() -> Pair:
    """Do all of the above for a small perceptron, in one block of memory: a plan."""
    params = deep_mlp.init(np.random.default_rng(0), [64, 32, 32, 10])
    x, labels = normal(32, 64), RNG.integers(0, 10, 32)
    plan = plans.deep_mlp.compile(params, 32)

    def plain() -> np.ndarray:
        y, cache = deep_mlp.forward(x, *params)
        _, of_loss = cross_entropy.forward(y, target=labels)
        _, *grads = deep_mlp.backward(cross_entropy.backward(1.0, of_loss), cache)
        return grads[0]

    return plain, lambda: plan.loss_and_gradients(x, labels)[1][0]


TRICKS = {
    "a whole batch in one product": one_product,
    "the inputs of all steps in one product": one_product_for_all_steps,
    "the weights' gradient of all steps in one": gradient_of_all_steps,
    "times the mask, not chosen by it": times_the_mask,
    "images with the batch innermost": batch_innermost,
    "transforms for a kernel of 31 x 31": transforms,
    "float32 for float64": half_the_bytes,
    "100 parameters in one vector (Adam)": one_vector,
    "arrays that start at 64 bytes": aligned,
    "the sigmoid by one tanh": half_a_tanh,
    "softmax and cross entropy in one": fused_loss,
    "no gradient on the first input": no_input_gradient,
    "a plan of a small perceptron": nothing_allocated,
}


def main() -> int:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.05, help="length of a block")
    parser.add_argument("--output", type=Path, default=RECORDS / "tricks.json")
    given = parser.parse_args()
    rows = {}
    for name, make in TRICKS.items():
        plain, trick = make()
        expected = np.asarray(plain())
        np.testing.assert_allclose(trick(), expected, rtol=2e-3, atol=2e-4 * np.abs(expected).max())
        times = measure((plain, trick), given.rounds, given.seconds)
        row = {
            f"{side}_us": round(1e6 * statistics.median(t), 1)
            for side, t in zip(("plain", "trick"), times, strict=True)
        }
        row["ratio"] = round(statistics.median(a / b for a, b in zip(*times, strict=True)), 2)
        rows[name] = row
        print(
            f"{name:44}{row['plain_us']:11.1f}{row['trick_us']:11.1f} us {row['ratio']:8.2f}",
            flush=True,
        )
    record = {"versions": versions(), "rows": rows}
    given.output.write_text(json.dumps(record, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
