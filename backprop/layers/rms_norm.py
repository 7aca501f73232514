r"""Normalisation by the root of the mean square, without centring.

.. math::

    r = \sqrt{\tfrac1K \textstyle\sum_k x_k^2 + \epsilon}, \qquad
    \hat x = \frac{x}{r}, \qquad y = \gamma \odot \hat x

.. math::

    \frac{\partial L}{\partial x}
    = \frac1r \Bigl( v - \hat x\, \tfrac1K \textstyle\sum_k v_k \hat x_k \Bigr), \qquad
    v = \gamma \odot \frac{\partial L}{\partial y}, \qquad
    \frac{\partial L}{\partial \gamma_d} = \sum \frac{\partial L}{\partial y_d}\, \hat x_d

The sum over :math:`k` is one over the features of an example, or, as in LightNet, over the
examples of a feature.

Source: B. Zhang and R. Sennrich, Root mean square layer normalization, 2019; C. Ye et al.,
LightNet, 2016.  Derivation: ``book/layers/rms_norm.ipynb``.
Sizes: D features; K entries under the root.
"""

import numpy as np

from backprop.arrays import Array, Cache, expect_shapes, expect_upstream


def forward(
    x: Array, gamma: Array, *, over: str = "features", epsilon: float = 1e-6
) -> tuple[Array, Cache]:
    """Divide by the root of the mean square, and scale each feature.

    Parameters
    ----------
    x : (..., D) array
        Examples, features last.  Its squares must not overflow; where they do, NumPy warns.
    gamma : (D,) array
        Scale of each feature.
    over : "features" or "batch"
        What the mean is over: the features of one example, or all examples of one feature.
    epsilon : float
        Added to the mean square, greater than 0.

    Returns
    -------
    y : (..., D) array
        In the dtype of the arguments.
    cache : tuple
        For `backward`.  Holds `gamma` itself: do not write to it in between.

    Raises
    ------
    TypeError
        If an argument is not an array of floats, or the dtypes differ.
    ValueError
        If the shapes disagree, nothing is there to take a mean of, or an option is out of range.

    Examples
    --------
    >>> forward(np.array([[3.0, 4.0]]), np.array([1.0, 10.0]))[0].round(3)
    array([[ 0.849, 11.314]])
    >>> forward(np.array([[3.0, 0.0], [-3.0, 2.0]]), np.ones(2), over="batch")[0].round(3)
    array([[ 1.   ,  0.   ],
           [-1.   ,  1.414]])
    """
    axes = _axes(x, gamma, over, epsilon)
    mean = (x * x).mean(axis=axes, keepdims=True)
    scale = 1 / np.sqrt(mean + float(epsilon))
    xhat = x * scale
    y: Array = xhat * gamma
    return y, (xhat, scale, gamma, axes)


def backward(dy: Array, cache: Cache) -> tuple[Array, Array]:
    """Return the gradients on the arguments of `forward`.

    Parameters
    ----------
    dy : (..., D) array
        Gradient of the loss on `y`.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx, dgamma : arrays
        In the shapes of the arguments.

    Raises
    ------
    TypeError, ValueError
        If `dy` is not an array in the shape and dtype of `y`.

    Examples
    --------
    >>> y, cache = forward(np.array([[3.0, 4.0]]), np.array([1.0, 10.0]))
    >>> dx, dgamma = backward(np.array([[1.0, 0.0]]), cache)
    >>> dx.round(3), dgamma.round(3)
    (array([[ 0.181, -0.136]]), array([0.849, 0.   ]))
    """
    xhat, scale, gamma, axes = cache
    expect_upstream(dy, xhat.shape, xhat.dtype)
    dgamma = (dy * xhat).sum(axis=tuple(range(dy.ndim - 1)))
    v = dy * gamma
    dx: Array = scale * (v - xhat * (v * xhat).mean(axis=axes, keepdims=True))
    return dx, dgamma


def _axes(x: Array, gamma: Array, over: str, epsilon: float) -> tuple[int, ...]:
    """Return the axes under the root."""
    D = expect_shapes(x=(x, "..."), gamma=(gamma, "D"))["D"]
    if x.ndim == 0 or x.shape[-1] != D:
        raise ValueError(f"x has shape {x.shape}; needs (..., D) with D = {D}, that of gamma")
    if over not in ("features", "batch"):
        raise ValueError(f"over is {over!r}; needs 'features' or 'batch'")
    if not x.real.dtype.type(epsilon) > 0:
        raise ValueError(f"epsilon is {epsilon}; needs a number greater than 0 in {x.dtype}")
    last = x.ndim - 1
    axes = (last,) if over == "features" else tuple(range(last))
    if any(x.shape[axis] == 0 for axis in axes) or not axes:
        raise ValueError(f"x has shape {x.shape}; needs at least one entry to take a mean of")
    return axes
