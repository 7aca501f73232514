"""What the training scripts share: a progress bar, a step of training, the record."""

from __future__ import annotations

import argparse
import json
import math
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from backprop.arrays import Array
from backprop.data import Dataset
from backprop.optim import adam, clip

RECORDS = Path(__file__).parent / "records"
HELD_OUT = 10_000  # of the training images of MNIST


class Learner:
    """Parameters that Adam moves, along gradients no longer than `limit`."""

    def __init__(self, params: Sequence[Array], lr: float, limit: float = 1.0) -> None:
        self.params, self.lr, self.limit = list(params), lr, limit
        self.state = adam.init(self.params)
        self.clipped = self.steps = 0

    def step(self, grads: Sequence[Array]) -> None:
        """Take a step, and count how many gradients were shortened."""
        short = clip.by_norm(grads, self.limit)
        self.clipped += short[0] is not grads[0]
        self.steps += 1
        self.params, self.state = adam.step(self.params, short, self.state, lr=self.lr)


def held_out(data: Dataset) -> Dataset:
    """Return the training images in two parts: to learn from, and to choose settings by."""
    x, y = data.x_train, data.y_train
    return Dataset(x[:-HELD_OUT], y[:-HELD_OUT], x[-HELD_OUT:], y[-HELD_OUT:])


class NoBar:
    """What stands for a progress bar where there is none."""

    def __enter__(self) -> NoBar:
        """Return this."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""

    def update(self) -> None:
        """Do nothing."""


def bar(total: int, quiet: bool, title: str = ""):
    """Return a progress bar, or something that looks like one."""
    if not quiet:
        try:
            from tqdm import tqdm

            return tqdm(total=total, unit="step", mininterval=1, desc=title)
        except ModuleNotFoundError:
            print("tqdm is not installed: no progress bar")
    return NoBar()


def timings(doc: str, rounds: int = 11) -> argparse.ArgumentParser:
    """Return the arguments of a script that lets sides take turns."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--seconds", type=float, default=0.08, help="length of a block")
    parser.add_argument("--output", type=Path, help="where to record the result")
    return parser


def geometric_mean(rows: Mapping[str, Mapping[str, float]], ratio: str) -> float:
    """Return the geometric mean of a ratio over the rows that have it."""
    found = [row[ratio] for row in rows.values() if ratio in row]
    return round(math.prod(found) ** (1 / len(found)), 2)


def machine() -> str:
    """Say what a record was made on."""
    return f"{platform.machine()}, one thread, NumPy {np.__version__}"


def merge(path: Path, **found: object) -> None:
    """Write what was found into a record, and keep what else it has."""
    before = json.loads(path.read_text()) if path.exists() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**before, **found}, indent=1, ensure_ascii=False) + "\n")
