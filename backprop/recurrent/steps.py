"""What the recurrent layers share: room for the states, ends of sequences, gates, start values."""

from __future__ import annotations  # so that numpy.random is not imported for a type

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from backprop.arrays import Array, Labels


def expect_stacked(gates: int, rows: int, H: int) -> None:
    """Raise unless `rows` holds as many blocks of H rows as the layer has gates."""
    if rows != gates * H:
        raise ValueError(f"Wh, Wx and b have {rows} rows; need {gates * H}, {gates} H with H = {H}")


def ended(lengths: Labels | None, T: int, N: int) -> Any:
    """Return where a sequence is over, (T, N, 1) booleans; nothing if all have T steps.

    Examples
    --------
    >>> ended(np.array([2, 0]), 2, 2).squeeze(-1)
    array([[False,  True],
           [False,  True]])
    """
    if lengths is None:
        return None
    dtype = getattr(lengths, "dtype", np.dtype(object))
    if dtype.kind not in "iu" or lengths.shape != (N,):
        raise ValueError(
            f"lengths has shape {np.shape(lengths)} and dtype {dtype}; needs ({N},) integers"
        )
    wrong = np.flatnonzero((lengths < 0) | (lengths > T))
    if wrong.size:
        n = wrong[0]
        raise ValueError(f"lengths[{n}] is {lengths[n]}; needs a number from 0 to {T}")
    return np.arange(T)[:, None, None] >= lengths[:, None]


def states(first: Array, T: int, *others: Array) -> Array:
    """Return room for the states before and after every step, (T + 1, N, H), with the first."""
    dtype = np.result_type(first, *others)  # complex, if check takes a complex step
    made = np.empty_like(first, dtype=dtype, shape=(T + 1, *first.shape))
    made[0] = first
    return made


def logistic(a: Array) -> None:
    """Replace every entry by its sigmoid.

    Examples
    --------
    >>> a = np.array([-1e4, 0.0, 1e4])
    >>> logistic(a)
    >>> a
    array([0. , 0.5, 1. ])
    """
    a *= 0.5
    np.tanh(a, out=a)  # sigmoid(a) = (1 + tanh(a / 2)) / 2: it cannot overflow
    a += 1
    a *= 0.5


def normal(rng: np.random.Generator, rows: int, columns: int, dtype: DTypeLike) -> Array:
    """Draw weights with variance 1 / columns, so that products keep the size of the states."""
    if min(rows, columns) < 1:
        raise ValueError(f"sizes are {rows} and {columns}; need at least 1 each")
    W: Array = (rng.standard_normal((rows, columns)) / math.sqrt(columns)).astype(dtype)
    return W
