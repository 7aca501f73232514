"""Teach the cells to copy after a wait: ``python benchmarks/train_copying.py``.

A cell reads S symbols, T blanks and a question, and is to say the symbols in their order
(``backprop.data.copying``).  Every batch is new.  Who remembers nothing cannot have a smaller
cross entropy than the baseline, S log K / (T + 2 S).

The result goes into ``benchmarks/records/copying.json``, which the book shows.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: the same sums everywhere

import numpy as np
from runs import RECORDS, Learner, bar, machine, merge

from backprop.data import copying
from backprop.losses import cross_entropy
from backprop.nets import char_model
from backprop.recurrent import gru, lstm, qrnn, rnn

CELLS = {
    "rnn": (rnn, {}),
    "rnn, skip 1": (rnn, {"skip": 1.0}),
    "qrnn": (qrnn, {}),
    "gru": (gru, {}),
    "lstm": (lstm, {}),
}
SETTINGS = {"symbols": 4, "kinds": 8, "hidden": 100, "batch_size": 50, "lr": 2e-3, "steps": 4000}
EVERY, TEST = 100, 500  # steps from test to test, sequences


def main() -> None:
    """Train every cell on every length, and record each when it is done."""
    parser = argparse.ArgumentParser(description="Teach the cells to copy after a wait.")
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    parser.add_argument("--lengths", type=int, nargs="+", default=[5, 20])
    parser.add_argument("--seed", type=int, default=0)
    for key, value in SETTINGS.items():
        parser.add_argument(f"--{key}", type=type(value), default=value)
    parser.add_argument("--output", type=Path, default=RECORDS / "copying.json")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args()
    settings = {key: getattr(options, key) for key in SETTINGS} | {"seed": options.seed}
    rows = []
    for T in options.lengths:
        baseline = copying.baseline(T, S=options.symbols, K=options.kinds)
        for name in options.cells:
            found = run(name, T, settings, options.quiet)
            rows.append({"T": T, "cell": name, "baseline": round(baseline, 5), **found})
            print(
                f"T {T} {name:12} loss {found['loss'][-1]:.5f}, baseline {baseline:.5f}, "
                f"{found['right'][-1]:.1%} of the symbols right",
                flush=True,
            )
            merge(options.output, settings=settings, every=EVERY, rows=rows, machine=machine())


def run(name: str, T: int, settings: dict, quiet: bool) -> dict:
    """Train one cell; return the test loss and the part of the symbols that is right."""
    cell, constants = CELLS[name]
    S, K, N = settings["symbols"], settings["kinds"], settings["batch_size"]
    rng = np.random.default_rng(settings["seed"])
    learner = Learner(char_model.init(rng, K + 2, settings["hidden"], cell=cell), settings["lr"])
    test = copying.draw(np.random.default_rng(10_000), T, TEST, S=S, K=K)
    found = {"loss": [], "right": [], "seconds": 0.0}
    start = time.process_time()
    with bar(settings["steps"], quiet, f"{name}, T {T}") as progress:
        for step in range(1, settings["steps"] + 1):
            x, target = copying.draw(rng, T, N, S=S, K=K)
            _, grads, _ = char_model.gradients(learner.params, x, target, cell=cell, **constants)
            learner.step(grads)
            progress.update()
            if step % EVERY == 0:
                loss, right = score(learner.params, *test, S, cell, constants)
                found["loss"].append(round(loss, 6))
                found["right"].append(round(right, 4))
    return found | {"clipped": learner.clipped, "seconds": round(time.process_time() - start, 1)}


def score(
    params: list, x: np.ndarray, target: np.ndarray, S: int, cell, constants: dict
) -> tuple[float, float]:
    """Return the cross entropy per step, and the part of the last S steps that is right."""
    scores, _ = char_model.forward(*params, labels=x, cell=cell, **constants)
    loss, _ = cross_entropy.forward(scores.reshape(-1, scores.shape[2]), target=target.ravel())
    return float(loss), float((scores[-S:].argmax(axis=2) == target[-S:]).mean())


if __name__ == "__main__":
    main()
