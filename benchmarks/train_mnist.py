"""Train the feed-forward networks on MNIST: ``python benchmarks/train_mnist.py``.

Needs the package, and MNIST: ``BACKPROP_DATA`` names the folder that has it in its folder
``mnist``; otherwise it is downloaded.  The result goes into ``benchmarks/records/mnist.json``,
which the chapters show.  The settings were chosen with ``--validate``, which leaves the test
images alone.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: the same sums everywhere

import numpy as np
from runs import RECORDS, held_out, machine, merge

from backprop import training
from backprop.data import Dataset, mnist
from backprop.nets import deep_mlp, mlp, preact

RECORD = RECORDS / "mnist.json"
SETTINGS = {
    "mlp": {"sizes": [784, 256, 10], "lr": 0.1, "decay": 1e-4, "batch_size": 32},
    "deep_mlp": {"sizes": [784, 300, 100, 10], "lr": 0.1, "decay": 1e-4, "batch_size": 32},
    "preact": {"sizes": [784, 128, 10], "lr": 0.03, "decay": 1e-4, "batch_size": 32},
}
START = {
    "mlp": lambda rng, sizes: mlp.init(rng, *sizes),
    "deep_mlp": deep_mlp.init,
    "preact": lambda rng, sizes: preact.init(rng, *sizes),
}
NETS = {"mlp": mlp, "deep_mlp": deep_mlp, "preact": preact}


def main() -> None:
    """Train, print a line for each network, and write the record."""
    options = arguments()
    data = mnist.load()
    if options.validate:
        data = held_out(data)
    results = {}
    for name in options.nets:
        results[name] = train(name, data, options)
        accuracy, seconds = results[name]["accuracy"][-1], results[name]["seconds"]
        print(f"{name:9} {accuracy:.2%} after {options.epochs} epochs, {seconds:.0f} s", flush=True)
    if not options.validate:
        write(options, results)


def arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description="Train the feed-forward networks on MNIST.")
    parser.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS), metavar="NET")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lr", type=float, help="instead of the learning rates recorded here")
    parser.add_argument("--decay", type=float, help="instead of the weight decay recorded here")
    parser.add_argument(
        "--validate",
        action="store_true",
        help="score on the last 10,000 training images, which are not learnt from; no record",
    )
    parser.add_argument("--output", type=Path, default=RECORD, help="where the record goes")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser.parse_args()


def train(name: str, data: Dataset, options: argparse.Namespace) -> dict:
    """Train one network; return its settings and what came out, epoch by epoch."""
    given = {key: getattr(options, key) for key in ("lr", "decay") if getattr(options, key)}
    settings = {**SETTINGS[name], **given}
    constants = {key: value for key, value in settings.items() if key != "sizes"}
    rng = np.random.default_rng(options.seed)
    start = time.perf_counter()
    _, history = training.fit(
        NETS[name],
        START[name](rng, settings["sizes"]),
        data.x_train,
        data.y_train,
        epochs=options.epochs,
        rng=rng,
        test=(data.x_test, data.y_test),
        progress=not options.quiet,
        **constants,
    )
    return {
        **settings,
        "epochs": options.epochs,
        "seed": options.seed,
        "loss": [round(v, 4) for v in history.loss],
        "test_loss": [round(v, 4) for v in history.test_loss],
        "accuracy": [round(v, 4) for v in history.test_accuracy],
        "seconds": round(time.perf_counter() - start, 1),
    }


def write(options: argparse.Namespace, results: dict) -> None:
    """Write the record; networks that were not trained this time keep their old results."""
    before = json.loads(options.output.read_text())["nets"] if options.output.exists() else {}
    about = {
        "command": "python benchmarks/train_mnist.py",
        "data": "MNIST, 60,000 images to train on, 10,000 to test on, pixels from -1 to 1, float32",
        "machine": machine(),
    }
    merge(options.output, **about, nets={**before, **results})


if __name__ == "__main__":
    main()
