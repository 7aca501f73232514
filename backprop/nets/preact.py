r"""Pre-activation residual network: two blocks with a shortcut each, and a linear head.

.. math::

    s = \operatorname{ReLU}(x) W_1^\top + x, \qquad
    t = s W_2^\top, \qquad
    r = \operatorname{ReLU}(t) W_3^\top + t, \qquad
    \theta = r W_4^\top

Source: PreAct (1)-(21), (W1)-(W4).  Derivation: ``book/nets/preact.ipynb``.
Sizes: N examples, D inputs, M hidden units, C classes.
"""

from __future__ import annotations  # so that numpy.random is not imported for a type

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from backprop.arrays import Array, Cache, expect_shapes, expect_upstream


class Params(NamedTuple):
    """Weights in the order of `forward`: (D, D), (M, D), (M, M), (C, M)."""

    W1: Array
    W2: Array
    W3: Array
    W4: Array


def init(
    rng: np.random.Generator, D: int, M: int, C: int, *, dtype: DTypeLike = np.float32
) -> Params:
    """Draw weights whose products keep the size of the activations.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the random numbers.
    D, M, C : int
        Numbers of inputs, hidden units and classes.
    dtype : float32 or float64
        Of every weight.

    Returns
    -------
    params : Params
        Normal with variance 1 / (inputs of the unit).

    Raises
    ------
    ValueError
        If a size is less than 1.

    Examples
    --------
    >>> [W.shape for W in init(np.random.default_rng(0), 64, 32, 10)]
    [(64, 64), (32, 64), (32, 32), (10, 32)]
    """
    for name, size in {"D": D, "M": M, "C": C}.items():
        if size < 1:
            raise ValueError(f"{name} is {size}; needs at least 1")
    shapes = [(D, D), (M, D), (M, M), (C, M)]
    return Params(*(_normal(rng, shape).astype(dtype) for shape in shapes))


def forward(x: Array, W1: Array, W2: Array, W3: Array, W4: Array) -> tuple[Array, Cache]:
    """Return the scores of a batch.

    Parameters
    ----------
    x : (N, D) array
        Batch, one example per row.
    W1, W2, W3, W4 : arrays
        Weights, see `Params`.

    Returns
    -------
    theta : (N, C) array
        Scores in the dtype of the arguments, for ``cross_entropy``.
    cache : tuple
        For `backward`.  Holds arguments themselves: do not write to them in between.

    Raises
    ------
    TypeError
        If an argument is not an array of floats, or the dtypes differ.
    ValueError
        If the shapes disagree.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> forward(np.array([[-2.0], [3.0]]), one, one, one, one)[0]
    array([[-2.],
           [12.]])
    """
    expect_shapes(x=(x, "N D"), W1=(W1, "D D"), W2=(W2, "M D"), W3=(W3, "M M"), W4=(W4, "C M"))
    z = np.maximum(x, 0)
    s = z @ W1.T + x  # PreAct (1): h + x
    t = s @ W2.T
    p = np.maximum(t, 0)
    r = p @ W3.T + t  # PreAct (1): q + t
    theta = r @ W4.T
    return theta, (x > 0, z, s, t > 0, p, r, W1, W2, W3, W4)


def backward(dtheta: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array]:
    """Return the gradients on the arguments of `forward`.

    Parameters
    ----------
    dtheta : (N, C) array
        Gradient of the loss on the scores.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx, dW1, dW2, dW3, dW4 : arrays
        In the shapes of the arguments.

    Raises
    ------
    TypeError, ValueError
        If `dtheta` is not an array in the shape and dtype of the scores.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> theta, cache = forward(np.array([[3.0]]), one, one, one, one)
    >>> [float(g.item()) for g in backward(np.array([[1.0]]), cache)]
    [4.0, 6.0, 12.0, 6.0, 12.0]
    """
    x_on, z, s, t_on, p, r, W1, W2, W3, W4 = cache
    expect_upstream(dtheta, (len(r), len(W4)), r.dtype)
    dW4 = dtheta.T @ r  # PreAct (W4), (B4)
    dr = dtheta @ W4  # PreAct (15a)
    dW3 = dr.T @ p  # PreAct (W3), (B3)
    dt = (dr @ W3) * t_on + dr  # the two paths of PreAct (13): I + Lambda W3
    dW2 = dt.T @ s  # PreAct (W2), (B2)
    ds = dt @ W2  # PreAct (15c)
    dW1 = ds.T @ z  # PreAct (W1), (B1)
    dx = (ds @ W1) * x_on + ds
    return dx, dW1, dW2, dW3, dW4


def _normal(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    W: Array = rng.standard_normal(shape) / math.sqrt(shape[1])
    return W
