"""Compare the recurrent layers with PyTorch: ``python benchmarks/recurrent.py``.

Each row runs whole sequences forward and back in float32, on one thread on both sides.  PyTorch
does it twice: with its own layer, ``nn.RNN``, ``nn.GRU`` or ``nn.LSTM``, and with the equations of
the book written as a loop over the steps.  The loop must agree with backprop on the states and on
every gradient before anything is timed.  ``nn.GRU`` applies its reset gate after the product with
the state, the book before it: the same work, but other numbers; there is no ``nn.QRNN``.

The sides take turns, so that a noisy moment hits all; what is reported is the median over the
rounds of the ratio PyTorch / backprop, so more than 1 means that backprop is faster.

The result goes into ``benchmarks/records/recurrent.json``.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy and PyTorch

import numpy as np
from feed_forward import Step, agree, measure, normal, tensors, torch, versions
from runs import geometric_mean

from backprop.recurrent import gru, lstm, qrnn, rnn

RECORD = Path(__file__).parent / "records" / "recurrent.json"
GOAL = 1.0  # of the geometric mean against PyTorch's own layers
SIZES = [(20, 32, 128), (50, 32, 128), (100, 32, 128)]  # T, N, H; as many inputs as hidden units
CELLS = {"RNN": rnn, "GRU": gru, "LSTM": lstm, "QRNN": qrnn}


def ours(cell, args: list, dy: np.ndarray) -> Step:
    """Return one run forward and back here."""
    nothing = np.zeros_like(dy)

    def step() -> list:
        y, cache = cell.forward(*args)
        if cell is lstm:
            return [y[0], *cell.backward((dy, nothing), cache)]
        return [y, *cell.backward(dy, cache)]

    return step


def loop(cell, args: list, dy: np.ndarray) -> Step:
    """Return the same run in PyTorch, as a loop over the steps."""
    leaves, (tdy,) = [a.requires_grad_() for a in tensors(*args)], tensors(dy)

    def step() -> list:
        h = torch.stack(STEPS[cell](*leaves))
        return [h, *torch.autograd.grad(h, leaves, tdy)]

    return step


def layer(name: str, args: list, dy: np.ndarray) -> Step | None:
    """Return a run of PyTorch's own layer of the same sizes; nothing where it has none."""
    if name not in ("RNN", "GRU", "LSTM"):
        return None
    x, h0 = args[:2]
    theirs = getattr(torch.nn, name)(x.shape[2], h0.shape[1])
    tx, th0, tc0, tdy = tensors(x, h0[None], h0[None], dy)
    leaves = [tx.requires_grad_(), th0.requires_grad_(), *theirs.parameters()]
    if name == "LSTM":
        leaves.append(tc0.requires_grad_())

    def step() -> list:
        h, _ = theirs(tx, (th0, tc0) if name == "LSTM" else th0)
        return [h, *torch.autograd.grad(h, leaves, tdy)]

    return step


def rnn_steps(x, h, Wh, Wx, b) -> list:
    """Return the states by Ye17 (24)-(25)."""
    states = []
    for u in torch.unbind(x @ Wx.T + b):
        h = torch.tanh(u + h @ Wh.T)
        states.append(h)
    return states


def qrnn_steps(x, h, Wu, bu, Wh, bh) -> list:
    """Return the states by Ye17 (31)-(33)."""
    states = []
    gates, candidates = torch.sigmoid(x @ Wu.T + bu), torch.tanh(x @ Wh.T + bh)
    for U, candidate in zip(torch.unbind(gates), torch.unbind(candidates), strict=True):
        h = h + U * (candidate - h)
        states.append(h)
    return states


def gru_steps(x, h, Wh, Wx, b) -> list:
    """Return the states by Ye17 (40)-(43)."""
    states, H = [], h.shape[1]
    for u in torch.unbind(x @ Wx.T + b):
        U, R = torch.sigmoid(u[:, : 2 * H] + h @ Wh[: 2 * H].T).chunk(2, dim=1)
        candidate = torch.tanh(u[:, 2 * H :] + (R * h) @ Wh[2 * H :].T)
        h = h + U * (candidate - h)
        states.append(h)
    return states


def lstm_steps(x, h, c, Wh, Wx, b) -> list:
    """Return the hidden states by Ye17 (49)-(54)."""
    states, H = [], h.shape[1]
    for u in torch.unbind(x @ Wx.T + b):
        a = u + h @ Wh.T
        i, o, f = torch.sigmoid(a[:, : 3 * H]).chunk(3, dim=1)
        c = f * c + i * torch.tanh(a[:, 3 * H :])
        h = o * torch.tanh(c)
        states.append(h)
    return states


STEPS: dict = {rnn: rnn_steps, qrnn: qrnn_steps, gru: gru_steps, lstm: lstm_steps}


def compare(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Measure every cell at every size and print a line for each."""
    rows = {}
    for name, cell in CELLS.items():
        for T, N, H in SIZES:
            rng = np.random.default_rng(0)
            start = [normal(rng, N, H) for _ in range(2 if cell is lstm else 1)]
            args = [normal(rng, T, N, H), *start, *cell.init(rng, H, H)]
            dy = normal(rng, T, N, H)
            sides: dict[str, Callable | None] = {"backprop": ours(cell, args, dy)}
            if torch:
                sides |= {"layer": layer(name, args, dy), "loop": loop(cell, args, dy)}
                agree(sides["backprop"], sides["loop"])
            row = f"{name} T {T}, N {N}, H {H}"
            rows[row] = times_and_ratios({k: s for k, s in sides.items() if s}, options)
            print(f"{row:24}", *(f"{k} {v:.6g}  " for k, v in rows[row].items()), flush=True)
    return rows


def times_and_ratios(sides: dict[str, Step], options: argparse.Namespace) -> dict[str, float]:
    """Let the sides take turns; return microseconds, and ratios to the first."""
    times = measure(tuple(sides.values()), options.rounds, options.seconds)
    row = {f"{k}_us": round(1e6 * statistics.median(t)) for k, t in zip(sides, times, strict=True)}
    for side, theirs in zip(list(sides)[1:], times[1:], strict=True):
        ratios = [b / a for a, b in zip(times[0], theirs, strict=True)]
        row[f"{side}_ratio"] = round(statistics.median(ratios), 2)
    return row


def main() -> int:
    """Measure, print and record; the exit status is 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description="Compare the recurrent layers with PyTorch.")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--seconds", type=float, default=0.08, help="length of a block")
    parser.add_argument("--output", type=Path, default=RECORD)
    options = parser.parse_args()
    if torch:
        torch.set_num_threads(1)
    else:
        print("PyTorch is not installed: no ratios, and no record (pip install torch)")
    for key, value in versions().items():
        print(f"{key:10} {value}")
    rows = compare(options)
    if not torch:
        return 0
    means = {ratio: geometric_mean(rows, ratio) for ratio in ("layer_ratio", "loop_ratio")}
    print("geometric means", means)
    record = {"versions": versions(), "rows": rows, "geometric_means": means}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(record, indent=1) + "\n")
    return int(means["layer_ratio"] < GOAL)


if __name__ == "__main__":
    sys.exit(main())
