"""Tiny Shakespeare: 1,115,394 characters of plays, to learn to write from.

The text was put together by A. Karpathy for char-rnn (2015) from the plays, which are in the
public domain.  The first nine tenths are to train on, the rest to validate on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from backprop.arrays import Labels
from backprop.data import files

URL = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
SIZE = 1_115_394


class Text(NamedTuple):
    """Characters as labels, two parts of one text, and the character of every label."""

    train: Labels
    valid: Labels
    alphabet: str


def load() -> Text:
    """Return the text; the labels are the ranks of the 65 characters in the order of ASCII.

    Returns
    -------
    text : Text
        ``train`` (1003854,), ``valid`` (111540,) and ``alphabet``.

    Raises
    ------
    FileNotFoundError
        If ``BACKPROP_DATA`` is set and the file is missing there.
    ValueError
        If the file is damaged.
    ConnectionError
        If a download was needed and failed.
    """
    data = files.content(files.folder("tinyshakespeare") / "input.txt", SHA256, SIZE, URL)
    alphabet, labels = np.unique(np.frombuffer(data, np.uint8), return_inverse=True)
    cut = len(data) * 9 // 10
    labels = labels.astype(np.int64)
    return Text(labels[:cut], labels[cut:], alphabet.tobytes().decode("ascii"))


def encode(text: str, alphabet: str) -> Labels:
    """Return the label of every character.

    Parameters
    ----------
    text : str
        Characters of the alphabet.
    alphabet : str
        The character of every label.

    Returns
    -------
    labels : array of integers
        One a character.

    Raises
    ------
    ValueError
        If a character is not in the alphabet.

    Examples
    --------
    >>> encode("cab", "abc")
    array([2, 0, 1])
    """
    label = {character: k for k, character in enumerate(alphabet)}
    if strange := sorted(set(text) - set(label)):
        raise ValueError(f"text has {strange[0]!r}, which is not in the alphabet")
    return np.array([label[character] for character in text], np.int64)


def decode(labels: Labels, alphabet: str) -> str:
    """Return the characters of the labels.

    Examples
    --------
    >>> decode(np.array([2, 0, 1]), "abc")
    'cab'
    """
    return "".join(alphabet[k] for k in labels)
