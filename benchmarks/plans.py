"""Compare plans with readable networks, and with PyTorch: ``python benchmarks/plans.py``.

Each row is a step of training in float32, forward, loss, backward and update: by the readable
network, by its plan and in PyTorch's eager mode, on one thread of one processor in the same
process.  They take turns, so that a noisy moment hits all; what is reported is the median over the
rounds of the ratio to the plan, so more than 1 means that the plan is faster.  All must agree on
the loss and on every gradient before anything is timed.

With ``--output FILE`` the result is recorded.
"""

import argparse
import json
import os
import statistics
import sys
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy and PyTorch
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import numpy as np
from feed_forward import agree, classes, measure, normal, tensors, torch, versions
from recurrent import STEPS
from runs import geometric_mean

from backprop import plans
from backprop.losses import cross_entropy
from backprop.nets import char_model, deep_mlp, lenet5, lenet5_modern, preact
from backprop.optim import adam, sgd
from backprop.recurrent import gru, lstm, qrnn, rnn

LR = 1e-9  # nothing is learnt: units that die would leave Adam with denormal, slow means
SIDES = ("readable", "plan", "pytorch")


def perceptron(optimiser, N: int, *sizes: int) -> tuple:
    """Classify with a perceptron: ReLU between linear layers, the last without a bias."""

    def scores(a: "torch.Tensor", *params: "torch.Tensor") -> "torch.Tensor":
        for W, b in zip(params[:-1:2], params[1:-1:2], strict=True):
            a = torch.relu(torch.nn.functional.linear(a, W, b))
        return torch.nn.functional.linear(a, params[-1])

    params = deep_mlp.init(np.random.default_rng(0), sizes)
    return sides(deep_mlp, plans.deep_mlp, scores, params, optimiser, N, sizes)


def residual(optimiser, N: int, D: int, M: int, C: int) -> tuple:
    """Classify with PreAct's network."""

    def scores(x: "torch.Tensor", *params: "torch.Tensor") -> "torch.Tensor":
        W1, W2, W3, W4 = params
        t = (torch.relu(x) @ W1.T + x) @ W2.T
        return (torch.relu(t) @ W3.T + t) @ W4.T

    params = preact.init(np.random.default_rng(0), D, M, C)
    return sides(preact, plans.preact, scores, params, optimiser, N, (D, C))


def lenet(optimiser, N: int, net) -> tuple:
    """Classify images with one of the two LeNet-5s, which PyTorch has no layers for but three."""
    module = {lenet5: plans.lenet5, lenet5_modern: plans.lenet5_modern}[net]
    scores = {lenet5: classic, lenet5_modern: modern}[net]
    params = net.init(np.random.default_rng(0))
    return sides(net, module, scores, params, optimiser, N, ((1, 32, 32), 10))


def modern(x, W1, b1, W3, b3, W5, b5, W6, b6, W7, b7) -> "torch.Tensor":
    """Return the scores of LeNet-5 with ReLU and max pooling."""
    f = torch.nn.functional
    a = f.max_pool2d(torch.relu(f.conv2d(x, W1, b1)), 2)
    a = f.max_pool2d(torch.relu(f.conv2d(a, W3, b3)), 2)
    a = torch.relu(f.conv2d(a, W5, b5))[:, :, 0, 0]
    return f.linear(torch.relu(f.linear(a, W6, b6)), W7, b7)


def classic(x, W1, b1, w2, a2, W3, b3, w4, a4, W5, b5, W6, b6, W7, b7) -> "torch.Tensor":
    """Return the scores of LeNet-5 of 1998."""
    f = torch.nn.functional

    def squash(a: "torch.Tensor") -> "torch.Tensor":
        return lenet5.TALL * torch.tanh(lenet5.STEEP * a)

    def pool(a: "torch.Tensor", w: "torch.Tensor", b: "torch.Tensor") -> "torch.Tensor":
        return squash(f.avg_pool2d(a, 2) * w[:, None, None] + b[:, None, None])

    a = pool(squash(f.conv2d(x, W1, b1)), w2, a2)
    links = torch.from_numpy(lenet5.LINKS.T.astype(np.float32))[:, :, None, None]
    a = pool(squash(f.conv2d(a, W3 * links, b3)), w4, a4)
    a = squash(f.conv2d(a, W5, b5))[:, :, 0, 0]
    return f.linear(squash(f.linear(a, W6, b6)), W7, b7)


def writer(cell, T: int, N: int, H: int, V: int = 65, D: int = 64) -> tuple:
    """Learn which character comes next; PyTorch loops over the steps with the same equations."""
    rng = np.random.default_rng(0)
    params = start = char_model.init(rng, V, H, cell=cell, D=D)
    labels, target = rng.integers(0, V, (2, T, N))
    plan = plans.char_model.compile(params, T, N, cell=cell)
    fast = plans.Optimiser(sgd, plan.parameters)

    def readable() -> list:
        nonlocal params
        loss, grads, _ = char_model.gradients(params, labels, target, cell=cell)
        params, _ = sgd.step(params, grads, (), lr=LR)
        return [loss, *grads]

    def planned() -> list:
        loss, grads, _ = plan.loss_and_gradients(labels, target)
        fast.step(lr=LR)
        return [loss, *grads]

    def theirs() -> list:
        E, *inner, Wx, b, Wy, by = weights
        if cell is qrnn:
            inner = [a for pair in zip(Wx.chunk(2), b.chunk(2), strict=True) for a in pair]
        else:
            inner += [Wx, b]
        first = [torch.zeros(N, H)] * cell.STATES
        h = torch.stack(STEPS[cell](torch.nn.functional.embedding(tl, E), *first, *inner))
        scores = torch.nn.functional.linear(h.reshape(T * N, H), Wy, by)
        loss = torch.nn.functional.cross_entropy(scores, tt.reshape(-1))
        moves.zero_grad()
        loss.backward()
        moves.step()
        return [loss.item(), *[w.grad for w in weights]]

    if not torch:
        return readable, planned
    tl, tt, *weights = tensors(labels, target, *start)
    for w in weights:
        w.requires_grad_()
    moves = torch.optim.SGD(weights, lr=LR)
    return readable, planned, theirs


def sides(net, module, scores, params, optimiser, N: int, sizes: tuple) -> tuple:
    """Return a step of the readable network, of its plan and of PyTorch."""
    rng = np.random.default_rng(1)
    x, labels = normal(rng, N, *np.atleast_1d(sizes[0])), classes(rng, N, sizes)
    state, start = optimiser.init(params), params
    plan = module.compile(start, N)
    fast = plans.Optimiser(optimiser, plan.parameters)

    def readable() -> list:
        nonlocal params, state
        y, cache = net.forward(x, *params)
        loss, of_loss = cross_entropy.forward(y, target=labels)
        _, *grads = net.backward(cross_entropy.backward(1.0, of_loss), cache)
        params, state = optimiser.step(params, grads, state, lr=LR)
        return [float(loss), *grads]

    def planned() -> list:
        loss, grads = plan.loss_and_gradients(x, labels)
        fast.step(lr=LR)
        return [loss, *grads]

    def theirs() -> list:
        loss = torch.nn.functional.cross_entropy(scores(tx, *weights), target)
        moves.zero_grad()
        loss.backward()
        moves.step()
        return [loss.item(), *[w.grad for w in weights]]

    if not torch:
        return readable, planned
    tx, target, *weights = tensors(x, labels, *start)
    for w in weights:
        w.requires_grad_()
    moves = {sgd: torch.optim.SGD, adam: torch.optim.Adam}[optimiser](weights, lr=LR)
    return readable, planned, theirs


WORKLOADS = {
    "784-300-100-10, batch of 64, SGD": lambda: perceptron(sgd, 64, 784, 300, 100, 10),
    "784-300-100-10, batch of 64, Adam": lambda: perceptron(adam, 64, 784, 300, 100, 10),
    "784-300-100-10, batch of 512, SGD": lambda: perceptron(sgd, 512, 784, 300, 100, 10),
    "64-32-32-10, batch of 32, SGD": lambda: perceptron(sgd, 32, 64, 32, 32, 10),
    "64-32-32-10, batch of 32, Adam": lambda: perceptron(adam, 32, 64, 32, 32, 10),
    "4-16-16-3, batch of 16, SGD": lambda: perceptron(sgd, 16, 4, 16, 16, 3),
    "4-16-16-3, batch of 16, Adam": lambda: perceptron(adam, 16, 4, 16, 16, 3),
    "PreAct 256, 128, batch of 64, SGD": lambda: residual(sgd, 64, 256, 128, 10),
    "PreAct 16, 8, one example, SGD": lambda: residual(sgd, 1, 16, 8, 3),
    "LeNet-5 modern, one image, SGD": lambda: lenet(sgd, 1, lenet5_modern),
    "LeNet-5 modern, batch of 16, SGD": lambda: lenet(sgd, 16, lenet5_modern),
    "LeNet-5 modern, batch of 64, SGD": lambda: lenet(sgd, 64, lenet5_modern),
    "LeNet-5 modern, batch of 256, SGD": lambda: lenet(sgd, 256, lenet5_modern),
    "LeNet-5 of 1998, one image, SGD": lambda: lenet(sgd, 1, lenet5),
    "LeNet-5 of 1998, batch of 16, SGD": lambda: lenet(sgd, 16, lenet5),
    "LeNet-5 of 1998, batch of 64, SGD": lambda: lenet(sgd, 64, lenet5),
    "LeNet-5 of 1998, batch of 256, SGD": lambda: lenet(sgd, 256, lenet5),
    "RNN, 50 steps of 32 texts, H 128": lambda: writer(rnn, 50, 32, 128),
    "QRNN, 50 steps of 32 texts, H 128": lambda: writer(qrnn, 50, 32, 128),
    "GRU, 50 steps of 32 texts, H 128": lambda: writer(gru, 50, 32, 128),
    "LSTM, 50 steps of 32 texts, H 128": lambda: writer(lstm, 50, 32, 128),
    "LSTM, 20 steps of one text, H 32": lambda: writer(lstm, 20, 1, 32),
}


def compare(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Measure every workload and print a line for each."""
    rows = {}
    for name, make in WORKLOADS.items():
        if options.only not in name:
            continue
        steps = make()
        first = steps[1]()
        for side in steps[:1] + steps[2:]:
            agree(lambda first=first: first, side)
        times = dict(zip(SIDES, measure(steps, options.rounds, options.seconds), strict=False))
        row = {f"{side}_us": round(1e6 * statistics.median(t), 1) for side, t in times.items()}
        for side in times.keys() - {"plan"}:
            ratios = [a / b for a, b in zip(times[side], times["plan"], strict=True)]
            row[f"{side}_ratio"] = round(statistics.median(ratios), 2)
        rows[name] = row
        shown = [f"{row[f'{side}_us']:10.1f}" for side in times]
        shown += [f"{row[f'{side}_ratio']:9.2f}" for side in times if side != "plan"]
        print(f"{name:36}", *shown, flush=True)
    return rows


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Compare plans with the readable networks.")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.08, help="length of a block")
    parser.add_argument("--only", default="", help="workloads with this in their name")
    parser.add_argument("--output", type=Path, help="where to record the result")
    options = parser.parse_args()
    if torch:
        torch.set_num_threads(1)
    for key, value in versions().items():
        print(f"{key:10} {value}")
    shown = [f"{side:>10}" for side in SIDES[: 3 if torch else 2]]
    print(f"\n{'microseconds a step':36}", *shown, "   ratios to the plan")
    rows = compare(options)
    ratios = [key for key in next(iter(rows.values())) if key.endswith("_ratio")]
    means = {ratio: geometric_mean(rows, ratio) for ratio in ratios}
    print("geometric means:", means)
    if options.output:
        record = {"versions": versions(), "rows": rows, "geometric_means": means}
        options.output.write_text(json.dumps(record, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
