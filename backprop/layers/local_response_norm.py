r"""Local response normalisation: a channel is damped by its neighbours at the same pixel.

.. math::

    s_c = k + \alpha \sum_{|j - c| \le n/2} x_j^2, \qquad y_c = x_c\, s_c^{-\beta}

.. math::

    \frac{\partial L}{\partial x_c} = \frac{\partial L}{\partial y_c}\, s_c^{-\beta}
    - 2 \alpha \beta\, x_c \sum_{|j - c| \le n/2}
    \frac{\partial L}{\partial y_j}\, \frac{y_j}{s_j}

The window is symmetric, so a channel damps exactly those that damp it; at the ends it is cut off.

Source: A. Krizhevsky, I. Sutskever and G. Hinton, ImageNet classification with deep convolutional
neural networks, 2012.  Derivation: ``book/layers/local_response_norm.ipynb``.
Sizes: N examples, C channels, windows of n channels.
"""

from backprop.arrays import Array, Cache, expect_shapes, expect_upstream


def forward(
    x: Array, *, size: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> tuple[Array, Cache]:
    """Divide each channel by a power of what its neighbourhood sums up to.

    Parameters
    ----------
    x : (N, C, ...) array
        Images, or rows.
    size : int
        Channels in a window, odd.  Some libraries divide `alpha` by it; this one does not.
    k, alpha, beta : float
        Constant, greater than 0; weight of the squares and power, both from 0.

    Returns
    -------
    y : array
        In the shape and dtype of `x`.
    cache : tuple
        For `backward`.  Holds `x` and `y` themselves: do not write to them in between.

    Raises
    ------
    TypeError
        If `x` is not an array of floats.
    ValueError
        If `x` has no channels' axis, or a number is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> forward(np.array([[1.0, 2.0, 3.0]]), size=3, k=1.0, alpha=1.0, beta=1.0)[0].round(4)
    array([[0.1667, 0.1333, 0.2143]])
    """
    expect_shapes(x=(x, "N C ..."))
    _expect(size, k, alpha, beta)
    s = float(k) + float(alpha) * _around(x * x, size)
    damping = s ** -float(beta)
    y: Array = x * damping
    return y, (x, y, s, damping, size, 2 * float(alpha) * float(beta))


def backward(dy: Array, cache: Cache) -> Array:
    """Return the gradient on the argument of `forward`.

    Parameters
    ----------
    dy : (N, C, ...) array
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
    >>> import numpy as np
    >>> y, cache = forward(np.array([[1.0, 2.0, 3.0]]), size=3, k=1.0, alpha=1.0, beta=1.0)
    >>> backward(np.array([[1.0, 0.0, 0.0]]), cache).round(4)
    array([[ 0.1111, -0.1111,  0.    ]])
    """
    x, y, s, damping, size, weight = cache
    expect_upstream(dy, y.shape, y.dtype)
    dx: Array = dy * damping - weight * x * _around(dy * y / s, size)
    return dx


def _around(a: Array, size: int) -> Array:
    """Return the sum over the channels at most ``size // 2`` away."""
    total, C = a.copy(), a.shape[1]
    for far in range(1, min(size // 2, C - 1) + 1):
        total[:, far:] += a[:, :-far]
        total[:, :-far] += a[:, far:]
    return total


def _expect(size: int, k: float, alpha: float, beta: float) -> None:
    if size != int(size) or size < 1 or size % 2 == 0:
        raise ValueError(f"size is {size}; needs an odd whole number")
    if not k > 0:
        raise ValueError(f"k is {k}; needs a number greater than 0")
    for name, number in {"alpha": alpha, "beta": beta}.items():
        if not number >= 0:
            raise ValueError(f"{name} is {number}; needs a number of at least 0")
