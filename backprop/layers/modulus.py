r"""Modulus, entry by entry: LightNet's ``modU``.

.. math::

    y = |x|, \qquad
    \frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \odot \operatorname{sign}(x)

At the kink the derivative is 0 by convention, as that of the L1 loss.

Derivation: ``book/layers/modulus.ipynb``.
"""

import numpy as np

from backprop.arrays import Array, Cache, expect_shapes, expect_upstream


def forward(x: Array) -> tuple[Array, Cache]:
    """Take the sign away from every entry.

    Parameters
    ----------
    x : array of any shape
        Pre-activation.

    Returns
    -------
    y : array
        In the shape and dtype of `x`.  NaN stays NaN.
    cache : tuple
        For `backward`: the signs, one byte an entry.

    Raises
    ------
    TypeError
        If `x` is not an array of floats.

    Examples
    --------
    >>> y, cache = forward(np.array([-2.0, 0.0, 3.0]))
    >>> y
    array([2., 0., 3.])
    """
    expect_shapes(x=(x, "..."))
    sign = (x > 0).view(np.int8) - (x < 0).view(np.int8)
    y = x * sign if np.iscomplexobj(x) else np.abs(x)  # check takes complex steps
    return y, (sign, y.dtype)


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
        In the shape of `x`; zero where `x` was zero.

    Raises
    ------
    TypeError, ValueError
        If `dy` is not an array in the shape and dtype of `y`.

    Examples
    --------
    >>> y, cache = forward(np.array([-2.0, 0.0, 3.0]))
    >>> backward(np.array([5.0, 6.0, 7.0]), cache)
    array([-5.,  0.,  7.])
    """
    sign, dtype = cache
    expect_upstream(dy, sign.shape, dtype)
    dx: Array = dy * sign
    return dx
