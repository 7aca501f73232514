"""Teach the cells to add over long times: ``python benchmarks/train_adding.py``.

A cell reads T pairs of a number and a marker, and a linear layer says the sum of the two marked
numbers from the last state (``backprop.data.adding``).  Every batch is new.  Who always answers 1
has an error of 1/6; a cell has solved the problem when the error on 1,000 sequences that are not
learnt from is below a hundredth.  Each run ends there, or after `steps` steps.

The result goes into ``benchmarks/records/adding.json``, which the book shows.
"""

import argparse
import os
import statistics
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: the same sums everywhere

import numpy as np
from runs import RECORDS, Learner, bar, machine, merge

from backprop.data import adding
from backprop.layers import linear
from backprop.losses import mse
from backprop.recurrent import gru, lstm, qrnn, rnn

CELLS = {
    "rnn": (rnn, {}),
    "rnn, skip 0.5": (rnn, {"skip": 0.5}),
    "rnn, skip 1": (rnn, {"skip": 1.0}),
    "qrnn": (qrnn, {}),
    "gru": (gru, {}),
    "lstm": (lstm, {}),
}
SETTINGS = {"hidden": 64, "batch_size": 50, "lr": 2e-3, "steps": 4000}
SOLVED, EVERY, TEST = 0.01, 50, 1000  # error, steps from test to test, sequences


def main() -> None:
    """Train every cell on every length from every seed, and record each when it is done."""
    parser = argparse.ArgumentParser(description="Teach the cells to add over long times.")
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    parser.add_argument("--lengths", type=int, nargs="+", default=[100, 200])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    for key, value in SETTINGS.items():
        parser.add_argument(f"--{key}", type=type(value), default=value)
    parser.add_argument("--output", type=Path, default=RECORDS / "adding.json")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args()
    settings = {key: getattr(options, key) for key in SETTINGS}
    rows = []
    for T in options.lengths:
        for name in options.cells:
            runs = [run(name, T, seed, settings, options.quiet) for seed in options.seeds]
            last = [r["error"][-1] for r in runs]
            print(f"T {T} {name:14} error {statistics.median(last):.5f}", flush=True)
            rows.append(
                {"T": T, "cell": name, "seeds": dict(zip(options.seeds, runs, strict=True))}
            )
            about = {"solved": SOLVED, "every": EVERY, "baseline": adding.BASELINE}
            merge(options.output, settings=settings, **about, rows=rows, machine=machine())


def run(name: str, T: int, seed: int, settings: dict, quiet: bool) -> dict:
    """Train one cell; return the test error every `EVERY` steps, and the time it took."""
    cell, constants = CELLS[name]
    H, N = settings["hidden"], settings["batch_size"]
    rng = np.random.default_rng(seed)
    drawn = cell.init(rng, 2, H)
    W = rng.standard_normal((1, H), dtype=np.float32) / np.float32(H**0.5)
    learner = Learner([*drawn, W, np.zeros(1, np.float32)], settings["lr"])
    test = adding.draw(np.random.default_rng(10_000), T, TEST)  # the same for all
    errors, start = [], time.process_time()
    with bar(settings["steps"], quiet, f"{name}, T {T}, seed {seed}") as progress:
        for step in range(1, settings["steps"] + 1):
            x, target = adding.draw(rng, T, N)
            learner.step(gradients(cell, constants, learner.params, x, target))
            progress.update()
            if step % EVERY == 0:
                errors.append(round(error(cell, constants, learner.params, *test), 6))
                if errors[-1] < SOLVED:
                    break
    seconds = round(time.process_time() - start, 1)
    return {"error": errors, "steps": step, "clipped": learner.clipped, "seconds": seconds}


def read(cell, constants: dict, params: list, x: np.ndarray) -> tuple:
    """Return the answers, and what the way back needs."""
    *weights, W, b = params
    h0 = np.zeros((x.shape[1], W.shape[1]), x.dtype)
    y, of_cell = cell.forward(x, *[h0] * cell.STATES, *weights, **constants)
    h = y[0] if cell is lstm else y
    answer, of_linear = linear.forward(h[-1], W, b)
    return answer, (h, of_cell, of_linear)


def gradients(cell, constants: dict, params: list, x: np.ndarray, target: np.ndarray) -> list:
    """Return the gradient on every parameter."""
    answer, (h, of_cell, of_linear) = read(cell, constants, params, x)
    _, of_loss = mse.forward(answer, target=target)
    last, dW, db = linear.backward(mse.backward(1.0, of_loss), of_linear)
    dh = np.zeros_like(h)
    dh[-1] = last
    _, *grads = cell.backward((dh, np.zeros_like(h)) if cell is lstm else dh, of_cell)
    return [*grads[cell.STATES :], dW, db]


def error(cell, constants: dict, params: list, x: np.ndarray, target: np.ndarray) -> float:
    """Return the mean squared error."""
    answer, _ = read(cell, constants, params, x)
    return float(((answer - target) ** 2).mean())


if __name__ == "__main__":
    main()
