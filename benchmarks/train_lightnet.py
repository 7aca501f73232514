"""Repeat the character experiment of the LightNet paper: ``python benchmarks/train_lightnet.py``.

30 hidden units read lines of Shakespeare in frames of 64, in batches of 100, and are asked for
the next character.  LightNet fills short lines up to 64 steps, learns the filling too, and counts
it: about half of what it counts.  Here the same is learnt and counted its way, and then the same
guesses are counted on the real characters alone.  Beside it stands a table of pairs, which
guesses by the last character only.

Needs the lines: ``BACKPROP_DATA`` names the folder that has them in its folder ``lightnet-char``.
The result goes into ``benchmarks/records/lightnet.json``, which the book shows.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: the same sums everywhere

import numpy as np
from runs import RECORDS, Learner, bar, machine, merge

from backprop.data import lightnet
from backprop.layers import relu
from backprop.nets import char_model
from backprop.recurrent import gru, lstm, qrnn, rnn

CELLS = {  # LightNet has the skip link in its RNN, and ReLU in its QRNN
    "rnn": (rnn, {}),
    "rnn, skip 1": (rnn, {"skip": 1.0}),
    "qrnn": (qrnn, {"activation": relu}),
    "gru": (gru, {}),
    "lstm": (lstm, {}),
}
SETTINGS = {"hidden": 30, "batch_size": 100, "lr": 1e-2, "epochs": 20}


def main() -> None:
    """Train every cell from every seed, and record each when it is done."""
    parser = argparse.ArgumentParser(description="Repeat LightNet's character experiment.")
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    for key, value in SETTINGS.items():
        parser.add_argument(f"--{key}", type=type(value), default=value)
    parser.add_argument("--output", type=Path, default=RECORDS / "lightnet.json")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args()
    settings = {key: getattr(options, key) for key in SETTINGS}
    data, cells = lightnet.load(), {}
    about = {
        "settings": settings,
        "filling": round(1 - float(real(data.test).mean()), 4),
        "pairs": pairs(data),
        "data": f"LightNet's lines, {data.train.y.shape[1]} to learn, {data.test.y.shape[1]} to "
        "test on",
        "machine": machine(),
    }
    print({key: about[key] for key in ("filling", "pairs")})
    for name in options.cells:
        cells[name] = {}
        for seed in options.seeds:
            cells[name][str(seed)] = train(name, seed, settings, data, options.quiet)
            merge(options.output, **about, cells=cells)


def real(lines: lightnet.Lines) -> np.ndarray:
    """Return where a step of a line is asked for, and not filling."""
    return np.arange(len(lines.x))[:, None] < lines.lengths


def accuracy(guessed: np.ndarray, lines: lightnet.Lines) -> dict[str, float]:
    """Return the part of the guesses that is right: of all frames, and of the real ones."""
    right = guessed == lines.y
    return {
        "all": round(float(right.mean()), 4),
        "real": round(float(right[real(lines)].mean()), 4),
    }


def pairs(data: lightnet.Data) -> dict[str, float]:
    """Return the accuracy of the likeliest successor of each label."""
    counts = np.zeros((lightnet.CLASSES, lightnet.CLASSES), np.int64)
    np.add.at(counts, (data.train.x.ravel(), data.train.y.ravel()), 1)
    return accuracy(counts.argmax(axis=1)[data.test.x], data.test)


def train(name: str, seed: int, settings: dict, data: lightnet.Data, quiet: bool) -> dict:
    """Train one cell; return the accuracies on the test lines after every epoch."""
    cell, constants = CELLS[name]
    H, N, rng = settings["hidden"], settings["batch_size"], np.random.default_rng(seed)
    learner = Learner(char_model.init(rng, lightnet.CLASSES, H, cell=cell), settings["lr"])
    lines, found = data.train.x.shape[1], {"all": [], "real": []}
    start = time.process_time()
    with bar(settings["epochs"] * -(-lines // N), quiet, f"{name}, seed {seed}") as progress:
        for epoch in range(1, settings["epochs"] + 1):
            order = rng.permutation(lines)
            for batch in np.split(order, range(N, lines, N)):
                x, y = data.train.x[:, batch], data.train.y[:, batch]
                _, grads, _ = char_model.gradients(learner.params, x, y, cell=cell, **constants)
                learner.step(grads)
                progress.update()
            for key, value in score(learner.params, cell, constants, data.test).items():
                found[key].append(value)
            print(
                f"{name} seed {seed} epoch {epoch:2} all {found['all'][-1]:.2%} "
                f"real {found['real'][-1]:.2%} {time.process_time() - start:.0f} s",
                flush=True,
            )
    return found | {"seconds": round(time.process_time() - start, 1)}


def score(params: list, cell, constants: dict, test: lightnet.Lines) -> dict[str, float]:
    """Return the accuracies on the test lines."""
    guessed = np.empty_like(test.y)
    for i in range(0, test.y.shape[1], 1000):
        part = slice(i, i + 1000)
        scores, _ = char_model.forward(*params, labels=test.x[:, part], cell=cell, **constants)
        guessed[:, part] = scores.argmax(axis=2)
    return accuracy(guessed, test)


if __name__ == "__main__":
    main()
