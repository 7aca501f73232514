r"""The adding problem: two numbers of a long sequence are marked; the answer is their sum.

A step has a number, uniform between 0 and 1, and a marker, 1 at two steps and 0 elsewhere; one
marked step lies in each half.  Who always answers 1 has the mean squared error 1/6, the variance
of a sum of two such numbers.

Source: S. Hochreiter and J. Schmidhuber, Long Short-Term Memory, 1997, experiment 4, in the form
that became usual.
"""

from __future__ import annotations  # so that numpy.random is not imported for a type

import numpy as np
from numpy.typing import DTypeLike

from backprop.arrays import Array

BASELINE = 1 / 6


def draw(
    rng: np.random.Generator, T: int, N: int, *, dtype: DTypeLike = np.float32
) -> tuple[Array, Array]:
    """Draw sequences and their answers.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the random numbers.
    T, N : int
        Steps, at least 2, and sequences.
    dtype : float32 or float64
        Of both arrays.

    Returns
    -------
    x : (T, N, 2) array
        Numbers and markers.
    target : (N, 1) array
        Sums of the two marked numbers.

    Raises
    ------
    ValueError
        If T is less than 2.

    Examples
    --------
    >>> x, target = draw(np.random.default_rng(0), 6, 1, dtype=np.float64)
    >>> marked = x[x[:, 0, 1] == 1, 0, 0]
    >>> len(marked), float(abs(marked.sum() - target[0, 0])) < 1e-12
    (2, True)
    """
    if T < 2:
        raise ValueError(f"T is {T}; needs at least 2, one step for each marker")
    x = np.zeros((T, N, 2))
    x[..., 0] = rng.random((T, N))
    for first, last in ((0, T // 2), (T // 2, T)):
        x[rng.integers(first, last, N), np.arange(N), 1] = 1
    x = x.astype(dtype)
    target = (x[..., 0] * x[..., 1]).sum(axis=0)[:, None]
    return x, target
