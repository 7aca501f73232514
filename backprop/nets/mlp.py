r"""Perceptron with one hidden layer.

.. math::

    z = f_1(x W_1^\top + b_1), \qquad y = f_2(z W_2^\top + b_2)

Without :math:`f_2` the outputs are raw scores, ready for ``cross_entropy``; the squared distance
of ``mse`` takes either.

Source: Liao18 (MLP-3)-(MLP-15).  Derivation: ``book/nets/mlp.ipynb``.
Sizes: N examples, D inputs, M hidden units, C outputs.
"""

from __future__ import annotations  # so that numpy.random is not imported for a type

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from backprop.arrays import Array, Cache, Layer, expect_shapes
from backprop.layers import linear, relu


class Params(NamedTuple):
    """Parameters in the order of `forward`: (M, D), (M,), (C, M), (C,)."""

    W1: Array
    b1: Array
    W2: Array
    b2: Array


def init(
    rng: np.random.Generator, D: int, M: int, C: int, *, dtype: DTypeLike = np.float32
) -> Params:
    """Draw weights whose products keep the size of the activations; biases start at zero.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the random numbers.
    D, M, C : int
        Numbers of inputs, hidden units and outputs.
    dtype : float32 or float64
        Of every parameter.

    Returns
    -------
    params : Params
        Weights normal with variance 2 / (inputs of the unit).

    Raises
    ------
    ValueError
        If a size is less than 1.

    Examples
    --------
    >>> params = init(np.random.default_rng(0), 64, 32, 10)
    >>> [p.shape for p in params]
    [(32, 64), (32,), (10, 32), (10,)]
    """
    for name, size in {"D": D, "M": M, "C": C}.items():
        if size < 1:
            raise ValueError(f"{name} is {size}; needs at least 1")

    def weights(rows: int, columns: int) -> Array:
        W = rng.standard_normal((rows, columns)) * math.sqrt(2 / columns)
        return W.astype(dtype)

    return Params(weights(M, D), np.zeros(M, dtype), weights(C, M), np.zeros(C, dtype))


def forward(
    x: Array,
    W1: Array,
    b1: Array,
    W2: Array,
    b2: Array,
    *,
    activation: Layer = relu,
    output: Layer | None = None,
) -> tuple[Array, Cache]:
    """Return the outputs for a batch.

    Parameters
    ----------
    x : (N, D) array
        Batch, one example per row.
    W1, b1, W2, b2 : arrays
        Parameters, see `Params`.
    activation : layer
        The elementwise function of the hidden units.
    output : layer, optional
        An elementwise function of the outputs; without it they are scores.

    Returns
    -------
    y : (N, C) array
        In the dtype of the arguments.
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
    >>> x, one = np.array([[1.0, -2.0]]), np.array([1.0])
    >>> y, cache = forward(x, np.array([[3.0, 1.0]]), one, np.array([[10.0]]), one)
    >>> y
    array([[21.]])
    """
    expect_shapes(x=(x, "N D"), W1=(W1, "M D"), b1=(b1, "M"), W2=(W2, "C M"), b2=(b2, "C"))
    a, hidden = linear.forward(x, W1, b1)
    z, active = activation.forward(a)  # Liao18 (MLP-3)
    scores, last = linear.forward(z, W2, b2)
    if output is None:
        return scores, (hidden, active, last, activation, None, None)
    y, final = output.forward(scores)  # Liao18 (MLP-4), corrected
    return y, (hidden, active, last, activation, final, output)


def backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array]:
    """Return the gradients on the arguments of `forward`.

    Parameters
    ----------
    dy : (N, C) array
        Gradient of the loss on the outputs.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx, dW1, db1, dW2, db2 : arrays
        In the shapes of the arguments.

    Raises
    ------
    TypeError, ValueError
        If `dy` is not an array in the shape and dtype of the outputs.

    Examples
    --------
    >>> x, one = np.array([[1.0, -2.0]]), np.array([1.0])
    >>> y, cache = forward(x, np.array([[3.0, 1.0]]), one, np.array([[10.0]]), one)
    >>> dx, dW1, db1, dW2, db2 = backward(np.array([[1.0]]), cache)
    >>> dW1
    array([[ 10., -20.]])
    """
    hidden, active, last, activation, final, output = cache
    dscores = dy if output is None else output.backward(dy, final)
    dz, dW2, db2 = linear.backward(dscores, last)  # Liao18 (MLP-11)-(MLP-13), corrected
    da = activation.backward(dz, active)
    dx, dW1, db1 = linear.backward(da, hidden)  # Liao18 (MLP-14)-(MLP-15), corrected
    return dx, dW1, db1, dW2, db2
