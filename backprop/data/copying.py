r"""The copy task: hold a few symbols over many steps, and say them when asked.

A sequence shows S symbols, then blanks, then asks; the answer is blank until then and the symbols
after it::

    input    3 1 7 _ _ _ _ ? _ _ _
    target   _ _ _ _ _ _ _ _ 3 1 7

Who remembers nothing says blank, then guesses: S log K of T + 2 S steps, in nats per step.

Source: Hochreiter and Schmidhuber 1997, experiment 2, in the form that became usual.
"""

from __future__ import annotations  # so that numpy.random is not imported for a type

import math

import numpy as np

from backprop.arrays import Labels


def draw(
    rng: np.random.Generator, T: int, N: int, *, S: int = 10, K: int = 8
) -> tuple[Labels, Labels]:
    """Draw sequences and their answers.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the random numbers.
    T, N : int
        Steps from the last symbol to the question, at least 1, and sequences.
    S, K : int
        Symbols to remember, and how many different ones there are.

    Returns
    -------
    x, target : (T + 2 S, N) labels
        0 to K - 1 are symbols, K is the blank, K + 1 the question.

    Raises
    ------
    ValueError
        If T, S or K is less than 1.

    Examples
    --------
    >>> x, target = draw(np.random.default_rng(0), 2, 1, S=3, K=8)
    >>> x[3:].ravel(), (target[-3:] == x[:3]).all()
    (array([8, 9, 8, 8, 8]), np.True_)
    """
    for name, size in {"T": T, "S": S, "K": K}.items():
        if size < 1:
            raise ValueError(f"{name} is {size}; needs at least 1")
    x = np.full((T + 2 * S, N), K)
    target = x.copy()
    x[:S] = target[-S:] = rng.integers(0, K, (S, N))
    x[S + T - 1] = K + 1
    return x, target


def baseline(T: int, *, S: int = 10, K: int = 8) -> float:
    """Return the cross entropy of the best answer without a memory, in nats per step.

    Examples
    --------
    >>> round(baseline(100), 4)
    0.1733
    """
    return S * math.log(K) / (T + 2 * S)
