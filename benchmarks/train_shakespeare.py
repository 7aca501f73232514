"""Let each cell read Shakespeare: ``python benchmarks/train_shakespeare.py``.

Character models with the four cells, all with about the same number of parameters, learn the
first nine tenths of tiny Shakespeare window by window, with states carried on, and are scored in
bits per character on the last tenth, which is read in one go.  After some epochs each writes a
few lines.

Needs the text: ``BACKPROP_DATA`` names the folder that has it in its folder ``tinyshakespeare``;
otherwise it is downloaded.  The result goes into ``benchmarks/records/shakespeare.json``, which
the book shows.
"""

import argparse
import math
import os
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: the same sums everywhere

import numpy as np
from runs import RECORDS, Learner, bar, machine, merge

from backprop.data import shakespeare
from backprop.losses import cross_entropy
from backprop.nets import char_model
from backprop.recurrent import gru, lstm, qrnn, rnn

CELLS = {"rnn": rnn, "qrnn": qrnn, "gru": gru, "lstm": lstm}
SETTINGS = {"parameters": 110_000, "window": 64, "streams": 32, "lr": 1e-2, "epochs": 10, "seed": 0}
WRITE_AFTER, START, LENGTH, TEMPERATURE = (0, 1, 3, 10), "\n", 300, 0.8
SCORED = 200  # characters that the validation text is read in parts of, side by side


def main() -> None:
    """Train every cell, and record each when it is done."""
    parser = argparse.ArgumentParser(description="Let each cell read Shakespeare.")
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    for key, value in SETTINGS.items():
        parser.add_argument(f"--{key}", type=type(value), default=value)
    parser.add_argument("--output", type=Path, default=RECORDS / "shakespeare.json")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args()
    settings = {key: getattr(options, key) for key in SETTINGS}
    text = shakespeare.load()
    about = {
        "baselines": baselines(text),
        "settings": settings,
        "start": START,
        "temperature": TEMPERATURE,
        "machine": machine(),
        "data": "tiny Shakespeare, 1,003,854 characters to learn, 111,540 to validate on",
    }
    print({name: round(bits, 3) for name, bits in about["baselines"].items()})
    cells = {}
    for name in options.cells:
        cells[name] = train(name, settings, text, options.quiet)
        merge(options.output, **about, cells=cells)


def width(cell, V: int, parameters: int) -> int:
    """Return the number of hidden units that comes nearest to a number of parameters."""

    def count(H: int) -> int:
        return sum(p.size for p in char_model.init(np.random.default_rng(0), V, H, cell=cell))

    high = next(h for h in range(8, 10**6, 8) if count(h) > parameters)
    return min(range(high - 8, high + 1), key=lambda H: abs(count(H) - parameters))


def train(name: str, settings: dict, text: shakespeare.Text, quiet: bool) -> dict:
    """Train one cell; return the bits per character after every epoch, and what it wrote."""
    cell, V = CELLS[name], len(text.alphabet)
    H, rng = width(cell, V, settings["parameters"]), np.random.default_rng(settings["seed"])
    T, N, epochs = settings["window"], settings["streams"], settings["epochs"]
    learner = Learner(char_model.init(rng, V, H, cell=cell), settings["lr"], limit=5.0)
    count = sum(p.size for p in learner.params)
    found = {"hidden": H, "parameters": count, "train_bits": [], "valid_bits": [], "written": {}}
    found["written"]["0"] = write(learner.params, cell, text.alphabet)
    per_epoch = math.ceil((len(text.train) - 1) // N / T)
    start = time.process_time()
    with bar(epochs * per_epoch, quiet, name) as progress:
        for epoch in range(1, epochs + 1):
            state, total, seen = None, 0.0, 0
            for labels, target in char_model.windows(text.train, T, N):
                done = ((epoch - 1) * per_epoch + seen / (T * N)) / (epochs * per_epoch)
                learner.lr = settings["lr"] * 0.5 * (1 + math.cos(math.pi * min(done, 1)))
                loss, grads, state = char_model.gradients(
                    learner.params, labels, target, cell=cell, state=state
                )
                learner.step(grads)
                total, seen = total + loss * labels.size, seen + labels.size
                progress.update()
            found["train_bits"].append(round(total / seen / math.log(2), 4))
            found["valid_bits"].append(round(bits(learner.params, cell, text.valid), 4))
            print(
                f"{name} H {H} epoch {epoch:2} train {found['train_bits'][-1]:.3f} "
                f"valid {found['valid_bits'][-1]:.3f} bits {time.process_time() - start:.0f} s",
                flush=True,
            )
            if epoch in WRITE_AFTER or epoch == epochs:
                found["written"][str(epoch)] = write(learner.params, cell, text.alphabet)
    return found | {"clipped": learner.clipped, "seconds": round(time.process_time() - start, 1)}


def bits(params: list, cell, text: np.ndarray) -> float:
    """Return the cross entropy in bits per character of a text, read from its start to its end."""
    state, total = None, 0.0
    for start in range(0, len(text) - 1, SCORED):
        labels = text[start : start + SCORED + 1, None]
        scores, cache = char_model.forward(*params, labels=labels[:-1], cell=cell, state=state)
        loss, _ = cross_entropy.forward(scores[:, 0], target=labels[1:, 0])
        total, state = total + float(loss) * (len(labels) - 1), char_model.next_state(cache)
    return total / (len(text) - 1) / math.log(2)


def write(params: list, cell, alphabet: str) -> str:
    """Return some lines that the model writes."""
    written = char_model.sample(
        np.random.default_rng(0),
        params,
        start=shakespeare.encode(START, alphabet),
        length=LENGTH,
        temperature=TEMPERATURE,
        cell=cell,
    )
    return shakespeare.decode(written, alphabet)


def baselines(text: shakespeare.Text) -> dict[str, float]:
    """Return bits per character without a memory, and with one of one and of two characters."""
    V, found = len(text.alphabet), {}
    for order, name in enumerate(["one by one", "pairs", "triples"]):
        keys = [context(part, order, V) for part in (text.train, text.valid)]
        counts = np.bincount(keys[0], minlength=V ** (order + 1)).reshape(-1, V) + 0.1
        p = counts / counts.sum(axis=1, keepdims=True)
        found[name] = round(float(-np.log2(p.ravel()[keys[1]]).mean()), 4)
    return found


def context(text: np.ndarray, order: int, V: int) -> np.ndarray:
    """Return each character with those before it as one number."""
    return sum(text[k : len(text) - order + k] * V ** (order - k) for k in range(order + 1))


if __name__ == "__main__":
    main()
