r"""Softmax along one axis.

.. math::

    y_i = \frac{e^{x_i}}{\sum_k e^{x_k}}, \qquad
    \frac{\partial y_i}{\partial x_j} = \delta_{ij} y_i - y_i y_j, \qquad
    \frac{\partial L}{\partial x} = y \odot
    \Bigl(\frac{\partial L}{\partial y} - \sum_i \frac{\partial L}{\partial y_i} y_i\Bigr)

For a loss of log probabilities use ``losses.cross_entropy``, which needs no softmax before it.

Source: Ye17 (15)-(17), CS4670 (C3), PreAct (2), (5).  Derivation: ``book/layers/softmax.ipynb``.
"""

import numpy as np

from backprop.arrays import Array, Cache, expect_shapes, expect_upstream


def forward(x: Array, *, axis: int = -1) -> tuple[Array, Cache]:
    """Turn scores into distributions along `axis`.

    Parameters
    ----------
    x : array of any shape
        Scores, finite.
    axis : int
        The axis along which the results sum to one.

    Returns
    -------
    y : array
        In the shape and dtype of `x`.
    cache : tuple
        For `backward`.  Holds `y` itself: do not write to it in between.

    Raises
    ------
    TypeError
        If `x` is not an array of floats.
    ValueError
        If `x` has no such axis, or nothing along it.

    Examples
    --------
    >>> y, cache = forward(np.array([1e4, 1e4, -1e4]))
    >>> y
    array([0.5, 0.5, 0. ])
    """
    expect_shapes(x=(x, "..."))
    if not -x.ndim <= axis < x.ndim or x.shape[axis] == 0:
        raise ValueError(f"x has shape {x.shape}; needs at least one entry along axis {axis}")
    exp = np.exp(x - x.max(axis=axis, keepdims=True))  # the largest exponent is 0
    y: Array = exp / exp.sum(axis=axis, keepdims=True)  # Ye17 (15)
    return y, (y, axis)


def backward(dy: Array, cache: Cache) -> Array:
    """Return the gradient on the argument of `forward`.

    Parameters
    ----------
    dy : array
        Gradient of the loss on `y`.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx : array
        In the shape of `x`; sums to zero along the axis.

    Raises
    ------
    TypeError, ValueError
        If `dy` is not an array in the shape and dtype of `y`.

    Examples
    --------
    >>> y, cache = forward(np.array([0.0, 0.0]))
    >>> backward(np.array([4.0, 0.0]), cache)
    array([ 1., -1.])
    """
    y, axis = cache
    expect_upstream(dy, y.shape, y.dtype)
    dx: Array = y * (dy - (dy * y).sum(axis=axis, keepdims=True))  # Ye17 (17)
    return dx
