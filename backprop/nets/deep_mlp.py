r"""Perceptron with any number of hidden layers, and its error signals.

.. math::

    z^{(0)} = x, \qquad a^{(l)} = z^{(l-1)} W^{(l)\top} + b^{(l)}, \qquad
    z^{(l)} = f(a^{(l)}), \qquad y = z^{(K)} U^\top

The error signal of layer l is the gradient on its pre-activations, and comes from the next:

.. math::

    \delta^{(K)} = \frac{\partial L}{\partial y} U \odot f'(a^{(K)}), \qquad
    \delta^{(l)} = \delta^{(l+1)} W^{(l+1)} \odot f'(a^{(l)})

With one row in U the output is the scalar score of the slides; with C rows it is the scores of C
classes.

Source: Shen19 (38)-(52), corrected; its a is our z.  Derivation: ``book/nets/deep_mlp.ipynb``.
Sizes: N examples, D inputs, C outputs, K hidden layers; layer l has M_l units.
"""

from __future__ import annotations  # so that numpy.random is not imported for a type

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import DTypeLike

from backprop.arrays import Array, Cache, Layer, expect_shapes, expect_upstream
from backprop.layers import relu


def init(
    rng: np.random.Generator,
    sizes: Sequence[int],
    *,
    gain: float = 2.0,
    dtype: DTypeLike = np.float32,
) -> list[Array]:
    """Draw the parameters ``W1, b1, ..., WK, bK, U``; biases start at zero.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the random numbers.
    sizes : sequence of int
        D, the units of every hidden layer, C: at least three numbers.
    gain : float
        Hidden weights are normal with variance gain / (inputs of the unit): 2 suits ReLU, 1 tanh.
    dtype : float32 or float64
        Of every parameter.

    Returns
    -------
    params : list of arrays
        In the order of `forward`.

    Raises
    ------
    ValueError
        If there are fewer than three sizes, or one is less than 1.

    Examples
    --------
    >>> [p.shape for p in init(np.random.default_rng(0), [64, 32, 16, 10])]
    [(32, 64), (32,), (16, 32), (16,), (10, 16)]
    """
    if len(sizes) < 3 or min(sizes) < 1:
        raise ValueError(f"sizes is {list(sizes)}; needs at least three numbers of at least 1")
    params: list[Array] = []
    for inputs, units in pairwise(sizes[:-1]):
        W = rng.standard_normal((units, inputs)) * math.sqrt(gain / inputs)
        params += [W.astype(dtype), np.zeros(units, dtype)]
    U = rng.standard_normal((sizes[-1], sizes[-2])) / math.sqrt(sizes[-2])
    return [*params, U.astype(dtype)]


def forward(
    x: Array, *params: Array, activation: Layer = relu, skip: bool = False
) -> tuple[Array, Cache]:
    """Return the outputs for a batch.

    Parameters
    ----------
    x : (N, D) array
        Batch, one example per row.
    *params : arrays
        ``W1, b1, ..., WK, bK, U``: (M_l, M_{l-1}) and (M_l,) for each hidden layer, (C, M_K).
    activation : layer
        The elementwise function f.
    skip : bool
        Add the input of each hidden layer to its output where they have the same size.

    Returns
    -------
    y : (N, C) array
        In the dtype of the arguments.
    cache : tuple
        For `backward` and `error_signals`.  Holds arguments themselves.

    Raises
    ------
    TypeError
        If an argument is not an array of floats, or the dtypes differ.
    ValueError
        If the shapes disagree, or the number of parameters is not odd and at least 3.

    Examples
    --------
    >>> x, W, b, U = np.ones((1, 2)), np.ones((1, 2)), np.ones(1), np.full((1, 1), 10.0)
    >>> forward(x, W, b, U)[0]
    array([[30.]])
    """
    _expect(x, params)
    weights, biases, U = params[:-1:2], params[1:-1:2], params[-1]
    z, caches = [x], []  # z[l] is what comes out of layer l
    for W, b in zip(weights, biases, strict=True):
        a = z[-1] @ W.T + b  # Shen19 (38)
        out, cache = activation.forward(a)
        z.append(out + z[-1] if skip and out.shape == z[-1].shape else out)
        caches.append(cache)
    return z[-1] @ U.T, (z, caches, weights, U, activation, skip)


def error_signals(dy: Array, cache: Cache) -> tuple[Array, list[Array]]:
    """Return the gradients on `x` and on every pre-activation.

    Parameters
    ----------
    dy : (N, C) array
        Gradient of the loss on the outputs.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx : (N, D) array
        Gradient on the input.
    deltas : list of (N, M_l) arrays
        The error signals, for l = 1 to K.

    Examples
    --------
    >>> x, W, b, U = np.ones((1, 2)), np.ones((1, 2)), np.ones(1), np.full((1, 1), 10.0)
    >>> error_signals(np.ones((1, 1)), forward(x, W, b, U)[1])
    (array([[10., 10.]]), [array([[10.]])])
    """
    z, caches, weights, U, activation, skip = cache
    expect_upstream(dy, (len(z[0]), len(U)), U.dtype)
    dz = dy @ U  # Shen19 (49), step 1: the last layer
    deltas: list[Array] = []
    for inputs, W, before in reversed(list(zip(z[:-1], weights, caches, strict=True))):
        delta = activation.backward(dz, before)
        deltas.insert(0, delta)
        through = delta @ W  # Shen19 (50), step 2, corrected
        dz = through + dz if skip and dz.shape == inputs.shape else through
    return dz, deltas


def backward(dy: Array, cache: Cache) -> tuple[Array, ...]:
    """Return the gradients on the arguments of `forward`.

    Parameters
    ----------
    dy : (N, C) array
        Gradient of the loss on the outputs.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx, dW1, db1, ..., dWK, dbK, dU : arrays
        In the shapes of the arguments.

    Raises
    ------
    TypeError, ValueError
        If `dy` is not an array in the shape and dtype of the outputs.

    Examples
    --------
    >>> x, W, b, U = np.ones((1, 2)), np.ones((1, 2)), np.ones(1), np.full((1, 1), 10.0)
    >>> dx, dW, db, dU = backward(np.ones((1, 1)), forward(x, W, b, U)[1])
    >>> dW, dU
    (array([[10., 10.]]), array([[3.]]))
    """
    z = cache[0]
    dx, deltas = error_signals(dy, cache)
    grads: list[Array] = []
    for inputs, delta in zip(z, deltas, strict=False):
        grads += [delta.T @ inputs, delta.sum(axis=0)]  # Shen19 (51), step 3, corrected; (33)
    return dx, *grads, dy.T @ z[-1]


def _expect(x: Array, params: tuple[Array, ...]) -> None:
    if len(params) < 3 or len(params) % 2 == 0:
        raise ValueError(f"params has {len(params)} arrays; needs W1, b1, ..., WK, bK, U")
    named = {"x": (x, "N M0")}
    depth = len(params) // 2
    for k, W, b in zip(range(1, depth + 1), params[::2], params[1::2], strict=False):
        named |= {f"W{k}": (W, f"M{k} M{k - 1}"), f"b{k}": (b, f"M{k}")}
    expect_shapes(**named, U=(params[-1], f"C M{depth}"))
