"""The character data of the LightNet paper (Ye17): lines of Shakespeare, one sequence each.

Label 0 stands before the first character of a line and label 66 after its last; 1 to 64 are the
characters.  The list of characters that comes with the files ends with the sign for the end of a
line at place 65, which never occurs as a label.  No line has more than 64 steps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from backprop.arrays import Labels
from backprop.data import files

START, END, CLASSES, FRAMES = 0, 66, 67, 64
FILES = {  # name: checksum and size of the content
    "train_x.txt": ("eead84ffa036d5dd7e73cca79593ad9bad99ed0a96b51dea2d735b80244f0c94", 1_997_710),
    "train_y.txt": ("e5c75ed96785ec92cd3558c6ec9fc1a817b318ddb66a7f56011d9c7bd6a45d8c", 1_997_710),
    "test_x.txt": ("d1070d6fbf458cb347280e55d0457a6214d806bb7c4521b9c5d2cf07f362000a", 1_118_891),
    "test_y.txt": ("c903f016f6e07712ab7a3af10e6c89063797c4bd854f0633332659c9a72c0c6c", 1_118_891),
    "dict.txt": ("2fc2565f6e62f276b1182be43333f6bd2f61fc7aec4f838eace08162624856c8", 147),
}


class Lines(NamedTuple):
    """Sequences side by side: inputs and targets, (64, N) labels, and lengths, (N,)."""

    x: Labels
    y: Labels
    lengths: Labels


class Data(NamedTuple):
    """Lines to train on, lines to test on, and the characters of the labels 1 to 64."""

    train: Lines
    test: Lines
    alphabet: str


def load(*, padding: int = END) -> Data:
    """Return the lines, filled up to 64 steps.

    Parameters
    ----------
    padding : int
        The label that fills up inputs and targets after the end.

    Returns
    -------
    data : Data
        20,570 lines to train on, 12,207 to test on.

    Raises
    ------
    FileNotFoundError
        If a file is missing below ``BACKPROP_DATA``: it is not downloaded.
    ValueError
        If a file is damaged, or `padding` is no label.
    """
    if not 0 <= padding < CLASSES:
        raise ValueError(f"padding is {padding}; needs a label from 0 to {CLASSES - 1}")
    characters = _text("dict.txt").split("\n")[1:-1]  # without the signs for start and end
    return Data(_lines("train", padding), _lines("test", padding), "".join(characters))


def _lines(part: str, padding: int) -> Lines:
    x, y = (filled(_text(f"{part}_{side}.txt"), padding) for side in "xy")
    lengths = np.array([len(line.split()) for line in _text(f"{part}_x.txt").splitlines()])
    return Lines(x, y, lengths)


def filled(text: str, padding: int, frames: int = FRAMES) -> Labels:
    r"""Return lines of numbers as columns, filled up to the same length.

    Examples
    --------
    >>> filled("0 5 \n0 7 8 \n", 66, frames=4)
    array([[ 0,  0],
           [ 5,  7],
           [66,  8],
           [66, 66]])
    """
    lines = [np.array(line.split(), np.int64) for line in text.splitlines()]
    labels = np.full((frames, len(lines)), padding)
    for n, line in enumerate(lines):
        labels[: len(line), n] = line
    return labels


def _text(name: str) -> str:
    sha256, size = FILES[name]
    return files.content(files.folder("lightnet-char") / name, sha256, size).decode("ascii")
