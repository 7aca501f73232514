r"""Mean pooling with a scale and a bias for each channel, which are learnt.

.. math::

    y_{nc,uv} = w_c\, m_{nc,uv} + a_c, \qquad
    m_{nc,uv} = \frac{1}{PQ} \sum_{p<P,\,q<Q} x_{n,c,\,Pu+p,\,Qv+q}

.. math::

    \frac{\partial L}{\partial x_{n,c,\,Pu+p,\,Qv+q}}
    = \frac{w_c}{PQ} \frac{\partial L}{\partial y_{ncuv}}, \qquad
    \frac{\partial L}{\partial w_c}
    = \sum_{nuv} \frac{\partial L}{\partial y_{ncuv}} m_{ncuv}, \qquad
    \frac{\partial L}{\partial a_c} = \sum_{nuv} \frac{\partial L}{\partial y_{ncuv}}

With a squashing function after it this is LeNet's sub-sampling layer.

Source: Liao18 (CNN-3), (CNN-5)-(CNN-7), corrected.  Derivation: ``book/layers/mean_pool.ipynb``.
Sizes: N images, C channels, windows P x Q, images PU x QV.
"""

import functools

import numpy as np

from backprop.arrays import Array, Cache, expect_shapes, expect_upstream
from backprop.convolution.geometry import per_axis


def forward(
    x: Array, w: Array, a: Array, *, size: int | tuple[int, int] = 2
) -> tuple[Array, Cache]:
    """Replace each window by its mean, scaled and shifted.

    Parameters
    ----------
    x : (N, C, H, W) array
        Images.
    w, a : (C,) arrays
        Scale and bias.
    size : int or pair of int
        Rows and columns of a window; windows do not overlap.

    Returns
    -------
    y : (N, C, U, V) array
        In the dtype of the arguments.
    cache : tuple
        For `backward`.  Holds `w` itself: do not write to it in between.

    Raises
    ------
    TypeError
        If an argument is not an array of floats, the dtypes differ, or `size` is not whole.
    ValueError
        If shapes disagree, or `size` does not divide the image.

    Examples
    --------
    >>> x = np.array([[[[1.0, 2.0], [3.0, 6.0]]]])
    >>> forward(x, np.array([10.0]), np.array([1.0]))[0]
    array([[[[31.]]]])
    """
    expect_shapes(x=(x, "N C H W"), w=(w, "C"), a=(a, "C"))
    P, Q = _window(x, size)
    tall = functools.reduce(np.add, (x[:, :, p::P] for p in range(P)))
    total = functools.reduce(np.add, (tall[:, :, :, q::Q] for q in range(Q)))
    y = total * _column(w / (P * Q)) + _column(a)  # Liao18 (CNN-3), corrected
    return y, (total, w, P, Q)


def backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return the gradients on the arguments of `forward`.

    Parameters
    ----------
    dy : (N, C, U, V) array
        Gradient of the loss on `y`.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx, dw, da : arrays
        In the shapes of `x`, `w` and `a`.

    Raises
    ------
    TypeError, ValueError
        If `dy` is not an array in the shape and dtype of `y`.

    Examples
    --------
    >>> x = np.array([[[[1.0, 2.0], [3.0, 6.0]]]])
    >>> y, cache = forward(x, np.array([10.0]), np.array([1.0]))
    >>> dx, dw, da = backward(np.array([[[[2.0]]]]), cache)
    >>> dx, dw, da
    (array([[[[5., 5.],
             [5., 5.]]]]), array([6.]), array([2.]))
    """
    total, w, P, Q = cache
    expect_upstream(dy, total.shape, total.dtype)
    N, C, U, V = dy.shape
    share = dy * _column(w / (P * Q))
    dx = np.empty_like(share, shape=(N, C, U * P, V * Q))
    for p in range(P):
        for q in range(Q):
            dx[:, :, p::P, q::Q] = share  # Liao18 (CNN-7)
    dw = (dy * total).sum(axis=(0, 2, 3)) / (P * Q)  # Liao18 (CNN-5), corrected
    da = dy.sum(axis=(0, 2, 3))  # Liao18 (CNN-6)
    return dx, dw, da


def _window(x: Array, size: int | tuple[int, int]) -> tuple[int, int]:
    P, Q = per_axis("size", size, 2)
    if x.shape[2] % P or x.shape[3] % Q:
        raise ValueError(
            f"size is {size}; needs to divide the image, {x.shape[2]} x {x.shape[3]} pixels"
        )
    return P, Q


def _column(v: Array) -> Array:
    return v[:, None, None]
