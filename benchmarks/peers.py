"""Compare the plans with JAX and HIPS autograd: ``python benchmarks/peers.py``.

Each row is a step of training in float32, forward, loss, backward and plain SGD: by the plan, by a
step that ``jax.jit`` has compiled, and by ``autograd``, whichever of the two is installed.  JAX's
compiler sees the whole step, ``autograd`` runs the same formulas in NumPy and writes down a tape.
All run in one process on one thread of one processor, take turns, and must agree on the loss and on
every gradient before anything is timed.  Reported is the median over the rounds of the ratio to the
plan, so more than 1 means that the plan is faster.

With ``--output FILE`` the result is recorded.
"""

import argparse
import importlib.metadata
import json
import os
import statistics
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

import numpy as np
from feed_forward import Step, agree, classes, measure, normal, versions
from runs import geometric_mean, timings

from backprop import plans
from backprop.nets import char_model, deep_mlp, lenet5_modern
from backprop.optim import sgd
from backprop.recurrent import gru, lstm, qrnn, rnn

LR = 1e-9  # nothing is learnt, so that every step is the same work


class Peer(NamedTuple):
    """What a library needs for the networks below: its NumPy, and what NumPy does not have."""

    np: ModuleType
    convolve: Callable[..., Any]  # of images (N, C, H, W) with kernels (O, C, K, K)
    scan: Callable[..., Any]  # step(state, u) -> state over the first axis of u; all hidden states
    step: Callable[..., Step]  # from a loss and its parameters to a step of training


def installed() -> dict[str, Peer]:
    """Return the peers that can be imported here."""
    if hasattr(os, "sched_setaffinity"):  # JAX has threads that no flag forbids
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    found = {}
    for name, make in (("jax", with_jax), ("autograd", with_autograd)):
        try:
            found[name] = make()
        except ModuleNotFoundError:
            print(f"{name} is not installed: no column (pip install {name})")
    return found


def with_jax() -> Peer:
    """Return what is needed of JAX."""
    jax = importlib.import_module("jax")

    def convolve(x, W):
        return jax.lax.conv_general_dilated(x, W, (1, 1), "VALID")

    def scan(step, state, u):
        def one(state, u_t):
            state = step(state, u_t)
            return state, state[0]

        return jax.lax.scan(one, state, u)[1]

    def training(loss, params: list) -> Step:
        @jax.jit
        def compiled(params):
            value, grads = jax.value_and_grad(loss)(params)
            return value, grads, [w - LR * g for w, g in zip(params, grads, strict=True)]

        params = [jax.numpy.asarray(w) for w in params]

        def step() -> list:
            nonlocal params
            value, grads, params = jax.block_until_ready(compiled(params))
            return [float(value), *map(np.asarray, grads)]  # on this device a view, no copy

        return step

    return Peer(jax.numpy, convolve, scan, training)


def with_autograd() -> Peer:
    """Return what is needed of HIPS autograd."""
    autograd = importlib.import_module("autograd")
    signal = importlib.import_module("autograd.scipy.signal")

    def convolve(x, W):
        turned = W[:, :, ::-1, ::-1]  # it flips its second argument, as mathematicians do
        return signal.convolve(x, turned, axes=([2, 3], [2, 3]), dot_axes=([1], [1]), mode="valid")

    def scan(step, state, u):
        states = []
        for u_t in u:
            state = step(state, u_t)
            states.append(state[0])
        return autograd.numpy.stack(states)

    def training(loss, params: list) -> Step:
        both = autograd.value_and_grad(loss)

        def step() -> list:
            nonlocal params
            value, grads = both(params)
            params = [w - np.float32(LR) * g for w, g in zip(params, grads, strict=True)]
            return [float(value), *grads]

        return step

    return Peer(autograd.numpy, convolve, scan, training)


# -- the networks, in the part of NumPy that the peers have too -----------------------------------


def cross_entropy(np, scores, labels):
    """Return the mean over the examples of -log softmax at the label."""
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    logs = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.mean(logs[np.arange(len(labels)), labels])


def perceptron(peer: Peer, params, x):
    """Return the scores of ReLU layers, the last one linear and without a bias."""
    for W, b in zip(params[:-1:2], params[1:-1:2], strict=True):
        x = peer.np.maximum(x @ W.T + b, 0)
    return x @ params[-1].T


def lenet(peer: Peer, params, x):
    """Return the scores of LeNet-5 with ReLU and max pooling."""
    W1, b1, W3, b3, W5, b5, W6, b6, W7, b7 = params
    relu = lambda a: peer.np.maximum(a, 0)  # noqa: E731

    def pool(a):
        N, C, H, W = a.shape
        return peer.np.max(peer.np.reshape(a, (N, C, H // 2, 2, W // 2, 2)), axis=(3, 5))

    a = pool(relu(peer.convolve(x, W1) + b1[:, None, None]))
    a = pool(relu(peer.convolve(a, W3) + b3[:, None, None]))
    a = relu(peer.np.reshape(a, (len(x), -1)) @ peer.np.reshape(W5, (len(W5), -1)).T + b5)
    return relu(a @ W6.T + b6) @ W7.T + b7


def sigmoid(np, a):
    """Return the logistic function of a."""
    return np.tanh(a / 2) / 2 + 0.5


def rnn_step(np, state, u, Wh):
    """Ye17 (24)."""
    return (np.tanh(u + state[0] @ Wh.T),)


def qrnn_step(np, state, u):
    """Ye17 (31)."""
    (h,), H = state, state[0].shape[1]
    return (h + sigmoid(np, u[:, :H]) * (np.tanh(u[:, H:]) - h),)


def gru_step(np, state, u, Wh):
    """Ye17 (40) to (43)."""
    (h,), H = state, state[0].shape[1]
    a = sigmoid(np, u[:, : 2 * H] + h @ Wh[: 2 * H].T)
    U, R = a[:, :H], a[:, H:]
    return (h + U * (np.tanh(u[:, 2 * H :] + (R * h) @ Wh[2 * H :].T) - h),)


def lstm_step(np, state, u, Wh):
    """Ye17 (49) to (54)."""
    h, c = state
    H = h.shape[1]
    a = u + h @ Wh.T
    gates = sigmoid(np, a[:, : 3 * H])
    c = gates[:, 2 * H :] * c + gates[:, :H] * np.tanh(a[:, 3 * H :])
    return gates[:, H : 2 * H] * np.tanh(c), c


CELLS: dict = {rnn: rnn_step, qrnn: qrnn_step, gru: gru_step, lstm: lstm_step}


def writer(peer: Peer, cell: Any, params, labels):
    """Return the scores of the next character after every step."""
    E, *inner, Wx, b, Wy, by = params
    T, N = labels.shape
    state = (np.zeros((N, Wy.shape[1]), np.float32),) * cell.STATES
    step = lambda state, u: CELLS[cell](peer.np, state, u, *inner)  # noqa: E731
    h = peer.scan(step, state, E[labels] @ Wx.T + b)
    return peer.np.reshape(h, (T * N, -1)) @ Wy.T + by


# -- measuring ------------------------------------------------------------------------------------


def classifier(net, module, scores: Callable, N: int, x_shape: tuple, *sizes: Any) -> tuple:
    """Return the plan's step, and from a peer to its step."""
    rng = np.random.default_rng(0)
    params = net.init(rng, *sizes)
    x, labels = normal(rng, N, *x_shape), classes(rng, N, [len(params[-1])])
    plan = module.compile(params, N)
    rule = plans.Optimiser(sgd, plan.parameters)

    def planned() -> list:
        loss, grads = plan.loss_and_gradients(x, labels)
        rule.step(lr=LR)
        return [loss, *grads]

    def theirs(peer: Peer) -> Step:
        return peer.step(
            lambda params: cross_entropy(peer.np, scores(peer, params, x), labels), list(params)
        )

    return planned, theirs


def of_perceptron(N: int, *sizes: int) -> tuple:
    """Classify with a perceptron."""
    return classifier(deep_mlp, plans.deep_mlp, perceptron, N, sizes[:1], sizes)


def of_lenet(N: int) -> tuple:
    """Classify images."""
    return classifier(lenet5_modern, plans.lenet5_modern, lenet, N, (1, 32, 32))


def of_cell(cell: Any, T: int, N: int, H: int, V: int = 65, D: int = 64) -> tuple:
    """Learn which character comes next."""
    rng = np.random.default_rng(0)
    params = char_model.init(rng, V, H, cell=cell, D=D)
    labels, target = rng.integers(0, V, (2, T, N))
    plan = plans.char_model.compile(params, T, N, cell=cell)
    rule = plans.Optimiser(sgd, plan.parameters)

    def planned() -> list:
        loss, grads, _ = plan.loss_and_gradients(labels, target)
        rule.step(lr=LR)
        return [loss, *grads]

    def theirs(peer: Peer) -> Step:
        def loss(params):
            return cross_entropy(peer.np, writer(peer, cell, params, labels), target.ravel())

        return peer.step(loss, list(params))

    return planned, theirs


WORKLOADS = {
    "4-16-16-3, batch of 16": lambda: of_perceptron(16, 4, 16, 16, 3),
    "784-300-100-10, batch of 64": lambda: of_perceptron(64, 784, 300, 100, 10),
    "784-300-100-10, batch of 512": lambda: of_perceptron(512, 784, 300, 100, 10),
    "LeNet-5 modern, one image": lambda: of_lenet(1),
    "LeNet-5 modern, batch of 16": lambda: of_lenet(16),
    "LeNet-5 modern, batch of 64": lambda: of_lenet(64),
    "LeNet-5 modern, batch of 256": lambda: of_lenet(256),
    "RNN, 50 steps of 32 texts, H 128": lambda: of_cell(rnn, 50, 32, 128),
    "QRNN, 50 steps of 32 texts, H 128": lambda: of_cell(qrnn, 50, 32, 128),
    "GRU, 50 steps of 32 texts, H 128": lambda: of_cell(gru, 50, 32, 128),
    "LSTM, 50 steps of 32 texts, H 128": lambda: of_cell(lstm, 50, 32, 128),
    "LSTM, 20 steps of one text, H 32": lambda: of_cell(lstm, 20, 1, 32),
}


def compare(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Measure every workload and print a line for each."""
    rows: dict[str, dict[str, float]] = {}
    peers = installed()
    print(f"\n{'microseconds a step':36}{'plan':>10}", *(f"{p:>10}" for p in peers), "  ratios")
    for name, make in WORKLOADS.items():
        if options.only not in name:
            continue
        planned, theirs = make()
        steps = {"plan": planned, **{side: theirs(peer) for side, peer in peers.items()}}
        first = planned()
        for side in list(steps)[1:]:
            agree(lambda first=first: first, steps[side])
        times = measure(tuple(steps.values()), options.rounds, options.seconds)
        rows[name] = row = {
            f"{side}_us": round(1e6 * statistics.median(t), 1)
            for side, t in zip(steps, times, strict=True)
        }
        for side, of_side in zip(list(steps)[1:], times[1:], strict=True):
            ratios = [a / b for a, b in zip(of_side, times[0], strict=True)]
            row[f"{side}_ratio"] = round(statistics.median(ratios), 2)
        print(f"{name:36}", *(f"{v:10.1f}" for v in row.values()), flush=True)
    return rows


def main() -> int:
    """Measure and print."""
    parser = timings(__doc__)
    parser.add_argument("--only", default="", help="workloads with this in their name")
    options = parser.parse_args()
    said = versions()
    said.pop("pytorch")
    for name in ("jax", "autograd"):
        said[name] = version(name)
    for key, value in said.items():
        print(f"{key:10} {value}")
    rows = compare(options)
    sides = [f"{name}_ratio" for name in ("jax", "autograd")]
    means = {s: geometric_mean(rows, s) for s in sides if all(s in row for row in rows.values())}
    print("geometric means:", means)
    if options.output:
        record = {"versions": said, "rows": rows, "geometric_means": means}
        options.output.write_text(json.dumps(record, indent=1) + "\n")
    return 0


def version(name: str) -> str:
    """Return the version of an installed package."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    sys.exit(main())
