r"""Rectified linear unit, entry by entry.

.. math::

    y = \max(x, 0), \qquad
    \frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \odot [x > 0]

At the kink the derivative is 0 by convention (PreAct).

Source: Ye17 (9)-(10), PreAct (9)-(10), Shen19 (68).  Derivation: ``book/layers/relu.ipynb``.
"""

import numpy as np

from backprop.arrays import Array, Cache, expect_shapes, expect_upstream


def forward(x: Array) -> tuple[Array, Cache]:
    """Replace every negative entry by zero.

    Parameters
    ----------
    x : array of any shape
        Pre-activation.

    Returns
    -------
    y : array
        In the shape and dtype of `x`.  NaN stays NaN.
    cache : tuple
        For `backward`: where `x` was positive, one byte an entry.

    Raises
    ------
    TypeError
        If `x` is not an array of floats.

    Examples
    --------
    >>> y, cache = forward(np.array([-2.0, 0.0, 3.0]))
    >>> y
    array([0., 0., 3.])
    """
    expect_shapes(x=(x, "..."))
    y = np.maximum(x, 0)  # Ye17 (9)
    return y, (x > 0, x.dtype)


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
        In the shape of `x`; zero wherever `x` was not positive.

    Raises
    ------
    TypeError, ValueError
        If `dy` is not an array in the shape and dtype of `y`.

    Examples
    --------
    >>> y, cache = forward(np.array([-2.0, 0.0, 3.0]))
    >>> backward(np.array([5.0, 6.0, 7.0]), cache)
    array([0., 0., 7.])
    """
    positive, dtype = cache
    expect_upstream(dy, positive.shape, dtype)
    dx: Array = dy * positive  # Ye17 (10)
    return dx
