r"""Sigmoid, entry by entry.

.. math::

    y = \frac{1}{1 + e^{-x}}, \qquad
    \frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \odot y \odot (1 - y)

Source: Ye17 (13)-(14).  Derivation: ``book/layers/sigmoid.ipynb``.
"""

import numpy as np

from backprop.arrays import Array, Cache, expect_shapes, expect_upstream


def forward(x: Array) -> tuple[Array, Cache]:
    """Squash every entry into (0, 1).

    Parameters
    ----------
    x : array of any shape
        Pre-activation.

    Returns
    -------
    y : array
        In the shape and dtype of `x`.  NaN stays NaN.
    cache : tuple
        For `backward`.  Holds `y` itself: do not write to it in between.

    Raises
    ------
    TypeError
        If `x` is not an array of floats.

    Examples
    --------
    >>> y, cache = forward(np.array([-1e4, 0.0, 1e4]))
    >>> y
    array([0. , 0.5, 1. ])
    """
    expect_shapes(x=(x, "..."))
    small = np.exp(np.minimum(x, -x))  # e^-|x|: at most 1, so nothing overflows
    y: Array = np.maximum(x > 0, small) / (1 + small)  # Ye17 (13): 1 or e^x above
    return y, (y,)


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
        In the shape of `x`.

    Raises
    ------
    TypeError, ValueError
        If `dy` is not an array in the shape and dtype of `y`.

    Examples
    --------
    >>> y, cache = forward(np.array([0.0]))
    >>> backward(np.array([8.0]), cache)
    array([2.])
    """
    (y,) = cache
    expect_upstream(dy, y.shape, y.dtype)
    dx: Array = dy * y * (1 - y)  # Ye17 (14)
    return dx
