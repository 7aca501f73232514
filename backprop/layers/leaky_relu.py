r"""Leaky rectified linear unit, entry by entry.

.. math::

    y = x \odot \bigl([x > 0] + \alpha\,[x \le 0]\bigr), \qquad
    \frac{\partial L}{\partial x}
    = \frac{\partial L}{\partial y} \odot \bigl([x > 0] + \alpha\,[x \le 0]\bigr)

At the kink the derivative is the slope :math:`\alpha` by convention; with :math:`\alpha = 0` this
is ReLU.  Derivation: ``book/layers/leaky_relu.ipynb``.
"""

import numpy as np

from backprop.arrays import Array, Cache, expect_shapes, expect_upstream


def forward(x: Array, *, slope: float) -> tuple[Array, Cache]:
    """Multiply every entry that is not positive by `slope`.

    Parameters
    ----------
    x : array of any shape
        Pre-activation.
    slope : float
        The factor alpha below zero; from 0 to less than 1.

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
    ValueError
        If `slope` is out of its range.

    Examples
    --------
    >>> y, cache = forward(np.array([-2.0, 0.0, 3.0]), slope=0.5)
    >>> y
    array([-1.,  0.,  3.])
    """
    expect_shapes(x=(x, "..."))
    if not 0 <= slope < 1:
        raise ValueError(f"slope is {slope}; needs a number from 0 to less than 1")
    positive, slope = x > 0, float(slope)
    y: Array = x * np.maximum(positive, slope, dtype=x.dtype)  # times 1 or the slope
    return y, (positive, x.dtype, slope)


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
    >>> y, cache = forward(np.array([-2.0, 0.0, 3.0]), slope=0.5)
    >>> backward(np.array([4.0, 4.0, 4.0]), cache)
    array([2., 2., 4.])
    """
    positive, dtype, slope = cache
    expect_upstream(dy, positive.shape, dtype)
    dx: Array = dy * np.maximum(positive, slope, dtype=dtype)
    return dx
